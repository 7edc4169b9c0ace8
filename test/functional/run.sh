#!/usr/bin/env bash
# Runs the functional tests with a Python that has moto.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$(deploy/demo/python.sh)
exec "$python" test/functional/all.py
