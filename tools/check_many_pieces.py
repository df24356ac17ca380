#!/usr/bin/env python3
"""Holds a Unigram of XLM-R's 250,001 pieces against the tokenizers package: ids and offsets of 6,000 texts in the
languages of the Universal Declaration of Human Rights.

usage: check_many_pieces.py PROGRAM DATA [WORK]      (DATA: the folder that CLOZE_DATA names)

No tokenizer.json of XLM-R is in DATA, but its pieces and scores are; the normalizer is T5's, whose character map is
the same. Prints how many texts differ, which is the exit code's reason, too.

Needs: pip install tokenizers==0.22.2
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

TEXTS = 6000


def make_tokenizer(data: Path, folder: Path) -> Tokenizer:
    pieces: dict[int, tuple[str, float]] = {0: ("<s>", 0.0)}
    with zipfile.ZipFile(data / "tokenizers/xlm-roberta-base/pos.dict.utf8.zip") as archive:
        for line in filter(None, archive.read("pos.dict.utf8").decode().split("\n")):
            piece, number, score = line.rsplit("\t", 2)
            pieces[int(number.removeprefix("WORD_ID_"))] = (piece, float(score))
    vocabulary = [pieces[i] for i in range(len(pieces))] + [("<mask>", 0.0)]
    settings = json.loads(Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False)).to_str())
    settings["normalizer"] = json.loads((data / "tokenizers/t5-base/tokenizer.json").read_text())["normalizer"]
    tokenizer = Tokenizer.from_str(json.dumps(settings))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True)])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def read_texts(data: Path) -> list[str]:
    texts = []
    with zipfile.ZipFile(data / "multilingual/udhr2.zip") as archive:
        for name in archive.namelist():
            try:
                lines = archive.read(name).decode().split("\n")
            except UnicodeDecodeError:
                continue
            texts += [line.strip() for line in lines if line.strip() and "\0" not in line and "\r" not in line][:40]
    random.Random(1).shuffle(texts)
    return texts[:TEXTS]


def main() -> None:
    program, data = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as made:
        work = Path(sys.argv[3] if len(sys.argv) > 3 else made)
        tokenizer, texts = make_tokenizer(data, work), read_texts(data)
        (work / "texts.txt").write_text("\n".join(texts) + "\n")
        output = subprocess.run([program, "tokenize", "-m", str(work), "-f", str(work / "texts.txt"), "--json"],
                                capture_output=True, text=True, check=True).stdout.splitlines()
    different = int(len(output) != len(texts))
    for text, line in zip(texts, map(json.loads, output)):
        wanted = tokenizer.encode(text)
        if line["input_ids"] != wanted.ids or list(map(tuple, line["offset_mapping"])) != wanted.offsets:
            different += 1
            print(f"differs: {text[:100]!r}")
    print(f"{different} of {len(texts)} texts differ")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
