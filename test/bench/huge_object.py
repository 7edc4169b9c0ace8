"""Objects of any size in constant memory: 2 GiB of NDJSON, and a gzip that unpacks to 10 GB, both
made while they are read, into services that take everything. Prints the function's peak memory
beside that of an invocation with nothing to do.
"""

import http.server
import json
import os
import sys
import tempfile
import threading
import time
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))
os.chdir(ROOT)

from cloud import clean_environment  # noqa: E402
from host import Host  # noqa: E402

LIMIT_KB = 32 * 1024
PIECE = 1 << 20
RECORD = (b'{"user_id":"user-%010d","user_name":"Person Number %010d","updated_at":'
          b'"2026-11-01T10:00:00Z","notes":"' + b"x" * 16000 + b'"}\n')
RECORD_BYTES = len(RECORD % (0, 0))
RECORDS = (2 << 30) // RECORD_BYTES
UNPACKED = 10 * 10**9


def ndjson():
    """Its length, and its pieces."""
    return RECORDS * RECORD_BYTES, (RECORD % (n, n) for n in range(RECORDS))


def bomb():
    """One record that never seems to end."""
    pack = zlib.compressobj(1, zlib.DEFLATED, 31)
    filler = b"x" * PIECE
    packed = [pack.compress(b'{"user_id":"bomb","notes":"')]
    packed += [pack.compress(filler) for _ in range(UNPACKED // PIECE)]
    packed += [pack.compress(b'"}\n'), pack.flush()]
    return sum(len(piece) for piece in packed), (piece for piece in packed if piece)


OBJECTS = {"/b/huge.ndjson": ndjson, "/b/bomb.ndjson.gz": bomb}
ANSWERS = {"BatchWriteItem": b'{"UnprocessedItems":{}}', "SendMessage": b'{"MessageId":"1"}'}


class Services(http.server.BaseHTTPRequestHandler):
    """S3's objects, and a table and a queue that take everything."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        size, pieces = OBJECTS[self.path]()
        self.send_response(200)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", str(size))
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = ANSWERS.get(self.headers["X-Amz-Target"].split(".")[1], b"{}")
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def event_of(key):
    if key is None:
        return {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}
    return {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
                         "eventTime": "2026-11-01T10:00:00.000Z", "s3": {
                             "bucket": {"name": "b"}, "object": {"key": key, "eTag": "e"}}}]}


def run(folder, url, key):
    """The host of one invocation, and the seconds that it took."""
    folder = os.path.join(folder, key or "idle")
    os.mkdir(folder)
    path = os.path.join(folder, "event.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(event_of(key), file)
    start = time.monotonic()
    host = Host(folder).run(
        {**clean_environment(), "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": url,
         "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "WRITE_MODE": "batch",
         "REJECTS_QUEUE_URL": f"{url}/1/rejects"}, ["--event", path, "--timeout", "900"], 1000)
    return host, time.monotonic() - start


def measure(folder, url, key, expected, about):
    host, seconds = run(folder, url, key)
    counts = host.counts().get("s3", {})
    if host.status or any(counts.get(name) != count for name, count in expected.items()):
        sys.stderr.write(host.log_text()[-3000:])
        raise SystemExit(f"{key}: {counts}, not {expected}")
    peak_kb = host.totals()["peak_rss_kb"]
    print(f"{about}: {seconds:.0f} s, peak RSS {peak_kb / 1024:.1f} MiB", flush=True)
    return peak_kb


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    with tempfile.TemporaryDirectory(prefix="user-bench-") as folder:
        idle_kb = measure(folder, url, None, {}, "nothing to do")
        peaks = [measure(folder, url, "huge.ndjson", {"written": RECORDS},
                         f"2 GiB of NDJSON, {RECORDS} records"),
                 measure(folder, url, "bomb.ndjson.gz", {"rejected": 1},
                         "a gzip of 10 GB, one record")]
    server.shutdown()
    if max(peaks) - idle_kb > LIMIT_KB:
        raise SystemExit(f"more than {LIMIT_KB // 1024} MiB over idle")


if __name__ == "__main__":
    main()
