#!/bin/sh
# usage: run_tests.sh BUILD [meson test options]: every test, then one line with the number of
# single tests that passed and failed. What was skipped says so, and why.
set -eu
build=$1
shift
status=0
log=$build/meson-logs/testlog.txt
rm -f "$log" "$build/test-count.txt"
meson test -C "$build" --no-rebuild --print-errorlogs "$@" >"$build/test-output.txt" 2>&1 || status=$?
if [ "$status" != 0 ]; then
    cat "$build/test-output.txt"
fi
grep -hE '^skipped: ' "$log" 2>/dev/null | sort | uniq -c | sed 's/^ *\([0-9]*\) skipped: /skipped (\1): /' || true
# cmocka counts its own tests; a test of another kind counts as one.
[ -f "$log" ] || { echo "no test ran" >&2; exit 1; }
tools/count_tests.sh "$log" | tee "$build/test-count.txt"
exit "$status"
