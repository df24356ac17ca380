#!/usr/bin/env python3
"""Holds 50 steps of fine-tuning a real encoder against PyTorch: the loss of every step, dropout 0, float32.

usage: check_learning.py PROGRAM FOLDER LABELLED.tsv [bf16]
       (columns text and label; its first 16 rows are one batch)

Prints the largest difference as a share of max(loss, 0.01). With bf16 both learn in bfloat16, cloze by --precision bf16
and PyTorch by autocast, and each is held against PyTorch in float32. Needs torch and transformers.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup

STEPS, RATE, ITEMS = 50, 2e-5, 16


def torch_losses(folder: str, texts: list[str], labels: list[int], half: bool = False) -> list[float]:
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    model.eval()  # no dropout
    tokenizer = AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
                                  lr=RATE)
    schedule = get_linear_schedule_with_warmup(optimizer, 0, STEPS)
    losses = []
    for _ in range(STEPS):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            loss = model(**batch, labels=torch.tensor(labels)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(matrices + others, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def cloze_losses(program: str, folder: str, texts: list[str], labels: list[str], work: Path,
                 half: bool = False) -> list[float]:
    file = work / "batch.tsv"
    with file.open("w", newline="") as out:
        csv.writer(out, delimiter="\t").writerows([("text", "label"), *zip(texts, labels)])
    command = [program, "train", "classify", "-m", folder, "-f", str(file), "--epochs", str(STEPS), "--batch", str(ITEMS),
               "--rate", str(RATE), "--dropout", "0", "--json", "-o", str(work / "trained"),
               *(["--precision", "bf16"] if half else [])]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [event["loss"] for event in map(json.loads, lines) if event["event"] == "step"]


def main() -> None:
    program, folder, table = sys.argv[1:4]
    half = sys.argv[4:] == ["bf16"]
    with open(table, newline="") as given:
        rows = list(csv.DictReader(given, delimiter="\t", quoting=csv.QUOTE_NONE))[:ITEMS]
    texts, names = [row["text"] for row in rows], [row["label"] for row in rows]
    known = sorted(set(names))
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as place:
        begin = f"{place}/begin"
        AutoModelForSequenceClassification.from_pretrained(
            folder, num_labels=len(known), id2label=dict(enumerate(known)),
            label2id={name: i for i, name in enumerate(known)}).save_pretrained(begin)
        AutoTokenizer.from_pretrained(folder).save_pretrained(begin)
        theirs = torch_losses(begin, texts, [known.index(name) for name in names])
        found = {"cloze": cloze_losses(program, begin, texts, names, Path(place), half)}
        if half:
            found["autocast"] = torch_losses(begin, texts, [known.index(name) for name in names], True)
    for name, ours in found.items():
        assert len(ours) == len(theirs) == STEPS
        worst = max(abs(a - b) / max(b, 0.01) for a, b in zip(ours, theirs))
        print(f"{name}: loss {theirs[0]:.4f} to {theirs[-1]:.4f}; largest difference {worst:.2g} of max(loss, 0.01)")


if __name__ == "__main__":
    main()
