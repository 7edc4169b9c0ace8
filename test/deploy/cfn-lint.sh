#!/usr/bin/env bash
# Prints the path of cfn-lint; it is installed from PyPI into build/cfn-lint when it is not there.
set -euo pipefail
shopt -s inherit_errexit

VERSION=1.58.0
VENV=build/cfn-lint

cd "$(dirname "$0")/../.."
if [ "$("$VENV/bin/cfn-lint" --version 2>/dev/null)" != "cfn-lint $VERSION" ]; then
    echo "cfn-lint.sh: installing cfn-lint $VERSION from PyPI into $VENV" >&2
    if ! python3 -m venv "$VENV" || ! "$VENV/bin/python" -m pip install --quiet \
        --disable-pip-version-check --retries 2 "cfn-lint==$VERSION"; then
        rm -rf "$VENV"
        echo "cfn-lint.sh: could not: is there a network?" >&2
        exit 1
    fi
fi
echo "$PWD/$VENV/bin/cfn-lint"
