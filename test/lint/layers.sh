#!/usr/bin/env bash
# Who may know whom:  runtime/bootstrap and its parts -> runtime/lambda, aws, transform -> base.
# Checked in the sources by their includes, and in the objects by what they import: transform/ and
# base/ do no I/O whatever they include.
# shellcheck source=test/lint/lint.sh
. test/lint/lint.sh

# The folders whose headers a file may include.
may_include() {
    case $1 in
    base/*) echo base ;;
    aws/tool/*) echo base aws aws/tool ;;
    aws/*) echo base aws ;;
    transform/*) echo base transform ;;
    runtime/http1* | runtime/lambda*) echo base runtime ;;
    runtime/*) echo base aws transform runtime ;;
    deploy/local/*) echo base aws deploy/local ;;
    deploy/replay/*) echo base aws deploy/local deploy/replay ;;
    esac
}

# The libraries whose headers a file may include, as a regular expression.
may_use() {
    case $1 in
    aws/*) echo '^(curl|openssl)/|^jansson\.h$' ;;
    transform/*) echo '^(utf8proc|zlib)\.h$' ;;
    deploy/local/* | deploy/replay/*) echo '^jansson\.h$' ;;
    *) echo '^$' ;;
    esac
}

includes() {
    local file=$1 allowed line header
    allowed=" $(may_include "$file") "
    grep -nE '^#include "' "$file" | sed -E 's/^([0-9]+):#include "([^"]+)".*/\1 \2/' |
        while read -r line header; do
            if [[ $allowed != *" ${header%/*} "* ]]; then
                echo "$file:$line: may not include $header"
            fi
        done || true
    grep -nE '^#include <' "$file" | sed -E 's/^([0-9]+):#include <([^>]+)>.*/\1 \2/' |
        while read -r line header; do
            if [[ $header =~ $LIBRARIES ]] && ! [[ $header =~ $(may_use "$file") ]]; then
                echo "$file:$line: may not include <$header>"
            fi
        done || true
}
LIBRARIES='^(curl|openssl)/|^(jansson|utf8proc|zlib)\.h$'

# Pure functions of libc, and what the compiler adds of its own.
PURE='mem(cpy|chr|rchr|cmp|set|move|mem)|bcmp|strlen|str(n?cmp|n?len|chr)|qsort|bsearch
__(memcpy|memmove|memset)_chk|__stack_chk_fail|__assert_fail|abort|_GLOBAL_OFFSET_TABLE_'
# zlib's coders over memory that we give it, not what reads and writes files.
ZLIB='(in|de)flate((Init2|Reset|Prime|(Set|Get)Dictionary|End)_?)?|crc32(_z)?'
# base/ owns the heap and the address space, formats failures, and writes the log.
BASE_TOO='malloc|calloc|realloc|free|explicit_bzero|mmap|munmap|madvise|writev|__errno_location|(__)?v?snprintf(_chk)?'

# Symbols that the objects in the folder define.
defined_in() {
    local folder=$1 object source
    room_objects | while read -r object source; do
        if [[ $source == "$folder"/* ]]; then
            nm --defined-only --extern-only -f posix "$object" | cut -d' ' -f1
        fi
    done
}

imports() {
    local folder=$1 allowed=$2 ours=$3 object source
    room_objects | while read -r object source; do
        if [[ $source == "$folder"/* ]]; then
            nm --undefined-only -f posix "$object" | cut -d' ' -f1 |
                { grep -vxE "$allowed" || true; } | { grep -vxF "$ours" || true; } |
                sed "s|^|$source:1: imports |"
        fi
    done
}

findings() {
    local file base transform
    { room_files c; room_files h; } | while read -r file; do
        includes "$file"
    done
    base=$(defined_in base)
    transform=$(defined_in transform)
    imports base "$(tr '\n' '|' <<<"$PURE")$BASE_TOO" "$base"
    imports transform "$(tr '\n' '|' <<<"$PURE")utf8proc_.*|$ZLIB" "$base"$'\n'"$transform"
}

findings | verdict layers
