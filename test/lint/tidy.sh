#!/usr/bin/env bash
# clang-tidy by .clang-tidy, flags from compile_flags.txt. TIDY="a.c b.c" checks only these.
# shellcheck source=test/lint/lint.sh
. test/lint/lint.sh

files=${TIDY:-$(all_files c)}
status=0
# shellcheck disable=SC2086 # one word a file
output=$(printf '%s\n' $files |
    xargs -P "$(nproc)" -n 4 "$(clang_tool clang-tidy)" --quiet 2>&1) || status=$?
findings=$(grep -E '^/?[^ ]+:[0-9]+:[0-9]+: (warning|error):' <<<"$output" || true)
if [ "$status" -ne 0 ] && [ -z "$findings" ]; then
    findings=$output # it could not run
fi
sort -u <<<"${findings//"$PWD/"/}" | verdict tidy
