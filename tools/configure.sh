#!/bin/sh
# usage: configure.sh BUILD [meson options]: makes the build folder once, later only checks options.
set -eu
build=$1
shift
if [ -f "$build/build.ninja" ]; then
    meson configure "$build" "$@" >/dev/null
    exit 0
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! meson setup "$build" "$@" >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
