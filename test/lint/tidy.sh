#!/usr/bin/env bash
# clang-tidy by .clang-tidy, flags from compile_flags.txt. What was found clean is remembered in
# build/tidy under the hash of all that it was compiled from, and not looked at again.
# shellcheck source=test/lint/lint.sh
. test/lint/lint.sh

check() {
    local file=$1 key output status=0
    # shellcheck disable=SC2046 # one word a flag
    key=$({ "$TIDY" --version && cat .clang-tidy && cc -E $(cat compile_flags.txt) "$file"; } 2>&1 |
        sha256sum | cut -d' ' -f1)
    if [ -e "build/tidy/$key" ]; then
        return
    fi
    output=$("$TIDY" --quiet "$file" 2>&1) || status=$?
    if [ "$status" -eq 0 ]; then
        touch "build/tidy/$key"
    elif ! grep -E '^[^ ]+:[0-9]+:[0-9]+: (error: |note: .*threshold)' <<<"${output//"$PWD/"/}"; then
        printf '%s\n' "$file:1: clang-tidy: $output" # it could not run
    fi
}
export -f check
TIDY=$(clang_tool clang-tidy)
export TIDY

mkdir -p build/tidy
all_files c | xargs -P "$(nproc)" -I{} bash -c 'check {}' | sort -u | verdict tidy
