#!/usr/bin/env bash
# Prints the path of a Python that has moto's server and boto3: one that is there, or one of a
# virtual environment that is made in build/venv.
set -euo pipefail
shopt -s inherit_errexit

MOTO='moto[server]==5.2.1'
VENV=build/venv

cd "$(dirname "$0")/../.."

fits() {
    "$1" -c '
import sys, moto, boto3
from moto.server import ThreadedMotoServer
sys.exit(sys.version_info < (3, 9) or moto.__version__.split(".")[0] != "5")' >/dev/null 2>&1
}

# The interpreter of a moto_server that is on PATH.
moto_python() {
    local server
    server=$(command -v moto_server) || return 0
    sed -n '1s/^#! *\([^ ]*python[^ ]*\)$/\1/p' "$server"
}

find_python() {
    local python
    for python in "${PYTHON:-}" "$VENV/bin/python" python3 "$(moto_python)"; do
        if [ -n "$python" ] && fits "$python"; then
            echo "$python"
            return
        fi
    done
}

make_venv() {
    echo "python.sh: installing $MOTO and boto3 from PyPI into $VENV; this is done once" >&2
    if ! python3 -m venv "$VENV" || ! "$VENV/bin/python" -m pip install --quiet \
        --disable-pip-version-check --retries 2 "$MOTO" boto3; then
        rm -rf "$VENV"
        echo "python.sh: could not install $MOTO with pip: is there a network?" >&2
        echo "python.sh: a Python that has it can be named:  PYTHON=/path/to/python make ..." >&2
        return 1
    fi
}

python=$(find_python)
if [ -z "$python" ]; then
    make_venv
    python=$VENV/bin/python
fi
echo "$python"
