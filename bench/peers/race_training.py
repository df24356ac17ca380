#!/usr/bin/env python3
"""Races a fine-tuning step of cloze against transformers and PyTorch: real tokens a second of forward, backward
and AdamW with dropout 0.1, a classifier of two labels on the same model and the same lengths.

    python bench/peers/race_training.py --cloze build/cloze --model FOLDER --lengths lengths.txt

FOLDER has a BERT encoder with its vocab.txt or tokenizer.json, in which "the" is a token. Workloads are
uniform batches of 32 x 64 tokens and natural lengths: PyTorch pads them as they come, and sorted by length
before they are cut into batches. Turns are interleaved; medians. Peaks of memory are those of the processes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH = 32


def torch_turn(model_folder: str, lengths: list[int], threads: int, autocast: bool) -> None:
    """In a process of its own: prints tokens a second and the peak of memory."""
    import torch
    from transformers import AutoModelForSequenceClassification

    torch.set_num_threads(threads)
    model = AutoModelForSequenceClassification.from_pretrained(model_folder, num_labels=2, attn_implementation="sdpa")
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.01, fused=True)
    batches = [lengths[i: i + BATCH] for i in range(0, len(lengths), BATCH)]
    begun = None
    for number, batch in enumerate([batches[0]] + batches):
        if number == 1:
            begun = time.perf_counter()
        ids = torch.zeros(len(batch), max(batch), dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for row, length in enumerate(batch):
            ids[row, :length], mask[row, :length] = 1996, 1
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            loss = model(input_ids=ids, attention_mask=mask, labels=torch.arange(len(batch)) % 2).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    seconds = time.perf_counter() - begun
    print(json.dumps({"tokens": sum(lengths) / seconds,
                      "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def cloze_turn(program: str, model_folder: str, lengths: list[int], threads: int, more: list[str]) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.tsv"
        rows = [f"{' '.join(['the'] * (n - 2))}\t{'yes' if i % 2 else 'no'}" for i, n in enumerate(lengths)]
        file.write_text("text\tlabel\n" + "\n".join(rows) + "\n")
        command = [program, "train", "classify", "-m", model_folder, "-f", str(file), "--epochs", "1", "--batch",
                   str(BATCH), "-t", str(threads), "--json", "-o", f"{folder}/model", *more]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        steps = []
        assert process.stdout
        for line in process.stdout:
            event = json.loads(line)
            if event.get("event") == "step":
                steps.append((event["seconds"], event["tokens"]))
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit("cloze train failed")
    return {"tokens": sum(tokens for _, tokens in steps[1:]) / (steps[-1][0] - steps[0][0]),
            "mb": usage.ru_maxrss / 1024}


def main() -> None:
    if sys.argv[1:2] == ["turn"]:
        torch_turn(sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4]), sys.argv[5:] == ["autocast"])
        return
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cloze", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--lengths", type=Path, required=True)
    parser.add_argument("--items", type=int, default=320)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bf16", action="store_true",
                        help="bfloat16, too; slow in PyTorch where the processor has no instructions for it")
    given = parser.parse_args()
    natural = [max(4, int(line)) for line in given.lengths.read_text().split()][: given.items]
    uniform = [64] * min(given.items, 160)

    def torch_runner(lengths: list[int], *more: str):
        return lambda: json.loads(subprocess.run(
            [sys.executable, __file__, "turn", given.model, json.dumps(lengths), str(given.threads), *more],
            capture_output=True, text=True, check=True).stdout.splitlines()[-1])

    def cloze_runner(lengths: list[int], *more: str):
        return lambda: cloze_turn(given.cloze, given.model, lengths, given.threads, list(more))

    runners = {
        "uniform, PyTorch": torch_runner(uniform),
        "uniform, cloze": cloze_runner(uniform),
        "uniform, cloze, recomputed": cloze_runner(uniform, "--recompute"),
        "natural, PyTorch, padded": torch_runner(natural),
        "natural, PyTorch, sorted": torch_runner(sorted(natural)),
        "natural, cloze": cloze_runner(natural),
    }
    if given.bf16:
        runners |= {
            "uniform, PyTorch, autocast": torch_runner(uniform, "autocast"),
            "uniform, cloze, bf16": cloze_runner(uniform, "--precision", "bf16"),
            "natural, sorted, autocast": torch_runner(sorted(natural), "autocast"),
            "natural, cloze, bf16": cloze_runner(natural, "--precision", "bf16"),
        }
    turns: dict[str, list[dict]] = {name: [] for name in runners}
    for number in range(given.rounds):
        for name, run in runners.items():
            turns[name].append(run())
        print(f"round {number + 1} of {given.rounds}", file=sys.stderr, flush=True)
    for name, found in turns.items():
        print(f"{name:30}{statistics.median(t['tokens'] for t in found):8.0f} tokens/s"
              f"{statistics.median(t['mb'] for t in found):8.0f} MB", flush=True)


if __name__ == "__main__":
    main()
