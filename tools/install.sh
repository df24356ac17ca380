#!/bin/sh
# usage: install.sh BUILD: installs under the prefix it was configured for, below DESTDIR if that is
# set, and tells where things went and what the loader may need.
set -eu
build=$1
meson install -C "$build" --no-rebuild --quiet
prefix=$(meson introspect "$build" --buildoptions |
    tr '{' '\n' | sed -n 's/.*"name": "prefix", "value": "\([^"]*\)".*/\1/p')
echo "installed: ${DESTDIR:-}$prefix/bin/cloze, and the library, headers, man page and completions beside it"
[ -z "${DESTDIR:-}" ] || exit 0
library=$(find "$prefix" -name 'libcloze.so.0' 2>/dev/null | head -n 1)
if [ -n "$library" ] && ! { PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep -q "$library"; }; then
    echo "programs that link libcloze find it with LD_LIBRARY_PATH=$(dirname "$library"), or, where the loader looks there, after: sudo ldconfig"
fi
