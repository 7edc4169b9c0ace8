#!/usr/bin/env bash
# No file is longer than 400 lines: one that is holds two things. And no block stands more than three
# deep in its function. How long functions are and what they take is clang-tidy's matter.
# shellcheck source=test/lint/lint.sh
. test/lint/lint.sh

{ all_files c; all_files h; } | while read -r file; do
    lines=$(wc -l <"$file")
    if [ "$lines" -gt 400 ]; then
        echo "$file:400: $lines lines; 400 is the most"
    fi
    # Continued lines never begin with these words, so indentation tells the depth.
    grep -nE '^ {16,}(if|for|while|do|switch|\} else)\b' "$file" |
        sed "s|^\([0-9]*\):.*|$file:\1: nested more than three deep|" || true
done | verdict sizes
