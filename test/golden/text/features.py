#!/usr/bin/env python3
"""Writes features.json: small tokenizers of our own, and what the package makes with them of pairs,
added tokens, truncation, windows with stride, words that are already split, and ids to text.

    python features.py > features.json
"""
import contextlib
import itertools
import json
import os
import random

from tokenizers import Tokenizer

WORDS = """hello world the un ##aff ##able ##ing ##ed ##s cat cats sit outside play ##ground foo bar
ete été Été naive ##ive na movie new is so great do not don t ' , . ! ? - _ [ ] < > / 9 10 ##9 ##0
一 丁 ##丁 σ ##ς ß ss ... n't 's""".split()
ENTRIES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS
ENTRIES += [c for c in "abcdefghijklmnopqrstuvwxyz" if c not in ENTRIES]
ENTRIES += ["##" + c for c in "abcdefghijklmnopqrstuvwxyz" if "##" + c not in ENTRIES]
ENTRIES += list("HWFBE") + ["##H", "##B", "é", "##é", "e\u0301"]
VOCABULARY = {token: number for number, token in enumerate(dict.fromkeys(ENTRIES))}
PIECES = ["hello", "Hello", "world", "unaffable", "cats", "playground", "foo", "Foo", "bar", "foobar",
          "foo bar", "ÉTÉ", "e\u0301te\u0301", "naïve", "[MASK]", "[mask]", "[CLS]", "<x>", "<x>y",
          "don't", "一丁", "Σς", "ß", "İ", "\u200d", "\x01", "\u3000", "\t", "\n", ".", ",", "!", "_",
          "-", "…", "9", "109", "\U0001F600", "\u0323\u0301", "a" * 101, "\ufffd", "ﬁ"]
CANDIDATES = ["foo", "Foo", "foo bar", "été", "<x>", "<x>y", "bar", " bar", "_", ".", "hello world",
              "[mask]", "oba", "fo", "new token", "é"]


def bert_normalizer(clean=True, chinese=True, strip=None, lower=True):
    return {"type": "BertNormalizer", "clean_text": clean, "handle_chinese_chars": chinese,
            "strip_accents": strip, "lowercase": lower}


def special(token, type_id):
    return {"SpecialToken": {"id": token, "type_id": type_id}}


def sequence(which, type_id):
    return {"Sequence": {"id": which, "type_id": type_id}}


def template(pair, sep=("[SEP]",)):
    return {"type": "TemplateProcessing",
            "single": [special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0)], "pair": pair,
            "special_tokens": {
                "[CLS]": {"id": "[CLS]", "ids": [VOCABULARY["[CLS]"]], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [VOCABULARY[t] for t in sep], "tokens": list(sep)}}}


USUAL = template([special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0), sequence("B", 1),
                  special("[SEP]", 1)])
NORMALIZERS = [
    bert_normalizer(), bert_normalizer(lower=False), bert_normalizer(clean=False),
    bert_normalizer(chinese=False, strip=True, lower=False), bert_normalizer(strip=False), None,
    {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Lowercase"},
                                         {"type": "StripAccents"}]},
    {"type": "Sequence", "normalizers": [{"type": "Strip", "strip_left": True,
                                          "strip_right": True}, {"type": "Lowercase"}]}]
SPLITTERS = [
    {"type": "BertPreTokenizer"}, {"type": "Whitespace"}, {"type": "WhitespaceSplit"}, None,
    {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
                                           {"type": "Punctuation", "behavior": "Isolated"}]}]
PROCESSORS = [
    USUAL, {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, None,
    template([sequence("B", 3), special("[SEP]", 2), sequence("A", 1)], ("[SEP]", "[PAD]"))]
DECODERS = [{"type": "WordPiece", "prefix": "##", "cleanup": True},
            {"type": "WordPiece", "prefix": "##", "cleanup": False}, None]


def added_token(content, number, **flags):
    token = {"id": number, "content": content, "single_word": False, "lstrip": False,
             "rstrip": False, "normalized": False, "special": True}
    token.update(flags)
    return token


def document(draw, plain):
    added = [added_token(t, VOCABULARY[t]) for t in ENTRIES[:5]]
    contents = [] if plain else draw.sample(CANDIDATES, draw.randrange(1, 6))
    for content in contents:
        flags = {key: draw.random() < 0.4 for key in
                 ("single_word", "lstrip", "rstrip", "normalized", "special")}
        added.append(added_token(content, len(VOCABULARY) + len(added), **flags))
    choose = (lambda options: options[0]) if plain else draw.choice
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": choose(NORMALIZERS), "pre_tokenizer": choose(SPLITTERS),
            "post_processor": choose(PROCESSORS), "decoder": choose(DECODERS),
            "model": {"type": "WordPiece", "unk_token": "[UNK]",
                      "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                      "vocab": VOCABULARY}}


def has_clear_patterns(tokenizer, doc):
    """Of equal patterns the package picks one by chance, and an empty one matches everywhere."""
    patterns = [tokenizer.normalizer.normalize_str(t["content"]) if tokenizer.normalizer
                else t["content"] for t in doc["added_tokens"] if t["normalized"]]
    return all(patterns) and len(set(patterns)) == len(patterns)


def text(draw, most):
    return "".join(draw.choice(PIECES) + draw.choice(["", " ", " ", "  "])
                   for _ in range(draw.randrange(most)))


def windows(encoding):
    return [[e.ids, e.type_ids, e.special_tokens_mask, list(itertools.chain(*e.offsets)),
             [-1 if word is None else word for word in e.word_ids]]
            for e in [encoding] + encoding.overflowing]


def case(draw, tokenizer, number):
    words = draw.random() < 0.2
    make = (lambda: [text(draw, 4) for _ in range(draw.randrange(5))]) if words else \
        (lambda: text(draw, 9))
    result = {"tokenizer": number, "text": make()}
    if draw.random() < 0.5:
        result["pair"] = make()
    add = draw.random() < 0.85
    if not add:
        result["no_special_tokens"] = True
    tokenizer.no_truncation()
    if draw.random() < 0.7:
        result["max_length"] = draw.randrange(8, 16)
        result["stride"] = draw.choice([0, 0, 1, 2])
        result["truncation"] = draw.choice(["longest_first", "only_first", "only_second"])
        result["direction"] = draw.choice(["left", "right"])
        tokenizer.enable_truncation(result["max_length"], stride=result["stride"],
                                    strategy=result["truncation"], direction=result["direction"])
    try:
        encoding = tokenizer.encode(result["text"], result.get("pair"), is_pretokenized=words,
                                    add_special_tokens=add)
        result["windows"] = windows(encoding)
    except BaseException:  # the package's panics are BaseExceptions
        result["error"] = True
        return result
    ids = [draw.choice(encoding.ids or [0]) if draw.random() < 0.7 else
           draw.randrange(len(VOCABULARY) + 8) for _ in range(draw.randrange(10))]
    skip = draw.random() < 0.5
    result["decode"] = [ids, skip, tokenizer.decode(ids, skip_special_tokens=skip)]
    return result


def main():
    draw = random.Random(20240611)
    documents, cases = [], []
    while len(documents) < 40:
        doc = document(draw, len(documents) < 2)
        tokenizer = Tokenizer.from_str(json.dumps(doc))
        if not has_clear_patterns(tokenizer, doc):
            continue
        cases += [case(draw, tokenizer, len(documents)) for _ in range(25)]
        documents.append({key: doc[key] for key in doc if key != "model"})
    model = document(draw, True)["model"]
    print('{"model": ' + json.dumps(model) + ',\n"tokenizers": [')
    print(",\n".join(json.dumps(d) for d in documents) + '],\n"cases": [')
    print(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]}")


with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
    main()
