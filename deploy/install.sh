#!/usr/bin/env bash
# Installs what a group of make targets needs and is not there yet, and says what it installs.
#
#     deploy/install.sh GROUP...        groups: build, test, lint, fuzz, demo, bench, package, deploy,
#                                       integration, python313, python313-source
#
# With apt (Debian, Ubuntu) missing packages are installed as root or through sudo. When nothing is
# missing, nothing is printed and the network is not asked. Without apt, the rights or a network, it
# names what is needed and the command to run. Exit status 1: something needed is still missing.
set -euo pipefail
shopt -s inherit_errexit

# Package, and how to see that it is there when dpkg does not list it (other systems, own builds).
needs_of() {
    case $1 in
    build)
        echo "gcc|command -v gcc"
        echo "libc6-dev|echo '#include <stdio.h>' | cc -E -x c -"
        echo "make|command -v make"
        echo "pkg-config|command -v pkg-config"
        echo "libcurl4-openssl-dev|pkg-config --exists libcurl"
        echo "libssl-dev|pkg-config --exists libcrypto"
        echo "libjansson-dev|pkg-config --exists jansson"
        echo "libutf8proc-dev|pkg-config --exists libutf8proc"
        echo "zlib1g-dev|pkg-config --exists zlib"
        ;;
    test)
        echo "libcmocka-dev|echo 'int main(void){return 0;}' | cc -x c - -o /dev/null -lcmocka"
        ;;
    lint)
        echo "clang|command -v clang"
        echo "clang-format-14|command -v clang-format-14 || command -v clang-format"
        echo "clang-tidy-14|command -v clang-tidy-14 || command -v clang-tidy"
        echo "cppcheck|command -v cppcheck"
        ;;
    fuzz)
        echo "clang|command -v clang"
        fuzzer_need
        ;;
    demo)
        echo "python3|command -v python3"
        echo "python3-venv|python3 -c 'import venv, ensurepip'"
        echo "unzip|command -v unzip"
        ;;
    bench)
        echo "valgrind|command -v valgrind"
        ;;
    package)
        package_needs
        ;;
    integration)
        echo "$(java_package)|java_fits"
        ;;
    python313)
        echo "python3.13|command -v python3.13"
        echo "python3.13-venv|python3.13 -c 'import venv, ensurepip'"
        ;;
    python313-source)
        echo "xz-utils|command -v xz"
        echo "libbz2-dev|echo '#include <bzlib.h>' | cc -E -x c -"
        echo "libffi-dev|pkg-config --exists libffi"
        echo "liblzma-dev|pkg-config --exists liblzma"
        echo "libsqlite3-dev|pkg-config --exists sqlite3"
        echo "zlib1g-dev|pkg-config --exists zlib"
        ;;
    deploy)
        echo "python3|deploy/node.sh --have || command -v python3"
        echo "python3-venv|deploy/node.sh --have || python3 -c 'import venv, ensurepip'"
        ;;
    *)
        echo "install.sh: no group \"$1\"; there are build, test, lint, fuzz, demo, bench, package, deploy," \
            "integration, python313, python313-source" >&2
        return 1
        ;;
    esac
}

# Lambda has two architectures: the compiler for the other one, and what runs its programs.
package_needs() {
    local cross=aarch64 suffix=arm64
    if [ "$(uname -m)" = aarch64 ]; then
        cross=x86_64 suffix=amd64
    fi
    echo "gcc-${cross//_/-}-linux-gnu|command -v $cross-linux-gnu-gcc"
    echo "libc6-dev-$suffix-cross|echo '#include <stdio.h>' | $cross-linux-gnu-gcc -E -x c -"
    echo "qemu-user-static|command -v qemu-$cross-static"
    echo "perl|perl -MFindBin -MFile::Compare -e 1"
    echo "cmake|command -v cmake"
    echo "$(cargo_package)|command -v cargo"
    echo "debootstrap|command -v debootstrap"
    echo "zip|command -v zip"
    echo "unzip|command -v unzip"
    echo "strace|command -v strace"
}

# Debian 12's own cargo is too old for today's index of crates; it has a newer one by another name.
cargo_package() {
    if grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then
        echo cargo-web
    else
        echo cargo
    fi
}

# libFuzzer and the sanitizers lie in a package named after clang's version; some releases have
# them in clang's own packages.
fuzzer_need() {
    local package
    if have_apt && command -v clang >/dev/null; then
        package=libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev
        if apt-cache show "$package" >/dev/null 2>&1; then
            echo "$package|echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |" \
                "clang -fsanitize=fuzzer -x c - -o /dev/null"
        fi
    fi
}

# DynamoDB Local asks for Java 17 or newer.
java_fits() {
    local version
    version=$(java -version 2>&1 | sed -nE 's/.* version "([0-9]+).*/\1/p')
    [ "${version:-0}" -ge 17 ]
}
export -f java_fits

java_package() {
    if have_apt && ! apt-cache show openjdk-17-jre-headless >/dev/null 2>&1; then
        echo default-jre-headless
    else
        echo openjdk-17-jre-headless
    fi
}

say() {
    echo "install: $*" >&2
}

have_apt() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null
}

# How to become root: nothing when we are, "sudo", or "no".
way_to_root() {
    if [ "$(id -u)" -eq 0 ]; then
        echo
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        echo sudo
    else
        echo no
    fi
}

# The packages of the groups that are not there, one a line.
missing_of_groups() {
    local group needs='' packages installed='' package check
    for group in "$@"; do
        needs+=$(needs_of "$group")$'\n'
    done
    needs=$(sed '/^ *$/d' <<<"$needs" | sort -u)
    packages=$(cut -d'|' -f1 <<<"$needs")
    if have_apt; then
        # shellcheck disable=SC2086 # one word a package
        installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' $packages 2>/dev/null |
            sed -n 's/^ii *//p') || true
    fi
    while IFS='|' read -r package check; do
        if ! grep -qxF -- "$package" <<<"$installed" && ! bash -c "$check" >/dev/null 2>&1; then
            echo "$package"
        fi
    done <<<"$needs"
}

# apt-get's noise goes to a log, of which the end is shown on failure.
install_packages() {
    local root log apt_get status=0
    root=$(way_to_root)
    if [ "$root" = no ]; then
        say "cannot install: not root, and sudo cannot be used here"
        return 1
    fi
    log=$(mktemp)
    say "installing with apt-get:" "$@"
    apt_get="$root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
        apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2"
    # An update that fails may still leave usable lists: installing decides.
    # shellcheck disable=SC2086 # words of a command
    {
        $apt_get update || true
        $apt_get install -y --no-install-recommends "$@" || status=$?
    } >"$log" 2>&1 </dev/null
    if [ "$status" -ne 0 ]; then
        say "apt-get could not; the end of what it said (is there a network?):"
        tail -n 8 "$log" | sed 's/^/install:   | /' >&2
    fi
    rm -f "$log"
    return "$status"
}

report_missing() {
    say "still missing:" "$@"
    if have_apt; then
        say "run this, then try again:  sudo apt-get update && sudo apt-get install -y $*"
    else
        say "these are Debian's names: install what your system calls them (tools on PATH;"
        say "libraries with their headers, found by pkg-config), then try again"
    fi
}

main() {
    local missing round=0
    if [ $# -eq 0 ]; then
        echo "usage: deploy/install.sh GROUP...    (the groups stand at the top of the script)" >&2
        exit 2
    fi
    missing=$(missing_of_groups "$@")
    # What clang needs besides is known once clang is there: hence a second round.
    # shellcheck disable=SC2086 # one word a package
    while [ -n "$missing" ] && have_apt && [ $((round += 1)) -le 2 ] && install_packages $missing; do
        missing=$(missing_of_groups "$@")
    done
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086 # one word a package
        report_missing $missing
        exit 1
    fi
}

main "$@"
