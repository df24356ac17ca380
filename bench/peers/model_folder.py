"""A BERT or Longformer folder with random weights in a known shape: config.json, vocab.txt, model.safetensors.

Speed does not depend on the weights as long as nothing overflows or becomes denormal. They are wide
enough that attention is not uniform, so that agreement of two engines means something.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from workloads import FIRST_WORD, Shape

Weights = dict[str, NDArray[numpy.float32]]

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
EPSILON = 1e-12


def word_of(token: int) -> str:
    """The text of an id that is not special: every word of the vocabulary is one token."""
    return SPECIAL[token] if token < FIRST_WORD else f"word{token}"


def make_model_folder(folder: Path, shape: Shape) -> None:
    """Does nothing where the folder is there already."""
    if (folder / "model.safetensors").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder, shape)
    if shape.family != "bert":
        save_model_of_transformers(folder, shape)
        return
    config = {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu",
        "hidden_size": shape.hidden, "intermediate_size": shape.intermediate,
        "num_attention_heads": shape.heads, "num_hidden_layers": shape.layers,
        "vocab_size": shape.vocabulary, "max_position_embeddings": shape.positions,
        "type_vocab_size": shape.types, "layer_norm_eps": EPSILON, "pad_token_id": 0,
    }
    if shape.window:
        config |= {"architectures": ["LongformerModel"], "model_type": "longformer",
                   "attention_window": shape.window, "pad_token_id": 1}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    save_file(random_weights(shape), folder / "model.safetensors")


def write_tokenizer(folder: Path, shape: Shape) -> None:
    words = "\n".join(word_of(token) for token in range(shape.vocabulary))
    (folder / "vocab.txt").write_text(words + "\n")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}\n')


def save_model_of_transformers(folder: Path, shape: Shape) -> None:
    import torch
    from transformers import CONFIG_MAPPING, AutoModel

    torch.manual_seed(7)
    config = CONFIG_MAPPING[shape.family](vocab_size=shape.vocabulary, pad_token_id=0, **dict(shape.settings))
    model = AutoModel.from_config(config)
    for name, parameter in model.named_parameters():
        if "norm" in name.lower() and name.endswith("weight"):
            parameter.data = 1 + 0.1 * torch.randn_like(parameter)
        elif parameter.dim() > 1:
            parameter.data = 0.05 * torch.randn_like(parameter)
        else:
            parameter.data = 0.1 * torch.randn_like(parameter)
    model.save_pretrained(folder)


def random_weights(shape: Shape) -> Weights:
    draw = numpy.random.default_rng(7)
    weights: Weights = {}

    def matrix(name: str, rows: int, columns: int) -> None:
        weights[name + ".weight"] = draw.normal(0, 0.05, (rows, columns)).astype(numpy.float32)

    def linear(name: str, rows: int, columns: int) -> None:
        matrix(name, rows, columns)
        weights[name + ".bias"] = draw.normal(0, 0.05, rows).astype(numpy.float32)

    def norm(name: str) -> None:
        weights[name + ".weight"] = draw.normal(1, 0.1, shape.hidden).astype(numpy.float32)
        weights[name + ".bias"] = draw.normal(0, 0.1, shape.hidden).astype(numpy.float32)

    matrix("embeddings.word_embeddings", shape.vocabulary, shape.hidden)
    matrix("embeddings.position_embeddings", shape.positions, shape.hidden)
    matrix("embeddings.token_type_embeddings", shape.types, shape.hidden)
    norm("embeddings.LayerNorm")
    for layer in range(shape.layers):
        prefix = f"encoder.layer.{layer}."
        of_all = ("query_global", "key_global", "value_global") if shape.window else ()
        for name in ("query", "key", "value", *of_all):
            linear(f"{prefix}attention.self.{name}", shape.hidden, shape.hidden)
        linear(prefix + "attention.output.dense", shape.hidden, shape.hidden)
        norm(prefix + "attention.output.LayerNorm")
        linear(prefix + "intermediate.dense", shape.intermediate, shape.hidden)
        linear(prefix + "output.dense", shape.hidden, shape.intermediate)
        norm(prefix + "output.LayerNorm")
    return weights


def read_weights(folder: Path) -> Weights:
    return load_file(folder / "model.safetensors")


def joined_qkv(weights: Weights, layer: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Query, key and value as one product: [3 hidden, hidden] and [3 hidden]."""
    prefix = f"encoder.layer.{layer}.attention.self."
    parts = ("query", "key", "value")
    return (numpy.concatenate([weights[f"{prefix}{part}.weight"] for part in parts]),
            numpy.concatenate([weights[f"{prefix}{part}.bias"] for part in parts]))
