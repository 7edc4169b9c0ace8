#!/usr/bin/env bash
# Runs the tests against the verifying proxy with a Python that has moto.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$(deploy/demo/python.sh)
exec "$python" test/proxy/run.py
