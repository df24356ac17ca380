#!/usr/bin/env python3
"""Makes test/golden/vocabulary/trained.json: ids and decoded texts of tokenizers that `cloze vocabulary`
trained, as transformers' AutoTokenizer and the tokenizers package give them; the script stops where
these differ from each other.

usage: make_trained.py CLOZE TARGET_FOLDER
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tokenizers import Tokenizer
from transformers import AutoTokenizer

LINES = [
    "The cats and the dogs sat on the mats, and the frogs sat in the bogs.",
    "A wonderful film, wonderfully played; the longer it plays the longer it seems.",
    "Caf\u00e9s, na\u00efve fa\u00e7ades and 12,345 extras: nothing was spared, nothing at all.",
    "\u4e2d\u6587\u548c\u65e5\u672c\u8a9e, \u4e2d\u6587 and more \u4e2d\u6587.",
]
TEXTS = [
    "", " ", "the cats sat on the mats", "  Two  spaces   and a tab\there ", "na\u00efve caf\u00e9s played",
    "na\u00efve cafe\u0301s \ufb01lm \u2460\u2461", "wonderful <mask> film", "wonderful<mask>film", "[MASK] <s> </s>",
    "\u4e2d\u6587 \U0001f600 \u65e5\u672c\u8a9e", "UPPER lower", "\u2581marks\u2581of spaces", "12,345.", "zqx zqx", "a\u200bb\u00a0c",
]
KINDS = ["wordpiece", "byte-level", "bpe", "unigram"]


def check(kind: str, lower: bool, size: int, cloze: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        made = str(Path(folder) / "made")
        command = [cloze, "vocabulary", "-q", "--kind", kind, "-n", str(size), made]
        subprocess.run(command + ["--lower"] * lower, input="\n".join(LINES) + "\n", text=True, check=True,
                       stdout=subprocess.DEVNULL)
        auto = AutoTokenizer.from_pretrained(made)
        package = Tokenizer.from_file(made + "/tokenizer.json")
        cases = []
        for text in TEXTS:
            ids = auto(text)["input_ids"]
            if ids != package.encode(text).ids:
                raise SystemExit(f"{kind}: transformers and tokenizers differ on {text!r}")
            pair = auto(text, LINES[0])["input_ids"]
            cases.append(dict(text=text, ids=ids, pair=pair, decoded=package.decode(ids, skip_special_tokens=True)))
        names = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
        special = {name: getattr(auto, name + "_id") for name in names if getattr(auto, name)}
        print(kind, lower, len(auto), type(auto).__name__, special)
        return dict(name="lower case" if lower else "as it is", kind=kind, lower=lower, size=size, texts=LINES, second=LINES[0], cases=cases)


def main():
    made = [check(kind, lower, 300 if kind == "byte-level" else 130, sys.argv[1])
            for kind in KINDS for lower in (False, True)]
    with open(Path(sys.argv[2]) / "trained.json", "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in made) + "\n]\n")


main()
