"""What the tests start is ended, however they end. This process becomes the one to which orphans of
its descendants fall (Linux's child subreaper), so that all can be found and ended by id: helpers of
LocalStack in sessions of their own, functions, Node.
"""

import ctypes
import os
import signal
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36
GRACE_S = 10


def adopt_orphans():
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot become a child subreaper")


def end_on_signals():
    """All are as Ctrl-C, which lets everything be ended on the way out. Ctrl-C itself may have been
    switched off by who started us."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def start(command, log_path, env, **options):
    """In a session of its own: Ctrl-C is for us alone, we end it."""
    with open(log_path, "ab") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                start_new_session=True, **options)


def end(process):
    """TERM, and KILL after a while; then whatever it leaves behind."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end_all():
    """Every descendant that is left."""
    limit = time.monotonic() + GRACE_S
    while descendants := find_descendants(os.getpid()):
        for pid in descendants:
            kill(pid, signal.SIGKILL)
        reap()
        if time.monotonic() > limit:
            raise RuntimeError(f"processes that cannot be ended: {descendants}")
        time.sleep(0.05)


def kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def find_descendants(pid):
    found = []
    for child in children(pid):
        found += [child] + find_descendants(child)
    return found


def children(pid):
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    except OSError:
        pass
    return found
