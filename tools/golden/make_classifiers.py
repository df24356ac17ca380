#!/usr/bin/env python3
"""Makes test/golden/classify: tiny classifiers with random weights, and what transformers'
text-classification pipeline returns for every label of some texts and pairs of texts.

The pipeline takes one input at a time, so nothing is padded; the models run in float64.

usage: make_classifiers.py TARGET_FOLDER [NAME ...]
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import longformer
import torch
from token_tasks import MORE, PIECES, SETTINGS, TEXTS, WORDS, make_tokenizer, vary
from transformers import CONFIG_MAPPING, AutoModelForSequenceClassification, pipeline

SPREAD = 0.3


@dataclass
class Classifier:
    name: str
    family: str
    labels: dict[int, str]
    settings: dict = field(default_factory=dict)
    pairs: bool = False
    varied: bool = False  # weights under which texts get different labels


CLASSIFIERS = [
    Classifier("sentiment", "distilbert", {0: "NEGATIVE", 1: "POSITIVE"}),
    Classifier("topics", "bert", {0: "news", 1: "sport", 2: "\u00e9tudes", 3: "d"},
               dict(problem_type="multi_label_classification")),
    Classifier("inference", "roberta", {0: "CONTRADICTION", 1: "NEUTRAL", 2: "ENTAILMENT"}, pairs=True),
    Classifier("paraphrase", "albert", {0: "different", 1: "same"}, pairs=True),
    Classifier("similarity", "bert", {0: "LABEL_0"}, dict(problem_type="regression"), pairs=True),
    Classifier("one", "electra", {0: "toxic"}),
    Classifier("reviews", "longformer", {0: "bad", 1: "fair", 2: "good"}),
    Classifier("rembert", "rembert", {0: "no", 1: "yes"}, varied=True),
    Classifier("megatron_bert", "megatron-bert", {0: "other", 1: "neutral", 2: "same"}, pairs=True, varied=True),
    Classifier("roberta_prelayernorm", "roberta-prelayernorm", {0: "bad", 1: "fair", 2: "good"}, varied=True),
    Classifier("xlm_roberta_xl", "xlm-roberta-xl", {0: "no", 1: "yes"}, pairs=True, varied=True),
]


def inputs(number: int, pairs: bool) -> list:
    draw = random.Random(number)
    texts = TEXTS + MORE
    made = [" ".join(draw.choice(WORDS + PIECES + [".", "?"]) for _ in range(draw.randrange(1, 90)))
            for _ in range(14)]
    texts = texts + made
    return [[text, draw.choice(texts)] for text in texts] if pairs else texts


def main() -> None:
    target, names = Path(sys.argv[1]), sys.argv[2:]
    longformer.soften_in_double()
    for number, wanted in enumerate(CLASSIFIERS):
        if names and wanted.name not in names:
            continue
        folder = target / wanted.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        tokenizer = make_tokenizer(wanted.name, wanted.family, folder)
        torch.manual_seed(30 + number)
        config = CONFIG_MAPPING[wanted.family](
            vocab_size=len(tokenizer), id2label=wanted.labels, label2id={v: k for k, v in wanted.labels.items()},
            **(SETTINGS[wanted.family] | wanted.settings))
        model = AutoModelForSequenceClassification.from_config(config).eval()
        for parameter in model.parameters():
            parameter.data = torch.randn_like(parameter) * SPREAD
        if wanted.varied:
            vary(model)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        for name in ("vocab.txt", "vocab.json", "merges.txt", "sentencepiece.model", "sentencepiece.bpe.model"):
            (folder / name).unlink(missing_ok=True)
        classify = pipeline("text-classification", model=model.double(), tokenizer=tokenizer, top_k=None,
                            device="cpu")
        cases = []
        longer = ["pasta and pizza, " * 200] if wanted.family == "longformer" else []
        for text in inputs(number, wanted.pairs) + longer:
            given = {"text": text[0], "text_pair": text[1]} if wanted.pairs else text
            scores = classify(given, truncation=True)
            scores = scores[0] if isinstance(scores[0], list) else scores
            cases.append({"input": text, "scores": {item["label"]: item["score"] for item in scores}})
        (folder / "golden.json").write_text(json.dumps(cases, ensure_ascii=True, indent=0) + "\n")


if __name__ == "__main__":
    main()
