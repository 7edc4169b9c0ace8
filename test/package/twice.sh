#!/usr/bin/env bash
# Builds a zip once more, libraries and all, in another folder and at another time, and compares: the
# same sources must give the same bytes. ARCH is x86_64 or arm64.
#
#     test/package/twice.sh ARCH           after make package-ARCH; takes as long as that took
set -euo pipefail
cd "$(dirname "$0")/../.."

ARCH=$1
FIRST=$PWD/build/function-$ARCH.zip
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

tar -cf - --exclude=./build --exclude=./.git . | tar -xf - -C "$folder"
export PACKAGE_SOURCES=$PWD/build/package/sources
make -s -C "$folder" "package-$ARCH"
if ! cmp "$FIRST" "$folder/build/function-$ARCH.zip"; then
    echo "twice.sh: the same sources gave another function-$ARCH.zip; what differs:" >&2
    cmp -l "$folder/build/package/$ARCH/bootstrap" "build/package/$ARCH/bootstrap" |
        head -n 5 >&2 || true
    echo "0 passed, 1 failed"
    exit 1
fi
echo "1 passed, 0 failed"
