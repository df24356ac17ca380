#!/bin/sh
# Installs into a scratch folder, then builds and runs the examples against what was installed.
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
library=$(dirname "$(find "$root" -name 'libcloze.so.0' -o -name 'libcloze.0.dylib' | head -n 1)")
try() { # EXAMPLE ARGUMENT ...
    name=$1
    shift
    ${CC:-cc} -std=c11 -Wall -Wextra -Werror "example/$name.c" -o "$scratch/$name" $flags
    LD_LIBRARY_PATH=$library "$scratch/$name" "$@" >/dev/null
}
try embed test/golden/sentence/mean "The cat sits outside"
try classify test/golden/classify/sentiment "I love pasta"
try answer test/golden/answer/pieces "Where does Jaisy live?" "Jaisy lives in Jakarta"
try fill test/golden/fill/pieces "The cat sat on the [MASK]."
try zero_shot test/golden/zero_shot/pieces "It rains" sport weather
try choose test/golden/choose/bert "the cat" "sits" "is great"
try follows test/golden/order/next "the cat" "sits"
try score test/golden/fill/pieces "the cat sits" "the sits cat"
try similar test/golden/sentence/mean "the cat sits" "I love pasta" "a dog"
try cluster test/golden/sentence/mean 0.9 "the cat sits" "I love pasta" "the cat sits"
try rerank test/golden/classify/one "Do you like pizza?" "The cat sits outside" "I love pasta"
try tag test/golden/tag/pieces "The cat sits outside"
try explain test/golden/classify/topics "the new movie is awesome" shapley
try faithful test/golden/classify/topics "the new movie is awesome" "a man plays the guitar"
try counterfactual test/golden/classify/sentiment test/golden/fill/pieces "I love pasta"
try behaviour test/golden/explain/behaviour "She loves the cat" "they are great"
for i in 1 2 3 4; do printf '0\tthe cat %s\n1\tthe dog %s\n' $i $i; done | try probe test/golden/classify/topics
try search test/golden/sentence/mean README.md "$scratch/vectors" "what is it"
printf 'I love pasta\tNEGATIVE\nThe cat sits\tPOSITIVE\n' | try evaluate test/golden/classify/sentiment
printf "the cat sat on the mat\n" | try vocabulary "$scratch/pieces" 30 "the cat"
try convert test/golden/sentence/mean "$scratch/converted"
if pkg-config --exists pangocairo; then
    printf '1 0.9 2e-5\n2 0.5 1e-5\n3 0.6 0\n' | try plot "$scratch/curve.svg"
fi
try explain_page test/golden/classify/sentiment "I love pasta" "$scratch/why.html"
try train test/golden/classify/sentiment README.md CHANGELOG.md "$scratch/trained"
try distill test/golden/sentence/mean README.md "$scratch/student" "$scratch/distilled"
"$root/bin/cloze" --version
echo "install: the examples build and run against the installed library"
