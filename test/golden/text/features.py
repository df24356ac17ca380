#!/usr/bin/env python3
"""Writes features.json or byte_level.json: small tokenizers of our own (WordPiece, or byte-level BPE),
and what the package makes with them of pairs, added tokens, truncation, windows with stride, words
that are already split, and ids to text.

    python features.py > features.json
    python features.py bytes > byte_level.json
"""
import contextlib
import itertools
import json
import os
import random
import sys

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

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


BYTE_SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def byte_model():
    """A byte-level BPE with a few hundred merges, trained on the words above."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=BYTE_SPECIALS, show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    draw = random.Random(5)
    tokenizer.train_from_iterator(["".join(draw.choice(WORDS + PIECES).replace("##", "") + " "
                                           for _ in range(8)) for _ in range(400)], trainer)
    return json.loads(tokenizer.to_str())["model"]


def byte_template():
    special_of = {t: {"id": t, "ids": [BYTE_SPECIALS.index(t)], "tokens": [t]} for t in ("<s>", "</s>")}
    return {"type": "TemplateProcessing", "single": [special("<s>", 0), sequence("A", 0), special("</s>", 0)],
            "pair": [special("<s>", 0), sequence("A", 0), special("</s>", 1), sequence("B", 1)],
            "special_tokens": special_of}


def byte_document(draw, plain, model):
    added = [added_token(t, i, lstrip=t == "<mask>", normalized=draw.random() < 0.5)
             for i, t in enumerate(BYTE_SPECIALS)]
    for content in [] if plain else draw.sample(CANDIDATES, draw.randrange(0, 5)):
        flags = {key: draw.random() < 0.4 for key in
                 ("single_word", "lstrip", "rstrip", "normalized", "special")}
        added.append(added_token(content, len(model["vocab"]) + len(added), **flags))
    flag = lambda likely: draw.random() < likely
    level = {"type": "ByteLevel", "add_prefix_space": flag(0.4), "trim_offsets": flag(0.5),
             "use_regex": flag(0.85)}
    roberta = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0],
               "trim_offsets": flag(0.7), "add_prefix_space": level["add_prefix_space"]}
    after = {"type": "ByteLevel", "add_prefix_space": level["add_prefix_space"],
             "trim_offsets": flag(0.7), "use_regex": True}
    processors = [roberta, roberta, after, None, byte_template(),
                  {"type": "Sequence", "processors": [after, byte_template()]}]
    normalizers = [None, None, NORMALIZERS[6], {"type": "Lowercase"}, NORMALIZERS[7]]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": None if plain else draw.choice(normalizers),
            "pre_tokenizer": level if flag(0.8) else {"type": "Sequence", "pretokenizers": [level]},
            "post_processor": roberta if plain else draw.choice(processors),
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                        "use_regex": True} if flag(0.8) else None,
            "model": dict(model, ignore_merges=flag(0.3))}


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
           draw.randrange(tokenizer.get_vocab_size() + 8 if sys.argv[1:] else len(VOCABULARY) + 8) for _ in range(draw.randrange(10))]
    skip = draw.random() < 0.5
    result["decode"] = [ids, skip, tokenizer.decode(ids, skip_special_tokens=skip)]
    return result


def main():
    draw = random.Random(20240611)
    documents, cases = [], []
    model = byte_model() if sys.argv[1:] == ["bytes"] else None
    while len(documents) < 40:
        plain = len(documents) < 2
        doc = byte_document(draw, plain, model) if model else document(draw, plain)
        tokenizer = Tokenizer.from_str(json.dumps(doc))
        if not has_clear_patterns(tokenizer, doc):
            continue
        cases += [case(draw, tokenizer, len(documents)) for _ in range(25)]
        documents.append({key: doc[key] for key in doc if key != "model"})
        if model:
            documents[-1]["ignore_merges"] = doc["model"]["ignore_merges"]
    model = model or document(draw, True)["model"]
    print('{"model": ' + json.dumps(model) + ',\n"tokenizers": [')
    print(",\n".join(json.dumps(d) for d in documents) + '],\n"cases": [')
    print(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]}")


with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
    main()
