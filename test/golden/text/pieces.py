#!/usr/bin/env python3
"""Writes pieces.txt: for SentencePiece models of the data folder hashes of what the package's
Unigram model, and its Precompiled normalizer with the model's character map, make of the lines of
text files. Needs sentencepiece and protobuf beside requirements.txt.

    CLOZE_DATA=... python pieces.py > pieces.txt
"""
import base64
import glob
import json
import os
import sys

import numpy
from tokenizers import Regex, Tokenizer, models, pre_tokenizers
from transformers.convert_slow_tokenizer import import_protobuf

from reference import data_folder, splitmix

MODELS = ["albert-base-v2/spiece.model", "t5-base/spiece.model",
          "sp-fixtures/sp_test_ja_model.model", "sp-fixtures/test_sentencepiece.model",
          "sp-fixtures/test_sentencepiece_no_bos.model",
          "sp-fixtures/test_sentencepiece_with_bytefallback.model"]
FILES = ["unicode/16.0.0/NormalizationTest.txt", "unicode/emoji-16.0/emoji-zwj-sequences.txt",
         "unicode/16.0.0/GraphemeBreakTest.txt", "unicode/sentencepiece-rules/nfkd.tsv"]


def lines(path):
    with open(os.path.join(data_folder(), path), "rb") as file:
        for line in file.read().split(b"\n"):
            try:
                yield line.decode("utf-8")
            except UnicodeDecodeError:
                pass


def sequences(path):
    """Every code point on its own, between letters, before and after marks, and in the company of
    what makes graphemes."""
    del path
    for code in range(1, 0x110000):
        if not 0xD800 <= code < 0xE000:
            c = chr(code)
            yield "a" + c + "b" + c + "\u0308\u00a9\u200d" + c + "\u0600" + c


def read_model(path):
    proto = import_protobuf().ModelProto()
    with open(os.path.join(data_folder(), "tokenizers", path), "rb") as file:
        proto.ParseFromString(file.read())
    return proto


def normalizer(charsmap):
    """Each character of the normalized text is a token; ids count for nothing."""
    made = json.loads(Tokenizer(models.WordLevel({"?": 0}, "?")).to_str())
    made["normalizer"] = {"type": "Precompiled",
                          "precompiled_charsmap": base64.b64encode(charsmap).decode()}
    made = Tokenizer.from_str(json.dumps(made))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    return made


def sum_of(values):
    values = numpy.array(values, dtype=numpy.uint64)
    with numpy.errstate(over="ignore"):
        weights = splitmix(numpy.arange(len(values), dtype=numpy.uint64))
        return int(((values + numpy.uint64(1)) * weights).sum(dtype=numpy.uint64))


def pieces_of(tokenizer, texts):
    values = []
    for encoding in tokenizer.encode_batch(["\u2581" + t.replace(" ", "\u2581") for t in texts]):
        values.append(len(encoding.ids))
        for identity, (begin, end) in zip(encoding.ids, encoding.offsets):
            values += [identity, begin | end << 32]
    return sum_of(values)


def characters_of(tokenizer, texts):
    values = []
    for text, encoding in zip(texts, tokenizer.encode_batch(texts)):
        normalized = tokenizer.normalizer.normalize_str(text)
        assert len(normalized) == len(encoding.offsets)
        values.append(len(normalized))
        for c, (begin, end) in zip(normalized, encoding.offsets):
            values += [ord(c), begin | end << 32]
    return sum_of(values)


def main():
    root = data_folder()
    files = FILES + [os.path.relpath(path, root) for path in
                     sorted(glob.glob(os.path.join(root, "multilingual/tatoeba/*")))]
    print("# model, what, file, hash")
    seen = set()
    for path in MODELS:
        proto = read_model(path)
        vocabulary = [(piece.piece, piece.score) for piece in proto.pieces]
        for fallback in (False, True) if proto.trainer_spec.byte_fallback else (False,):
            unigram = Tokenizer(models.Unigram(vocabulary, proto.trainer_spec.unk_id, fallback))
            for file in files:
                if "emoji" in file or "tsv" in file:
                    continue
                print(path, "bytes" if fallback else "pieces", file,
                      f"{pieces_of(unigram, list(lines(file))):016x}", flush=True)
        charsmap = proto.normalizer_spec.precompiled_charsmap
        if not charsmap or charsmap in seen:
            continue
        seen.add(charsmap)
        normalize = normalizer(charsmap)
        print(path, "map", "characters", f"{characters_of(normalize, list(sequences(None))):016x}")
        for file in files:
            print(path, "map", file, f"{characters_of(normalize, list(lines(file))):016x}",
                  flush=True)
        print(path, file=sys.stderr)


main()
