#!/usr/bin/env bash
# Runs test programs one after the other and sums up what they report.
#
#     test/run.sh PROGRAM...
#
# A program reports in cmocka's closing lines, or in a line of its own "N passed, N failed". One
# that reports nothing counts as one test when it is a fuzzer (seeded mutations) or a script, and as
# a failure otherwise: then no test ran. A crash, a time-out and an exit status that is not 0 are
# failures too. The output of a program is shown only when it failed, but for lines that begin with
# "skipped:". The last line is the sum.
set -euo pipefail

TIMEOUT_S=${TEST_TIMEOUT_S:-600}
# The same inputs at every run; `make fuzz` looks for new ones.
FUZZ_RUNS=${FUZZ_RUNS:-20000}
FUZZ_SEED=${FUZZ_SEED:-1}

passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The sum of what cmocka's closing lines say of PASSED or FAILED: a program may run several groups.
cmocka_sum() {
    sed -nE "s/^\[  $1  \] ([^0-9].* )?([0-9]+) test\(s\).*/\2/p" "$log" |
        awk '{ n += $1 } END { print n + 0 }'
}

# The number before "passed" or "failed" in the last line of the other form.
closing_line() {
    sed -nE "s/^(|[0-9]+ passed, )([0-9]+) $1(|, [0-9]+ failed)\$/\2/p" "$log" | tail -n 1
}

how_it_ended() {
    if [ "$1" -eq 124 ] || [ "$1" -eq 137 ]; then
        echo "did not end within $TIMEOUT_S s"
    elif [ "$1" -gt 128 ]; then
        echo "ended by signal $(kill -l "$(($1 - 128))")"
    else
        echo "exit status $1"
    fi
}

start() {
    local arguments=() program=$1
    [[ ${program##*/} != fuzz_* ]] || arguments=("$FUZZ_RUNS" "$FUZZ_SEED")
    [[ $program == /* ]] || program=./$program
    timeout -k 10 "$TIMEOUT_S" "$program" ${arguments[@]+"${arguments[@]}"}
}

run() {
    local program=$1 name status=0 good bad note=''
    name=${program#build/}
    # The outer redirection is for the shell's own word on a crash.
    { start "$program" >"$log" 2>&1 </dev/null || status=$?; } 2>/dev/null
    good=$(($(cmocka_sum PASSED) + $(closing_line passed) + 0))
    bad=$(($(cmocka_sum FAILED) + $(closing_line failed) + 0))
    if [ "$status" -ne 0 ]; then
        note=$(how_it_ended "$status")
        [ "$bad" -gt 0 ] || bad=1
    elif [ $((good + bad)) -eq 0 ]; then
        case ${program##*/} in
        fuzz_* | *.sh) good=1 ;;
        *) bad=1 note='no test ran' ;;
        esac
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    if [ "$bad" -eq 0 ]; then
        printf '  ok   %4d  %s\n' "$good" "$name"
        sed -n 's/^skipped:/              &/p' "$log"
    else
        printf '  FAIL %4d  %s%s\n' "$bad" "$name" "${note:+: $note}"
        sed 's/^/    | /' "$log"
    fi
}

for program in "$@"; do
    run "$program"
done
if [ $((passed + failed)) -eq 0 ]; then
    echo "run.sh: no test ran" >&2
    failed=1
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
