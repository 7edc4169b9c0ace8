#!/usr/bin/env bash
# Fails unless a bootstrap runs without anything of the system it is started on.
#
#     deploy/package/check.sh ARCH BOOTSTRAP [SAID]        SAID: a file of what the linker said
set -euo pipefail
shopt -s inherit_errexit

# What provided.al2023 has. Asked of a dynamic file, so that its message names what is wrong.
GLIBC=2.34
ARCH=$1
BOOTSTRAP=$2
SAID=${3:-/dev/null}
failed=0

complain() {
    echo "check.sh: $BOOTSTRAP $*" >&2
    failed=1
}

machine() {
    LC_ALL=C readelf -h "$BOOTSTRAP" | sed -n 's/^ *Machine: *//p'
}

newest_glibc() {
    LC_ALL=C readelf -W --dyn-syms "$BOOTSTRAP" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' |
        sort -V | tail -n 1
}

check_machine() {
    case $ARCH:$(machine) in
    x86_64:*X86-64 | arm64:AArch64) ;;
    *) complain "is for $(machine), not for $ARCH" ;;
    esac
}

check_static() {
    local headers newest
    headers=$(LC_ALL=C readelf -W -l -d "$BOOTSTRAP")
    if grep -q INTERP <<<"$headers"; then
        complain 'asks for a loader: it is not static'
    fi
    if grep -q NEEDED <<<"$headers"; then
        complain "asks for$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/ \1/p' <<<"$headers" | tr '\n' ' ')"
    fi
    newest=$(newest_glibc || true)
    if [ -n "$newest" ] && [ "$(printf '%s\n' "$newest" $GLIBC | sort -V | tail -n 1)" != $GLIBC ]; then
        complain "asks for a symbol of glibc $newest; Amazon Linux 2023 has $GLIBC"
    fi
}

check_stripped() {
    if LC_ALL=C readelf -W -S "$BOOTSTRAP" | grep -qE '\.(symtab|debug_info|note\.gnu\.build-id)'; then
        complain 'is not stripped, or has a build id'
    fi
}

# An executable stack, or memory that may be written and run.
check_memory() {
    if LC_ALL=C readelf -W -l "$BOOTSTRAP" | grep -qE '(LOAD|GNU_STACK).* RWE '; then
        complain 'has memory that may be both written and run'
    fi
}

# For users, groups, services and the like glibc loads modules of the system's at run time, in a static
# file too. For the names of hosts static_dns.c sees to it that it does not. Linkers warn of each.
check_name_services() {
    local calls
    calls=$(sed -n "s/.*Using '\(.*\)' in statically linked.*/\1/p" "$SAID" |
        grep -vxE 'getaddrinfo|gethostbyname' | sort -u | tr '\n' ' ' || true)
    if [ -n "$calls" ]; then
        complain "loads modules of the system's at run time, by calling $calls"
    fi
    grep -vE ": in function \`|Using '.*' in statically linked|: note: the message above does not" \
        "$SAID" >&2 || true
}

check_machine
check_static
check_name_services
check_stripped
check_memory
exit "$failed"
