#!/usr/bin/env bash
# Tests build/function-*.zip, made by `make package`, with a Python that has moto.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$(deploy/demo/python.sh)
exec "$python" test/package/test_package.py
