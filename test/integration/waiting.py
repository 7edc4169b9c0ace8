"""Waiting for what happens elsewhere: asked again and again, with a generous limit."""

import time

LIMIT_S = 120
PAUSE_S = 0.5


def until(probe, what, limit_s=LIMIT_S):
    """The first value of probe() that is true. `what` is a sentence of what should happen."""
    limit = time.monotonic() + limit_s
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > limit:
            raise AssertionError(f"this did not happen within {limit_s} s: {what}; "
                                 f"what was seen last: {value!r}")
        time.sleep(PAUSE_S)
