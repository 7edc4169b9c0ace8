#!/usr/bin/env python3
"""Prints aws/trust_roots.c from the roots' PEM files as Debian's ca-certificates has them.

    test/data/make-trust-roots.py [FOLDER] | clang-format > aws/trust_roots.c
"""
import pathlib
import ssl
import sys

ROOTS = ["Amazon_Root_CA_1", "Amazon_Root_CA_2", "Amazon_Root_CA_3", "Amazon_Root_CA_4",
         "Starfield_Services_Root_Certificate_Authority_-_G2"]


def element(der, at):
    """Where the DER element at `at` has its content, and where it ends."""
    length, content = der[at + 1], at + 2
    if length & 0x80:
        content += length & 0x7F
        length = int.from_bytes(der[at + 2:content], "big")
    return content, content + length


def subject(der):
    """Offset and length of the subject: the sixth field of a version 3 TBSCertificate."""
    at = element(der, element(der, 0)[0])[0]
    for _ in range(5):
        at = element(der, at)[1]
    return at, element(der, at)[1] - at


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/etc/ssl/certs")
    rows = []
    print("/* Written by test/data/make-trust-roots.py. */\n#include \"aws/trust_roots.h\"\n")
    for number, name in enumerate(ROOTS):
        der = ssl.PEM_cert_to_DER_cert((folder / f"{name}.pem").read_text())
        at, length = subject(der)
        rows.append(f"{{root_{number}, sizeof root_{number}, {at}, {length}}},")
        print(f"/* {name.replace('_', ' ')} */")
        print(f"static const unsigned char root_{number}[] = {{")
        print(",".join(f"0x{byte:02x}" for byte in der) + "};\n")
    print("const struct trust_root trust_amazon_roots[TRUST_AMAZON_ROOTS] = {")
    print("\n".join(rows) + "\n};")


main()
