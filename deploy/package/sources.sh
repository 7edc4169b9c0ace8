#!/usr/bin/env bash
# Fetches the sources that sources.txt names into build/package/sources and checks their SHA-256.
#
#     deploy/package/sources.sh             asks the network only for what is not there yet
#     deploy/package/sources.sh licences    prints what the zips are linked with, and its licences
#
# Without a network, or without cargo or apt: put the files there by hand, from wherever they can be
# had. PACKAGE_SOURCES names another folder to look in first.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."

LIST=deploy/package/sources.txt
SOURCES=build/package/sources

say() {
    echo "sources: $*" >&2
}

# "file sha256 way licence", one a line.
listed() {
    sed -E '/^(#|$)/d' "$LIST"
}

matches() {
    [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]
}

# Keeps the file FROM as NAME if it has the right sum.
keep() {
    local from=$1 name=$2 sum=$3
    if ! matches "$from" "$sum"; then
        say "$name is not the file that sources.txt names: its SHA-256 is not $sum"
        return 1
    fi
    cp "$from" "$SOURCES/$name.part"
    mv "$SOURCES/$name.part" "$SOURCES/$name"
}

# cargo takes crates only as the dependencies of a package, so it gets one that needs just this one.
# Of cargo's verdict nothing is taken: an old one fetches a crate whose manifest it cannot read, and
# what counts is the sum.
fetch_by_cargo() {
    local file=$1 crate version
    crate=$(sed -E 's/-[0-9].*//' <<<"$file")
    version=${file#"$crate"-}
    mkdir -p "$WORK/src"
    : >"$WORK/src/lib.rs"
    cat >"$WORK/Cargo.toml" <<TOML
[package]
name = "fetch"
version = "0.0.0"
[dependencies]
$crate = { version = "=${version%.crate}", default-features = false }
[workspace]
TOML
    rm -f "$WORK/Cargo.lock"
    cargo fetch --manifest-path "$WORK/Cargo.toml" --target x86_64-unknown-linux-gnu || true
    find "${CARGO_HOME:-$HOME/.cargo}/registry/cache" -name "$file" -print -quit >"$WORK/found" || true
}

# The system's own list of archives, but of sources, in a folder of ours: the system's apt stays as it
# is, and no rights are needed.
fetch_by_apt() {
    local file=$1 package=${1%%_*} from options
    mkdir -p "$WORK/apt/parts" "$WORK/apt/lists/partial" "$WORK/apt/cache/archives/partial"
    for from in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        if [ -f "$from" ]; then
            sed -E 's/^Types:.*/Types: deb-src/; s/^deb(-src)? /deb-src /' "$from" \
                >"$WORK/apt/parts/${from##*/}"
        fi
    done
    # sources.list itself has a suffix that apt passes over among parts.
    options=(-q -o Dir::Etc::SourceList="$PWD/$WORK/apt/parts/sources.list"
        -o Dir::Etc::SourceParts="$PWD/$WORK/apt/parts" -o Dir::State::Lists="$PWD/$WORK/apt/lists"
        -o Dir::Cache="$PWD/$WORK/apt/cache" -o APT::Sandbox::User=root)
    # An archive without sources fails the update, but not what follows.
    (cd "$WORK/apt" && { apt-get "${options[@]}" update || true; } &&
        apt-get "${options[@]}" source --download-only --only-source "$package") || true
    find "$WORK/apt" -name "$file" -print -quit >"$WORK/found"
}

fetch() {
    local file=$1 sum=$2 way=$3 tool=$3 log=$WORK/log
    [ "$way" = cargo ] || tool=apt-get
    if ! command -v "$tool" >/dev/null; then
        say "$file is fetched by $tool, which is not there"
        return 1
    fi
    say "fetching $file"
    : >"$WORK/found"
    "fetch_by_$way" "$file" >"$log" 2>&1 </dev/null
    if [ ! -s "$WORK/found" ]; then
        say "$tool did not bring $file; the end of what it said (is there a network?):"
        tail -n 6 "$log" | sed 's/^/sources:   | /' >&2
        return 1
    fi
    keep "$(cat "$WORK/found")" "$file" "$sum"
}

get() {
    local file=$1 sum=$2 way=$3
    if matches "$SOURCES/$file" "$sum"; then
        return
    fi
    if [ -n "${PACKAGE_SOURCES:-}" ] && [ -f "$PACKAGE_SOURCES/$file" ]; then
        keep "$PACKAGE_SOURCES/$file" "$file" "$sum"
    else
        fetch "$file" "$sum" "$way"
    fi
}

licences() {
    local file licence
    echo "linked with:"
    while read -r file _ _ licence; do
        printf '  %-32s %s\n' "${file%.*}" "$licence"
    done < <(listed | sed 's/\.orig\.tar\.gz/./')
    printf '  %-32s %s\n' "glibc $(getconf GNU_LIBC_VERSION | cut -d' ' -f2)" 'LGPL-2.1-or-later'
}

main() {
    local file sum way missing=''
    mkdir -p "$SOURCES"
    WORK=$(mktemp -d build/package/fetch.XXXXXX)
    trap 'rm -rf "$WORK"' EXIT
    while read -r file sum way _; do
        get "$file" "$sum" "$way" || missing+=" $file"
    done < <(listed)
    if [ -n "$missing" ]; then
        say "still missing:$missing"
        say "put them into $SOURCES by hand, or try again with a network"
        exit 1
    fi
}

if [ "${1:-}" = licences ]; then
    licences
else
    main
fi
