#!/usr/bin/env python3
"""Makes test/golden/lora: how adapters of peft learn beside the golden models, and one that peft saved.

NAME.safetensors holds the adapter that a run begins with ("begin.*", numbers of float32), the gradients of
its first step, the losses of 30 steps of AdamW in float64 without dropout, and the logits at the end; in
lora.json stands what each run was told. Settings of the steps are those of make_curves.py. "saved" is the
adapter of one run as peft writes it, for the model "base"; its base_model_name_or_path is BASE, no place of any.

usage: make_lora.py test/golden/models test/golden/lora [NAME ...]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, TaskType, get_peft_model
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, get_linear_schedule_with_warmup

import longformer
import make_models

STEPS, WARMUP, RATE = 30, 5, 2e-3
RUNS = {
    "base": ("base", None, 2, 4, False),
    "base_all": ("base", ["all-linear"], 3, 8, True),
    "base_dense": ("base", ["key", "attention.output.dense", "dense"], 4, 8, False),
    "roberta": ("roberta", ["query", "key", "value", "dense"], 4, 8, False),
    "distilbert": ("distilbert", ["q_lin", "v_lin", "lin1"], 4, 16, False),
    "albert": ("albert", ["query", "value", "ffn", "ffn_output"], 4, 8, False),
    "electra": ("electra", ["all-linear"], 2, 8, False),
    "mpnet": ("mpnet", ["q", "k", "v", "o"], 4, 8, False),
    "fnet": ("fnet", ["dense"], 4, 8, False),
    "longformer": ("longformer", ["query", "query_global", "value", "value_global"], 4, 8, False),
    "deberta_v3": ("deberta_v3", ["query_proj", "key_proj", "value_proj", "dense"], 4, 8, False),
    "modernbert": ("modernbert", ["all-linear"], 4, 8, True),
}


def fill(model: torch.nn.Module) -> None:
    """Both matrices from numbers of float32, so that the second one matters from the first step on."""
    generator = torch.Generator().manual_seed(5)
    for name, parameter in sorted(model.named_parameters()):
        if "lora_" in name:
            numbers = torch.randn(parameter.shape, generator=generator) * 0.2
            parameter.data.copy_(numbers.double())


def logits_of(model: torch.nn.Module, golden: dict[str, torch.Tensor], types: bool) -> torch.Tensor:
    offsets, rows = golden["offsets"].tolist(), []
    for begin, end in zip(offsets, offsets[1:]):
        given = {"input_ids": golden["input_ids"][None, begin:end]}
        if types:
            given["token_type_ids"] = golden["token_type_ids"][None, begin:end]
        rows.append(model.get_base_model()(**given).logits)
    return torch.cat(rows)


def run(folder: Path, name: str, target: Path) -> None:
    model_name, targets, rank, alpha, stabilized = RUNS[name]
    base = AutoModelForSequenceClassification.from_pretrained(folder / model_name,
                                                              attn_implementation="eager").double()
    config = LoraConfig(task_type=TaskType.SEQ_CLS, r=rank, lora_alpha=alpha, use_rslora=stabilized,
                        target_modules="all-linear" if targets == ["all-linear"] else targets)
    model = get_peft_model(base, config).double()
    model.eval()
    fill(model)
    golden = load_file(folder / model_name / "golden.safetensors")
    types = bool(getattr(base.config, "type_vocab_size", None))
    learning = [p for p in model.parameters() if p.requires_grad]
    decays, others = [p for p in learning if p.ndim > 1], [p for p in learning if p.ndim < 2]
    optimizer = torch.optim.AdamW([{"params": decays, "weight_decay": 0.01},
                                   {"params": others, "weight_decay": 0.0}], lr=RATE)
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    kept = {f"begin.{key}": value.float() for key, value in get_peft_model_state_dict(model).items()
            if "lora_" in key}
    losses = []
    for step in range(STEPS):
        loss = make_models.loss_of(logits_of(model, golden, types), golden["labels"])
        optimizer.zero_grad()
        loss.backward()
        if not step:
            for key, parameter in model.named_parameters():
                if parameter.grad is not None:
                    key = key.replace(".default", "").replace("modules_to_save.", "")
                    kept[f"gradient.{key}"] = parameter.grad.clone()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    kept["losses"] = torch.tensor(losses, dtype=torch.float64)
    with torch.no_grad():
        kept["logits"] = logits_of(model, golden, types)
    save_file({key: value.detach().contiguous() for key, value in kept.items()}, target / f"{name}.safetensors")
    if name == "base_dense":
        save(model.float(), golden, types, target / "saved")


def save(model: torch.nn.Module, golden: dict[str, torch.Tensor], types: bool, target: Path) -> None:
    model.save_pretrained(target)
    (target / "README.md").unlink(missing_ok=True)
    settings = json.loads((target / "adapter_config.json").read_text())
    settings["base_model_name_or_path"] = "BASE"
    (target / "adapter_config.json").write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")
    with torch.no_grad():
        save_file({"logits": logits_of(model.double(), golden, types)}, target / "logits.safetensors")


def main() -> None:
    models, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    make_models.norm_in_double()
    longformer.soften_in_double()
    make_models.turn_in_double()
    for name in sys.argv[3:] or RUNS:
        run(models, name, target)
        print(name)
    told = {name: {"model": model, "targets": targets or [], "rank": rank, "alpha": alpha,
                   "stabilized": stabilized}
            for name, (model, targets, rank, alpha, stabilized) in RUNS.items()}
    (target / "lora.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
