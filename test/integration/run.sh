#!/usr/bin/env bash
# Runs the integration tests: deploys deploy/serverless.yml with osls to an AWS or an emulator of it,
# tests what stands there, and removes it.
#
#     ENDPOINT=http://127.0.0.1:4566 run.sh     to what runs there already
#     TARGET=docker run.sh                      LocalStack by docker compose
#     TARGET=localstack run.sh                  LocalStack in host mode, from PyPI
#     TARGET=moto run.sh                        moto, which does less; what it cannot do is skipped
#     run.sh                                    the first of these that can be had
#     run.sh WORD...                            only the tests whose names hold one of the words
#
# PORT=.. is the port that LocalStack or moto shall listen on; without it the kernel chooses one.
# With REQUIRE_LOCALSTACK=1 it is a failure when LocalStack cannot be had.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."

say() {
    echo "integration: $*" >&2
}

# Why Docker cannot be used; nothing when it can.
docker_misses() {
    if ! command -v docker >/dev/null; then
        echo "there is no docker command"
    elif ! docker compose version >/dev/null 2>&1; then
        echo "docker has no compose plugin"
    elif ! timeout 20 docker info >/dev/null 2>&1; then
        echo "the Docker engine does not answer, or you may not talk to it"
    fi
}

choose_docker() {
    local misses
    misses=$(docker_misses)
    if [ -n "$misses" ]; then
        say "no Docker: $misses"
        return 1
    fi
    chosen=docker
}

choose_localstack() {
    if [ "$(uname -m)" != x86_64 ]; then
        say "LocalStack in host mode runs the x86_64 zip as it is, and this machine is $(uname -m)"
        return 1
    fi
    if ! deploy/install.sh integration || ! test/integration/localstack/prepare.sh "$node"; then
        say "LocalStack cannot be had in host mode; what is missing stands above"
        return 1
    fi
    chosen=localstack
}

choose() {
    case ${TARGET:-} in
    docker) choose_docker ;;
    localstack) choose_localstack ;;
    moto) chosen=moto ;;
    '')
        if [ -n "${ENDPOINT:-}" ]; then
            chosen=endpoint
        elif ! choose_docker && ! choose_localstack; then
            say "taking moto instead, which cannot do all of it"
            chosen=moto
        fi
        ;;
    *)
        say "TARGET=$TARGET is none of docker, localstack, moto; an endpoint is named by ENDPOINT=.."
        return 1
        ;;
    esac
}

need() {
    if [ ! -f "$1" ]; then
        say "$1 is not there; run: make integration"
        exit 1
    fi
}

need build/function-x86_64.zip
need build/lambda-local
need build/bootstrap
node=$(deploy/node.sh)
export PATH=$node:$PATH
python=$(deploy/demo/python.sh)
chosen=
choose
if [ "${REQUIRE_LOCALSTACK:-}" = 1 ] && [ "$chosen" = moto ]; then
    say "REQUIRE_LOCALSTACK=1, and LocalStack cannot be had"
    echo "0 passed, 1 failed"
    exit 1
fi
exec "$python" test/integration/main.py "$chosen" "$@"
