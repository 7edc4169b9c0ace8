#!/usr/bin/env bash
# Packs a bootstrap as build/function-ARCH.zip and prints the sizes. The same bootstrap gives the same
# zip: its time is fixed, and so is all else that a zip tells of a file.
#
#     deploy/package/zip.sh ARCH BOOTSTRAP
set -euo pipefail
shopt -s inherit_errexit

MAX_KIB=2300
ARCH=$1
BOOTSTRAP=$2
OUT=$PWD/build/function-$ARCH.zip

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install -m 0755 "$BOOTSTRAP" "$folder/bootstrap"
# 1 January 1980, where a zip's calendar begins.
touch -d @315532800 "$folder/bootstrap"
(cd "$folder" && TZ=UTC env -u ZIP -u ZIPOPT zip -q -9 -X function.zip bootstrap)

size=$(stat -c %s "$folder/function.zip")
kib=$(((size + 1023) / 1024))
echo "build/function-$ARCH.zip: $kib KiB, unpacked $(($(stat -c %s "$BOOTSTRAP") / 1024)) KiB"
if [ "$kib" -gt "$MAX_KIB" ]; then
    echo "zip.sh: that is more than the $MAX_KIB KiB allowed: what came to be linked with it?" >&2
    exit 1
fi
mv "$folder/function.zip" "$OUT"
