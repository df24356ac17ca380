#!/usr/bin/env python3
"""Pre-trains with PyTorch and transformers as `cloze pretrain` does, to hold its held-out loss beside: the same
vocabulary, sentences, sequences, masking, optimizer, schedule and number of steps, each in its own code.

    python bench/peers/race_pretraining.py learn --model FOLDER --train FILE ... --dev FILE --steps N --out OUT
    python bench/peers/race_pretraining.py measure --model FOLDER --dev FILE

FOLDER is one that cloze pretrain made with --documents file and objective mlm: its config.json and tokenizer are
taken (a BERT's), its weights are not. `learn` writes OUT (a model folder) with training.jsonl: losses of steps and of the
held-out file. `measure` prints the held-out loss of any folder under three draws of masks, so that both sides are
measured by one program.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import time
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer, get_linear_schedule_with_warmup

SENTENCE = re.compile("[.!?][\"')\\]\u201d\u2019\u00bb]*(?:[ \t]+(?![a-z])|[ \t]*$)")


def sentences_of(tokenizer, line: str) -> list[list[int]]:
    """The tokens of a line, cut where a sentence begins."""
    encoded = tokenizer(line, add_special_tokens=False, return_offsets_mapping=True)
    begins = [match.end() for match in SENTENCE.finditer(line)]
    out: list[list[int]] = []
    for token, (_, end) in zip(encoded["input_ids"], encoded["offset_mapping"]):
        begun = not out
        while begins and begins[0] < end:
            begins.pop(0)
            begun = True
        if begun:
            out.append([])
        out[-1].append(token)
    return out


def sequences_of(tokenizer, files: list[str], length: int) -> list[list[int]]:
    """Whole sentences of one file, as many as fit; a longer one is cut between words."""
    most, out = length - 2, []
    whole = [not token.startswith("##") for token in tokenizer.convert_ids_to_tokens(range(len(tokenizer)))]
    for file in files:
        document: list[int] = []
        for line in Path(file).read_text(encoding="utf-8").split("\n"):
            for sentence in sentences_of(tokenizer, line) if line.strip() else []:
                if len(document) + len(sentence) > most:
                    out.append(document)
                    document = []
                while len(sentence) > most:
                    cut = next((i for i in range(most, 0, -1) if whole[sentence[i]]), most)
                    out.append(sentence[:cut])
                    sentence = sentence[cut:]
                document = document + sentence
        out.append(document)
    frame = tokenizer.cls_token_id, tokenizer.sep_token_id
    return [[frame[0], *sequence, frame[1]] for sequence in out if sequence]


def batch_of(sequences: list[list[int]], tokenizer, share: float, draw: torch.Generator) -> dict:
    """Padded and masked: 80 % become the mask, 10 % another token, 10 % stay."""
    longest = max(map(len, sequences))
    ids = torch.full((len(sequences), longest), tokenizer.pad_token_id)
    attention = torch.zeros_like(ids)
    could = torch.zeros(ids.shape, dtype=torch.bool)
    for row, sequence in enumerate(sequences):
        ids[row, :len(sequence)] = torch.tensor(sequence)
        attention[row, :len(sequence)] = 1
        could[row, 1:len(sequence) - 1] = True
    chosen = (torch.rand(ids.shape, generator=draw) < share) & could
    labels = torch.where(chosen, ids, -100)
    what = torch.rand(ids.shape, generator=draw)
    others = torch.randint(len(tokenizer), ids.shape, generator=draw)
    ids = torch.where(chosen & (what < 0.8), tokenizer.mask_token_id, ids)
    ids = torch.where(chosen & (what >= 0.8) & (what < 0.9), others, ids)
    return {"input_ids": ids, "attention_mask": attention, "labels": labels}


def loss_of(model, batch: dict) -> torch.Tensor:
    """As BertForMaskedLM computes it, but the wide product is made of the rows that are asked for alone."""
    labels = batch.pop("labels")
    asked = labels >= 0
    return torch.nn.functional.cross_entropy(model.cls(model.bert(**batch)[0][asked]), labels[asked])


@torch.no_grad()
def held_out(model, tokenizer, sequences: list[list[int]], share: float, seed: int) -> float:
    draw = torch.Generator().manual_seed(seed)
    model.eval()
    total, count = 0.0, 0
    for first in range(0, len(sequences), 32):
        batch = batch_of(sequences[first:first + 32], tokenizer, share, draw)
        asked = int((batch["labels"] >= 0).sum())
        total += loss_of(model, batch).item() * asked
        count += asked
    model.train()
    return total / count


def optimizer_of(model, rate: float) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim < 2]
    return torch.optim.AdamW([{"params": matrices, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}],
                             lr=rate)


def learn(options: argparse.Namespace) -> None:
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    train = sequences_of(tokenizer, options.train, options.length)
    dev = sequences_of(tokenizer, [options.dev], options.length)
    print(f"{len(train)} sequences, {sum(map(len, train))} tokens; held out {len(dev)}, {sum(map(len, dev))}")
    torch.manual_seed(options.seed)
    model = AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(options.model), attn_implementation="sdpa")
    model.train()
    optimizer = optimizer_of(model, options.rate)
    schedule = get_linear_schedule_with_warmup(optimizer, math.ceil(options.warmup * options.steps), options.steps)
    order, draw = [], torch.Generator().manual_seed(options.seed)
    shuffle, begun, tokens = random.Random(options.seed), time.perf_counter(), 0
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    with (out / "training.jsonl").open("w") as log:
        for step in range(1, options.steps + 1):
            if not order:
                order = list(range(len(train)))
                shuffle.shuffle(order)
            items, order = order[:options.batch], order[options.batch:]
            batch = batch_of([train[i] for i in items], tokenizer, options.masked, draw)
            tokens += int(batch["attention_mask"].sum())
            loss = loss_of(model, batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            line = {"event": "step", "step": step, "loss": loss.item(), "tokens": tokens,
                    "seconds": time.perf_counter() - begun}
            log.write(json.dumps(line) + "\n")
            if step % options.measure_every == 0 or step == options.steps:
                value = held_out(model, tokenizer, dev, options.masked, 1)
                log.write(json.dumps({"event": "measure", "step": step, "dev": {"loss": value}}) + "\n")
                log.flush()
                print(f"step {step}: held out {value:.4f}", flush=True)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    print(f"{tokens} tokens in {time.perf_counter() - begun:.0f} s")


def measure(options: argparse.Namespace) -> None:
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForMaskedLM.from_pretrained(options.model)
    dev = sequences_of(tokenizer, [options.dev], options.length)
    losses = [held_out(model, tokenizer, dev, options.masked, seed) for seed in (1, 2, 3)]
    print(json.dumps({"model": options.model, "losses": losses, "mean": sum(losses) / len(losses)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("learn", "measure"))
    parser.add_argument("--model", required=True)
    parser.add_argument("--train", nargs="+", default=[])
    parser.add_argument("--dev", required=True)
    parser.add_argument("--out")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--warmup", type=float, default=0.1)
    parser.add_argument("--masked", type=float, default=0.15)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--measure-every", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    learn(options) if options.what == "learn" else measure(options)


if __name__ == "__main__":
    main()
