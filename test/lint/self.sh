#!/usr/bin/env bash
# A check that never fails checks nothing: plants each fault in a small tree of its own and sees
# the check that is meant for it find it; and sees all of them content with the tree without it.
set -euo pipefail
shopt -s inherit_errexit

root=$PWD
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
export OBJECTS=$tree/obj
good=0
bad=0

sound_tree() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree"/{base,aws,transform,runtime,deploy/{local,replay},test}
    ln -s "$root/test/lint" "$tree/test/lint"
    cp "$root"/{.clang-tidy,.clang-format,compile_flags.txt} "$tree"
    cp "$root"/base/{str,err,buf}.[ch] "$root/base/ascii.h" "$tree/base"
    write transform/sum.h '/* Sums. */' '#ifndef TRANSFORM_SUM_H' '#define TRANSFORM_SUM_H' '' \
        '#include "base/err.h"' '' 'err sum_add(int *a, int b, struct why *why) MUST_USE;' '' '#endif'
    write transform/sum.c '#include "transform/sum.h"' '' 'err sum_add(int *a, int b, struct why *why)' \
        '{' '    if (b < 0) {' '        return FAIL(why, ERR_INPUT, "negative");' '    }' '    *a += b;' \
        '    return OK;' '}'
}

# write FILE LINE...  and  append FILE LINE...
write() {
    printf '%s\n' "${@:2}" >"$tree/$1"
}
append() {
    printf '%s\n' "${@:2}" >>"$tree/$1"
}

# What does not compile is found by its includes.
objects() {
    local source object
    for source in "$tree"/{base,transform,runtime}/*.c; do
        [ -f "$source" ] || continue
        object=$OBJECTS/${source#"$tree"/}
        mkdir -p "${object%/*}"
        gcc -std=c11 -D_GNU_SOURCE -I"$tree" -O1 -c -o "${object%.c}.o" "$source" 2>/dev/null || true
    done
}

result() {
    echo "  $1  $2"
    if [ "$1" = ok ]; then good=$((good + 1)); else bad=$((bad + 1)); fi
}

# Is the check content with the tree as it stands?
content() {
    case $1 in names | layers) objects ;; esac
    (cd "$tree" && "test/lint/$1.sh") >"$tree/said" 2>&1
}

# finds CHECK WHAT WORD: the check must fail, and say WORD.
finds() {
    if content "$1"; then
        result "FAIL" "$1 does not see $2"
    elif ! grep -qF -- "$3" "$tree/said"; then
        result "FAIL" "$1 fails on $2, but for another reason: $(head -n 3 "$tree/said")"
    else
        result ok "$1 sees $2"
    fi
    sound_tree
}

sound_tree
for check in format sizes banned must-use headers layers names signals cppcheck tidy; do
    if content "$check"; then
        result ok "$check is content with a sound tree"
    else
        result FAIL "$check finds in a sound tree: $(cat "$tree/said")"
    fi
done

append transform/sum.c 'int  x ;'
finds format 'a line that is not formatted' sum.c:11
append transform/sum.c "$(yes '/* */' | head -n 400)"
finds sizes 'a file of more than 400 lines' '400 is the most'
append transform/sum.c '                if (x) {'
finds sizes 'a block four deep' 'three deep'
append transform/sum.c 'void f(char *a, char *b);' 'void f(char *a, char *b)' '{' '    strcpy(a, b);' '}'
finds banned strcpy sum.c:14
append transform/sum.c '    off += snprintf(at + off, len - off, "%d", x);'
finds banned 'off += snprintf' sum.c:11
append transform/sum.c '    char *at = malloc(3);'
finds banned 'heap outside its owners' 'heap outside'
append transform/sum.c '    const char *home = getenv("HOME");'
finds banned getenv 'see base/env.h'
append transform/sum.c 'static err sum(int a);'
finds must-use 'a static without MUST_USE' sum.c:11
append transform/sum.h 'err sum_more(int a,' '             int b);'
finds must-use 'a prototype without MUST_USE' sum.h:10
write transform/sum.h '/* Sums. */' 'size_t sum_add(struct unknown u);'
finds headers 'a header that needs another before it' size_t
write transform/sum.h '#include <stddef.h>'
finds headers 'a header that does not say what it is for' 'what it is for'
write transform/sum.h '/* Sums. */' '#include <curl/curl.h>'
finds headers 'a header that shows curl' 'shows #include <curl'
append transform/sum.c '#include "aws/client.h"'
finds layers 'transform including aws' 'may not include aws/client.h'
append transform/sum.c '#include <openssl/evp.h>'
finds layers 'transform including OpenSSL' 'may not include <openssl'
append base/str.c '#include "transform/sum.h"'
finds layers 'base including transform' 'may not include transform/sum.h'
write runtime/http1.c '#include "aws/client.h"'
finds layers 'runtime/http1 including aws' 'may not include aws/client.h'
append transform/sum.c '#include <unistd.h>' 'long sum_read(void);' 'long sum_read(void)' '{' \
    '    return read(0, 0, 0);' '}'
finds layers 'transform doing I/O' 'imports read'
append base/str.c '#include <time.h>' 'long str_now(void);' 'long str_now(void) { return time(0); }'
finds layers 'base reading a clock' 'imports time'
append transform/sum.c 'void total(void);' 'void total(void)' '{' '}'
finds names 'an export without the stem' 'exports total'
append transform/sum.c 'int sum_all;'
finds names 'a variable that is exported' 'holds state: sum_all'
append transform/sum.c 'int sum_next(void);' 'int sum_next(void)' '{' '    static int n;' '    return n++;' '}'
finds names 'a static that varies' 'holds state: n'
write runtime/lambda_crash.c '#include <stdlib.h>' 'static void tell(void) { free(malloc(1)); }' \
    'static void crashed(int number) { tell(); }' 'void lambda_crash(void) { crashed(1); }'
finds signals 'malloc in a crash report' 'tell calls malloc'
append transform/sum.c 'int sum_third(void);' 'int sum_third(void)' '{' '    int a[2] = {1, 2};' \
    '    return a[3];' '}'
finds cppcheck 'a read past the end' arrayIndexOutOfBounds
append transform/sum.c 'int sum_sign(int a);' 'int sum_sign(int a)' '{' '    if (a > 0)' '        return 1;' \
    '    return 0;' '}'
finds tidy 'an if without braces' readability-braces
append transform/sum.c 'int sum_many(int a, int b, int c, int d, int e, int f, int g);' \
    'int sum_many(int a, int b, int c, int d, int e, int f, int g)' '{' \
    '    return a + b + c + d + e + f + g;' '}'
finds tidy 'seven parameters' readability-function-size
append transform/sum.c 'int sum_long(int a);' 'int sum_long(int a)' '{' "$(yes '    a++;' | head -n 62)" \
    '    return a;' '}'
finds tidy 'a function of 63 lines' readability-function-size
append transform/sum.c 'int sum_null(void);' 'int sum_null(void)' '{' '    int *a = 0;' '    return *a;' '}'
finds tidy 'a null pointer followed' clang-analyzer-core.NullDereference

echo "$good passed, $bad failed"
[ "$bad" -eq 0 ]
