#!/usr/bin/env bash
# Instructions per signed request, and of the two SHA-256 passes that no signer can avoid: its body
# (1 KB, DynamoDB) and its canonical request. The signing key is in the cache.
#
#     test/bench/signing.sh PROGRAM         built from signing.c
#
# Counted by callgrind, so that it is the same on every machine; its CPU has no SHA instructions.
# Fails when signing costs more than twice the passes.
set -euo pipefail
shopt -s inherit_errexit

FEW=100 MANY=1100
program=$1

collected() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1 |
        sed -nE 's/.*Collected : ([0-9]+).*/\1/p'
}

# The start and the first signature cancel out.
each() {
    local few many
    few=$(collected "$1" "$FEW")
    many=$(collected "$1" "$MANY")
    if [ -z "$few" ] || [ -z "$many" ]; then
        echo "signing.sh: valgrind counted nothing; is it installed?" >&2
        return 1
    fi
    echo $(((many - few) / (MANY - FEW)))
}

sign=$(each sign)
hash=$(each hash)
awk -v sign="$sign" -v hash="$hash" 'BEGIN {
    printf "signing: %d instructions a request, %d of them for two SHA-256 passes: %.2f times\n",
        sign, hash, sign / hash
    exit sign > 2 * hash
}'
