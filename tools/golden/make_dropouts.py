#!/usr/bin/env python3
"""Makes test/golden/dropouts.json: which numbers the tiny models of make_models.py drop when they learn,
in order, with another probability for every setting. The newer transformers of requirements-new.txt
changes in the file what is ModernBERT's, the other one the rest.

usage: make_dropouts.py TARGET_FILE
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch
from transformers import CONFIG_MAPPING

from make_models import PAIR_LENGTHS, VARIANTS, Variant, make_model, settings_of

SETTINGS = {
    "hidden_dropout_prob": 0.25, "dropout": 0.25, "embedding_dropout": 0.25,
    "attention_probs_dropout_prob": 0.125, "attention_dropout": 0.125, "mlp_dropout": 0.0625,
    "classifier_dropout": 0.375, "classifier_dropout_prob": 0.375, "cls_dropout": 0.375,
    "seq_classif_dropout": 0.375, "summary_last_dropout": 0.4375, "qa_dropout": 0.5, "pooler_dropout": 0.1875,
}
WITHOUT_HEADS = ("labels3", "longformer", "deberta_v3", "deberta_convolved", "deberta", "fnet", "roberta", "mpnet",
                 "electra", "distilbert", "albert", "modernbert", "rembert", "megatron_bert", "roberta_prelayernorm",
                 "xlm_roberta_xl", "albert_groups_inner", "modernbert_biased")
seen: list[float] = []


def listen() -> None:
    """Every way in which transformers drops: the function, attention's own, DeBERTa's module."""
    plain, attend = torch.nn.functional.dropout, getattr(torch.nn.functional, "scaled_dot_product_attention", None)

    def dropout(x, p=0.5, training=True, inplace=False):
        seen.append(p)
        return plain(x, p, training, inplace)

    def attention(*given, dropout_p=0.0, **more):
        seen.append(dropout_p)
        return attend(*given, dropout_p=dropout_p, **more)

    torch.nn.functional.dropout = dropout
    torch.nn.functional.scaled_dot_product_attention = attention


def listen_to_modules(model) -> None:
    for module in model.modules():
        if type(module).__name__ == "StableDropout":
            module.register_forward_pre_hook(lambda module, given: seen.append(module.drop_prob))


def drops_of(variant: Variant) -> list[float]:
    known = CONFIG_MAPPING[variant.family](**settings_of(variant)).to_dict()
    stated = {key: value for key, value in SETTINGS.items() if key in known or key == "cls_dropout"}
    model = make_model(replace(variant, config=variant.config | stated)).train()
    listen_to_modules(model)
    ids = torch.randint(3, 30, (1, variant.lengths[-1]))
    if variant.lengths == PAIR_LENGTHS:
        ids[0, [3, 4, -1]] = 2
    seen.clear()
    model(input_ids=ids[None] if variant.head == "choice" else ids)
    return [p for p in seen if p]


def main() -> None:
    target = Path(sys.argv[1])
    models = json.loads(target.read_text())["models"] if target.exists() else {}
    listen()
    newer = "modernbert" in CONFIG_MAPPING
    for variant in VARIANTS:
        wanted = variant.name in WITHOUT_HEADS or variant.name.startswith("head_")
        if wanted and newer == (variant.family == "modernbert"):
            models[variant.name] = drops_of(variant)
    lines = [f"{json.dumps(name)}: {json.dumps(models[name])}" for name in sorted(models)]
    settings = json.dumps(SETTINGS, indent=1)
    target.write_text('{"settings": ' + settings + ',\n"models": {\n' + ",\n".join(lines) + "}}\n")


if __name__ == "__main__":
    main()
