#!/usr/bin/env python3
"""Asks the tokenizers package which characters its NFKD normalizer takes further apart than its NFD,
and writes src/text/compatibility_data.c.

    python tools/unicode/compatibility.py src/text/compatibility_data.c
"""
import sys

import tokenizers
from tokenizers import normalizers


def main():
    further, plain = normalizers.NFKD().normalize_str, normalizers.NFD().normalize_str
    entries, pool = [], []
    for code in range(1, 0x110000):
        if 0xD800 <= code <= 0xDFFF:
            continue
        made = further(chr(code))
        if made != plain(chr(code)):
            entries.append((code, len(pool), len(made)))
            pool += map(ord, made)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("/* compatibility_data.c - compatibility decompositions; written by "
                  "tools/unicode/compatibility.py with\n * tokenizers %s. Do not edit. */\n"
                  "#include \"text/unicode.h\"\n\n/* clang-format off */\n"
                  "const cz_unicode_compatibility cz_unicode_compatibilities[] = {\n"
                  % tokenizers.__version__)
        for begin in range(0, len(entries), 4):
            out.write("    " + " ".join("{0x%04X, %d, %d}," % e
                                        for e in entries[begin:begin + 4]) + "\n")
        out.write("};\n\nconst uint32_t cz_unicode_compatibility_pool[] = {\n")
        for begin in range(0, len(pool), 11):
            out.write("    " + " ".join("0x%04X," % c for c in pool[begin:begin + 11]) + "\n")
        out.write("};\n/* clang-format on */\n\n"
                  "const size_t cz_unicode_compatibility_count =\n"
                  "    sizeof cz_unicode_compatibilities / sizeof *cz_unicode_compatibilities;\n")
    print("longest", max(e[2] for e in entries), "entries", len(entries))


main()
