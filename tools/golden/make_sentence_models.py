#!/usr/bin/env python3
"""Makes test/golden/sentence: tiny sentence-transformers folders with random weights and a small
vocabulary of our own, and the embeddings that sentence-transformers' encode() gives for a list of
texts (in float64 where nothing rounds earlier).

usage: make_sentence_models.py TARGET_FOLDER [NAME ...]
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import longformer
import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer, models
from sentence_transformers.models import Dense, LayerNorm, Normalize, Pooling, Transformer
from token_tasks import SETTINGS, TEXTS, leave_old_files, make_tokenizer, vary
from transformers import CONFIG_MAPPING, MODEL_MAPPING

SPREAD = 0.3


@dataclass
class Variant:
    name: str
    pooling: dict = field(default_factory=lambda: dict(pooling_mode="mean"))
    after: list[str] = field(default_factory=list)
    length: int = 24
    lower: bool = False
    cased: bool = False
    prompts: dict[str, str] = field(default_factory=dict)
    default_prompt: str | None = None
    include_prompt: bool = True
    family: str = "bert"
    old: bool = False  # no tokenizer.json; weights under which texts get different vectors


VARIANTS = [
    Variant("mean", after=["normalize"]),
    Variant("cls", dict(pooling_mode="cls")),
    Variant("max", dict(pooling_mode="max")),
    Variant("mean_sqrt_len", dict(pooling_mode="mean_sqrt_len_tokens")),
    Variant("weightedmean", dict(pooling_mode="weightedmean")),
    Variant("lasttoken", dict(pooling_mode="lasttoken")),
    Variant("several", dict(pooling_mode_cls_token=True, pooling_mode_max_tokens=True,
                            pooling_mode_mean_tokens=True, pooling_mode_lasttoken=True)),
    Variant("dense", after=["dense_tanh", "normalize"]),
    Variant("dense_identity", after=["dense_identity"]),
    Variant("layer_norm", after=["layer_norm", "normalize"]),
    Variant("prompts", after=["normalize"], prompts={"query": "query: ", "passage": "passage: "},
            default_prompt="query"),
    Variant("without_prompt", prompts={"query": "search for: "}, include_prompt=False),
    Variant("short", length=8),
    Variant("lower", cased=True, lower=True),
    Variant("cased", cased=True),
    Variant("roberta", after=["normalize"], family="roberta"),
    Variant("distilbert", family="distilbert"),
    Variant("electra", dict(pooling_mode="cls"), family="electra"),
    Variant("albert", family="albert"),
    Variant("longformer", length=40, family="longformer"),
    Variant("rembert", after=["normalize"], old=True, family="rembert"),
    Variant("megatron_bert", dict(pooling_mode="cls"), old=True, family="megatron-bert"),
    Variant("roberta_prelayernorm", old=True, family="roberta-prelayernorm"),
    Variant("mpnet", after=["normalize"], old=True, family="mpnet"),
    Variant("deberta_v2", length=40, old=True, family="deberta-v2"),
    Variant("xlm_roberta_xl", after=["normalize"], old=True, family="xlm-roberta-xl"),
]


def make_encoder(variant: Variant, folder: Path) -> Transformer:
    folder.mkdir(parents=True)
    tokenizer = make_tokenizer(variant.name, variant.family, folder, variant.cased)
    torch.manual_seed(3)
    config = CONFIG_MAPPING[variant.family](vocab_size=len(tokenizer), **SETTINGS[variant.family])
    model = MODEL_MAPPING[type(config)](config)
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * SPREAD
    if variant.old:
        vary(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if variant.old:
        leave_old_files(folder)
    return Transformer(str(folder), max_seq_length=variant.length, do_lower_case=variant.lower)


def make_modules(variant: Variant, width: int) -> list[torch.nn.Module]:
    modules: list[torch.nn.Module] = []
    for name in variant.after:
        if name == "normalize":
            modules.append(Normalize())
            continue
        if name == "layer_norm":
            module: torch.nn.Module = LayerNorm(width)
        else:
            activation = torch.nn.Tanh() if name == "dense_tanh" else torch.nn.Identity()
            module = Dense(width, 10, activation_function=activation)
        for parameter in module.parameters():
            parameter.data = torch.randn_like(parameter) * SPREAD
        modules.append(module)
    return modules


def forget_path(config: Path) -> None:
    """The configuration remembers where the encoder was made; nobody else has to."""
    values = json.loads(config.read_text())
    del values["_name_or_path"]
    config.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n")


def main() -> None:
    target, wanted = Path(sys.argv[1]), sys.argv[2:]
    longformer.soften_in_double()
    for variant in VARIANTS:
        if wanted and variant.name not in wanted:
            continue
        folder = target / variant.name
        shutil.rmtree(folder, ignore_errors=True)
        encoder = make_encoder(variant, folder / "encoder")
        width = encoder.get_word_embedding_dimension()
        pooling = Pooling(width, include_prompt=variant.include_prompt, **variant.pooling)
        modules = make_modules(variant, pooling.get_sentence_embedding_dimension())
        model = SentenceTransformer(modules=[encoder, pooling, *modules], device="cpu",
                                    prompts=variant.prompts or None,
                                    default_prompt_name=variant.default_prompt)
        model.save(str(folder), create_model_card=False, safe_serialization=True)
        shutil.rmtree(folder / "encoder")
        forget_path(folder / "config.json")
        if variant.old:
            leave_old_files(folder)
        model.double()
        golden = {"embeddings": torch.tensor(model.encode(TEXTS, batch_size=1))}
        for name in variant.prompts:
            golden[f"embeddings.{name}"] = torch.tensor(model.encode(TEXTS, prompt_name=name, batch_size=1))
        save_file(golden, folder / "golden.safetensors")
    (target / "texts.json").write_text(json.dumps(TEXTS, ensure_ascii=True, indent=0) + "\n")


if __name__ == "__main__":
    main()
