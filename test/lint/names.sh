#!/usr/bin/env bash
# What a file exports begins with the file's stem: s3_open stands in s3.c, record_next in record.c
# or record_csv.c. And no file holds state: nothing that varies lies outside functions and structs.
# (OpenSSL's SHA-256 is looked up once for all and never changes after that; a signal handler, which
# is given nothing, finds what its thread works on.)
# shellcheck source=test/lint/lint.sh
. test/lint/lint.sh

exports() {
    local object=$1 source=$2 stem
    stem=${source##*/}
    stem=${stem%.c}
    nm --defined-only --extern-only "$object" | awk -v source="$source" -v stem="${stem%%[_-]*}_" '
        $3 != "main" && index($3, stem) != 1 {
            print source ":1: exports " $3 ", which does not begin with " stem
        }'
}

# Constant tables of pointers lie in .data.rel.ro; .data and .bss can be written to.
state() {
    local object=$1 source=$2
    objdump -t "$object" | awk -v source="$source" '
        $0 ~ / O \.(data|bss|tdata|tbss|data\.rel|data\.rel\.local)\t/ { print source ":1: holds state: " $NF }
        $0 ~ / O \*COM\*\t/ { print source ":1: holds state: " $NF }'
}

room_objects | while read -r object source; do
    exports "$object" "$source"
    state "$object" "$source"
done | { grep -vE '^(aws/hash|runtime/lambda_crash)\.c:1: holds state: (sha256|once|watched)(\.[0-9]+)?$' || true; } | verdict names
