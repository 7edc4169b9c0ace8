#!/usr/bin/env bash
# Tests deploy/serverless.yml and the commands around it: no AWS is needed.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
CFN_LINT=$(test/deploy/cfn-lint.sh)
export CFN_LINT
PATH=$(deploy/node.sh):$PATH
export PATH
python=$(deploy/demo/python.sh)
exec "$python" test/deploy/main.py
