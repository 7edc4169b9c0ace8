#!/usr/bin/env bash
# What a crash report may call: it is made in a signal handler, where only functions that are safe
# in one may be used (man 7 signal-safety). The compiler tells who calls whom; from `crashed` on,
# every function that is not ours must be one of those.
# shellcheck source=test/lint/lint.sh
. test/lint/lint.sh

START=runtime/lambda_crash.c:crashed
SOURCES=$(find_files c runtime | grep -E '/lambda_(crash|backtrace)\.c$' || true)
# writev is write with more parts: on Linux one system call like it, though POSIX does not list it.
# The pointer is the log's clock, clock_gettime.
SAFE='mem(chr|cmp|cpy|move|set)|strlen|__errno_location|__indirect_call
socket|setsockopt|connect|send|recv|close|writev|clock_gettime|sigaction|signal|raise'
# Asked for by buffers on the heap alone; those of a report lie in its own memory.
HEAP=base/buf.c:grow

# "function" for each of ours and "caller callee" for each call; without inlining, which hides some.
calls() {
    local source folder
    folder=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$folder'" EXIT
    for source in $SOURCES base/*.c; do
        "${CC:-gcc}" -std=c11 -D_GNU_SOURCE -I. -O0 -fcallgraph-info -c "$source" \
            -o "$folder/$(tr / _ <<<"${source%.c}").o"
    done
    sed -nE -e '/shape : ellipse/d' -e 's/^node: \{ title: "([^"]*)".*/\1/p' \
        -e 's/^edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)".*/\1 \2/p' "$folder"/*.ci
}

findings() {
    [ -n "$SOURCES" ] || return 0
    calls | awk -v start="$START" -v heap="$HEAP" -v safe="^($(tr '\n' '|' <<<"$SAFE"))\$" '
        { called[$1] = called[$1] " " $2 }
        END {
            if (!(start in called)) print "runtime/lambda_crash.c:1: no " start " to look at"
            count = 1; queue[1] = start; seen[start] = 1
            for (i = 1; i <= count; i++) {
                n = split(called[queue[i]], callees, " ")
                for (j = 1; j <= n; j++) {
                    callee = callees[j]
                    if (callee in seen || callee == heap) continue
                    seen[callee] = 1
                    if (callee in called) queue[++count] = callee
                    else if (callee !~ safe && !(callee in leaf)) {
                        leaf[callee] = 1
                        print "runtime/lambda_crash.c:1: " queue[i] " calls " callee
                    }
                }
            }
        }'
}

findings | verdict signals
