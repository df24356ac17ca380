#!/usr/bin/env python3
"""Makes test/golden/curves.json: the losses of 50 steps of AdamW on the golden models of every family,
as PyTorch computes them in float64 without dropout.

Each step is over all sequences of the golden file, each run alone, so nothing is padded. Matrices decay,
biases and norms do not; gradients are clipped to 1; the rate warms up for 5 steps and then falls to 0.

usage: make_curves.py test/golden/models test/golden/curves.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification, get_linear_schedule_with_warmup

import longformer
import make_models

NAMES = ("base", "relative_key", "roberta", "xlm_roberta", "camembert", "distilbert", "albert", "albert_groups",
         "electra", "mpnet", "fnet", "longformer", "deberta", "deberta_v3", "deberta_convolved", "modernbert")
STEPS, WARMUP, RATE = 50, 5, 2e-3


def curve_of(folder: Path) -> list[float]:
    model = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager").double()
    model.eval()
    golden = load_file(folder / "golden.safetensors")
    offsets = golden["offsets"].tolist()
    types_known = getattr(model.config, "type_vocab_size", None)
    decays = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in model.parameters() if p.requires_grad and p.ndim < 2]
    optimizer = torch.optim.AdamW([{"params": decays, "weight_decay": 0.01},
                                   {"params": others, "weight_decay": 0.0}], lr=RATE)
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    losses = []
    for _ in range(STEPS):
        logits = []
        for begin, end in zip(offsets, offsets[1:]):
            given = {"input_ids": golden["input_ids"][None, begin:end]}
            if types_known:
                given["token_type_ids"] = golden["token_type_ids"][None, begin:end]
            logits.append(model(**given).logits)
        loss = make_models.loss_of(torch.cat(logits), golden["labels"])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decays + others, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def main() -> None:
    models, target = Path(sys.argv[1]), Path(sys.argv[2])
    make_models.norm_in_double()
    longformer.soften_in_double()
    curves = json.loads(target.read_text()) if target.exists() else {}
    for name in sys.argv[3:] or NAMES:
        if not (models / name).exists():
            print(f"no {name}", file=sys.stderr)
            continue
        try:
            make_models.turn_in_double()
        except ImportError:
            pass
        try:
            curves[name] = curve_of(models / name)
        except (ValueError, KeyError) as error:
            print(f"{name}: {error}", file=sys.stderr)
    target.write_text(json.dumps(curves, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
