#!/usr/bin/env python3
"""Random requests as botocore signs them, for test_sigv4_vectors.c and test/differential/run.sh.

    make-sigv4-vectors.py [--count N] [--seed N] > vectors.json

Needs botocore, which the Python that deploy/demo/python.sh prints has. The committed file is what
it writes without arguments: the same again unless botocore has changed.

A case is a request as it goes over the wire, how it is signed, and what botocore made of it.
"""
import argparse
import base64
import datetime
import json
import random
import sys
from urllib.parse import quote

import botocore.auth
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.utils import normalize_url_path

COUNT = 300
SEED = 20150830

SERVICES = ["dynamodb", "s3", "sqs", "kinesis", "sts", "execute-api", "es", "lambda"]
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
# What every botocore leaves out; newer ones leave out more.
NEVER_SIGNED = ["Connection", "Expect", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
                "TE", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "X-Amzn-Trace-Id"]

rng = random.Random()


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
    parts = [rng.choice(["", ".", "..", "a", "b c", "x%3Dy", "%2F", "%c3%a4", "100%", odd_text()])
             for _ in range(rng.randint(1, 6))]
    path = "/" + "/".join(parts)
    if rng.random() < 0.3:  # as people type it: spaces and UTF-8 as they are
        return "".join("_" if char in "?#" else char for char in path)
    return quote(path, safe="/~%!$&'()*+,;=:@")


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


def query_pairs(unique):
    count = 0 if rng.random() < 0.4 else rng.choice([1, 1, 2, 2, 3, 3, 5, 20])
    pairs = []
    for _ in range(count):
        name = rng.choice(QUERY_NAMES) if rng.random() < 0.7 else odd_text()
        value = rng.choice(["", "1", "2", "10", odd_text()])
        if name or value:
            pairs.append((name, value))
    return pairs if not unique else list(dict(pairs).items())


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


def body():
    size = rng.choice([0, 0, 1, 5, 64, 200])
    return bytes(rng.choice([0, 10, 13, 37, 255, rng.randrange(256)]) for _ in range(size))


def keys():
    secret = "".join(rng.choice(LETTERS + "/+") for _ in range(rng.choice([40, 40, 1, 64, 90])))
    token = text(LETTERS + "/+=", 120) if rng.random() < 0.4 else ""
    return Credentials("AKID" + text(LETTERS, 16), secret, token or None)


def url(service, region, path):
    host = rng.choice(HOSTS)
    return (host % (service, region) if "%" in host else host) + path


def verbatim_twice(path):
    return quote(path or "/", safe="/~")


def signer_class(service, in_query, verbatim, single):
    """botocore's for the service, or one with the other treatment of paths that a signer may have:
    botocore itself has only S3's (verbatim, single) and everybody else's."""
    if service == "s3":
        return S3SigV4QueryAuth if in_query else S3SigV4Auth
    base = SigV4QueryAuth if in_query else SigV4Auth
    if verbatim == single:
        return base
    path_of = staticmethod(verbatim_twice if verbatim else normalize_url_path)
    return type("Signer", (base,), {"_normalize_url_path": path_of})


class Case:
    """A request, drawn and then signed."""

    def __init__(self, service):
        self.service = service
        self.region = rng.choice(REGIONS)
        self.keys = keys()
        self.in_query = rng.random() < 0.3
        self.token_after = self.in_query and rng.random() < 0.3
        self.expires = rng.choice([1, 300, 3600, 604800])
        self.set_path()
        self.pairs = query_pairs(unique=self.in_query)
        self.request = AWSRequest(rng.choice(["GET", "PUT", "POST", "DELETE", "HEAD"]),
                                  url(self.service, self.region, self.path),
                                  data=b"" if self.in_query else body(), params=self.pairs)
        self.body = self.request.data
        add_headers(self.request)

    def set_path(self):
        self.verbatim = self.single = self.service == "s3"
        if self.service == "execute-api":
            self.verbatim, self.single = rng.choice([(True, False), (False, True)])
        self.path = s3_path() if self.single else service_path()

    def sign(self):
        """Gives the canonical request and the signature."""
        now = datetime.datetime.fromtimestamp(rng.randrange(4102444800), datetime.timezone.utc)
        self.time = int(now.timestamp())
        botocore.auth.get_current_datetime = lambda: now
        signed_by = self.keys
        if self.token_after:
            signed_by = Credentials(self.keys.access_key, self.keys.secret_key)
        expires = [self.expires] if self.in_query else []
        signer = signer_class(self.service, self.in_query, self.verbatim, self.single)(
            signed_by, self.service, self.region, *expires)
        texts = []
        to_sign = signer.string_to_sign
        signer.string_to_sign = lambda request, canonical: (
            texts.append(canonical) or to_sign(request, canonical))
        signer.add_auth(self.request)
        return texts[0]

    def signature(self):
        if self.in_query:
            return self.request.url.rsplit("X-Amz-Signature=", 1)[1]
        return self.request.headers["Authorization"].rsplit("Signature=", 1)[1]

    def wire_headers(self):
        headers = [[name, value] for name, value in self.request.headers.items()
                   if name != "Authorization"]
        headers.insert(rng.randint(0, len(headers)),
                       ["Host", botocore.auth._host_from_url(self.request.url)])
        return headers


def vector(number):
    case = Case(SERVICES[number % len(SERVICES)])
    query = wire_query(case.pairs)
    canonical = case.sign()
    return {
        "service": case.service,
        "region": case.region,
        "time": case.time,
        "keyId": case.keys.access_key,
        "secret": case.keys.secret_key,
        "token": case.keys.token or "",
        "verbatim": case.verbatim,
        "single": case.single,
        "expires": case.expires if case.in_query else 0,
        "tokenAfter": case.token_after,
        "method": case.request.method,
        "path": case.path,
        "query": query,
        "headers": case.wire_headers(),
        "body": base64.b64encode(case.body or b"").decode(),
        "canonicalRequest": canonical,
        "signature": case.signature(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    rng.seed(options.seed)
    cases = (json.dumps(vector(number), ensure_ascii=False) for number in range(options.count))
    sys.stdout.write("[\n" + ",\n".join(cases) + "\n]\n")


main()
