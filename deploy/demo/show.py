"""How the demo talks: steps, tables, and colour where there is a terminal."""

import os
import sys
import time

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def bold(text):
    return paint("1", text)


def dim(text):
    return paint("2", text)


def green(text):
    return paint("32", text)


def red(text):
    return paint("31", text)


def say(text=""):
    print(text, flush=True)


def title(text):
    say()
    say(bold(text))


class Step:
    """One line for something that takes a moment: what it is, then how long it took."""

    def __init__(self, text):
        self.text = text

    def __enter__(self):
        self.start = time.monotonic()
        print(f"  {self.text} ", end="", flush=True)
        return self

    def __exit__(self, kind, value, trace):
        took = f"{time.monotonic() - self.start:.1f} s"
        dots = "." * max(2, 70 - len(self.text))
        say(f"{dim(dots)} {green(took) if kind is None else red('failed')}")


def cut(text, width):
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(text))
    return text if len(text) <= width else text[:width - 3] + "..."


def table(heads, rows, right=()):
    """Aligned columns; those named in `right` hold numbers."""
    rows = [[cut(cell, 60) for cell in row] for row in rows]
    widths = [max([len(head)] + [len(row[i]) for row in rows]) for i, head in enumerate(heads)]

    def line(cells):
        return "  ".join(cell.rjust(width) if head in right else cell.ljust(width)
                         for head, cell, width in zip(heads, cells, widths)).rstrip()

    say("  " + bold(line(heads)))
    say("  " + dim("  ".join("-" * width for width in widths)))
    for row in rows:
        say("  " + line(row))
