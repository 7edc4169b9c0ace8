# shellcheck shell=bash
# What the checks share: sourced, with the repository's root as current directory. A check prints
# its findings as "file:line: what", one a line, and ends by `verdict`.
set -euo pipefail
shopt -s inherit_errexit

ROOMS=(base aws transform runtime deploy/local deploy/replay)

# The rooms' files, and with the tests'. `find` rather than git: it works in an unpacked archive.
room_files() {
    find_files "$1" "${ROOMS[@]}"
}
all_files() {
    find_files "$1" "${ROOMS[@]}" deploy/package test
}
find_files() {
    local suffix=$1 folder
    shift
    for folder in "$@"; do
        if [ -d "$folder" ]; then
            find "$folder" -name "*.$suffix"
        fi
    done | sort
}

# Objects of the rooms under $OBJECTS that have a source, as "object source".
room_objects() {
    local source
    for source in $(room_files c); do
        echo "${OBJECTS:?}/${source%.c}.o $source"
    done
}

# clang's tools differ in what they say from version to version: 14, when it is there.
clang_tool() {
    command -v "$1-14" || command -v "$1"
}

# Reads findings; passes them on and fails when there are any.
verdict() {
    local name=$1 findings
    findings=$(cat)
    if [ -n "$findings" ]; then
        printf '%s\n' "$findings"
        echo "lint: $name: $(wc -l <<<"$findings") found" >&2
        return 1
    fi
    echo "lint: $name: ok"
}
