#!/usr/bin/env bash
# Runs the demo with a Python that has moto.
set -euo pipefail
cd "$(dirname "$0")/../.."
for program in build/bootstrap build/lambda-local; do
    if [ ! -x "$program" ]; then
        echo "demo: $program is not built; run: make demo" >&2
        exit 1
    fi
done
python=$(deploy/demo/python.sh)
exec "$python" deploy/demo/demo.py
