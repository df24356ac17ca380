#!/bin/sh
# usage: fuzz.sh BUILD SECONDS [target...]: runs each libFuzzer target (address and undefined
# sanitizers on) over its corpus for SECONDS; a finding stops with the input's path.
set -eu
build=$1
seconds=$2
shift 2
# Leaks of the libraries behind pictures are no findings.
export LSAN_OPTIONS="suppressions=$PWD/tools/leaks.txt:print_suppressions=0"
if [ ! -f "$build/build.ninja" ]; then
    CC=clang meson setup "$build" -Dfuzz=true -Dbuildtype=debugoptimized \
        -Db_sanitize=address,undefined -Db_lundef=false \
        -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
fi
ninja -C "$build" --quiet
[ $# -gt 0 ] || set -- $(cd test/fuzz && ls fuzz_*.c | sed 's/fuzz_\(.*\)\.c/\1/')
for target in "$@"; do
    found=$build/found/$target
    mkdir -p "$found" "$build/grown/$target"
    "$build/test/fuzz/fuzz_$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
        -max_len=65536 -close_fd_mask=2 -artifact_prefix="$found/" -print_final_stats=1 \
        "$build/grown/$target" "test/fuzz/corpus/$target" >"$build/$target.log" 2>&1 || {
        tail -n 40 "$build/$target.log" >&2
        echo "fuzz: $target found something; the input is under $found" >&2
        exit 1
    }
    echo "$target: $(grep -o 'stat::number_of_executed_units: *[0-9]*' "$build/$target.log" |
        grep -o '[0-9]*$') inputs in $seconds s, nothing found"
done
