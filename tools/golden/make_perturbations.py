#!/usr/bin/env python3
"""Makes test/golden/explain/perturbations.json: what shap and lime themselves say about golden models, whose words
are masked as token ids (or removed), in float64.

shap's and lime's own code computes; where they draw at random, they are given the numbers that base/draw.c draws,
so that sampled values can be compared, too. The sets of words they ask about are then the same.

Needs: pip install -r requirements-new.txt shap==0.51.0 lime==0.2.0.1 scipy

usage: make_perturbations.py test/golden
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import scipy.stats
import shap
import torch
import transformers
from explained import PURPOSES, Case, Explained, philox
from lime.lime_base import LimeBase
from sklearn.metrics.pairwise import pairwise_distances

LONG = ("The new movie is awesome, and the cat plays in the garden. A woman watches TV: do you like pizza, "
        "or is it so sunny outside? One, two, three cats & dogs.")
CASES = [
    Case("classify/rembert", "labels", "The new movie is so great, I love it"),
    Case("classify/roberta_prelayernorm", "labels", "A man is playing the guitar. Do you like pizza?"),
    Case("classify/topics", "labels", "A man is playing guitar", value="probability"),
    Case("classify/megatron_bert", "labels", "A man is playing", "The cat sits outside and plays"),
    Case("classify/xlm_roberta_xl", "labels", "I love pasta", "The new movie is so great", value="margin", target=0,
         against=1),
    Case("classify/rembert", "labels", "The cat plays in the garden", absence="removed"),
    Case("classify/topics", "labels", LONG),
]
FEW = 12  # words of which all sets are asked about
ROUND = 32  # sets that Partition asks about at once


class Words:
    """F as a function of which words are present."""

    def __init__(self, root: Path, case: Case) -> None:
        self.explained = Explained(root, case)
        pair = case.pair or None
        given = self.explained.tokenizer(case.text, pair)
        sides, words = given.sequence_ids(), given.word_ids()
        keys = [None if side is None else (side, word) for side, word in zip(sides, words)]
        self.names = list(dict.fromkeys(key for key in keys if key is not None))
        self.of_token = np.array([-1 if key is None else self.names.index(key) for key in keys])
        self.removed, self.known = case.absence == "removed", {}

    def ask(self, masks: np.ndarray) -> torch.Tensor:
        present = torch.tensor(np.concatenate([masks, np.ones((len(masks), 1), bool)], 1))[:, self.of_token]
        ids = self.explained.ids.expand(len(masks), -1)
        if self.removed:
            return torch.cat([self.ask_shorter(row) for row in present])
        return self.explained.forward(torch.where(present, ids, self.explained.tokenizer.mask_token_id))

    def ask_shorter(self, present: torch.Tensor) -> torch.Tensor:
        given = self.explained.given
        self.explained.given = {name: value[:, present] for name, value in given.items()}
        found = self.explained.forward(self.explained.ids[:, present])
        self.explained.given = given
        return found

    def __call__(self, masks: np.ndarray) -> np.ndarray:
        masks = np.asarray(masks) > 0.5
        new = list(dict.fromkeys(key for key in map(tuple, masks.tolist()) if key not in self.known))
        for i in range(0, len(new), 256):
            part = new[i : i + 256]
            self.known.update(zip(part, self.ask(np.array(part)).tolist()))
        return np.array([self.known[key] for key in map(tuple, masks.tolist())])


class Draws:
    """base/draw.c for CZ_DRAW_UNITS."""

    def __init__(self, seed: int, epoch: int) -> None:
        self.seed, self.epoch = seed, epoch

    def unit(self, thing: int, element: int) -> float:
        high, low, _, _ = philox([thing, PURPOSES["units"] << 24, element, self.epoch],
                                 [self.seed & 0xFFFFFFFF, self.seed >> 32])
        return ((high << 32 | low) >> 11) * 2.0**-53

    def order(self, count: int) -> np.ndarray:
        items = list(range(count))
        for i in range(count, 1, -1):
            other = int(self.unit(i, 0) * i)
            items[i - 1], items[other] = items[other], items[i - 1]
        return np.array(items)


# ---- the methods ----

def exact(words: Words, units: int) -> dict:
    masker = shap.maskers.Independent(np.zeros((1, units)))
    values = shap.ExactExplainer(words, masker)(np.ones((1, units)), silent=True).values[0]
    return {"method": "shapley", "units": values.tolist(), "spread": [0.0] * units}


def permutations(words: Words, units: int, pairs: int, seed: int) -> dict:
    orders = iter([Draws(seed, pair).order(units) for pair in range(pairs)])
    rows = []
    masker = shap.maskers.Independent(np.zeros((1, units)))
    for order in orders:
        def shuffle(items: np.ndarray) -> None:
            items[:] = order
        with mock.patch.object(np.random, "shuffle", shuffle):
            explainer = shap.PermutationExplainer(words, masker)
            rows.append(explainer(np.ones((1, units)), max_evals=2 * units + 1, silent=True).values[0])
    rows = np.array(rows)
    reach = scipy.stats.t.ppf(0.975, pairs - 1) / math.sqrt(pairs)
    return {"method": "shapley", "samples": pairs, "seed": seed, "units": rows.mean(0).tolist(),
            "spread": (reach * rows.std(0, ddof=1)).tolist()}


def kernel(words: Words, units: int, samples: int | str, seed: int) -> dict:
    state = {"draw": -1}

    def choice(_count: int, size: int, p: np.ndarray) -> np.ndarray:
        ends = np.cumsum(p)
        at = [Draws(seed, i).unit(0, 1) for i in range(size)]
        return np.minimum(np.searchsorted(ends, at, side="right"), len(p) - 1)

    def permutation(count: int) -> np.ndarray:
        state["draw"] += 1
        return Draws(seed, state["draw"]).order(count)

    with mock.patch.object(np.random, "choice", choice), mock.patch.object(np.random, "permutation", permutation):
        explainer = shap.KernelExplainer(words, np.zeros((1, units)))
        values = explainer.shap_values(np.ones(units), nsamples=samples, l1_reg=False, silent=True)
    return {"method": "kernel-shap", "samples": 0 if samples == "auto" else samples, "seed": seed,
            "units": values.tolist(), "runs": explainer.nsamplesAdded + 1}


def tree(words: Words, units: int) -> np.ndarray:
    """The text and the pair, then halves, as scipy's matrix of merges."""
    merges: list[list[float]] = []

    def join(first: int, count: int) -> int:
        if count == 1:
            return first
        sides = [side for side, _ in words.names[first : first + count]]
        left = sides.index(1) if sides[0] != sides[-1] else count // 2
        halves = join(first, left), join(first + left, count - left)
        merges.append([*halves, count / units, count])
        return units + len(merges) - 1

    join(0, units)
    return np.array(merges, dtype=float)


def partition(words: Words, units: int, budget: int) -> dict:
    masker = shap.maskers.Partition(np.zeros((1, units)), clustering=tree(words, units))
    explainer = shap.PartitionExplainer(words, masker)
    found = explainer(np.ones((1, units)), max_evals=budget or 500, batch_size=ROUND, silent=True)
    return {"method": "partition-shap", "samples": budget, "units": found.values[0].tolist(),
            "runs": explainer.last_eval_count + 1}


def explain_lime(words: Words, units: int, samples: int, seed: int) -> dict:
    data = np.ones((samples or 5000, units))
    for i in range(1, len(data)):
        draws = Draws(seed, i)
        data[i, draws.order(units)[: 1 + int(draws.unit(0, 1) * units)]] = 0
    distances = pairwise_distances(data, data[:1], metric="cosine").ravel() * 100
    base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / 25**2)))
    intercept, values, fit, _ = base.explain_instance_with_data(
        data, words(data)[:, None], distances, 0, units, feature_selection="none")
    return {"method": "lime", "samples": samples, "seed": seed, "units": [value for _, value in sorted(values)],
            "intercept": float(intercept), "fit": float(fit)}


def explain(root: Path, case: Case) -> dict:
    words = Words(root, case)
    units = len(words.names)
    runs = []
    if units <= FEW:
        runs += [exact(words, units), partition(words, units, 10 * units * units), partition(words, units, 30)]
        runs += [permutations(words, units, 20, 3), kernel(words, units, 2**units - 2, 0)]
        runs += [kernel(words, units, 4 * units + 7, 1), explain_lime(words, units, 200, 5)]
        if units == FEW:
            # Exactly the sets of one and two words, and those without them: nothing is drawn.
            runs.append(kernel(words, units, units * (units + 1), 0))
    else:
        runs += [partition(words, units, 0), kernel(words, units, "auto", 11), explain_lime(words, units, 0, 7),
                 permutations(words, units, 50, 2)]
    values = list(words.known.values())
    return {"model": case.model, "text": case.text, "pair": case.pair, "value": case.value, "target": case.target,
            "against": case.against, "absence": case.absence, "whole": float(words(np.ones((1, units)))[0]),
            "nothing": float(words(np.zeros((1, units)))[0]), "range": max(values) - min(values), "runs": runs}


def main() -> None:
    root = Path(sys.argv[1])
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "shap": shap.__version__,
                "lime": "0.2.0.1", "numpy": np.__version__}
    with torch.no_grad():
        found = {"versions": versions, "cases": [explain(root, case) for case in CASES]}
    (root / "explain").mkdir(exist_ok=True)
    (root / "explain" / "perturbations.json").write_text(json.dumps(found, indent=0) + "\n")


if __name__ == "__main__":
    main()
