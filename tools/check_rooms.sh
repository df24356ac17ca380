#!/bin/sh
# No include goes up, and no private header leaves its room. The floors are in tools/rooms.txt.
# The program (cli/) may include the public headers alone; tests may include anything.
# usage: check_rooms.sh SOURCE_ROOT
set -eu
cd "$1"
{
    grep -v '^#' tools/rooms.txt | sed 's/^/floor /'
    grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' $(find src cli include -name '*.[ch]') |
        sed -E 's/^([^:]+):([0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*([<"])([^>"]+)[>"].*/include \1 \2 \3 \4/'
} | awk '
    $1 == "floor" { floor[$2] = $3; next }
    {
        split($2, path, "/"); file = $2; line = $3; quote = $4; target = $5
        where = path[1]; room = path[2]
        if (where == "include") {
            if (quote == "\"" || target ~ /^(base|tensor|text|formats|backend|run|ops|model|task)\//)
                complain("a public header includes a private one")
            next
        }
        if (where == "cli") {
            if (quote == "\"" && target ~ /\//) complain("the program includes a private header")
            next
        }
        if (!(room in floor)) { complain("this room has no floor in tools/rooms.txt"); next }
        if (quote == "<") next
        n = split(target, part, "/")
        if (n == 1) next
        if (!(part[1] in floor)) { complain("unknown room " part[1]); next }
        if (part[1] != room && floor[part[1]] >= floor[room])
            complain("floor " floor[room] " opens a door on floor " floor[part[1]])
        if (part[1] != room && n > 2) complain("a private header of " part[1] " leaves its room")
    }
    function complain(why) { printf "%s:%s: %s: %s\n", file, line, target, why; bad = 1 }
    END { if (!bad) print "rooms: every include goes down"; exit bad }
'
