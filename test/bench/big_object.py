"""One large NDJSON object through the local host: how much memory the function takes at most.

    big_object.py [MEGABYTES]        200 unless said otherwise

Once in each write mode; in the slower one (a request a user, and the local AWS takes a few hundred
a second) the records are larger, so that the object is as large and the run as short.
"""

import os
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))
os.chdir(ROOT)

import cloud as names  # noqa: E402
from cloud import Cloud  # noqa: E402
from host import Host  # noqa: E402

LIMIT_KB = 32 * 1024


def write_users(path, size, extra):
    """Fills the file with users, `extra` bytes of a field that is left out in each."""
    count = written = 0
    with open(path, "wb") as file:
        while written < size:
            written += file.write(
                b'{"user_id":"user-%010d","user_name":"Person Number %d","phone_number":'
                b'"+44 7700 9%05d","email":"user.%d@example.com","updated_at":'
                b'"2026-11-01T10:00:00Z","notes":"%s"}\n'
                % (count, count, count % 100000, count, b"x" * extra))
            count += 1
    return count


def measure(folder, size, mode, extra):
    folder = os.path.join(folder, mode)
    os.mkdir(folder)
    path = os.path.join(folder, "users.ndjson")
    count = write_users(path, size, extra)
    cloud = Cloud(os.path.join(folder, "moto.log"))
    try:
        cloud.set_up([])
        with open(path, "rb") as file:
            cloud.client("s3").put_object(Bucket=names.BUCKET, Key="users.ndjson", Body=file)
        start = time.monotonic()
        run = Host(folder).run(
            {**cloud.role_environment(), "WRITE_MODE": mode},
            ["--s3-queue", cloud.queues[names.NOTIFICATIONS], "--timeout", "900"], 1800)
        seconds = time.monotonic() - start
    finally:
        cloud.close()
    if run.status or run.counts().get("s3", {}).get("written") != count:
        sys.stderr.write(run.log_text()[-3000:])
        raise SystemExit(f"WRITE_MODE={mode}: not every record was written")
    peak_kb = run.totals()["peak_rss_kb"]
    print(f"WRITE_MODE={mode:<7} {size >> 20} MiB, {count} records, {seconds:.0f} s against moto: "
          f"peak RSS {peak_kb / 1024:.1f} MiB", flush=True)
    return peak_kb


def main():
    size = int(sys.argv[1] if len(sys.argv) > 1 else 200) << 20
    with tempfile.TemporaryDirectory(prefix="user-bench-") as folder:
        peaks = [measure(folder, size, "batch", 60), measure(folder, size, "newest", 4000)]
    if max(peaks) > LIMIT_KB:
        raise SystemExit(f"more than {LIMIT_KB // 1024} MiB")


if __name__ == "__main__":
    main()
