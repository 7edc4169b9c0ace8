#!/usr/bin/env python3
"""Where botocore sends a GetObject for odd buckets and keys, for test_s3_address.c.

    make-s3-addresses.py [--count N] [--seed N] > addresses.json

Needs boto3, which the Python that deploy/demo/python.sh prints has. The committed file is what it
writes without arguments: the same again unless botocore has changed.

A case is a bucket, a key and the URL; the URL is null when botocore refuses the bucket's name.
"""
import argparse
import json
import random
import sys

import boto3
from botocore.exceptions import ParamValidationError

COUNT = 500
SEED = 20060301
REGION = "eu-west-1"

BUCKETS = ["data", "a-1", "abc", "ab", "a", "my.data", "Data", "ABC", "aB3", "a_b", "_ab", "ab_",
           "-abc", "abc-", "a--b", "---", "192.168.0.1", "1234", "123.456", "0ab", "xn--abc",
           "sthree-abc", "abc-s3alias", "abc--ol-s3", "abc--table-s3", "abc.mrap", "a.b", "a..b",
           ".ab", "ab.", "a-.b", "a.-b", "...", "a" * 63, "a" * 64, "a" * 255, "a" * 256, "a/b",
           "a:b", "a b", "a%2fb", "a?b", "a#b", "a@b", "a\\b", "ü", "😀"]
KEYS = ["k", "a+b", "%", "%2F", "%zz", "a//b", "/", "//", "/lead", "trail/", ".", "..", "./a",
        "../a", "a/../b/./c", "a/..", "a b", " ", "+", "a&b=c", "?a=b#c", "day=1/~_-.", "ü", "日本",
        "😀", "e\u0301", "'()*!,;:@$", "<>[]{}|^`\"\\", "\t", "\r\n", "\x01", "\x7f", "{a}/[b]"]
BUCKET_CHARS = "abcxyz0189" * 3 + "-._AZ"
KEY_CHARS = "abcXYZ019" + "-._~!$&'()*+,;=:@/ %\"<>[]{}|^`#?\\äß€😀\u0301\x7f"


class Sent(Exception):
    """Instead of sending it."""


def keep_url(request, **_):
    raise Sent(request.url)


def new_client():
    client = boto3.client("s3", region_name=REGION, aws_access_key_id="a",
                          aws_secret_access_key="b")
    client.meta.events.register("before-send.s3.GetObject", keep_url)
    return client


def url_of(client, bucket, key):
    try:
        client.get_object(Bucket=bucket, Key=key)
    except Sent as sent:
        return str(sent)
    except ParamValidationError:
        return None
    raise RuntimeError("no request was made")


def random_bucket(chance):
    length = chance.choice([1, 2, 3, 4, chance.randint(1, 70)])
    return "".join(chance.choice(BUCKET_CHARS) for _ in range(length))


def random_key(chance):
    return "".join(chance.choice(KEY_CHARS) for _ in range(chance.randint(1, 30)))


def names(count, chance):
    for bucket in BUCKETS:
        yield bucket, "k"
    for key in KEYS:
        yield "data", key
        yield "my.data", key
    for _ in range(count):
        yield random_bucket(chance), random_key(chance)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    client = new_client()
    lines = []
    for bucket, key in names(arguments.count, random.Random(arguments.seed)):
        if bucket in (".", ".."):
            continue  # botocore sends these; as parts of a path they would lead elsewhere
        case = {"bucket": bucket, "key": key, "url": url_of(client, bucket, key)}
        lines.append(json.dumps(case))
    sys.stdout.write("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
