#!/usr/bin/env bash
# A function that can fail says so to the compiler: MUST_USE on every one that returns err.
# shellcheck source=test/lint/lint.sh
. test/lint/lint.sh

# Prototypes in headers, which may take several lines; err_fail only hands its argument on.
prototypes() {
    awk '/^err [a-z0-9_]+\(/ { text = ""; line = FNR; open = 1 }
         open { text = text $0 }
         open && /;/ {
             if (text !~ /MUST_USE/ && text !~ /^err err_fail\(/) print FILENAME ":" line ": without MUST_USE"
             open = 0
         }' "$@"
}

statics() {
    grep -nHE '^static (inline )?err [a-z0-9_]+\(' "$@" | grep -v MUST_USE |
        sed 's|^\([^:]*:[0-9]*\):.*|\1: without MUST_USE|' || true
}

{
    mapfile -t headers < <(room_files h)
    mapfile -t sources < <(room_files c)
    prototypes "${headers[@]}"
    statics "${sources[@]}" "${headers[@]}"
} | verdict must-use
