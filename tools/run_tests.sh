#!/bin/sh
# usage: run_tests.sh BUILD [meson test options]: every test, then one line with the number of
# single tests that passed and failed. What was skipped says so, and why.
set -eu
build=$1
shift
status=0
meson test -C "$build" --no-rebuild --print-errorlogs "$@" >"$build/test-output.txt" 2>&1 || status=$?
log=$build/meson-logs/testlog.txt
if [ "$status" != 0 ]; then
    cat "$build/test-output.txt"
fi
grep -hE '^skipped: ' "$log" 2>/dev/null | sort | uniq -c | sed 's/^ *\([0-9]*\) skipped: /skipped (\1): /' || true
# cmocka counts its own tests; a test of another kind counts as one.
tools/count_tests.sh "$log" | tee "$build/test-count.txt"
exit "$status"
