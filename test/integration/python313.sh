#!/usr/bin/env bash
# Prints the path of a Python 3.13, which LocalStack needs: PYTHON313, one of this machine, one that
# apt has, or one that is built from Debian 13's copy of the source, once, in build/python313 (three
# minutes on two cores).
set -euo pipefail
shopt -s inherit_errexit

VERSION=3.13.5
SHA256=93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640
PREFIX=build/python313

cd "$(dirname "$0")/../.."

say() {
    echo "python313.sh: $*" >&2
}

# It must have what an own build may lack.
fits() {
    "$1" -c '
import sys, bz2, ctypes, ensurepip, lzma, sqlite3, ssl, venv, zlib
sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1
}

find_python() {
    local python
    for python in "${PYTHON313:-}" python3.13 python3 "$PREFIX/bin/python3.13" \
        "$HOME"/.pyenv/versions/3.13.*/bin/python3.13; do
        if [ -n "$python" ] && fits "$python"; then
            # Its real place: a shim of pyenv works in some folders only.
            "$python" -c 'import sys; print(sys.executable)'
            return
        fi
    done
}

apt_has_it() {
    command -v apt-cache >/dev/null && apt-cache show python3.13-venv >/dev/null 2>&1
}

# By apt, from the archive that this Debian uses, out of the release that has 3.13: with lists of our
# own, so that the system's apt stays as it is. The sum below vouches for what comes.
fetch_by_apt() {
    local folder=$1 site options
    site=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -m1 -E '/debian/?$' || true)
    [ -n "$site" ] || return 0
    mkdir -p "$folder/parts" "$folder/lists/partial" "$folder/cache/archives/partial"
    echo "deb-src [trusted=yes] $site trixie main" >"$folder/parts/trixie.list"
    options=(-q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$folder/parts"
        -o Dir::State::Lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root)
    (cd "$folder" && { apt-get "${options[@]}" update &&
        apt-get "${options[@]}" source --download-only --only-source python3.13; } >log 2>&1) || true
}

get_source() {
    local archive
    fetch_by_apt "$1/apt"
    archive=$(find "$1/apt" -name "python3.13_$VERSION.orig.tar.xz" -print -quit 2>/dev/null || true)
    if [ -z "$archive" ]; then
        say "apt did not bring the source of Python $VERSION from Debian 13: is there a network?"
        say "a Python 3.13 that is there can be named:  PYTHON313=/path/to/python3.13 make integration"
        return 1
    fi
    if ! echo "$SHA256  $archive" | sha256sum --check --quiet >&2; then
        say "${archive##*/} is not the file it was: not used"
        return 1
    fi
    tar -xJf "$archive" -C "$1" --strip-components=1
}

# Into a folder beside, moved when it is whole: an interrupted build is no Python.
build_python() (
    local folder log
    folder=$(mktemp -d)
    trap 'rm -rf "$folder" "$PREFIX.new"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    log=$folder/build.log
    get_source "$folder"
    say "building Python $VERSION in $PREFIX; this is done once and takes some minutes"
    if ! (
        cd "$folder"
        ./configure --prefix="$OLDPWD/$PREFIX" --disable-test-modules --with-ensurepip=no
        make -j"$(nproc)"
        make install DESTDIR="$folder/root"
    ) >"$log" 2>&1; then
        say "it did not build; the end of its log:"
        tail -n 15 "$log" | sed 's/^/python313.sh:   | /' >&2
        return 1
    fi
    mkdir -p "${PREFIX%/*}"
    rm -rf "$PREFIX"
    mv "$folder/root$PWD/$PREFIX" "$PREFIX"
)

python=$(find_python)
if [ -z "$python" ] && apt_has_it; then
    deploy/install.sh python313
    python=$(find_python)
fi
if [ -z "$python" ]; then
    deploy/install.sh build demo python313-source
    build_python
    python=$(find_python)
fi
if [ -z "$python" ]; then
    say "the Python 3.13 that was built lacks a module"
    exit 1
fi
echo "$python"
