#!/bin/sh
# Installs into a scratch folder, then builds and runs example/embed.c against what was installed.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
make install PREFIX=/usr/local DESTDIR="$scratch"
root=$scratch/usr/local
for file in bin/cloze include/cloze/cloze.h share/man/man1/cloze.1; do
    [ -f "$root/$file" ] || { echo "not installed: $file" >&2; exit 1; }
done
configuration=$(dirname "$(find "$root" -name cloze.pc)")
flags=$(PKG_CONFIG_PATH=$configuration PKG_CONFIG_SYSROOT_DIR=$scratch pkg-config --cflags --libs cloze)
${CC:-cc} -std=c11 -Wall -Wextra -Werror example/embed.c -o "$scratch/embed" $flags
library=$(dirname "$(find "$root" -name 'libcloze.so.0' -o -name 'libcloze.0.dylib' | head -n 1)")
LD_LIBRARY_PATH=$library "$scratch/embed" test/golden/sentence/mean "The cat sits outside" >/dev/null
${CC:-cc} -std=c11 -Wall -Wextra -Werror example/classify.c -o "$scratch/classify" $flags
LD_LIBRARY_PATH=$library "$scratch/classify" test/golden/classify/sentiment "I love pasta" >/dev/null
"$root/bin/cloze" --version
echo "install: the example builds and runs against the installed library"
