#!/usr/bin/env python3
"""Makes test/golden/explain/probe.json: how well scikit-learn's LogisticRegression reads labels of texts and of words
from the hidden states of every layer of golden models.

States are transformers', in float64, and rounded to float32 as features; the minimum is Newton's.

Needs: pip install torch==2.15.0 transformers==4.57.6 scikit-learn==1.9.1 numpy==2.4.6

usage: make_probes.py test/golden
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy
import sklearn
import torch
import transformers
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from token_tasks import WORDS
from transformers import AutoModel, AutoTokenizer

KINDS = [{"the", "a", "an", "in", "to", "for", "inside", "outside"},
         {"cat", "dog", "man", "woman", "guitar", "pasta", "pizza", "movie", "garden", "tv", "weather", "stadium"},
         {"sit", "sits", "is", "are", "playing", "plays", "play", "love", "watches", "do", "like", "drove"}]
PLAIN = [word for word in WORDS if word.isalpha()]


@dataclass
class Case:
    folder: str
    words: bool
    first: bool
    strength: float
    classes: int


CASES = [
    Case("classify/sentiment", False, False, 1, 2),
    Case("classify/sentiment", False, True, 0.03, 3),
    Case("tag/pieces", True, False, 1, 4),
    Case("answer/bytes", True, False, 20, 2),
]


def kind_of(word: str) -> int:
    return next((i for i, kind in enumerate(KINDS) if word in kind), len(KINDS))


def examples(case: Case, draw: random.Random) -> list[tuple[str, int, int, int]]:
    made = []
    for _ in range(24 if case.words else 96):
        words = [draw.choice(PLAIN) for _ in range(draw.randrange(3, 9))]
        text, begin = " ".join(words), 0
        if not case.words:
            counts = [sum(kind_of(word) == kind for word in words) for kind in range(case.classes)]
            made.append((text, 0, 0, counts.index(max(counts))))
            continue
        for word in words:
            made.append((text, begin, begin + len(word), min(kind_of(word), case.classes - 1)))
            begin += len(word) + 1
    return made


def features(root: Path, case: Case, made: list) -> numpy.ndarray:
    """[layers + 1, examples, hidden]"""
    folder = root / case.folder
    model = AutoModel.from_pretrained(folder).double().eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = []
    for text, begin, end, _ in made:
        given = tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
        offsets, special = given.pop("offset_mapping")[0].tolist(), given["input_ids"][0]
        if not getattr(model.config, "type_vocab_size", 0):
            given.pop("token_type_ids", None)
        with torch.no_grad():
            states = torch.stack(model(**given, output_hidden_states=True).hidden_states)[:, 0]
        wanted = [i for i, (b, e) in enumerate(offsets) if b < end and begin < e] if end else range(len(special))
        wanted = [0] if case.first else list(wanted)
        rows.append(states[:, wanted].mean(1).numpy())
    return numpy.stack(rows, axis=1).astype(numpy.float32).astype(numpy.float64)


def tell(root: Path, number: int, case: Case) -> dict:
    made = examples(case, random.Random(number))
    labels, learned = numpy.array([label for *_, label in made]), len(made) * 2 // 3
    results = []
    for x in features(root, case, made):
        probe = LogisticRegression(C=case.strength, solver="newton-cholesky", tol=1e-13, max_iter=10000)
        probe.fit(x[:learned], labels[:learned])
        chances = probe.predict_proba(x[learned:])
        results.append([probe.score(x[:learned], labels[:learned]), probe.score(x[learned:], labels[learned:]),
                        log_loss(labels[learned:], chances, labels=range(case.classes))])
    often = numpy.bincount(labels[:learned]).argmax()
    return {"folder": case.folder, "first": case.first, "strength": case.strength, "learned": learned,
            "most": float((labels[learned:] == often).mean()), "results": results, "examples": made}


def main() -> None:
    root = Path(sys.argv[1])
    torch.set_num_threads(1)
    versions = {m.__name__: m.__version__ for m in (torch, transformers, sklearn, numpy)}
    cases = ",\n".join(json.dumps(tell(root, i, case), separators=(",", ":")) for i, case in enumerate(CASES))
    (root / "explain" / "probe.json").write_text(f'{{"versions":{json.dumps(versions)},\n"cases":[\n{cases}]}}\n')


if __name__ == "__main__":
    main()
