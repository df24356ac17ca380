#!/usr/bin/env python3
"""Makes test/golden/explain/faithfulness.json: what measures of faithfulness are of attributions of tokens.

F is asked of transformers in float64, one input at a time. The measures follow their papers' own code and share
nothing with the library: ERASER's metrics.py (comprehensiveness and sufficiency at shares of the tokens, their
means over shares, tokens to flip), RISE's auc, and for the best and worst order every permutation of short inputs,
for longer ones the lightest and heaviest way through all subsets (networkx).

usage: make_faithfulness.py CLASSIFY_FOLDER TARGET_FILE
"""

from __future__ import annotations

import itertools
import json
import math
import random
import sys
from functools import lru_cache
from pathlib import Path

import networkx
import numpy as np
import torch
import transformers
from transformers import AutoModelForSequenceClassification, AutoTokenizer

SHARES = [0.01, 0.05, 0.1, 0.2, 0.5]
CASES = [
    ("sentiment", "the cat sits outside", None, "logit"),
    ("roberta_prelayernorm", "the cat sits", None, "probability"),
    ("topics", "the new movie is awesome", None, "probability"),
    ("megatron_bert", "the cat plays", "a woman watches", "margin"),
    ("megatron_bert", "a man is playing the new guitar and sings", None, "margin"),
    ("inference", "a man plays", "the movie", "probability"),
]


class Explained:
    def __init__(self, folder: Path, text: str, pair: str | None, value: str):
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float64).eval()
        given = self.tokenizer(text, pair, return_special_tokens_mask=True)
        special = given.pop("special_tokens_mask")
        self.inputs = {key: torch.tensor([ids]) for key, ids in given.items()}
        self.places = [i for i, mark in enumerate(special) if not mark]
        self.value = value
        self.several = self.model.config.problem_type == "multi_label_classification"
        self.target, self.against = self.logits(self.whole()).argsort()[::-1][:2].tolist()

    def whole(self) -> frozenset[int]:
        return frozenset(range(len(self.places)))

    @lru_cache(maxsize=None)
    def _logits(self, present: frozenset[int]) -> tuple[float, ...]:
        inputs = dict(self.inputs)
        ids = inputs["input_ids"].clone()
        for unit, place in enumerate(self.places):
            if unit not in present:
                ids[0, place] = self.tokenizer.mask_token_id
        with torch.no_grad():
            return tuple(self.model(**(inputs | {"input_ids": ids})).logits[0].tolist())

    def logits(self, present: frozenset[int]) -> np.ndarray:
        return np.array(self._logits(present))

    def probability(self, present: frozenset[int]) -> float:
        logits = self.logits(present)
        if self.several:
            return float(1 / (1 + np.exp(-logits[self.target])))
        return float(np.exp(logits[self.target]) / np.exp(logits).sum())

    def f(self, present: frozenset[int]) -> float:
        logits = self.logits(present)
        if self.value == "probability":
            return self.probability(present)
        return float(logits[self.target] - (logits[self.against] if self.value == "margin" else 0))

    def says_target(self, present: frozenset[int]) -> bool:
        logits = self.logits(present)
        return bool(logits[self.target] > 0 if self.several else logits.argmax() == self.target)


def auc(values: np.ndarray) -> float:
    """RISE's: the trapezoids over equal steps."""
    return float((values.sum() - values[0] / 2 - values[-1] / 2) / (len(values) - 1))


def bounds(x: Explained) -> tuple[float, float]:
    """AOPC of the worst and the best order."""
    count = len(x.places)
    if count <= 7:
        sums = []
        for order in itertools.permutations(range(count)):
            sums.append(np.mean([x.f(x.whole()) - x.f(frozenset(order[k:])) for k in range(1, count + 1)]))
        return float(min(sums)), float(max(sums))
    ways = networkx.DiGraph()
    for size in range(count, 0, -1):
        for kept in itertools.combinations(range(count), size):
            for unit in kept:
                less = frozenset(kept) - {unit}
                fall = x.f(x.whole()) - x.f(less)
                ways.add_edge(frozenset(kept), less, weight=fall, back=-fall)
    low = networkx.bellman_ford_path_length(ways, x.whole(), frozenset(), weight="weight")
    high = -networkx.bellman_ford_path_length(ways, x.whole(), frozenset(), weight="back")
    return low / count, high / count


def measure(x: Explained, numbers: list[float], low: float, high: float) -> dict:
    count = len(numbers)
    order = sorted(range(count), key=lambda unit: (-numbers[unit], unit))
    whole = x.f(x.whole())
    without = [frozenset(order[k:]) for k in range(count + 1)]
    alone = [frozenset(order[:k]) for k in range(count + 1)]
    deletion = np.array([x.f(present) for present in without])
    insertion = np.array([x.f(present) for present in alone])
    sizes = [math.ceil(round(share * count, 9)) for share in SHARES]
    comprehensiveness = [whole - deletion[k] for k in sizes]
    sufficiency = [whole - insertion[k] for k in sizes]
    log_odds = [math.log(x.probability(without[k]) / x.probability(x.whole())) for k in sizes]
    flip = next((k for k in range(count + 1) if x.says_target(without[k]) != x.says_target(without[0])), 0)
    aopc = float(np.mean([whole - deletion[k] for k in range(1, count + 1)]))
    # Sufficiency of an order over all k, and of the orders that bound it: those of the bounds, reversed.
    total = float(np.mean([whole - insertion[k] for k in range(1, count + 1)]))
    nothing = (whole - x.f(frozenset())) / count
    return {
        "units": numbers, "deletion_curve": deletion.tolist(), "insertion_curve": insertion.tolist(),
        "comprehensiveness_at": comprehensiveness, "sufficiency_at": sufficiency, "log_odds_at": log_odds,
        "flip_units": flip,
        "measures": {
            "comprehensiveness": float(np.average(comprehensiveness)), "sufficiency": float(np.average(sufficiency)),
            "log-odds": float(np.average(log_odds)), "aopc": aopc,
            "normal-comprehensiveness": (aopc - low) / (high - low),
            "normal-sufficiency": (total - (low - nothing)) / (high - low),
            "deletion": auc(deletion), "insertion": auc(insertion), "flip": flip / count if flip else 1.0,
        },
    }


def main() -> None:
    folder, target = Path(sys.argv[1]), Path(sys.argv[2])
    torch.set_num_threads(1)
    cases = []
    for number, (name, text, pair, value) in enumerate(CASES):
        x = Explained(folder / name, text, pair, value)
        draw = random.Random(number)
        low, high = bounds(x)
        count = len(x.places)
        attributions = [[draw.gauss(0, 1) for _ in range(count)], [draw.choice([-1.0, 0.0, 1.0]) for _ in range(count)]]
        cases.append({
            "model": name, "text": text, "pair": pair or "", "value": value, "target": x.target, "against": x.against,
            "scale": float(np.abs(x.logits(x.whole())).max()), "whole": x.f(x.whole()), "lowest": low, "highest": high,
            "attributions": [measure(x, numbers, low, high) for numbers in attributions],
        })
        print(name, count, low, high, [a['flip_units'] for a in cases[-1]['attributions']])
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "numpy": np.__version__,
                "networkx": networkx.__version__}
    target.write_text(json.dumps({"versions": versions, "cases": cases}, ensure_ascii=True, indent=0) + "\n")


if __name__ == "__main__":
    main()
