#!/usr/bin/env python3
"""Asks the tokenizers package where its Precompiled normalizer cuts text into graphemes, and writes
src/text/grapheme_data.c: ranges of characters that behave the same.

The normalizer replaces a whole grapheme of less than six bytes by what its map has for the first
characters. With a map that turns every byte into "X", the number of X's tells what was one
grapheme. Longer graphemes are replaced character by character, so what only long ones show
(regional indicators, conjuncts) need not be known.

    python tools/unicode/graphemes.py src/text/grapheme_data.c
"""
import base64
import json
import struct
import sys

import tokenizers
from tokenizers import Tokenizer, models

OTHER, EXTEND, PREPEND, CONTROL, PICTURE = range(5)


def every_byte_becomes_x():
    """A double array whose keys are all single bytes, each with the value 0."""
    units = [0] * 1024
    units[0] = 256 << 10
    for byte in range(1, 256):
        units[256 + byte] = byte | 1 << 8 | 768 << 10
        units[512 + byte] = 1 << 31
    return struct.pack("<I", 4 * len(units)) + struct.pack("<%dI" % len(units), *units) + b"X\0"


def normalizer():
    tokenizer = json.loads(Tokenizer(models.WordLevel({"X": 0}, "X")).to_str())
    tokenizer["normalizer"] = {
        "type": "Precompiled",
        "precompiled_charsmap": base64.b64encode(every_byte_becomes_x()).decode()}
    return Tokenizer.from_str(json.dumps(tokenizer)).normalizer


def class_of(normalize, code):
    c = chr(code)
    if len(normalize("a" + c)) == 1:
        return EXTEND
    if len(normalize(c + "a")) == 1:
        return PREPEND
    if code < 0x10000 and len(normalize(c + "\u0308")) == 2:
        return CONTROL
    return PICTURE if len(normalize("\u00a9\u200d" + c)) == 3 else OTHER


def main():
    normalize = normalizer().normalize_str
    assert normalize("\r\n") == "X"
    ranges = []
    for code in range(1, 0x110000):
        if 0xD800 <= code <= 0xDFFF:
            continue
        kind = class_of(normalize, code)
        if kind == OTHER:
            continue
        if ranges and ranges[-1][1] == code - 1 and ranges[-1][2] == kind:
            ranges[-1][1] = code
        else:
            ranges.append([code, code, kind])
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("/* grapheme_data.c - how characters join graphemes; written by "
                  "tools/unicode/graphemes.py with\n * tokenizers %s. Do not edit. */\n"
                  "#include \"text/grapheme.h\"\n\n/* clang-format off */\n"
                  "const cz_grapheme_range cz_grapheme_ranges[] = {\n" % tokenizers.__version__)
        for begin in range(0, len(ranges), 4):
            out.write("    " + " ".join("{0x%04X, 0x%04X, %d}," % tuple(r)
                                        for r in ranges[begin:begin + 4]) + "\n")
        out.write("};\n/* clang-format on */\n"
                  "const size_t cz_grapheme_range_count =\n"
                  "    sizeof cz_grapheme_ranges / sizeof *cz_grapheme_ranges;\n")


if __name__ == "__main__":
    main()
