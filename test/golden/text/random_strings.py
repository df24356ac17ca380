#!/usr/bin/env python3
"""Writes random_strings.txt: hashes of the package's encodings of strings made by a counter, and of
every code point. The generator is the same as in test/text/test_random_strings.c.

    CLOZE_DATA=... python random_strings.py > random_strings.txt
"""
import os

os.environ["TOKENIZERS_PARALLELISM"] = "true"

import numpy

from reference import VOCABULARIES, hash_encodings, splitmix, vocabulary_tokenizer

RANGES = [(0x20, 0x7E), (0x41, 0x7A), (0x30, 0x39), (0x00, 0x20), (0x7F, 0xA0), (0xA0, 0x17F),
          (0x180, 0x2FF), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x530, 0x5FF),
          (0x600, 0x6FF), (0x700, 0x8FF), (0x900, 0xDFF), (0xE00, 0xEFF), (0xF00, 0xFFF),
          (0x1000, 0x109F), (0x1100, 0x11FF), (0x1AB0, 0x1AFF), (0x1DC0, 0x1FFF),
          (0x2000, 0x206F), (0x2070, 0x2BFF), (0x2E80, 0x303F), (0x3040, 0x31FF),
          (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xABFF), (0xAC00, 0xD7A3),
          (0xE000, 0xF8FF), (0xF900, 0xFAFF), (0xFB00, 0xFDFF), (0xFE00, 0xFFFF),
          (0x10000, 0x10FFF), (0x11000, 0x11FFF), (0x12000, 0x1BFFF), (0x1D000, 0x1D7FF),
          (0x1E000, 0x1EFFF), (0x1F000, 0x1FAFF), (0x20000, 0x2FA1F), (0x2FA20, 0x10FFFF)]
COUNTS = [1000, 200, 200, 200, 200]  # thousands of strings for each vocabulary
LONGEST = 40


def strings(thousand):
    """A thousand strings: each draw is SplitMix64 of string number * 64 + position."""
    number = numpy.arange(thousand * 1000, thousand * 1000 + 1000, dtype=numpy.uint64)
    with numpy.errstate(over="ignore"):
        draws = splitmix(number[:, None] * numpy.uint64(64)
                         + numpy.arange(LONGEST + 1, dtype=numpy.uint64)[None, :])
    lengths = (draws[:, 0] % numpy.uint64(LONGEST + 1)).astype(int)
    home = draws[:, 0] >> numpy.uint64(32)
    wander = (draws >> numpy.uint64(60)) < numpy.uint64(4)
    chosen = numpy.where(wander, draws >> numpy.uint64(40), home[:, None])
    chosen = ((chosen & numpy.uint64(0xFFFF)) % numpy.uint64(len(RANGES))).astype(int)
    low = numpy.array([r[0] for r in RANGES], dtype=numpy.uint64)[chosen]
    size = numpy.array([r[1] - r[0] + 1 for r in RANGES], dtype=numpy.uint64)[chosen]
    codes = (low + (draws & numpy.uint64(0xFFFFFFFF)) % size).astype("<u4")
    return [codes[i, 1:1 + lengths[i]].tobytes().decode("utf-32-le") for i in range(1000)]


def code_points(block):
    """4,096 texts, one for each code point of the block that is a character."""
    return [f"a{chr(c)}b {chr(c)}" for c in range(block * 4096, block * 4096 + 4096)
            if not 0xD800 <= c <= 0xDFFF]


def main():
    print("# vocabulary, what, number of the block, hash; made by random_strings.py")
    tokenizers = [(name, vocabulary_tokenizer(name, lower)) for name, lower in VOCABULARIES]
    for (name, tokenizer), count in zip(tokenizers, COUNTS):
        for thousand in range(count):
            value = hash_encodings(tokenizer.encode_batch(strings(thousand)))
            print(f"{name} strings {thousand} {value:016x}", flush=True)
    for name, tokenizer in tokenizers:
        for block in range(0x110000 // 4096):
            value = hash_encodings(tokenizer.encode_batch(code_points(block)))
            print(f"{name} characters {block} {value:016x}", flush=True)


main()
