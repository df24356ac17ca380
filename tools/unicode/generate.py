#!/usr/bin/env python3
"""Asks the tokenizers package about every code point and writes src/text/unicode_data.c.

The package's Unicode tables come from several libraries of several ages, so nothing here is read
from the Unicode database: each property is what a normalizer or pre-tokenizer of the package does
with a text that holds the character. Run in an environment made from requirements.txt:

    python tools/unicode/generate.py src/text/unicode_data.c
"""
import sys

import tokenizers
from tokenizers import normalizers, pre_tokenizers

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
CONTROL, SPACE, PUNCTUATION, CHINESE, NONSPACING, WORD, MARK, CHANGES = (1 << i for i in range(8))

OTHER, LETTER, NUMBER, BLANK = range(4)

# One character of each combining class that the package could know, lowest class first.
CLASS_SAMPLES = [
    (1, 0x0334), (7, 0x093C), (8, 0x3099), (9, 0x094D), (10, 0x05B0), (11, 0x05B1), (12, 0x05B2),
    (13, 0x05B3), (14, 0x05B4), (15, 0x05B5), (16, 0x05B6), (17, 0x05B7), (18, 0x05B8),
    (19, 0x05B9), (20, 0x05BB), (21, 0x05BC), (22, 0x05BD), (23, 0x05BF), (24, 0x05C1),
    (25, 0x05C2), (26, 0xFB1E), (27, 0x064B), (28, 0x064C), (29, 0x064D), (30, 0x064E),
    (31, 0x064F), (32, 0x0650), (33, 0x0651), (34, 0x0652), (35, 0x0670), (36, 0x0711),
    (84, 0x0C55), (91, 0x0C56), (103, 0x0E38), (107, 0x0E48), (118, 0x0EB8), (122, 0x0EC8),
    (129, 0x0F71), (130, 0x0F72), (132, 0x0F74), (202, 0x0327), (214, 0x1DCE), (216, 0x031B),
    (218, 0x302A), (220, 0x0323), (222, 0x059A), (224, 0x302E), (226, 0x1D16D), (228, 0x05AE),
    (230, 0x0301), (232, 0x0315), (233, 0x035C), (234, 0x035D), (240, 0x0345)]


def properties():
    """The flags of each code point, and the mappings of those that have one."""
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False,
                                       strip_accents=False, lowercase=False)
    chinese = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True,
                                         strip_accents=False, lowercase=False)
    strip = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False,
                                       strip_accents=True, lowercase=False)
    lower, decompose, no_marks = normalizers.Lowercase(), normalizers.NFD(), normalizers.StripAccents()
    by_space, by_punctuation = pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()
    by_word, bert = pre_tokenizers.Whitespace(), pre_tokenizers.BertPreTokenizer()
    flags, lowered, decomposed = [0] * 0x110000, {}, {}
    for code in CODE_POINTS:
        c = chr(code)
        text = "a" + c + "b"
        flag = 0
        cleaned = clean.normalize_str(text)
        space = len(by_space.pre_tokenize_str(text)) == 2
        if cleaned == "ab":
            flag |= CONTROL
        else:
            assert cleaned == ("a b" if space else text), hex(code)
        if space:
            flag |= SPACE
        if len(by_punctuation.pre_tokenize_str(text)) == 3:
            flag |= PUNCTUATION
        pieces = len(bert.pre_tokenize_str(text))
        assert pieces == (2 if space else 3 if flag & PUNCTUATION else 1), hex(code)
        if chinese.normalize_str(text) != text:
            flag |= CHINESE
        if len(by_word.pre_tokenize_str(text)) == 1:
            flag |= WORD
        result = decompose.normalize_str(c)
        if result != c:
            decomposed[code] = [ord(x) for x in result]
        elif strip.normalize_str(text) == "ab":
            flag |= NONSPACING
        if no_marks.normalize_str(text) == "ab":
            flag |= MARK
        result = lower.normalize_str(c)
        if result != c:
            lowered[code] = [ord(x) for x in result]
        flags[code] = flag
    return flags, lowered, decomposed


def kinds():
    """What the pattern of the ByteLevel pre-tokenizer takes each character for."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True).pre_tokenize_str
    result = [OTHER] * 0x110000
    for code in CODE_POINTS:
        c = chr(code)
        if len(split("a" + c + "a")) == 1:
            result[code] = LETTER
        elif len(split("1" + c + "1")) == 1:
            result[code] = NUMBER
        elif len(split("!" + c + "!")) != 1:
            result[code] = BLANK
    return result


def combining_classes(decomposed):
    """Which class each character sorts by, from how NFD orders it among characters of known class."""
    nfd = normalizers.NFD().normalize_str
    last = chr(CLASS_SAMPLES[-1][1])
    classes = [0] * 0x110000
    known = {}
    for value, code in CLASS_SAMPLES:
        if code not in decomposed:
            known.setdefault(value, chr(code))
    ordered = sorted(known.items())
    for (_, a), (_, b) in zip(ordered, ordered[1:]):
        assert nfd("a" + b + a) == "a" + a + b, (hex(ord(a)), hex(ord(b)))
    for code in CODE_POINTS:
        c = chr(code)
        if code in decomposed:
            continue
        moved = nfd("a" + last + c) == "a" + c + last
        if c == last or nfd("a" + c + "\u0334") == "a\u0334" + c:
            moved = True
        if not moved:
            continue
        same = [value for value, sample in ordered
                if nfd("a" + c + sample) == "a" + c + sample
                and nfd("a" + sample + c) == "a" + sample + c]
        assert len(same) == 1, (hex(code), same)
        classes[code] = same[0]
    return classes


def hangul(code, result):
    """Whether the algorithm of the standard gives this decomposition, so that no table is needed."""
    if not 0xAC00 <= code <= 0xD7A3:
        return False
    index = code - 0xAC00
    parts = [0x1100 + index // 588, 0x1161 + index % 588 // 28]
    if index % 28:
        parts.append(0x11A7 + index % 28)
    assert parts == result, hex(code)
    return True


def pages(values, shift):
    size = 1 << shift
    seen, first, second = {}, [], []
    for begin in range(0, len(values), size):
        page = tuple(values[begin:begin + size])
        if page not in seen:
            seen[page] = len(seen)
            second.extend(page)
        first.append(seen[page])
    return first, second


def numbers(out, kind, name, values):
    print(f"const {kind} {name}[{len(values)}] = {{", file=out)
    line = "   "
    for value in values:
        word = f" {value},"
        if len(line) + len(word) > 99:
            print(line, file=out)
            line = "   "
        line += word
    print(line + "\n};\n", file=out)


def table(out, kind, name, values):
    """Two stages: a page number per 128 characters, then the pages."""
    first, second = pages(values, 7)
    assert max(first) < 256
    numbers(out, "uint8_t", f"cz_unicode_{name}_page", first)
    numbers(out, kind, f"cz_unicode_{name}", second)


def mapping(out, name, table_of):
    """Index 0: none; else pool[index] is a count and the characters follow."""
    values, pool, place = [0] * 0x110000, [0], {}
    for code, result in sorted(table_of.items()):
        key = tuple(result)
        if key not in place:
            place[key] = len(pool)
            pool.extend([len(result)] + result)
        values[code] = place[key]
    table(out, "uint16_t", name, values)
    numbers(out, "uint32_t", f"cz_unicode_{name}_pool", pool)


def main():
    flags, lowered, decomposed = properties()
    classes = combining_classes(decomposed)
    decomposed = {code: result for code, result in decomposed.items() if not hangul(code, result)}
    for code in range(0x110000):
        if code in lowered or code in decomposed or classes[code] or 0xAC00 <= code <= 0xD7A3:
            flags[code] |= CHANGES
    with open(sys.argv[1], "w", encoding="ascii") as out:
        print(f"""/*
 * unicode_data.c - what the tokenizers package (version {tokenizers.__version__}) knows of each character.
 * Generated by tools/unicode/generate.py; not edited by hand.
 */
#include "text/unicode.h"

/* clang-format off */
""", file=out)
        table(out, "uint8_t", "flags", flags)
        table(out, "uint8_t", "class", classes)
        table(out, "uint8_t", "kind", kinds())
        mapping(out, "lower", lowered)
        mapping(out, "decomposition", decomposed)


if __name__ == "__main__":
    main()
