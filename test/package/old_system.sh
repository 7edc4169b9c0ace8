#!/usr/bin/env bash
# Prints the folder of a Debian 11 (glibc 2.31, older than Lambda's 2.34), made by debootstrap once.
# Exit status 1, with the reason as its output, where that cannot be made.
set -euo pipefail
cd "$(dirname "$0")/../.."

ROOT=$PWD/build/package/debian-11
if [ "$(id -u)" -ne 0 ]; then
    echo "chroot and debootstrap need root"
    exit 1
fi
if [ ! -e "$ROOT/.whole" ]; then
    rm -rf "$ROOT"
    mkdir -p "${ROOT%/*}"
    if ! debootstrap --variant=minbase bullseye "$ROOT" >"$ROOT.log" 2>&1; then
        echo "debootstrap cannot fetch Debian 11; see $ROOT.log"
        exit 1
    fi
    touch "$ROOT/.whole"
fi
echo "$ROOT"
