#!/usr/bin/env python3
"""Opens an adapter of `cloze train classify --lora` with peft, and what was merged of it with transformers, and
holds the logits of some texts against those of cloze.

usage: check_lora.py PROGRAM ADAPTER TEXT...     (ADAPTER: the folder that train wrote, without --merge)

Prints the largest difference for each way. Needs torch, transformers and peft.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from peft import AutoPeftModelForSequenceClassification, PeftModel
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer


def cloze_logits(program: str, folder: str, texts: list[str]) -> torch.Tensor:
    names = list(AutoConfig.from_pretrained(folder).id2label.values())
    command = [program, "classify", "-m", folder, "--all", "--function", "none", "--json", *texts]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    scores = [{one["label"]: one["score"] for one in json.loads(line)} for line in lines]
    return torch.tensor([[row[name] for name in names] for row in scores])


def logits(model: torch.nn.Module, folder: str, texts: list[str]) -> torch.Tensor:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model.eval()
    with torch.no_grad():
        return torch.cat([model(**tokenizer(text, return_tensors="pt")).logits for text in texts])


def main() -> None:
    program, adapter, *texts = sys.argv[1:]
    base = json.loads((Path(adapter) / "adapter_config.json").read_text())["base_model_name_or_path"]
    config = AutoConfig.from_pretrained(adapter)
    wanted = cloze_logits(program, adapter, texts)
    onto = AutoModelForSequenceClassification.from_pretrained(base, config=config)
    models = {
        "PeftModel": PeftModel.from_pretrained(onto, adapter),
        "AutoPeftModel": AutoPeftModelForSequenceClassification.from_pretrained(
            adapter, num_labels=len(config.id2label)),
    }
    models["merge_and_unload"] = PeftModel.from_pretrained(
        AutoModelForSequenceClassification.from_pretrained(base, config=config), adapter).merge_and_unload()
    with tempfile.TemporaryDirectory() as work:
        merged = f"{work}/merged"
        subprocess.run([program, "convert", adapter, merged], check=True, capture_output=True)
        models["convert"] = AutoModelForSequenceClassification.from_pretrained(merged)
        for name, model in models.items():
            print(f"{name}: {(logits(model, adapter, texts) - wanted).abs().max().item():.2g}")
        print(f"cloze of both: {(cloze_logits(program, merged, texts) - wanted).abs().max().item():.2g}")


if __name__ == "__main__":
    main()
