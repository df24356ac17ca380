#!/bin/sh
# No include goes up, and none goes past the doors of another room. Floors and doors are in
# tools/rooms.txt. The program (cli/) may include the public headers alone; tests may include
# anything. How a name is quoted, "x" or <x>, makes no difference.
# usage: check_rooms.sh SOURCE_ROOT
set -eu
cd "$1"
{
    grep -v '^#' tools/rooms.txt | sed 's/^/floor /'
    grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' \
        $(find src cli include -name '*.[ch]') |
        sed -E 's/^([^:]+):([0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*([<"])([^>"]+)[>"].*/include \1 \2 \3 \4/'
} | awk '
    $1 == "floor" {
        floor[$2] = $3
        for (i = 4; i <= NF; i++) door[$2 "/" $i] = 1
        next
    }
    {
        split($2, path, "/"); file = $2; line = $3; quote = $4; target = $5
        where = path[1]; room = path[2]; count++
        n = split(target, part, "/")
        private = n > 1 && (part[1] in floor)
        if (target ~ /(^|\/)\.\.(\/|$)/) { complain("an include goes by \"..\""); next }
        if (where == "include") {
            if (quote == "\"" || private) complain("a public header includes a private one")
            next
        }
        if (where == "cli") {
            if (private || (quote == "\"" && n > 1)) complain("the program includes a private header")
            next
        }
        if (!(room in floor)) { complain("this room has no floor in tools/rooms.txt"); next }
        if (n == 1) next
        if (!private) {
            if (quote == "\"") complain("unknown room " part[1])
            next
        }
        if (part[1] == room) next
        if (floor[part[1]] >= floor[room])
            complain("floor " floor[room] " opens a door on floor " floor[part[1]])
        else if (!(target in door))
            complain("not a door of " part[1] " in tools/rooms.txt")
    }
    function complain(why) { printf "%s:%s: %s: %s\n", file, line, target, why; bad = 1 }
    END {
        if (!count) { print "rooms: no include was found"; bad = 1 }
        if (!bad) print "rooms: every include goes down, through a door"
        exit bad
    }
'
