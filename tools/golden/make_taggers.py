#!/usr/bin/env python3
"""Makes test/golden/tag: tiny token classifiers with random weights, and what transformers'
token-classification pipeline returns for texts under every strategy, with and without windows.

The pipeline takes one input at a time, so nothing is padded but windows; the models run in float64.

usage: make_taggers.py TARGET_FOLDER
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import warnings
from pathlib import Path

import torch
from token_tasks import MORE, SETTINGS, TEXTS, WORDS, make_tokenizer, save, vary
from transformers import CONFIG_MAPPING, AutoModelForTokenClassification, pipeline

STRATEGIES = ["none", "simple", "first", "average", "max"]
LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-x-y", "NOUN"]
# Bytes and code points differ: lengths of entities that overlap are told in code points.
FOREIGN = ["\u65e5\u672c", "\u00e9", "cat\u00e9\u00e9", "\u00df\u00dfa", "man\u65e5", "the", "sits", "\U0001f600b", "a", "in"]
# Entities of the pipeline as a list, to keep the file small.
FIELDS = ["entity", "entity_group", "index", "score", "word", "start", "end"]


def texts(number: int) -> tuple[list[str], list[str]]:
    draw = random.Random(40 + number)
    joined = [word + ending for word in WORDS for ending in ("", "s", "ing", "ed", "er")]
    extra = ["x\u0301yz", "\u00c9t\u00e9", "Caf\u00e9", "na\u0308ive", "\U0001f600", "\u05e9\u05dc", "\u4e2d\u6587", "t\u0130", "..."]

    def sentence(least: int, most: int) -> str:
        return " ".join(draw.choice(joined + extra if draw.random() < 0.2 else joined)
                        for _ in range(draw.randrange(least, most)))

    def foreign() -> str:
        return " ".join(draw.choice(FOREIGN) for _ in range(80))

    return (TEXTS + MORE + [sentence(1, 12) for _ in range(90)],
            [sentence(60, 150) for _ in range(8)] + [foreign() for _ in range(4)])


def compact(entities: list[dict]) -> list[list]:
    return [[entity[name] if name != "score" else round(float(entity[name]), 9) for name in FIELDS if name in entity]
            for entity in entities]


def main() -> None:
    target = Path(sys.argv[1])
    warnings.simplefilter("ignore")
    for number, (name, family) in enumerate([("pieces", "bert"), ("bytes", "roberta")]):
        folder = target / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        tokenizer = make_tokenizer(name, family, folder)
        torch.manual_seed(60 + number)
        config = CONFIG_MAPPING[family](
            vocab_size=len(tokenizer), id2label=dict(enumerate(LABELS)),
            label2id={label: i for i, label in enumerate(LABELS)}, **SETTINGS[family])
        model = AutoModelForTokenClassification.from_config(config).eval()
        vary(model)
        save(model, tokenizer, folder)
        tag = pipeline("token-classification", model=model.double(), tokenizer=tokenizer, device="cpu")
        cases = []
        short, long = texts(number)
        for i, text in enumerate(short):
            for strategy in STRATEGIES if i < len(TEXTS + MORE) else [STRATEGIES[i % 5]]:
                cases.append({"input": text, "strategy": strategy,
                              "entities": compact(tag(text, aggregation_strategy=strategy))})
        for text in long:
            for strategy in STRATEGIES[1:]:
                found = tag(text, aggregation_strategy=strategy, stride=16)
                if len(found) > 1 and found[0] == found[1]:
                    del found[0]  # merging windows, the pipeline lists an empty first entity twice
                cases.append({"input": text, "strategy": strategy, "stride": 16, "entities": compact(found)})
        (folder / "golden.json").write_text(
            "[\n" + ",\n".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
