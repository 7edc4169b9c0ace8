#!/usr/bin/env bash
# cppcheck's second opinion. What is switched off, and why, stands in cppcheck.suppressions.
# shellcheck source=test/lint/lint.sh
. test/lint/lint.sh

cppcheck --quiet --std=c11 --language=c -I. -D_GNU_SOURCE --enable=warning,style,performance,portability \
    --inline-suppr --suppressions-list=test/lint/cppcheck.suppressions -j "$(nproc)" \
    --template='{file}:{line}: {message} [{id}]' "${ROOMS[@]}" test 2>&1 | verdict cppcheck
