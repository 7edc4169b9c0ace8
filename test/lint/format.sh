#!/usr/bin/env bash
# Every file is as clang-format leaves it; `make format` does it.
# shellcheck source=test/lint/lint.sh
. test/lint/lint.sh

{ all_files c; all_files h; } | xargs -r "$(clang_tool clang-format)" --dry-run 2>&1 |
    { grep -E '^[^ ]+:[0-9]+:[0-9]+: ' || true; } | verdict format
