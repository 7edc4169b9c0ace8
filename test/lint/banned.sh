#!/usr/bin/env bash
# Functions and habits the house does not have. Comment lines are not looked at.
# shellcheck source=test/lint/lint.sh
. test/lint/lint.sh

# grep REGEX FILES..., without comment lines, each finding followed by `why`.
ban() {
    local why=$1 regex=$2
    shift 2
    [ $# -gt 0 ] || return 0
    { grep -nHP "$regex" "$@" || true; } | { grep -vP '^[^:]+:[0-9]+:\s*(/\*|\*|//)' || true; } |
        sed "s|^\([^:]*:[0-9]*\):.*|\1: $why|"
}

findings() {
    local every rooms pure
    mapfile -t every < <(all_files c; all_files h)
    mapfile -t rooms < <(room_files c; room_files h)
    ban 'unbounded or hidden state; see base/buf.h, base/str.h' \
        '\b(strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|strtok|strtok_r|atoi|atol|atoll|atof)\s*\(' \
        "${every[@]}"
    ban 'the stack is not for sizes known at run time' '\balloca\s*\(' "${every[@]}"
    ban 'no jumps out of functions' '\b(_?setjmp|_?longjmp|sigsetjmp|siglongjmp)\s*\(' "${every[@]}"
    ban 'snprintf gives what it wanted to write, not what it wrote' '\+=\s*\(?[a-z_]*\)?\s*v?snprintf' \
        "${every[@]}"
    ban 'the settings come in as an argument; see base/env.h' '\b(secure_)?getenv\s*\(' "${rooms[@]}"
    ban 'rand() has hidden state' '\b(rand|srand|random|srandom|drand48)\s*\(' "${every[@]}"
    ban 'hidden state; see base/date.h' '\b(localtime|gmtime|ctime|asctime)\s*\(' "${rooms[@]}"
    ban 'finish it, or write it down elsewhere' '\b(TODO|FIXME|XXX|HACK)\b' "${every[@]}"
    # The heap belongs to buf, the arena's block, the transports and what they trust.
    mapfile -t pure < <(room_files c | grep -vE '^(base/(buf|arena)|aws/(http[a-z_]*|trust)|runtime/http1)\.c$')
    ban 'heap outside buf, arena, http and trust' '\b(malloc|calloc|realloc|reallocarray|strdup|strndup)\s*\(' \
        "${pure[@]}"
}

findings | verdict banned
