#!/usr/bin/env python3
"""Gives requests of make-sigv4-vectors.py to sigv4 as people would type them, and compares each step
with botocore's.

    sigv4_tool.py PROGRAM VECTORS COUNT
"""
import base64
import hashlib
import json
import random
import subprocess
import sys
import time

# The tool sets these itself.
SET_ANEW = ("x-amz-date", "x-amz-security-token")


def folded(rng, value):
    """The value with one of its blanks made a fold, as old clients sent long values."""
    blanks = [at for at, char in enumerate(value.rstrip(" \t")) if char in " \t"]
    if not blanks or rng.random() < 0.7:
        return value
    at = rng.choice(blanks)
    return value[:at] + "\n" + value[at:]


def raw_request(rng, case):
    """The request as bytes, and how its lines end."""
    eol = rng.choice(["\n", "\r\n"])
    target = (case["path"] or "/") + ("?" + case["query"] if case["query"] else "")
    lines = [f"{case['method']} {target} HTTP/1.1"]
    for name, value in case["headers"]:
        if name.lower() not in SET_ANEW and not is_added(case, name):
            lines.append(f"{name}:{folded(rng, value)}")
    head = "".join(line + "\n" for line in lines).replace("\n", eol)
    body = base64.b64decode(case["body"])
    return head.encode() + (eol.encode() + body if body or rng.random() < 0.5 else b""), eol


def is_added(case, name):
    return case["service"] == "s3" and name.lower() == "x-amz-content-sha256"


def options(case):
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(case["time"]))
    words = ["--service", case["service"], "--region", case["region"], "--date", date]
    switches = {"--no-normalize": case["verbatim"], "--single-encode": case["single"],
                "--omit-token": case["tokenAfter"], "--query": case["expires"]}
    words += [switch for switch, on in switches.items() if on]
    if case["expires"]:
        words += ["--expires", str(case["expires"])]
    if case["service"] == "s3":
        words.append("--unsigned-payload" if case["expires"] else "--sign-body")
    return words


def environment(case):
    keys = {"AWS_ACCESS_KEY_ID": case["keyId"], "AWS_SECRET_ACCESS_KEY": case["secret"]}
    return {**keys, "AWS_SESSION_TOKEN": case["token"]} if case["token"] else keys


def scope(case):
    day = time.strftime("%Y%m%d", time.gmtime(case["time"]))
    return f"{day}/{case['region']}/{case['service']}/aws4_request"


def string_to_sign(case):
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(case["time"]))
    digest = hashlib.sha256(case["canonicalRequest"].encode()).hexdigest()
    return f"AWS4-HMAC-SHA256\n{date}\n{scope(case)}\n{digest}"


def wanted_in_request(case, eol):
    """What the signed request must hold."""
    if case["expires"]:
        return f"&X-Amz-Signature={case['signature']} HTTP/1.1{eol}"
    names = case["canonicalRequest"].rsplit("\n", 2)[1]
    return (f"{eol}Authorization:AWS4-HMAC-SHA256 Credential={case['keyId']}/{scope(case)}, "
            f"SignedHeaders={names}, Signature={case['signature']}{eol}")


def run(program, case, raw, *show):
    done = subprocess.run([program, *options(case), *show], input=raw, env=environment(case),
                          capture_output=True, timeout=20, check=False)
    if done.returncode:
        raise AssertionError(f"exit status {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def check(program, rng, case):
    raw, eol = raw_request(rng, case)
    steps = {"canonical-request": case["canonicalRequest"], "string-to-sign": string_to_sign(case),
             "signature": case["signature"]}
    for step, wanted in steps.items():
        got = run(program, case, raw, "--show", step)
        if got != wanted.encode():
            raise AssertionError(f"{step}\n--- got\n{got.decode()}\n--- wanted\n{wanted}")
    request = run(program, case, raw, "--show", "request")
    body = base64.b64decode(case["body"])
    if wanted_in_request(case, eol).encode() not in request or not request.endswith(
            (eol * 2).encode() + body):
        raise AssertionError(f"request\n--- got\n{request.decode()}")


def check_full_disk(program):
    """Output that is cut short must not pass for a signed request."""
    raw = b"POST / HTTP/1.1\nHost: h\n\n" + b"a" * 100000
    env = {"AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "r"}
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program, "--service", "s", "--show", "request"], input=raw, env=env,
                              stdout=full, stderr=subprocess.DEVNULL, timeout=20, check=False)
    if done.returncode == 0:
        raise AssertionError("a full disk goes unnoticed")


def main():
    program, path, count = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)[:int(count)]
    rng = random.Random(len(cases))
    failed = 0
    check_full_disk(program)
    for number, case in enumerate(cases):
        try:
            check(program, rng, case)
        except AssertionError as error:
            failed += 1
            print(f"sigv4, request {number}: {error}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
