#!/usr/bin/env python3
"""Makes test/golden/zero_shot, choose and order: tiny models with random weights, what transformers'
zero-shot-classification pipeline returns, and the probabilities of choices and of the order of two
texts, from the models themselves, which have no pipeline.

Models run in float64, one text at a time, so nothing is padded but choices, whose lengths differ.

usage: make_judges.py TARGET_FOLDER   (test/golden)
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import warnings
from pathlib import Path

import torch
import transformers
from token_tasks import MORE, PIECES, SETTINGS, TEXTS, WORDS, make_tokenizer, save
from transformers import CONFIG_MAPPING, pipeline

LABELS = ["sport", "the weather", "caf\u00e9", "cats and dogs"]


def make(kind: str, family: str, folder: Path, seed: int, **settings):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tokenizer = make_tokenizer(folder.name, family, folder)
    torch.manual_seed(seed)
    config = CONFIG_MAPPING[family](vocab_size=len(tokenizer), **(SETTINGS[family] | settings))
    model = getattr(transformers, kind).from_config(config).eval()
    for name, parameter in model.named_parameters():
        wide = ("word_embeddings", "pooler", "classifier", "seq_relationship")
        spread = 1.0 if any(part in name for part in wide) else 0.25
        parameter.data = torch.randn_like(parameter) * spread + ("LayerNorm.weight" in name)
    save(model, tokenizer, folder)
    return model.double(), tokenizer


def sentences(seed: int, count: int, most: int) -> list[str]:
    draw = random.Random(seed)
    return [" ".join(draw.choice(WORDS + PIECES) for _ in range(draw.randrange(1, most))) for _ in range(count)]


def write(folder: Path, cases: list[dict]) -> None:
    lines = [json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in cases]
    (folder / "golden.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


def zero_shot(target: Path) -> None:
    names = [["CONTRADICTION", "neutral", "Entailment"], ["entailment", "not_entailment"]]
    for number, (name, family) in enumerate([("pieces", "bert"), ("bytes", "roberta")]):
        labels = dict(enumerate(names[number]))
        folder = target / "zero_shot" / name
        model, tokenizer = make("AutoModelForSequenceClassification", family, folder, 160 + number, id2label=labels,
                                label2id={label: i for i, label in labels.items()})
        judge, cases = pipeline("zero-shot-classification", model=model, tokenizer=tokenizer, device="cpu"), []
        texts = [text for text in TEXTS + MORE if text] + sentences(170 + number, 80, 60)
        for i, text in enumerate(texts):
            asked = LABELS[: 1 + i % 4]
            options = dict(multi_label=i % 3 == 1)
            if i % 5 == 2:
                options["hypothesis_template"] = "{} is it !"
            found = judge(text, asked, **options)
            scores = dict(zip(found["labels"], found["scores"]))
            cases.append({"input": text, "labels": asked, "scores": [scores[label] for label in asked]} | options)
        write(folder, cases)


def choose(target: Path) -> None:
    for number, family in enumerate(["bert", "roberta", "albert"]):
        folder = target / "choose" / family
        model, tokenizer = make("AutoModelForMultipleChoice", family, folder, 180 + number)
        cases, texts, choices = [], sentences(190 + number, 60, 40), sentences(195 + number, 200, 20)
        others = [*TEXTS[8:], *MORE]
        for i, text in enumerate(TEXTS[:8] + texts + others):
            last = len(TEXTS[:8] + texts)
            asked = [choices[(3 * i + k) % len(choices)] if i < last else others[(5 * i + k) % len(others)]
                     for k in range(2 + i % 4)]
            given = tokenizer([text] * len(asked), asked, truncation=True, padding=True, return_tensors="pt")
            with torch.no_grad():
                logits = model(**{name: tensor[None] for name, tensor in given.items()}).logits[0]
            cases.append({"input": text, "choices": asked, "scores": logits.softmax(-1).tolist()})
        write(folder, cases)


def order(target: Path) -> None:
    kinds = [("next", "bert", "AutoModelForNextSentencePrediction"), ("swapped", "albert", "AutoModelForPreTraining")]
    for number, (name, family, kind) in enumerate(kinds):
        folder = target / "order" / name
        model, tokenizer = make(kind, family, folder, 200 + number)
        cases, texts = [], TEXTS + MORE + sentences(210 + number, 90, 50)
        for first, second in zip(texts, texts[1:] + texts[:1]):
            given = tokenizer(first, second, truncation=True, return_tensors="pt")
            with torch.no_grad():
                found = model(**given)
            logits = found.sop_logits if hasattr(found, "sop_logits") else found.logits
            cases.append({"input": [first, second], "score": logits[0].softmax(-1)[0].item()})
        write(folder, cases)


def main() -> None:
    target = Path(sys.argv[1])
    warnings.simplefilter("ignore")
    zero_shot(target)
    choose(target)
    order(target)


if __name__ == "__main__":
    main()
