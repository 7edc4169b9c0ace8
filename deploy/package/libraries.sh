#!/usr/bin/env bash
# Builds the libraries that the zip is linked with, for one architecture: build/package/ARCH/include
# and build/package/ARCH/lib. Done again only when a source, the compiler or this file changes.
#
#     deploy/package/libraries.sh x86_64|arm64         after sources.sh
#
# Static and as small as our use of them allows: TLS 1.2 and 1.3 with what AWS's endpoints speak, HTTP
# and its proxies. The same sources give the same bytes whatever the folder and the time.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."

SELF=deploy/package/libraries.sh
# The caller's wishes for our own programs are none for the libraries.
unset MAKEFLAGS CFLAGS CPPFLAGS LDFLAGS
export LC_ALL=C

SOURCES=build/package/sources
SMALL='-Os -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables'
SAFE='-fstack-protector-strong -D_FORTIFY_SOURCE=2'

# Left out of OpenSSL: what no AWS endpoint asks for (old protocols, ciphers, signatures and key
# agreements), what a static file cannot use (modules), configuration files, and certificate services.
# Error texts stay, for the log; SHA-1 and MD5 stay, for checksums of S3 and SQS.
OPENSSL_WITHOUT='shared dso module legacy autoload-config apps docs tests ui-console
    tls1 tls1_1 dtls quic ech srp srtp psk nextprotoneg ssl-trace ktls tfo sslkeylog
    dh dsa ec2m sm2 ml-dsa slh-dsa lms gost
    aria bf camellia cast des idea rc2 rc4 rc5 seed sm4 ocb siv siphash cmac
    md4 mdc2 rmd160 sm3 whirlpool blake2
    argon2 scrypt kbkdf krb5kdf pvkkdf snmpkdf srtpkdf sshkdf sskdf x942kdf x963kdf
    async multiblock hmac-drbg-kdf comp http cmp cms ct ocsp rfc3779 ts'

# Left out of curl: every protocol but HTTP, every helper but proxies and their Basic authentication.
# Names are looked up in a thread: a lookup has no time-out of its own and would hold up all transfers.
# It has no CA bundle of its own, which it would read besides ours (aws/trust.h).
CURL_WITHOUT='ALTSVC AWS BINDLOCAL COOKIES DICT DIGEST_AUTH DOH FILE FORM_API FTP GETOPTIONS GOPHER
    HEADERS_API HSTS HTTPSIG IMAP INSTALL IPFS KERBEROS_AUTH LDAP LDAPS LIBCURL_OPTION MIME MQTT
    NEGOTIATE_AUTH NETRC OPENSSL_AUTO_LOAD_CONFIG PARSEDATE POP3 RTSP SHA512_256 SHUFFLE_DNS SMTP TELNET
    TFTP WEBSOCKETS'

say() {
    echo "libraries: $*" >&2
}

# The source of NAME, unpacked into a folder of its own.
unpack() {
    local name=$1
    rm -rf "$WORK/$name"
    mkdir -p "$WORK/$name"
    tar -xzf "$SOURCES"/"$name"* -C "$WORK/$name" --strip-components=1 --no-same-owner
}

# Paths within the file are relative: neither our folder nor a prefix gets into the library.
build_openssl() {
    local target=linux-x86_64
    [ "$ARCH" = x86_64 ] || target=linux-aarch64
    unpack openssl-src
    cd "$WORK/openssl-src/openssl"
    # 700 KB of AES-GCM for AVX-512; without it a core still does gigabytes a second.
    sed -i 's/^if (\$avx512vaes *>/$avx512vaes = 0;\n&/' crypto/modes/asm/aes-gcm-avx512.pl
    # shellcheck disable=SC2086 # words
    CC=$CC SOURCE_DATE_EPOCH=0 ./Configure "$target" --libdir=lib --prefix=/nonexistent \
        --openssldir=/nonexistent $SMALL $SAFE $(printf 'no-%s ' $OPENSSL_WITHOUT)
    SOURCE_DATE_EPOCH=0 make -s "-j$JOBS" build_libs
    cp libssl.a libcrypto.a "$OUT/lib"
    cp -r include/openssl "$OUT/include"
}

configure_with_cmake() {
    local from=$1
    shift
    cmake -S "$from" -B "$WORK/build-${from##*/}" -DCMAKE_C_COMPILER="$CC" -DCMAKE_SYSTEM_NAME=Linux \
        -DCMAKE_SYSTEM_PROCESSOR="$ARCH" -DCMAKE_BUILD_TYPE=None -DCMAKE_INSTALL_PREFIX="$OUT" \
        -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF -DCMAKE_POLICY_VERSION_MINIMUM=3.5 \
        -DCMAKE_C_FLAGS="$SMALL $SAFE -ffile-prefix-map=$WORK=." "$@"
}

build_curl() {
    unpack curl-sys
    # With perl it would make the manual, whose source the crate leaves out.
    # shellcheck disable=SC2046,SC2086 # words
    configure_with_cmake "$WORK/curl-sys/curl" $(printf -- '-DCURL_DISABLE_%s=ON ' $CURL_WITHOUT) \
        -DBUILD_CURL_EXE=OFF -DBUILD_EXAMPLES=OFF -DBUILD_TESTING=OFF -DBUILD_LIBCURL_DOCS=OFF \
        -DBUILD_MISC_DOCS=OFF -DENABLE_CURL_MANUAL=OFF -DCMAKE_DISABLE_FIND_PACKAGE_Perl=ON \
        -DCURL_USE_PKGCONFIG=OFF -DCURL_USE_CMAKECONFIG=OFF \
        -DCURL_USE_OPENSSL=ON -DOPENSSL_USE_STATIC_LIBS=ON -DOPENSSL_ROOT_DIR="$OUT" \
        -DOPENSSL_INCLUDE_DIR="$OUT/include" -DOPENSSL_SSL_LIBRARY="$OUT/lib/libssl.a" \
        -DOPENSSL_CRYPTO_LIBRARY="$OUT/lib/libcrypto.a" -DENABLE_THREADED_RESOLVER=ON \
        -DENABLE_UNIX_SOCKETS=OFF -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none \
        -DCURL_ZLIB=OFF -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DUSE_NGHTTP2=OFF -DUSE_LIBIDN2=OFF \
        -DCURL_USE_LIBPSL=OFF -DCURL_USE_LIBSSH2=OFF
    make -s "-j$JOBS" -C "$WORK/build-curl" libcurl_static
    cp "$WORK/build-curl/lib/libcurl.a" "$OUT/lib"
    cp -r "$WORK/curl-sys/curl/include/curl" "$OUT/include"
}

build_jansson() {
    unpack jansson
    configure_with_cmake "$WORK/jansson" -DJANSSON_BUILD_DOCS=OFF -DJANSSON_EXAMPLES=OFF \
        -DJANSSON_WITHOUT_TESTS=ON
    make -s "-j$JOBS" -C "$WORK/build-jansson"
    cp "$WORK"/build-jansson/lib/libjansson.a "$OUT/lib"
    cp "$WORK"/build-jansson/include/jansson*.h "$OUT/include"
}

build_utf8proc() {
    unpack utf8proc-sys
    cd "$WORK/utf8proc-sys/utf8proc"
    # shellcheck disable=SC2086 # words
    "$CC" $SMALL $SAFE -O2 -DUTF8PROC_STATIC -c utf8proc.c -o utf8proc.o
    ar rcs "$OUT/lib/libutf8proc.a" utf8proc.o
    cp utf8proc.h "$OUT/include"
}

# Without the parts that read and write files.
build_zlib() {
    local part
    unpack libz-sys
    cd "$WORK/libz-sys/src/zlib"
    for part in adler32 crc32 deflate inffast inflate inftrees trees zutil; do
        # shellcheck disable=SC2086 # words
        "$CC" $SMALL $SAFE -O2 -c $part.c -o $part.o
    done
    ar rcs "$OUT/lib/libz.a" ./*.o
    cp zlib.h zconf.h "$OUT/include"
}

# In a shell of its own: `set -e` does not count within a condition.
build() {
    local name=$1 log=$OUT/log-$1
    say "$ARCH: building $name"
    if ! bash $SELF "$ARCH" "$name" >"$log" 2>&1 </dev/null; then
        say "$ARCH: $name cannot be built; the end of $log:"
        tail -n 25 "$log" | sed 's/^/libraries:   | /' >&2
        exit 1
    fi
}

build_all() {
    local key
    # One at a time: the second finds the first one's work done.
    mkdir -p build/package
    exec 9>"build/package/$ARCH.lock"
    flock 9
    key=$(cat $SELF <(sed '/^#/d' deploy/package/sources.txt) <("$CC" -v 2>&1) | sha256sum)
    if [ "$(cat "$OUT/key" 2>/dev/null)" = "$key" ]; then
        return
    fi
    # What was linked with the old ones goes too.
    rm -rf "$OUT"
    mkdir -p "$OUT/include" "$OUT/lib"
    build openssl
    build curl
    build jansson
    build utf8proc
    build zlib
    rm -rf "$WORK"
    echo "$key" >"$OUT/key"
}

ARCH=${1:-}
case $ARCH in
x86_64) triple=x86_64-linux-gnu ;;
arm64) triple=aarch64-linux-gnu ;;
*)
    echo "usage: deploy/package/libraries.sh x86_64|arm64" >&2
    exit 2
    ;;
esac
CC=$triple-gcc
OUT=$PWD/build/package/$ARCH
WORK=$OUT/work
JOBS=$(nproc)
if ! command -v "$CC" >/dev/null; then
    say "$CC is not there; on Debian and Ubuntu: deploy/install.sh build package"
    exit 1
fi
if [ -n "${2:-}" ]; then
    "build_$2"
else
    build_all
fi
