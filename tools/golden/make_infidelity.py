#!/usr/bin/env python3
"""Makes test/golden/explain/infidelity.json: captum's infidelity and sensitivity_max of golden models in float64.
An input is the presence of its units, so that the perturbations are the exported masks; for sensitivity it is
the words' embeddings, whose perturbations are those that base/draw.c draws.

Needs: pip install torch==2.15.0 transformers==4.57.6 captum==0.9.0

usage: make_infidelity.py test/golden test/golden/explain
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from unittest import mock

import torch
from captum.attr import InputXGradient, IntegratedGradients, Saliency
from captum.metrics import infidelity, sensitivity_max

from explained import PURPOSES, Case, Explained, philox

MASKS, SAMPLES, RADIUS, SEED, STEPS = 12, 3, 0.02, 5, 50
CASES = [
    Case("classify/inference", "labels", "The cat sits outside.", pair="A cat is in the garden", target=1),
    Case("classify/rembert", "labels", "The cat plays", value="margin", target=1, against=0),
    Case("tag/pieces", "tags", "He drove to the stadium today", place=(16, 23)),
    Case("answer/pieces", "answer", "Where does Evan live?", pair="Evan lives in the garden", place=(14, 24)),
]


def draw_unit(thing: int, element: int) -> float:
    word = philox([thing, PURPOSES["noise"] << 24, element, 0], [SEED, 0])
    return (word[0] << 32 | word[1]) >> 11


def shifts(case: Explained, plain: torch.Tensor) -> torch.Tensor:
    """[samples, tokens, width]; tokens that belong to no unit stay."""
    made = torch.zeros(SAMPLES, *plain.shape[1:])
    for sample in range(SAMPLES):
        for token in case.units:
            for column in range(plain.shape[2]):
                unit = draw_unit(sample, token * plain.shape[2] + column) * 2.0**-53
                made[sample, token, column] = RADIUS * (2 * unit - 1)
    return made


def measure_infidelity(case: Explained, attribution: torch.Tensor, masks: torch.Tensor) -> list[float]:
    def forward(present: torch.Tensor) -> torch.Tensor:
        ids = case.ids.repeat(len(present), 1)
        ids[:, case.units] = torch.where(present > 0.5, ids[:, case.units], case.absent)
        return case.forward(ids)

    def perturb(present: torch.Tensor):
        return 1 - masks, masks

    return [infidelity(forward, perturb, torch.ones(1, masks.shape[1]), attribution[None], n_perturb_samples=MASKS,
                       normalize=scaled).item() for scaled in (False, True)]


def occlude(case: Explained, embeddings: torch.Tensor) -> torch.Tensor:
    parts = []
    for token in case.units:
        without = embeddings.clone()
        without[:, token] = case.words(torch.tensor(case.absent))
        parts.append(case.forward(embeddings=embeddings) - case.forward(embeddings=without))
    return torch.stack(parts, -1)


def measure_sensitivity(case: Explained, plain: torch.Tensor) -> dict[str, float]:
    def forward(embeddings: torch.Tensor) -> torch.Tensor:
        return case.forward(embeddings=embeddings)

    def of_units(kind, given, **how):
        return kind(forward).attribute(given.detach().requires_grad_(), **how)[:, case.units]

    def summed(kind, **how):
        return lambda given: of_units(kind, given, **how).sum(-1)

    methods = {
        "saliency": lambda given: of_units(Saliency, given, abs=False).norm(dim=-1),
        "input-x-gradient": summed(InputXGradient),
        "integrated-gradients": summed(IntegratedGradients, baselines=case.words(case.nothing).detach(), n_steps=STEPS,
                                       method="gausslegendre"),
        "occlusion": lambda given: occlude(case, given),
    }
    moved = shifts(case, plain)
    whole = mock.patch.object(torch.Tensor, "float", torch.Tensor.double)  # captum rounds weights of steps

    def measured(explain) -> float:
        def one_by_one(given):
            given = given[0] if isinstance(given, tuple) else given
            with torch.enable_grad(), whole:
                return (torch.cat([explain(row[None]).detach() for row in given]),)

        return sensitivity_max(one_by_one, plain, perturb_func=lambda given: given + moved,
                               n_perturb_samples=SAMPLES).item()

    return {name: measured(explain) for name, explain in methods.items()}


def measure(root: Path, wanted: Case, number: int) -> dict:
    case, draw = Explained(root, wanted), random.Random(number)
    count = len(case.units)
    masks = torch.tensor([[float(draw.random() < 0.5) for _ in range(count)] for _ in range(MASKS)])
    attribution = torch.tensor([draw.uniform(-1, 1) for _ in range(count)])
    told = {"value_of": wanted.value} | {k: v for k, v in vars(wanted).items() if k != "value" and v not in ("", None)}
    told |= {"tokens": case.ids[0].tolist(), "masks": masks.int().tolist(), "attribution": attribution.tolist()}
    with torch.no_grad():
        told["infidelity"] = measure_infidelity(case, attribution, masks)
    return told | measure_sensitivity(case, case.words(case.ids).detach())


def main() -> None:
    root, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    lines = ",\n".join(json.dumps(measure(root, case, i), separators=(",", ":")) for i, case in enumerate(CASES))
    versions = json.dumps({"torch": torch.__version__.split("+")[0], "captum": "0.9.0", "transformers": "4.57.6"})
    (target / "infidelity.json").write_text(
        f'{{"versions":{versions},"samples":{SAMPLES},"radius":{RADIUS},"seed":{SEED},"cases":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
