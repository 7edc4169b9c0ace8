"""Shows the function at work on this machine: sends made-up users by every way to a local AWS, runs
the function under its role until nothing is left, shows what it stored and refused, and holds that
against the input. Exit status 1 when anything differs. KEEP=1 keeps the folder with the logs,
STAY=1 the local AWS until Enter is pressed.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # the imports take a second: Ctrl-C ends them quietly

import os
import shutil
import sys
import tempfile
import time

import checks
import cloud as names
from cloud import Cloud, clean_environment
from host import Host, show_log_sample, show_outcome
from people import make_input
from show import Step, bold, dim, green, red, say, table, title
from stay import stay


def show_users(stored):
    title(f"Users in {names.TABLE}")
    ordered = [stored[key] for key in sorted(stored)]
    columns = list(dict.fromkeys(["user_id"] + [name for user in ordered for name in user
                                                if not name.startswith("_")]))
    shown = ordered if len(ordered) <= 15 else ordered[:14] + ordered[-1:]
    table(columns, [[user.get(name, "") for name in columns] for user in shown])
    if len(shown) < len(ordered):
        say(dim(f"  ... {len(ordered) - len(shown)} more; {len(ordered)} in all"))


def show_rejects(rejects):
    title(f"Rejected, kept in {names.REJECTS}")
    ordered = sorted(rejects, key=lambda one: (one["source"], one["offset"]))
    table(["source", "line", "offset", "reason", "field", "why"],
          [[one["source"].replace(f"s3://{names.BUCKET}/", "s3: "), str(one["line"]),
            str(one["offset"]), one["reason"], one["field"], one["text"]] for one in ordered],
          right=("line", "offset"))


def show_counts(counted):
    title("What became of the records, by the way they came")
    heads = ["in"] + [name for name in checks.OUTCOMES
                      if any(of_source.get(name) for of_source in counted.values())]
    table(["source"] + heads,
          [[source] + [str(counted[source].get(name, 0)) for name in heads]
           for source in sorted(counted)], right=heads)


def differences(made, cloud, host, stored, rejects):
    yield from checks.host(host.status, host.totals())
    yield from checks.users(made, stored)
    yield from checks.rejects(made, rejects, names.BUCKET)
    yield from checks.queues(cloud, [names.QUEUE, names.NOTIFICATIONS, names.DEAD_LETTERS])
    yield from checks.counts(made, host.counts())
    yield from checks.log(made, host.log_text())


def prepare(cloud, made):
    with Step("Bucket, queues, stream, table and role; signatures are checked"):
        cloud.set_up(made.archive)
    sent = (f"{len(made.uploads)} files, {len(made.messages) + len(made.archive)} messages, "
            f"{len(made.stream)} stream records")
    with Step(f"Sending {sum(made.records.values())} user records: {sent}"):
        cloud.send(made)


def work(folder, cloud, start):
    made = make_input()
    prepare(cloud, made)
    say("  The function at work, under its role's temporary credentials:")
    worked = time.monotonic()
    host = Host(folder, show_outcome).run(cloud.role_environment(), [
        "--sqs", cloud.queues[names.QUEUE], "--s3-queue", cloud.queues[names.NOTIFICATIONS],
        "--kinesis", names.STREAM, "--partial-response"])
    worked = time.monotonic() - worked
    stored, rejects = cloud.stored_users(), cloud.rejects()
    wrong = list(differences(made, cloud, host, stored, rejects))

    show_users(stored)
    show_rejects(rejects)
    show_counts(host.counts())
    title("From the function's log, which never holds a user's data")
    show_log_sample(host)
    peak = host.totals().get("peak_rss_kb", 0) / 1024
    title(f"{checks.of(len(stored), 'user')} stored, {checks.of(len(rejects), 'record')} rejected; "
          f"{peak:.1f} MB of memory at most; {worked:.1f} s at work, "
          f"{time.monotonic() - start:.1f} s in all")
    return report(wrong, host)


def run(folder):
    start = time.monotonic()
    say(bold("A local AWS, and the function beside it"))
    with Step("Starting the local AWS (moto) on 127.0.0.1"):
        cloud = Cloud(os.path.join(folder, "moto.log"))
    try:
        status = work(folder, cloud, start)
        if os.environ.get("STAY") == "1":
            stay(cloud)
        return status
    finally:
        cloud.close()


def report(wrong, host):
    if not wrong:
        say(green("Every user, attribute, reject and count is what the input says it must be."))
        return 0
    say(red(f"{checks.of(len(wrong), 'difference')} from what the input says:"))
    for sentence in wrong:
        say(red("  - ") + sentence)
    if host.status or not host.log_lines():
        say("The end of what lambda-local and the function said:")
        say(dim("\n".join("  " + line for line in host.log_text().splitlines()[-15:])))
    return 1


def end_by_signal(number, _):
    raise SystemExit(128 + number)


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, end_by_signal)
    signal.signal(signal.SIGHUP, end_by_signal)
    settings = clean_environment()
    os.environ.clear()
    os.environ.update(settings)
    folder = tempfile.mkdtemp(prefix="user-demo-")
    try:
        return run(folder)
    except KeyboardInterrupt:
        say(red("\ninterrupted"))
        return 130
    except RuntimeError as error:
        say(red(f"\n{error}"))
        return 1
    finally:
        if os.environ.get("KEEP") == "1":
            say(dim(f"kept: {folder}"))
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
