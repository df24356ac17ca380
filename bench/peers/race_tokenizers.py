#!/usr/bin/env python3
"""Races cloze's tokenizer against the tokenizers package (its own batch call, one thread), rounds
interleaved, on the same lines of text.

    python bench/peers/race_tokenizers.py build/bench/bench_tokenize MODEL_FOLDER FILE... [--megabytes 10]

Needs: pip install tokenizers==0.23.3
"""
import argparse
import os
import statistics
import subprocess
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Tokenizer


def read_lines(files, limit):
    """The lines that bench/tokenize.c reads: whole ones, not blank."""
    data = b""
    for path in files:
        with open(path, "rb") as file:
            data += file.read(limit - len(data))
    return [line.decode() for line in data.split(b"\n")[:-1] if line.strip(b" \t\r\n")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    tokenizer = Tokenizer.from_file(os.path.join(given.model, "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    lines = read_lines(given.files, given.megabytes * 1000000)
    size = sum(len(line.encode()) for line in lines)
    package, full, ids = [], [], []
    for _ in range(given.rounds):
        begin = time.perf_counter()
        encodings = tokenizer.encode_batch(lines)
        package.append(size / (time.perf_counter() - begin) / 1e6)
        tokens = sum(len(encoding) for encoding in encodings)
        del encodings
        output = subprocess.run([given.program, given.model, str(given.megabytes), "1",
                                 *given.files], check=True, capture_output=True, text=True)
        words = output.stdout.split()
        if [int(word) for word in words[3:5]] != [tokens, size]:
            raise SystemExit(f"not the same tokens: {words[3:5]} against {tokens}, {size}")
        full.append(float(words[1]))
        ids.append(float(words[2]))
    ratio = statistics.median(a / b for a, b in zip(full, package))
    print(f"{tokens} tokens of {size} bytes, MB/s, median of {given.rounds} rounds")
    print(f"tokenizers package, encode_batch  {statistics.median(package):7.2f}")
    print(f"cloze, full encodings             {statistics.median(full):7.1f}  ({ratio:.0f} times)")
    print(f"cloze, ids only                   {statistics.median(ids):7.1f}")


main()
