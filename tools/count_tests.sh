#!/bin/sh
# usage: count_tests.sh TESTLOG: prints "N passed, N failed". cmocka's programs count their own
# tests; a program of another kind, or one that died, counts as one; a skipped one not at all.
set -eu
awk '
    function close_program() {
        if (!open || skipped) return
        passed += good
        failed += bad
        if (broken && !bad) failed++
        if (!broken && !good) passed++
    }
    /^=+ [0-9]+\/[0-9]+ =+$/ { close_program(); open = 1; good = bad = broken = skipped = 0 }
    /^result: / { skipped = /exit status 77/; broken = !/exit status (0|77)/ }
    /^\[  PASSED  \] [0-9]+ test/ { good += $4 }
    /^\[  FAILED  \] [0-9]+ test/ { bad += $4 }
    END { close_program(); printf "%d passed, %d failed\n", passed, failed }
' "$1"
