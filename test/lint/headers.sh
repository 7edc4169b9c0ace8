#!/usr/bin/env bash
# Every header compiles alone, says first what it is for, and shows no type of curl or OpenSSL.
# shellcheck source=test/lint/lint.sh
. test/lint/lint.sh

check() {
    local header=$1
    # shellcheck disable=SC2046 # one word a flag
    gcc $(cat compile_flags.txt) -Werror -fsyntax-only -x c "$header" 2>&1 |
        { grep -E 'error|warning' || true; }
    if [ "$(head -c 3 "$header")" != '/* ' ]; then
        echo "$header:1: does not open with what it is for"
    fi
    grep -nE '#include <(curl|openssl)/' "$header" | sed "s|^\([0-9]*\):|$header:\1: shows |" || true
}

all_files h | while read -r header; do
    check "$header"
done | verdict headers
