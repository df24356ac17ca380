#!/bin/sh
# The rooms check finds each kind of violation: a small made-up tree with one of them at a time.
# usage: test_rooms.sh SOURCE_ROOT
set -eu
check=$1/tools/check_rooms.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failed=0

lay() { # a tree that keeps the rules
    rm -rf "$tree"
    mkdir -p "$tree/tools" "$tree/src/low/deep" "$tree/src/high" "$tree/cli" "$tree/include/cloze"
    printf '# room floor door...\nlow 0 low.h\nhigh 1 high.h\n' >"$tree/tools/rooms.txt"
    printf '#include <stdio.h>\n#include <sys/stat.h>\n#include "low/secret.h"\n' >"$tree/src/low/a.c"
    printf '#include "low/low.h"\n#include "beside.h"\n' >"$tree/src/high/a.c"
    printf '#include <cloze/x.h>\n#include "say.h"\n' >"$tree/cli/a.c"
    printf '#include <cloze/y.h>\n#include <stdint.h>\n' >"$tree/include/cloze/x.h"
}
refuses() { # file, line, word of the complaint
    lay
    echo "$2" >>"$tree/$1"
    if told=$("$check" "$tree") || ! echo "$told" | grep -qF "$3"; then
        echo "not refused: $2 in $1 ($3); the check says: $told" >&2
        failed=1
    fi
}

lay
"$check" "$tree" >/dev/null || { echo "a good tree is refused" >&2; failed=1; }
for quoted in '"' '<'; do
    end=$(echo "$quoted" | tr '<' '>')
    refuses src/low/a.c "#include ${quoted}high/high.h$end" "opens a door on floor 1"
    refuses src/low/deep/b.c "#  include ${quoted}high/high.h$end" "opens a door on floor 1"
    refuses src/high/a.c "#include ${quoted}low/secret.h$end" "not a door of low"
    refuses src/high/a.c "#include ${quoted}low/deep/x.h$end" "not a door of low"
    refuses src/high/a.c "#include ${quoted}../low/secret.h$end" 'by ".."'
    refuses cli/a.c "#include ${quoted}low/low.h$end" "the program includes a private header"
    refuses include/cloze/x.h "#include ${quoted}low/low.h$end" "a public header"
done
refuses src/high/a.c '#include "nowhere/x.h"' "unknown room nowhere"
refuses src/high/a.c '#include "low/low.hh"' "not a door of low"
lay
mkdir "$tree/src/attic"
echo '#include <stdio.h>' >"$tree/src/attic/a.c"
"$check" "$tree" >/dev/null && { echo "a room without a floor is not refused" >&2; failed=1; }
[ "$failed" = 0 ] && echo "rooms: each violation is refused"
exit "$failed"
