"""What the tests share: the one target and the one stack on it, which main.py fills in."""

import unittest

from stack import Stack
from poller import Poller


class World:
    def __init__(self):
        self.target = None
        self.stack = None
        self.poller = None
        self.skipped = []

    def begin(self, target):
        self.target = target
        self.stack = Stack(target)

    def deployed(self):
        """Where functions are not run, lambda-local begins to poll what was deployed."""
        if "functions" in self.target.lacks and not self.poller:
            self.poller = Poller(self.stack)
            self.poller.start()

    def end(self):
        """Ends the poller: what it polls is about to go."""
        if self.poller:
            self.poller.close()
            self.poller = None

    def log_lines(self):
        return self.poller.log_lines() if self.poller else self.stack.log_lines()


WORLD = World()


class OnStack(unittest.TestCase):
    """A test on the deployed stack. `needs` names what a target may lack."""

    def setUp(self):
        self.stack = WORLD.stack
        self.target = WORLD.target
        needs = getattr(getattr(self, self._testMethodName), "needs", None)
        if needs in self.target.lacks:
            self.skipTest(self.target.lacks[needs])


def needs(word):
    def mark(method):
        method.needs = word
        return method
    return mark
