#!/bin/sh
# usage: bench.sh BUILD: this machine's limits, the kernels beside them, and the forward pass of two
# shapes with random weights. bench/README.md tells how to race other engines.
set -eu
build=$1
"$build/bench/bench_kernels"
for shape in minilm bert-base; do
    for threads in 1 $(getconf _NPROCESSORS_ONLN); do
        printf '\n%s\n' "$shape"
        "$build/cloze" bench --shape "$shape" --threads "$threads" --quiet
    done
done
