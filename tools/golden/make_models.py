#!/usr/bin/env python3
"""Makes test/golden/models: tiny random encoders of every family with the outputs of every layer
and the gradients of every parameter, as transformers computes them in float64.

Weights are wide (0.3, not the usual 0.02) and biases and norms are random too, so that attention
is far from uniform and a forgotten bias or a wrong scale shows. Each sequence is run alone, so
nothing is padded. The float64 model holds exactly the numbers that the file stores.

usage: make_models.py TARGET_FOLDER [NAME ...]
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy
import torch
from safetensors.torch import save_file
import transformers
from transformers import CONFIG_MAPPING

import longformer

LENGTHS = (1, 2, 3, 7, 16, 33)
SPREAD = 0.3


@dataclass
class Variant:
    name: str
    config: dict = field(default_factory=dict)
    stored: torch.dtype = torch.float32
    lengths: tuple[int, ...] = LENGTHS
    layout: str = "plain"  # plain, old (gamma/beta, no prefix, a buffer), sharded, renamed (settings of transformers 5)
    attentions: bool = False
    family: str = "bert"
    head: str = "labels"
    deep: bool = False  # norms near one, under which tokens stay apart through many layers
    globals: str = ""  # Longformer: "none", "many"; else what the model does by itself


AUTO = {"labels": "SequenceClassification", "choice": "MultipleChoice", "tags": "TokenClassification",
        "spans": "QuestionAnswering", "words": "MaskedLM", "pretraining": "PreTraining"}
BASE = dict(
    vocab_size=61, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
    intermediate_size=48, max_position_embeddings=40, type_vocab_size=2, hidden_act="gelu",
    layer_norm_eps=1e-12, num_labels=2, attn_implementation="eager",
)
SMALL = dict(hidden_size=16, num_attention_heads=2, intermediate_size=24, num_hidden_layers=1)
ROBERTA = dict(type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2)
DISTILBERT = dict(
    vocab_size=61, dim=32, n_layers=2, n_heads=4, hidden_dim=48, max_position_embeddings=40,
    num_labels=2, attn_implementation="eager",
)
ALBERT = dict(embedding_size=24, hidden_act="gelu_new", pad_token_id=0)
DEBERTA = dict(relative_attention=True, position_biased_input=False, type_vocab_size=0, pos_att_type=["p2c", "c2p"],
               share_att_key=True, position_buckets=8, max_relative_positions=24, norm_rel_ebd="layer_norm",
               layer_norm_eps=1e-7, max_position_embeddings=40)
DEBERTA_OLD = dict(relative_attention=True, position_biased_input=False, type_vocab_size=0, pos_att_type=["c2p", "p2c"],
                   max_relative_positions=-1, layer_norm_eps=1e-7)
MODERNBERT = dict(
    vocab_size=61, hidden_size=32, num_hidden_layers=4, num_attention_heads=4, intermediate_size=24,
    max_position_embeddings=40, pad_token_id=3, bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2,
    local_attention=8, num_labels=2, attn_implementation="sdpa", reference_compile=False,
)
TINY = dict(hidden_size=12, num_attention_heads=2, intermediate_size=16, num_hidden_layers=1, vocab_size=37,
            max_position_embeddings=16)
TINY_LENGTHS = (1, 4, 9)
FEW = dict(hidden_size=12, num_attention_heads=3, intermediate_size=20, num_hidden_layers=2, vocab_size=37,
           max_position_embeddings=20)
FEW_LENGTHS = (1, 2, 7, 16)
REMBERT = dict(input_embedding_size=10, output_embedding_size=50)
LONGFORMER = ROBERTA | dict(sep_token_id=2, hidden_size=24, intermediate_size=32, num_hidden_layers=3)
PAIR_LENGTHS = (5, 8, 13)
# What a configuration must say of a family that does not have the names of BASE.
MPNET = {key: value for key, value in (BASE | ROBERTA).items() if key != "type_vocab_size"}
BASE_OF = {"distilbert": DISTILBERT, "modernbert": MODERNBERT, "mpnet": MPNET}
VARIANTS = [
    Variant("base", attentions=True),
    Variant("odd", dict(hidden_size=20, num_attention_heads=5, intermediate_size=37)),
    Variant("heads12", dict(hidden_size=36, num_attention_heads=3, intermediate_size=29)),
    Variant("types1", SMALL | dict(type_vocab_size=1)),
    Variant("types4", SMALL | dict(type_vocab_size=4)),
    Variant("epsilon", SMALL | dict(layer_norm_eps=1e-2)),
    Variant("labels3", SMALL | dict(num_labels=3)),
    Variant("regression", SMALL | dict(num_labels=1)),
    Variant("gelu_new", SMALL | dict(hidden_act="gelu_new")),
    Variant("gelu_fast", SMALL | dict(hidden_act="gelu_fast")),
    Variant("gelu_pytorch_tanh", SMALL | dict(hidden_act="gelu_pytorch_tanh")),
    Variant("quick_gelu", SMALL | dict(hidden_act="quick_gelu")),
    Variant("relu", SMALL | dict(hidden_act="relu")),
    Variant("silu", SMALL | dict(hidden_act="silu")),
    Variant("swish", SMALL | dict(hidden_act="swish")),
    Variant("tanh", SMALL | dict(hidden_act="tanh")),
    Variant("sigmoid", SMALL | dict(hidden_act="sigmoid")),
    Variant("f16", SMALL, stored=torch.float16),
    Variant("bf16", SMALL, stored=torch.bfloat16),
    Variant("old_names", layout="old"),
    Variant("sharded", layout="sharded"),
    Variant("roberta", ROBERTA, family="roberta"),
    Variant("roberta_odd", ROBERTA | dict(hidden_size=20, num_attention_heads=5, intermediate_size=37,
                                          num_labels=3), family="roberta"),
    Variant("xlm_roberta", SMALL | ROBERTA, family="xlm-roberta"),
    Variant("camembert", SMALL | ROBERTA | dict(type_vocab_size=2), family="camembert"),
    Variant("fnet", dict(num_attention_heads=None, type_vocab_size=4, hidden_act="gelu_new", pad_token_id=3),
            lengths=(1, 2, 5, 13, 29, 37), family="fnet"),
    Variant("fnet_odd", dict(num_attention_heads=None, hidden_size=21, intermediate_size=37, pad_token_id=3,
                             num_hidden_layers=1, num_labels=3), lengths=(1, 3, 4, 17, 31, 36), family="fnet"),
    Variant("electra", SMALL | dict(embedding_size=24, num_hidden_layers=2), family="electra"),
    Variant("electra_same", SMALL | dict(embedding_size=16, num_labels=1), family="electra"),
    Variant("distilbert", family="distilbert"),
    Variant("distilbert_sinusoidal", dict(sinusoidal_pos_embds=True, dim=20, n_heads=5, hidden_dim=29,
                                          n_layers=1, activation="relu", num_labels=3), family="distilbert"),
    Variant("albert", ALBERT | dict(num_hidden_layers=3), family="albert"),
    Variant("albert_groups", SMALL | ALBERT | dict(num_hidden_layers=4, num_hidden_groups=2,
                                                   type_vocab_size=4), family="albert"),
    Variant("albert_inner", ALBERT | dict(intermediate_size=24, num_hidden_layers=2, inner_group_num=2,
                                          embedding_size=16, num_labels=3), family="albert"),
    Variant("relative_key", SMALL | dict(num_hidden_layers=2, position_embedding_type="relative_key")),
    Variant("relative_key_query", SMALL | dict(position_embedding_type="relative_key_query")),
    Variant("mpnet", dict(num_labels=3), family="mpnet"),
    Variant("mpnet_buckets", SMALL | dict(relative_attention_num_buckets=40, num_hidden_layers=2),
            family="mpnet"),
    Variant("deberta_v3", DEBERTA, family="deberta-v2"),
    Variant("deberta_v2_plain", DEBERTA | dict(
        position_buckets=-1, max_relative_positions=-1, share_att_key=False, norm_rel_ebd="none", type_vocab_size=2,
        position_biased_input=True, num_labels=3), family="deberta-v2"),
    Variant("deberta_c2p", SMALL | DEBERTA | dict(
        pos_att_type=["c2p"], share_att_key=False, max_relative_positions=9, position_buckets=-1,
        embedding_size=24), family="deberta-v2"),
    Variant("deberta_p2c", SMALL | DEBERTA | dict(
        pos_att_type=["p2c"], pooler_hidden_act="tanh", num_labels=1), family="deberta-v2"),
    Variant("deberta_absolute", SMALL | DEBERTA | dict(
        relative_attention=False, position_biased_input=True), family="deberta-v2"),
    Variant("deberta_convolved", DEBERTA | dict(conv_kernel_size=3, conv_act="gelu"), family="deberta-v2"),
    Variant("deberta_convolved_wide", SMALL | DEBERTA | dict(
        conv_kernel_size=7, position_biased_input=True, type_vocab_size=2, embedding_size=24, num_labels=3),
        stored=torch.float16, family="deberta-v2"),
    Variant("deberta_convolved_plain", SMALL | DEBERTA | dict(
        relative_attention=False, position_biased_input=True, conv_kernel_size=5, conv_act="sigmoid"), family="deberta-v2"),
    Variant("longformer", LONGFORMER | dict(attention_window=[4, 16, 8]), lengths=(1, 2, 3, 7, 17, 33),
            attentions=True, family="longformer"),
    Variant("longformer_many", LONGFORMER | dict(attention_window=[8, 4, 8], num_labels=3, type_vocab_size=2),
            lengths=(2, 5, 13, 31, 36), attentions=True, globals="many", family="longformer"),
    Variant("longformer_none", LONGFORMER | dict(attention_window=4, num_hidden_layers=2), lengths=(1, 4, 9, 21, 35),
            globals="none", family="longformer"),
    Variant("deberta", DEBERTA_OLD, family="deberta"),
    Variant("deberta_far", SMALL | DEBERTA_OLD | dict(
        max_relative_positions=7, position_biased_input=True, type_vocab_size=2, embedding_size=24, num_labels=3,
        num_hidden_layers=2), family="deberta"),
    Variant("deberta_old_c2p", SMALL | DEBERTA_OLD | dict(pos_att_type=["c2p"]), family="deberta"),
    Variant("deberta_old_p2c", SMALL | DEBERTA_OLD | dict(pos_att_type=["p2c"], pooler_hidden_act="relu"),
            family="deberta"),
    Variant("deberta_old_plain", SMALL | DEBERTA_OLD | dict(
        relative_attention=False, position_biased_input=True, pos_att_type=[]), stored=torch.float16,
        family="deberta"),
    Variant("albert_groups_inner", FEW | ALBERT | dict(
        embedding_size=10, num_hidden_layers=4, num_hidden_groups=2, inner_group_num=2, num_labels=3),
        lengths=FEW_LENGTHS, deep=True, family="albert"),
    Variant("deberta_c2p_buckets", TINY | DEBERTA | dict(pos_att_type=["c2p"], position_buckets=4),
            lengths=FEW_LENGTHS, family="deberta-v2"),
    Variant("deberta_p2c_plain", TINY | DEBERTA | dict(
        pos_att_type=["p2c"], position_buckets=-1, max_relative_positions=9, share_att_key=False),
        lengths=FEW_LENGTHS, family="deberta-v2"),
    Variant("rembert", FEW | REMBERT | dict(num_labels=3, pad_token_id=0), lengths=FEW_LENGTHS, family="rembert"),
    Variant("megatron_bert", FEW | dict(type_vocab_size=3), lengths=FEW_LENGTHS, attentions=True,
            family="megatron-bert"),
    Variant("megatron_bert_relative", TINY | dict(position_embedding_type="relative_key", hidden_act="gelu_new"),
            lengths=TINY_LENGTHS, family="megatron-bert"),
    Variant("roberta_prelayernorm", FEW | ROBERTA | dict(num_labels=3, layer_norm_eps=1e-3), lengths=FEW_LENGTHS,
            family="roberta-prelayernorm"),
    Variant("roberta_prelayernorm_relative", TINY | ROBERTA | dict(position_embedding_type="relative_key_query"),
            lengths=TINY_LENGTHS, family="roberta-prelayernorm"),
    Variant("xlm_roberta_xl", FEW | ROBERTA, lengths=FEW_LENGTHS, family="xlm-roberta-xl"),
    Variant("xlm_roberta_xl_relative", TINY | ROBERTA | dict(position_embedding_type="relative_key", num_labels=1),
            lengths=TINY_LENGTHS, family="xlm-roberta-xl"),
    # With the newer transformers of requirements-new.txt.
    Variant("modernbert", family="modernbert"),
    Variant("modernbert_biased", dict(
        num_hidden_layers=3, global_attn_every_n_layers=2, local_attention=5, attention_bias=True, mlp_bias=True,
        norm_bias=True, classifier_bias=True, classifier_pooling="mean", hidden_activation="silu",
        classifier_activation="relu", global_rope_theta=700.0, local_rope_theta=90.0, num_labels=3),
        family="modernbert"),
    Variant("modernbert_renamed", dict(
        hidden_size=12, num_attention_heads=2, intermediate_size=8, num_hidden_layers=3, vocab_size=37,
        max_position_embeddings=16, global_attn_every_n_layers=2, local_attention=4, global_rope_theta=700.0,
        local_rope_theta=90.0), lengths=TINY_LENGTHS, layout="renamed", family="modernbert"),
]


def tiny_heads() -> list[Variant]:
    """Every head of every family, on as little of an encoder as will do."""
    own = {
        "bert": {}, "roberta": ROBERTA, "xlm-roberta": ROBERTA, "camembert": ROBERTA,
        "electra": dict(embedding_size=10, summary_type="first", summary_use_proj=True, summary_activation="gelu"),
        "distilbert": dict(vocab_size=37, dim=12, n_heads=2, hidden_dim=16, n_layers=1, max_position_embeddings=16),
        "albert": ALBERT | dict(embedding_size=10), "fnet": dict(num_attention_heads=None, pad_token_id=3),
        "mpnet": {}, "deberta": DEBERTA_OLD | dict(embedding_size=10), "deberta-v2": DEBERTA | dict(embedding_size=10, hidden_act="relu", pooler_hidden_act="tanh"),
        "modernbert": dict(classifier_activation="relu", norm_bias=True),
        "longformer": ROBERTA | dict(sep_token_id=2, attention_window=4),
        "rembert": REMBERT, "megatron-bert": {}, "roberta-prelayernorm": ROBERTA, "xlm-roberta-xl": ROBERTA,
    }
    # xlm-roberta and camembert are roberta's row of the table: one head each is enough.
    heads = {"deberta": ["tags", "spans", "words"], "xlm-roberta": ["tags"], "camembert": ["words"],
             "bert": ["choice", "tags", "spans", "words", "pretraining"],
             "albert": ["choice", "tags", "spans", "words", "pretraining"],
             "fnet": ["choice", "tags", "spans", "words", "pretraining"],
             "megatron-bert": ["choice", "tags", "spans", "words", "pretraining"]}
    variants = []
    for family, config in own.items():
        base = {} if family == "distilbert" else TINY
        for head in heads.get(family, ["choice", "tags", "spans", "words"]):
            labels = dict(num_labels=5) if head == "tags" else {}
            pairs = family == "longformer" and head in ("choice", "spans")
            variants.append(Variant(f"head_{family.replace('-', '_')}_{head}", base | config | labels,
                                    lengths=PAIR_LENGTHS if pairs else TINY_LENGTHS, family=family, head=head))
    untied = dict(tie_word_embeddings=False)
    variants.append(Variant("head_bert_untied", TINY | untied, lengths=TINY_LENGTHS, head="words"))
    # What config.json says of its table of words is never so.
    variants.append(Variant("head_rembert_said_tied", TINY | REMBERT | dict(
        output_embedding_size=10, tie_word_embeddings=True), lengths=TINY_LENGTHS, family="rembert", head="words"))
    variants.append(Variant("head_modernbert_untied", TINY | untied | dict(decoder_bias=False), lengths=TINY_LENGTHS,
                            family="modernbert", head="words"))
    return variants


VARIANTS += tiny_heads()


def settings_of(variant: Variant) -> dict:
    return BASE_OF.get(variant.family, BASE) | variant.config


def make_model(variant: Variant):
    torch.manual_seed(7)
    settings = settings_of(variant)
    config = CONFIG_MAPPING[variant.family](**settings)
    model = getattr(transformers, "AutoModelFor" + AUTO[variant.head]).from_config(
        config, attn_implementation=settings["attn_implementation"])
    model.eval()
    for name, parameter in model.named_parameters():
        middle = 1 if variant.deep and name.lower().endswith("norm.weight") else 0
        parameter.data = (torch.randn_like(parameter) * SPREAD + middle).to(variant.stored).float()
    return model


def turn_in_double() -> None:
    """Rotary angles in the model's type: transformers rounds them to float32 whatever that is."""
    from transformers.models.modernbert import modeling_modernbert

    def forward(self, x, position_ids):
        theta, size = self.config.rope_theta, self.config.hidden_size // self.config.num_attention_heads
        steps = theta ** (-torch.arange(0, size, 2, dtype=x.dtype) / size)
        angles = position_ids[..., None].to(x.dtype) * steps
        angles = torch.cat((angles, angles), dim=-1)
        return angles.cos(), angles.sin()

    modeling_modernbert.ModernBertRotaryEmbedding.forward = forward


def norm_in_double() -> None:
    """The first DeBERTa's norm in the model's type: transformers rounds to float32 whatever that is."""
    from transformers.models.deberta import modeling_deberta

    def forward(self, x):
        spread = x.var(-1, keepdim=True, unbiased=False)
        return self.weight * (x - x.mean(-1, keepdim=True)) / torch.sqrt(spread + self.variance_epsilon) + self.bias

    modeling_deberta.DebertaLayerNorm.forward = forward


def logits_of(result, head: str) -> dict[str, torch.Tensor]:
    """Of one sequence, by the name of the head: rows of tokens, or one row."""
    if head == "spans":
        return {"spans": torch.stack((result.start_logits[0], result.end_logits[0]), dim=-1)}
    if head == "pretraining":
        order = result.sop_logits if hasattr(result, "sop_logits") else result.seq_relationship_logits
        return {"words": result.prediction_logits[0], "order": order}
    return {head: result.logits if result.logits.dim() == 2 else result.logits[0]}


def loss_of(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    if logits.shape[1] == 1:
        return torch.nn.functional.mse_loss(logits.squeeze(-1), labels.double())
    return torch.nn.functional.cross_entropy(logits, labels)


def suffix(head: str) -> str:
    return "" if head == "labels" else "." + head


def golden_of(model, variant: Variant) -> dict[str, torch.Tensor]:
    config = model.config
    generator = torch.Generator().manual_seed(11)
    model = model.double()
    types_known = getattr(config, "type_vocab_size", None)
    ids, types, hidden, pooled, masks, logits, out = [], [], [], [], [], {}, {}
    sequence_labels = torch.randint(0, max(config.num_labels, 2), (len(variant.lengths),), generator=generator)
    embeddings = []
    if variant.family == "longformer":  # it pads, and what it returns is cut off a copy
        model.base_model.embeddings.register_forward_hook(
            lambda module, given, result: (result.retain_grad(), embeddings.append(result)) and None)
    pooler = getattr(model.base_model, "pooler", None)
    if pooler is not None:
        kept = model.base_model.pooler_activation if hasattr(model.base_model, "pooler_activation") else pooler
        kept.register_forward_hook(lambda module, given, result: pooled.append(result[0]))
    last = []  # with the norm after the last layer, which hidden_states may lack
    model.base_model.register_forward_hook(lambda module, given, result: last.append(result[0][0]))
    for number, length in enumerate(variant.lengths):
        sequence = torch.randint(0, config.vocab_size, (1, length), generator=generator)
        kind = torch.randint(0, types_known or 1, (1, length), generator=generator)
        if variant.lengths == PAIR_LENGTHS:
            longformer.set_texts_apart(sequence)
        given = {"input_ids": sequence} | ({"token_type_ids": kind} if types_known else {})
        if variant.globals:
            masks.append(longformer.mask_of(variant.globals, length, generator))
            given["global_attention_mask"] = masks[-1]
        if variant.head == "choice":
            given = {name: tensor[None] for name, tensor in given.items()}
        result = model(output_hidden_states=True, **given,
                       **({"output_attentions": True} if variant.attentions else {}))
        if variant.family != "longformer":
            result.hidden_states[0].retain_grad()
            embeddings.append(result.hidden_states[0])
        ids.append(sequence[0])
        types.append(kind[0])
        hidden.append([state[0] for state in result.hidden_states[:-1]] + [last[-1]])
        for head, rows in logits_of(result, variant.head).items():
            logits.setdefault(head, []).append(rows)
        if variant.attentions:
            for layer, attention in enumerate(result.attentions):
                if variant.family == "longformer":
                    window = config.attention_window[layer]
                    mask = masks[-1] if masks else (torch.arange(length) == 0).long()[None]
                    rows = longformer.probabilities(result, layer, mask, window)
                else:
                    rows = attention[0].reshape(-1, length)
                out[f"attention.{layer + 1}.{number}"] = rows
    loss = 0
    for head, rows in logits.items():
        rows = torch.cat(rows)
        labels = sequence_labels if head == "labels" else torch.randint(
            0, max(rows.shape[1], 2), (rows.shape[0],), generator=generator)
        out[f"labels{suffix(head)}"] = labels
        out[f"logits{suffix(head)}"] = rows
        loss = loss + loss_of(rows, labels)
    loss.backward()
    if masks:
        out["global_attention_mask"] = torch.cat(masks, dim=1)[0]
    out["input_ids"] = torch.cat(ids)
    out["token_type_ids"] = torch.cat(types)
    out["offsets"] = torch.tensor(numpy.concatenate([[0], numpy.cumsum(variant.lengths)]))
    for layer in range(len(hidden[0])):
        out[f"hidden.{layer}"] = torch.cat([states[layer] for states in hidden])
    if pooled and variant.head not in ("tags", "spans", "words"):
        out["pooled"] = torch.stack(pooled)
    out["loss"] = loss.reshape(1)
    out["gradient.hidden.0"] = torch.cat(
        [state.grad[0, :length] for state, length in zip(embeddings, variant.lengths)])
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            out[f"gradient.{name}"] = parameter.grad
    return {name: tensor.detach().clone().contiguous() for name, tensor in out.items()}


def old_name(name: str) -> str:
    name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    return name.removeprefix("bert.")


def save_weights(model, variant: Variant, folder: Path) -> None:
    weights = {name: tensor.to(variant.stored).contiguous() for name, tensor in model.named_parameters()}
    if variant.layout == "old":
        weights = {old_name(name): tensor for name, tensor in weights.items()}
        weights["embeddings.position_ids"] = torch.arange(model.config.max_position_embeddings)[None]
    if variant.layout != "sharded":
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        return
    names = sorted(weights)
    halves = [names[: len(names) // 2], names[len(names) // 2:]]
    index = {"metadata": {"total_size": sum(t.numel() * t.element_size() for t in weights.values())},
             "weight_map": {}}
    for number, half in enumerate(halves, 1):
        file = f"model-{number:05d}-of-{len(halves):05d}.safetensors"
        save_file({name: weights[name] for name in half}, folder / file, metadata={"format": "pt"})
        index["weight_map"] |= {name: file for name in half}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")


def renamed(config: dict) -> dict:
    """The settings of ModernBERT as transformers 5 writes them."""
    every, config = config["global_attn_every_n_layers"], dict(config)
    kinds = ["sliding_attention" if layer % every else "full_attention" for layer in range(config["num_hidden_layers"])]
    angles = {"full_attention": config.pop("global_rope_theta"), "sliding_attention": config.pop("local_rope_theta")}
    del config["global_attn_every_n_layers"]
    return config | {"layer_types": kinds, "rope_parameters": {
        kind: {"rope_type": "default", "rope_theta": theta} for kind, theta in angles.items()}}


def main() -> None:
    target, wanted = Path(sys.argv[1]), sys.argv[2:]
    for variant in VARIANTS:
        if wanted and variant.name not in wanted:
            continue
        folder = target / variant.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if variant.family == "modernbert":
            turn_in_double()
        if variant.family == "deberta":
            norm_in_double()
        if variant.family == "longformer":
            longformer.soften_in_double()
        model = make_model(variant)
        save_weights(model, variant, folder)
        config = model.config.to_diff_dict() | {"architectures": [type(model).__name__],
                                                "model_type": variant.family}
        config |= {key: value for key, value in settings_of(variant).items()
                   if key not in ("attn_implementation", "num_labels")}
        if model.config.num_labels != 2:
            config["id2label"] = {str(i): f"LABEL_{i}" for i in range(model.config.num_labels)}
        if variant.layout == "renamed":
            config = renamed(config)
        (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
        save_file(golden_of(model, variant), folder / "golden.safetensors")


if __name__ == "__main__":
    main()
