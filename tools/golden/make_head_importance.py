#!/usr/bin/env python3
"""Makes test/golden/explain/heads.json: how much the heads of attention of golden models matter, by
transformers' head_mask in float64: the slope of F over a head's factor (Michel, Levy, Neubig 2019), and F less F
with the head, or all of a layer, at zero.

Needs: pip install torch==2.15.0 transformers==4.57.6 (5 has no head_mask)

usage: make_head_importance.py test/golden test/golden/explain
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch

from explained import Case, Explained

CASES = [
    Case("classify/sentiment", "labels", "The cat sits outside and plays guitar."),
    Case("classify/inference", "labels", "The cat sits outside.", pair="A cat is in the garden", target=1),
    Case("classify/one", "labels", "I love pasta", value="probability", target=0),
    Case("classify/megatron_bert", "labels", "A woman watches TV", pair="The new movie", value="margin", target=0,
         against=2),
    Case("classify/rembert", "labels", "The cat plays", value="probability", target=1),
    Case("tag/bytes", "tags", "the cat sits outside", value="margin", target=1, against=0, place=(4, 7)),
    Case("answer/pieces", "answer", "Where does Evan live?", pair="Evan lives in the garden", place=(14, 24)),
    Case("fill/pieces", "words", "The cat [MASK] outside today"),
]


def weigh(root: Path, wanted: Case) -> dict:
    case = Explained(root, wanted)
    config = case.model.config

    def value(factors: torch.Tensor) -> torch.Tensor:
        return case.read(case.model(input_ids=case.ids, head_mask=factors, **case.given))[0]

    ones = torch.ones(config.num_hidden_layers, config.num_attention_heads, requires_grad=True)
    value(ones).backward()
    told = {"value_of": wanted.value} | {k: v for k, v in vars(wanted).items() if k != "value" and v not in ("", None)}
    with torch.no_grad():
        whole = value(ones)
        told |= {"tokens": case.ids[0].tolist(), "value": whole.item(), "gradient": ones.grad.flatten().tolist(),
                 "gradient of layers": ones.grad.sum(1).tolist()}
        masked, layers = [], []
        for layer in range(ones.shape[0]):
            for head in range(ones.shape[1]):
                factors = ones.detach().clone()
                factors[layer, head] = 0
                masked.append((whole - value(factors)).item())
            factors = ones.detach().clone()
            factors[layer] = 0
            layers.append((whole - value(factors)).item())
    return told | {"masking": masked, "masking of layers": layers}


def main() -> None:
    root, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    lines = ",\n".join(json.dumps(weigh(root, case), separators=(",", ":")) for case in CASES)
    versions = json.dumps({"torch": torch.__version__.split("+")[0], "transformers": "4.57.6"})
    (target / "heads.json").write_text(f'{{"versions":{versions},"cases":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
