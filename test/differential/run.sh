#!/usr/bin/env bash
# Our signer against botocore's: random requests, signed by both, step by step.
#
#     test/differential/run.sh
#
# The library gets CASES of them (in the strict and the sanitized build, whichever are there), and
# build/sigv4 the first TOOL_CASES as text on its standard input. Another SEED draws other requests.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."

CASES=${CASES:-5000}
TOOL_CASES=${TOOL_CASES:-300}
SEED=${SEED:-1}
B=${B:-build}

vectors=$(mktemp)
trap 'rm -f "$vectors"' EXIT

library() {
    local program ran=0
    for program in "$B"/{strict,asan}/test/unit/aws/test_sigv4_vectors; do
        if [ -x "$program" ]; then
            "$program" "$vectors"
            ran=1
        fi
    done
    if [ "$ran" -eq 0 ]; then
        echo "run.sh: test_sigv4_vectors is not built; \`make test\` builds it" >&2
        return 1
    fi
}

python=$(deploy/demo/python.sh)
"$python" test/data/make-sigv4-vectors.py --count "$CASES" --seed "$SEED" >"$vectors"
echo "$CASES requests, seed $SEED"
library
"$python" test/differential/sigv4_tool.py "$B/sigv4" "$vectors" "$TOOL_CASES"
