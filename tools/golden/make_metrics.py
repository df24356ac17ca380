#!/usr/bin/env python3
"""Makes test/golden/metrics: predictions with gold, and what scikit-learn, seqeval, scipy and the
functions of SQuAD's evaluation (as transformers carries them) say of them.

usage: make_metrics.py TARGET_FOLDER
"""

from __future__ import annotations

import json
import random
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.stats import pearsonr, spearmanr
from seqeval.metrics import accuracy_score as tag_accuracy
from seqeval.metrics import classification_report as tag_report
from seqeval.scheme import BILOU, IOB1, IOB2, IOBES, IOE1, IOE2
from sklearn.metrics import (accuracy_score, confusion_matrix, matthews_corrcoef,
                             precision_recall_fscore_support)
from sklearn.preprocessing import MultiLabelBinarizer
from transformers.data.metrics.squad_metrics import compute_exact, compute_f1, get_tokens, normalize_answer

warnings.filterwarnings("ignore")
RANDOM = random.Random(20241124)
NAMES = ["NEGATIVE", "POSITIVE", "neutral", "\u00e9tudes", "", "10", "2", "a b", "\U0001f600", "\uffee", "Z", "z"]


def scores(gold, predicted) -> dict:
    keys = ("precision", "recall", "f1")
    out = {}
    for average in ("micro", "macro", "weighted"):
        values = precision_recall_fscore_support(gold, predicted, average=average, zero_division=0)
        out[average] = dict(zip(keys, map(float, values)))
    return out


def each(gold, predicted, names) -> list:
    rows = precision_recall_fscore_support(gold, predicted, average=None, zero_division=0)
    return [{"name": name, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(s)}
            for name, p, r, f, s in zip(names, *rows)]


def labels() -> list:
    cases = []
    for number in range(24):
        names = RANDOM.sample(NAMES, RANDOM.randint(1, len(NAMES)))
        count = RANDOM.choice([1, 2, 5, 40, 150])
        gold = [RANDOM.choice(names) for _ in range(count)]
        predicted = [g if RANDOM.random() < 0.1 * (number % 11) else RANDOM.choice(names) for g in gold]
        order = sorted(set(gold) | set(predicted))
        cases.append({"gold": gold, "predicted": predicted, "accuracy": float(accuracy_score(gold, predicted)),
                      "matthews": float(matthews_corrcoef(gold, predicted)), **scores(gold, predicted),
                      "labels": each(gold, predicted, order),
                      "matrix": confusion_matrix(gold, predicted).tolist()})
    return cases


def sets() -> list:
    cases = []
    for number in range(12):
        names = RANDOM.sample(NAMES, RANDOM.randint(1, 8))
        gold = [RANDOM.sample(names, RANDOM.randint(0, min(3, len(names)))) for _ in range(RANDOM.choice([1, 7, 60]))]
        predicted = [g if RANDOM.random() < 0.5 else RANDOM.sample(names, RANDOM.randint(0, len(names))) for g in gold]
        order = sorted({name for row in gold + predicted for name in row})
        if not order:
            continue
        binary = MultiLabelBinarizer(classes=order).fit(gold)
        g, p = binary.transform(gold), binary.transform(predicted)
        if len(order) == 1:  # one column would be taken for single labels
            continue
        cases.append({"gold": gold, "predicted": predicted, "accuracy": float(accuracy_score(g, p)),
                      **scores(g, p), "labels": each(g, p, order)})
    return cases


def tags() -> list:
    schemes = {"lenient": (None, "BIESO"), "IOB1": (IOB1, "IOB"), "IOB2": (IOB2, "IOB"), "IOE1": (IOE1, "IOE"),
               "IOE2": (IOE2, "IOE"), "IOBES": (IOBES, "IOBES"), "BILOU": (BILOU, "BILOU")}
    cases = []
    for name, (scheme, letters) in schemes.items():
        for number in range(10):
            types = ["PER", "LOC", "ORG", "A-B"][: RANDOM.randint(1, 4)]
            odd = ["B", "I", "B-", "I--PER", "X-PER", "U-LOC", "X", "\u00c9-PER", "IPER", ".", "O-PER"] if not scheme else []

            def tag() -> str:
                if odd and number >= 5 and RANDOM.random() < 0.3:
                    return RANDOM.choice(odd)
                letter = RANDOM.choice(letters)
                return "O" if letter == "O" else f"{letter}-{RANDOM.choice(types)}"

            gold = [[tag() for _ in range(RANDOM.randint(0, 14))] for _ in range(RANDOM.choice([1, 4, 30]))]
            gold = [row for row in gold if row] or [["O"]]
            predicted = [[t if RANDOM.random() < 0.8 else tag() for t in row] for row in gold]
            try:
                report = tag_report(gold, predicted, output_dict=True, zero_division=0,
                                    **({"mode": "strict", "scheme": scheme} if scheme else {}))
            except ValueError:  # no entity at all
                continue
            if len(report) == 3:  # averages of nothing
                continue
            row = {key: {"precision": float(value["precision"]), "recall": float(value["recall"]),
                         "f1": float(value["f1-score"]), "support": int(value["support"])}
                   for key, value in report.items()}
            cases.append({"scheme": name, "gold": gold, "predicted": predicted,
                          "accuracy": float(tag_accuracy(gold, predicted)),
                          **{average: row.pop(f"{average} avg") for average in ("micro", "macro", "weighted")},
                          "labels": [{"name": key, **value} for key, value in row.items()]})
    return cases


def numbers() -> list:
    cases = []
    generator = np.random.default_rng(7)
    for count in (2, 3, 10, 200):
        for kind in ("normal", "ties", "shifted", "large"):
            gold = generator.normal(size=count)
            predicted = gold * 0.7 + generator.normal(size=count) * 0.5
            if kind == "ties":
                gold, predicted = np.round(gold * 2) / 2, np.round(predicted * 2) / 2
            if kind == "shifted":
                gold, predicted = gold + 1e6, predicted - 1e6
            if kind == "large":
                gold, predicted = gold * 1e200, predicted * 1e-200
            if len(set(gold)) < 2 or len(set(predicted)) < 2:
                continue
            cases.append({"gold": gold.tolist(), "predicted": predicted.tolist(),
                          "pearson": float(pearsonr(predicted, gold)[0]),
                          "spearman": float(spearmanr(predicted, gold)[0])})
    return cases


PARTS = ["The", "a", "an", "AN", "the", "cat", "Cat", "cats", "U.S.", "U.S", "New-York", "\u00c9tudes", "\u039f\u0394\u039f\u03a3",
         "\u039f\u0394\u039f\u03a3.", "\u03a3", "A\u03a3B", "\u0130stanbul", "don't", "\u201cthe\u201d", "the\u0301", "\u00e0", "5", "the5", "_a_", "a_b",
         "\u2019a", "\u00a0", "\u2003an\u2003", "\x1ca\x1d", "\u3000", "\u65e5\u672c", "$1,000", "100%", "\u00bd", "a\u00bd", "\U0001f600", ""]


def first_script(golds: list, predicted: str) -> dict:
    """Version 1.1: F1 is 0 without a common word, and no answer is left out."""
    best = 0.0
    for gold in golds:
        common = len(set(get_tokens(gold)) & set(get_tokens(predicted)))
        best = max(best, compute_f1(gold, predicted) if common else 0.0)
    return {"exact": float(max(compute_exact(gold, predicted) for gold in golds)), "f1": float(best)}


def second_script(golds: list, predicted: str) -> dict:
    golds = [gold for gold in golds if normalize_answer(gold)] or [""]
    return {"exact": float(max(compute_exact(gold, predicted) for gold in golds)),
            "f1": float(max(compute_f1(gold, predicted) for gold in golds))}


def answers() -> list:
    def text() -> str:
        return RANDOM.choice(["", " ", "  "]) + " ".join(RANDOM.choice(PARTS) for _ in range(RANDOM.randint(0, 6)))

    cases = []
    for _ in range(300):
        golds = [text() for _ in range(RANDOM.randint(0, 3))]
        predicted = RANDOM.choice(golds).upper() if golds and RANDOM.random() < 0.4 else text()
        case = {"gold": golds, "predicted": predicted, "second": second_script(golds, predicted)}
        if golds:
            case["first"] = first_script(golds, predicted)
        cases.append(case)
    return cases


def main() -> None:
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for make in (labels, sets, tags, numbers, answers):
        rows = ",\n".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) for case in make())
        (target / f"{make.__name__}.json").write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    main()
