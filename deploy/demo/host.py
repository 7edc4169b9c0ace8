"""Runs build/lambda-local with the function inside it until nothing is left to do, and reads what
they say: the outcome of every invocation, and the function's log.
"""

import json
import os
import signal
import subprocess
import time

from show import cut, dim, green, red, say

LIMIT_S = 120


class Host:
    """One run of the host, in a folder of its own."""

    def __init__(self, folder, on_outcome=None):
        self.on_outcome = on_outcome
        self.outcomes_path = os.path.join(folder, "outcomes.jsonl")
        self.log_path = os.path.join(folder, "function.log")
        self.outcomes = []
        self.status = None

    def run(self, environment, arguments, limit_s=LIMIT_S, function="build/bootstrap"):
        """Waits for the end, telling each invocation as it comes. Returns itself."""
        command = ["build/lambda-local", "--env-file", os.devnull, "--until-idle",
                   "--outcomes", self.outcomes_path, *arguments, function]
        with open(self.log_path, "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True, env=environment)
        try:
            self.follow(process, limit_s)
        finally:
            end(process)
        self.status = process.returncode
        return self

    def follow(self, process, limit_s):
        limit = time.monotonic() + limit_s
        while True:
            ended = process.poll() is not None
            self.read_outcomes()
            if ended:
                return
            if time.monotonic() > limit:
                raise RuntimeError(f"lambda-local did not become idle within {limit_s} s")
            time.sleep(0.05)

    def read_outcomes(self):
        if not os.path.exists(self.outcomes_path):
            return
        with open(self.outcomes_path, encoding="utf-8") as file:
            lines = [line for line in file if line.endswith("\n")]
        for line in lines[len(self.outcomes):]:
            outcome = json.loads(line)
            self.outcomes.append(outcome)
            if self.on_outcome and "source" in outcome:
                self.on_outcome(outcome)

    def totals(self):
        return self.outcomes[-1] if self.outcomes and "peak_rss_kb" in self.outcomes[-1] else {}

    def log_text(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_lines(self):
        """The lines of the function's log that are JSON objects, as they stand and read."""
        found = []
        for text in self.log_text().splitlines():
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict):
                found.append((text, line))
        return found

    def counts(self):
        """What the function says became of the records, summed by source."""
        sums = {}
        for _, line in self.log_lines():
            if line.get("message") == "ingested":
                of_source = sums.setdefault(line["source"], {})
                for name, value in line.items():
                    if isinstance(value, int) and not isinstance(value, bool):
                        of_source[name] = of_source.get(name, 0) + value
        return sums


def show_outcome(outcome):
    failed = outcome.get("failed", 0)
    good = outcome.get("status") == "ok" and not failed
    verdict = green("ok") if good else red(
        outcome.get("errorType") or f"{outcome.get('status')}, {failed} to come again")
    say(f"    {outcome['source']:<8} batch of {outcome['records']:>3}"
        f"  {outcome['ms']:>6} ms  {verdict}")


def end(process):
    """Ends the host, and the function should the host not have come to it."""
    if process.poll() is not None:
        return
    functions = children(process.pid)
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in functions:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def show_log_sample(host, count=5):
    """A few lines of the log, each kind of message once."""
    seen = set()
    for text, line in host.log_lines():
        kind = (line.get("message"), line.get("source"))
        if kind not in seen and len(seen) < count:
            seen.add(kind)
            say("    " + dim(cut(text, 240)))
