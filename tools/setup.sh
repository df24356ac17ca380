#!/bin/sh
# Installs what is missing. On Debian and Ubuntu, as root or with password-less sudo, it installs
# the packages; elsewhere it prints the one line to type and stops. Does nothing when all is there.
#
# usage: setup.sh [tests|neon|fuzz]
set -eu

missing=
need_command() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need_library() { pkg-config --exists "$1" 2>/dev/null || missing="$missing $2"; }

need_command cc gcc
need_command meson meson
need_command ninja ninja-build
need_command pkg-config pkg-config
need_command python3 python3
need_command mpirun openmpi-bin
if command -v pkg-config >/dev/null 2>&1; then
    need_library jansson libjansson-dev
    need_library libpcre2-8 libpcre2-dev
    need_library zlib zlib1g-dev
    need_library libcurl libcurl4-openssl-dev
    need_library pangocairo libpango1.0-dev
    need_library cmocka libcmocka-dev
    need_library ompi-c libopenmpi-dev
else
    missing="$missing libjansson-dev libpcre2-dev zlib1g-dev libcurl4-openssl-dev libpango1.0-dev libcmocka-dev libopenmpi-dev"
fi
[ -f /usr/include/stdio.h ] || [ "$(uname)" != Linux ] || missing="$missing libc6-dev"
case "${1:-}" in
neon)
    need_command aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
    need_command qemu-aarch64 qemu-user
    [ -d /usr/aarch64-linux-gnu/include ] || missing="$missing libc6-dev-arm64-cross"
    ;;
fuzz)
    need_command clang clang
    if command -v clang >/dev/null 2>&1; then
        [ -f "$(clang -print-file-name=libclang_rt.fuzzer-x86_64.a)" ] ||
            [ -f "$(clang -print-resource-dir)/lib/linux/libclang_rt.fuzzer-$(uname -m).a" ] ||
            missing="$missing libclang-rt-dev"
    else
        missing="$missing libclang-rt-dev"
    fi
    ;;
esac
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        as_root=none
    fi
fi
if ! command -v apt-get >/dev/null 2>&1 || [ "$as_root" = none ]; then
    echo "cloze: these are missing; please type, then try again:" >&2
    if command -v apt-get >/dev/null 2>&1; then
        echo "  sudo apt-get install$missing" >&2
    elif [ "$(uname)" = Darwin ]; then
        echo "  brew install meson ninja pkg-config jansson pcre2 curl pango cmocka open-mpi" >&2
    else
        echo "  (your package manager's names for)$missing" >&2
    fi
    exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "cloze: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
if ! { $as_root apt-get -q update && $as_root apt-get -q -y --no-install-recommends install $missing; } \
    >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "cloze: the packages could not be installed; please install by hand:$missing" >&2
    exit 1
fi
