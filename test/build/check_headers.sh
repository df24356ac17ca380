#!/bin/sh
# Each public header compiles alone, as C99 and as C++, under strict warnings.
# usage: check_headers.sh SOURCE_ROOT
set -eu
cd "$1"
for header in include/cloze/*.h; do
    ${CC:-cc} -std=c99 -pedantic -Wall -Wextra -Wconversion -Wshadow -Werror -Wno-pragma-once-outside-header \
        -Iinclude -fsyntax-only -x c "$header"
    if command -v "${CXX:-c++}" >/dev/null 2>&1; then
        ${CXX:-c++} -std=c++11 -pedantic -Wall -Wextra -Werror -Iinclude -fsyntax-only -x c++ "$header"
    else
        echo "skipped: $header as C++, no C++ compiler"
    fi
done
echo "headers: each compiles alone"
