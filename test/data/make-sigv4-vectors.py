#!/usr/bin/env python3
"""Writes sigv4-vectors.json: random requests as botocore signs them, for test_sigv4_vectors.c.

Needs botocore, for this only:  python3 -m venv venv && venv/bin/pip install botocore
                                venv/bin/python make-sigv4-vectors.py > sigv4-vectors.json

A case is a request as it goes over the wire, and what botocore made of it. The seed is fixed, so
that running it again changes nothing unless botocore has changed.
"""
import datetime
import json
import random
import sys
from urllib.parse import quote

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

CASES = 600
SEED = 20150830

REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-4", "cn-north-1", "us-gov-west-1"]
HOSTS = ["https://%s.%s.amazonaws.com", "http://localhost:4566", "https://localhost:443",
         "http://[::1]:8000", "https://example.com:8443"]
LETTERS = "abcxyzABCXYZ019"
ODD = "-._~!$&'()*+,;=:@/ %\"<>[]{}|^`#?\\äß€😀\u0301\x7f"
QUERY_NAMES = ["versioning", "uploads", "v", "prefix", "Param", "Param-3", "Param.3", "Param_3",
               "partNumber", "X-Amz-Thing", "a", "A", "aa", "a+b", "ä", ""]
HEADER_NAMES = ["x-amz-meta-test", "x-amz-meta-test-two", "x-amz-meta-test.two", "X-Amz-Meta-A",
                "x-amz-meta-a1", "X-Amz-Target", "Content-Type", "content-length", "Accept",
                "accept-encoding", "Range", "my-header", "My-Header1", "If-Match", "z", "A"]
NEVER_SIGNED = ["Connection", "Expect", "User-Agent", "X-Amzn-Trace-Id", "Transfer-Encoding", "TE",
                "Upgrade", "keep-alive", "Proxy-Authorization", "traceparent", "baggage"]

rng = random.Random(SEED)


def text(alphabet, most):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(0, most)))


def odd_text(most=12):
    return text(LETTERS + ODD, most) if rng.random() < 0.6 else text(LETTERS, most)


def s3_path():
    """A key as the client encodes it: dot segments and doubled slashes are part of its name."""
    parts = [odd_text(), rng.choice(["", ".", "..", "a", "dt=2026-10-01", "k y", "a%2Fb"])]
    rng.shuffle(parts)
    return "/" + quote("/".join(parts + [odd_text()]), safe="/~")


def service_path():
    if rng.random() < 0.4:
        return rng.choice(["", "/"])
    parts = [rng.choice(["", ".", "..", "a", "b c", "x%3Dy", "%2F", odd_text()])
             for _ in range(rng.randint(1, 6))]
    return "/" + quote("/".join(parts), safe="/~%!$&'()*+,;=:@")


def wire_part(raw):
    """One of the ways to write a query name or value: needless, lower-case or missing escapes."""
    out = []
    for byte in raw.encode():
        char = chr(byte)
        bare_allowed = char in "-._~!$'()*,;:@/" or (char.isascii() and char.isalnum())
        if bare_allowed and rng.random() < 0.8:
            out.append(char)
        else:
            out.append(("%%%02x" if rng.random() < 0.3 else "%%%02X") % byte)
    return "".join(out)


def query_pairs():
    count = 0 if rng.random() < 0.4 else rng.choice([1, 1, 2, 2, 3, 3, 5, 20])
    pairs = []
    for _ in range(count):
        name = rng.choice(QUERY_NAMES) if rng.random() < 0.7 else odd_text()
        value = rng.choice(["", "1", "2", "10", odd_text()])
        if name or value:
            pairs.append((name, value))
    return pairs


def wire_query(pairs):
    parts = []
    for name, value in pairs:
        bare = name and not value and rng.random() < 0.5
        parts.append(wire_part(name) + ("" if bare else "=" + wire_part(value)))
        if rng.random() < 0.05:
            parts.append("")
    return "&".join(parts)


def header_value():
    blanks = [" ", "  ", "\t", " \t ", "   "]
    words = [text(LETTERS + "=;,:/\"'-äß€", 10) for _ in range(rng.randint(0, 4))]
    value = rng.choice(blanks).join(words)
    return rng.choice(["", *blanks]) + value + rng.choice(["", *blanks])


def add_headers(request):
    for _ in range(rng.choice([0, 0, 1, 2, 3, 5, 7, 20])):
        name = rng.choice(NEVER_SIGNED if rng.random() < 0.2 else HEADER_NAMES)
        request.headers.add_header(rng.choice([str, str.lower, str.upper])(name), header_value())


def credentials():
    secret = "".join(rng.choice(LETTERS + "/+") for _ in range(rng.choice([40, 40, 1, 64, 90])))
    token = text(LETTERS + "/+=", 120) if rng.random() < 0.4 else ""
    return Credentials("AKID" + text(LETTERS, 16), secret, token or None)


def sign(number):
    service = ["s3", "dynamodb", "sqs"][number % 3]
    region = rng.choice(REGIONS)
    host = rng.choice(HOSTS)
    host = host % (service, region) if "%" in host else host
    pairs = query_pairs()
    path = s3_path() if service == "s3" else service_path()
    body = bytes(rng.randrange(256) for _ in range(rng.choice([0, 0, 5, 200])))
    request = AWSRequest(rng.choice(["GET", "PUT", "POST", "DELETE", "HEAD"]), host + path,
                         data=body, params=pairs)
    add_headers(request)
    now = datetime.datetime.fromtimestamp(rng.randrange(4102444800), datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda: now
    keys = credentials()
    signer = (botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth)(
        keys, service, region)
    signer.add_auth(request)

    authorization = request.headers["Authorization"]
    del request.headers["Authorization"]
    canonical = signer.canonical_request(request)
    headers = [[name, value] for name, value in request.headers.items()]
    headers.insert(rng.randint(0, len(headers)),
                   ["Host", botocore.auth._host_from_url(request.url)])
    return {
        "service": service,
        "region": region,
        "time": int(now.timestamp()),
        "keyId": keys.access_key,
        "secret": keys.secret_key,
        "method": request.method,
        "path": path,
        "query": wire_query(pairs),
        "headers": headers,
        "payloadHash": canonical.rsplit("\n", 1)[1],
        "canonicalRequest": canonical,
        "stringToSign": signer.string_to_sign(request, canonical),
        "authorization": authorization,
    }


def main():
    cases = [json.dumps(sign(number), ensure_ascii=False) for number in range(CASES)]
    sys.stdout.write("[\n" + ",\n".join(cases) + "\n]\n")


main()
