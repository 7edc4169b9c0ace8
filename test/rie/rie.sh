#!/usr/bin/env bash
# Prints the path of AWS's Runtime Interface Emulator, which is brought from PyPI into build/rie once:
# it is part of the package aws-sam-cli. Exit status 3, and a reason: it cannot be had here.
set -euo pipefail
shopt -s inherit_errexit

VERSION=1.170.0
HASH=24ebaf5ecba38dc1758089968cb89ab61e124b84e92a344fc7a2771a47f4d0bf
FOLDER=build/rie
UNAVAILABLE=3

cd "$(dirname "$0")/../.."

give_up() {
    echo "rie.sh: no Runtime Interface Emulator: $1" >&2
    exit "$UNAVAILABLE"
}

binary_name() {
    case $(uname -sm) in
    'Linux x86_64') echo aws-lambda-rie-x86_64 ;;
    'Linux aarch64') echo aws-lambda-rie-arm64 ;;
    *) give_up "there is none for $(uname -sm)" ;;
    esac
}

# pip's own hash check: what is not the very file is not kept.
download() {
    echo "aws-sam-cli==$VERSION --hash=sha256:$HASH" >"$1/requirements.txt"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --require-hashes --retries 2 --timeout 20 --dest "$1" -r "$1/requirements.txt" >&2
}

unpack() {
    "$python" -c '
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, open(sys.argv[3], "wb") as out:
    out.write(wheel.read("samcli/local/rapid/" + sys.argv[2]))' "$1"/*.whl "$2" "$1/$2"
    chmod +x "$1/$2"
}

# Into its place in one step, so that what is there is whole.
bring() {
    local name=$1
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    echo "rie.sh: bringing aws-sam-cli $VERSION from PyPI into $FOLDER; this is done once" >&2
    python=$(deploy/demo/python.sh)
    download "$folder" || give_up "pip could not bring it; is there a network?"
    unpack "$folder" "$name"
    mkdir -p "$FOLDER"
    mv "$folder/$name" "$FOLDER/$name-$VERSION.new"
    mv "$FOLDER/$name-$VERSION.new" "$FOLDER/$name-$VERSION"
}

name=$(binary_name)
[ -x "$FOLDER/$name-$VERSION" ] || bring "$name"
echo "$FOLDER/$name-$VERSION"
