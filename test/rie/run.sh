#!/usr/bin/env bash
# Runs the examples in build/lambda-local, and them and the function in AWS's own Runtime Interface
# Emulator. Where that cannot be had, its tests are skipped and the reason printed; REQUIRE_RIE=1
# makes that a failure.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$(deploy/demo/python.sh)
status=0
RIE=$(test/rie/rie.sh) || status=$?
if [ "$status" -ne 0 ] && { [ "$status" -ne 3 ] || [ "${REQUIRE_RIE:-}" = 1 ]; }; then
    echo "run.sh: the Runtime Interface Emulator is needed and not there" >&2
    exit 1
fi
export RIE
exec "$python" test/rie/test_rie.py
