#!/bin/sh
# usage: build.sh BUILD: ninja, with its progress line on a terminal and silent when piped.
set -eu
if [ -t 1 ]; then
    exec ninja -C "$1" ${NINJA_TARGETS:-} 2>&1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! ninja -C "$1" ${NINJA_TARGETS:-} >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    exit 1
fi
