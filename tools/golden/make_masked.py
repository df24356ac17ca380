#!/usr/bin/env python3
"""Makes test/golden/masked: golden models with some of their heads of attention masked or weighed.

NAME.safetensors holds the factors of all heads ("factors", [layers, heads]), the last hidden states of the
texts of golden.safetensors, and the gradient of the factors for the loss sum(states * weights), whose weights are
cos(0, 1, 2, ...) in the order of the numbers. float64. (ALBERT's layers of a group all take the factors of the
group's first one there.)

Needs: pip install torch==2.15.0 transformers==4.57.6 (5 has no head_mask)

usage: make_masked.py test/golden/models test/golden/masked
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel

import longformer
import make_models

NAMES = ["base", "roberta", "distilbert", "albert", "electra", "mpnet", "longformer"]


def run(folder: Path, target: Path) -> None:
    model = AutoModel.from_pretrained(folder, attn_implementation="eager").double().eval()
    golden = load_file(folder / "golden.safetensors")
    layers, heads = model.config.num_hidden_layers, model.config.num_attention_heads
    generator = torch.Generator().manual_seed(3)
    factors = torch.rand(layers, heads, generator=generator).float().double()
    factors[torch.rand(layers, heads, generator=generator) < 0.3] = 0
    factors.requires_grad_(True)
    types = bool(getattr(model.config, "type_vocab_size", None))
    offsets, rows = golden["offsets"].tolist(), []
    for begin, end in zip(offsets, offsets[1:]):
        given = {"input_ids": golden["input_ids"][None, begin:end], "head_mask": factors}
        if types:
            given["token_type_ids"] = golden["token_type_ids"][None, begin:end]
        if model.config.model_type == "longformer":  # as its head of labels wants it
            given["global_attention_mask"] = torch.eye(1, end - begin, dtype=torch.int64)
        rows.append(model(**given).last_hidden_state[0])
    states = torch.cat(rows)
    weights = torch.cos(torch.arange(states.numel(), dtype=torch.float64)).view_as(states)
    (states * weights).sum().backward()
    save_file({"factors": factors.detach(), "states": states.detach().contiguous(), "gradient": factors.grad},
              target / f"{folder.name}.safetensors")


def main() -> None:
    models, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    make_models.norm_in_double()
    longformer.soften_in_double()
    for name in NAMES:
        run(models / name, target)
        print(name)


if __name__ == "__main__":
    main()
