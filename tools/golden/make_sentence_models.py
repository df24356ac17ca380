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

import torch
from safetensors.torch import save_file
from sentence_transformers import SentenceTransformer, models
from sentence_transformers.models import Dense, LayerNorm, Normalize, Pooling, Transformer
from tokenizers import ByteLevelBPETokenizer
from transformers import CONFIG_MAPPING, MODEL_MAPPING, BertTokenizerFast, DistilBertTokenizerFast, RobertaTokenizerFast

SPREAD = 0.3
WORDS = (
    "the a an cat dog sits sit outside inside man woman is are playing plays play guitar i love "
    "pasta pizza new movie awesome great garden in watches tv so do you like what weather lovely "
    "today it s sunny he drove to stadium query passage search for : . , ? ! ' - one two three"
).split()
PIECES = ["##s", "##ing", "##ed", "##er", "##ly", "##a", "##b", "##c", "##d", "##e", "##g", "##i",
          "##l", "##m", "##n", "##o", "##r", "##t", "##u", "##y"]
TEXTS = [
    "The cat sits outside", "A man is playing guitar", "I love pasta", "The new movie is awesome",
    "The cat plays in the garden", "A woman watches TV", "The new movie is so great",
    "Do you like pizza?", "", "   ", "cat", "\tIt's so sunny outside!  ", "CAT Dog LOVELY",
    "caf\u00e9 \u4e2d\u6587 unknown\u2014words", "the " * 40 + "end of a long text",
    "one, two, three: cats & dogs.",
]


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
]
SIZES = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
             max_position_embeddings=64)
SETTINGS = {
    "bert": SIZES,
    "roberta": SIZES | dict(max_position_embeddings=66, type_vocab_size=1, pad_token_id=1, bos_token_id=0,
                            eos_token_id=2),
    "distilbert": dict(dim=24, n_layers=2, n_heads=3, hidden_dim=40, max_position_embeddings=64),
    "electra": SIZES | dict(embedding_size=16),
    "albert": SIZES | dict(embedding_size=16),
}


def make_tokenizer(variant: Variant, folder: Path):
    if variant.family == "roberta":
        trained = ByteLevelBPETokenizer()
        trained.train_from_iterator([" ".join(WORDS), *TEXTS], vocab_size=340, show_progress=False,
                                    special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
        trained.save_model(str(folder))
        return RobertaTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=64)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *PIECES]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    kind = DistilBertTokenizerFast if variant.family == "distilbert" else BertTokenizerFast
    return kind(vocab_file=str(folder / "vocab.txt"), do_lower_case=not variant.cased, model_max_length=64)


def make_encoder(variant: Variant, folder: Path) -> Transformer:
    folder.mkdir(parents=True)
    tokenizer = make_tokenizer(variant, folder)
    torch.manual_seed(3)
    config = CONFIG_MAPPING[variant.family](vocab_size=len(tokenizer), **SETTINGS[variant.family])
    model = MODEL_MAPPING[type(config)](config)
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * SPREAD
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
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
        model.double()
        golden = {"embeddings": torch.tensor(model.encode(TEXTS, batch_size=1))}
        for name in variant.prompts:
            golden[f"embeddings.{name}"] = torch.tensor(model.encode(TEXTS, prompt_name=name, batch_size=1))
        save_file(golden, folder / "golden.safetensors")
    (target / "texts.json").write_text(json.dumps(TEXTS, ensure_ascii=True, indent=0) + "\n")


if __name__ == "__main__":
    main()
