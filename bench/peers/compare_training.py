#!/usr/bin/env python3
"""Fine-tunes the same model on the same examples by cloze and by transformers with PyTorch, and prints what both
reach on the same test examples: mean and deviation over seeds.

    python bench/peers/compare_training.py --cloze build/cloze --model FOLDER --data DATASETS [--tasks a,b]

DATASETS is a folder of public data sets (the names of files below say which). A seeded sample of each is written
to --work as the files that cloze reads; PyTorch gets the same texts. Both use one recipe: AdamW, 3 epochs, batches
of 16 in an order of their own, linear decay after a tenth of the steps, clipping at 1, decay 0.01, the model's
dropout. Results are appended to --work/results.jsonl, and what is there is not run again.

Needs: pip install torch transformers scikit-learn seqeval
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EPOCHS, BATCH, RATE, WARMUP, DECAY = 3, 16, 1e-4, 0.1, 0.01
SAMPLE = 20

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Task:
    kind: str
    read: Callable[[Path], tuple[Rows, Rows]]
    """All rows to learn from, and to be tested with; one list twice: to be split."""
    train: int
    test: int
    shown: tuple[str, ...]
    rare: str = ""
    """The label whose F1 is asked for."""
    more: tuple[str, ...] = ()
    """Further options of cloze train; PyTorch does the same by `weighted` and `oversampled`."""


# ---- the data ----

def two_files(negative: str, positive: str, names: tuple[str, str], encoding: str) -> Callable[[Path], tuple[Rows, Rows]]:
    def read(data: Path) -> tuple[Rows, Rows]:
        rows = [{"text": line.strip(), "label": name}
                for file, name in zip((negative, positive), names)
                for line in (data / file).read_text(encoding=encoding).split("\n") if line.strip()]
        return rows, rows
    return read


def read_sms(data: Path) -> tuple[Rows, Rows]:
    lines = (data / "sms_spam/sms.tsv").read_text().split("\n")
    rows = [dict(zip(("label", "text"), line.split("\t", 1))) for line in lines if line.strip()]
    return rows, rows


def read_banking(data: Path) -> tuple[Rows, Rows]:
    def one(name: str) -> Rows:
        with open(data / "banking77" / name, newline="") as file:
            return [{"text": " ".join(row["text"].split()), "label": row["category"]} for row in csv.DictReader(file)]
    return one("train.csv"), one("test.csv")


def read_med(data: Path) -> tuple[Rows, Rows]:
    with open(data / "med_nli/MED.tsv", newline="") as file:
        rows = [{"text": row["sentence1"].strip(), "pair": row["sentence2"].strip(), "label": row["gold_label"]}
                for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    rows = [row for row in rows if row["text"] and row["pair"] and row["label"] in ("entailment", "neutral")]
    return rows, rows


def sentences(path: Path, separator: str | None) -> Rows:
    rows, words, tags = [], [], []
    for line in path.read_text().split("\n") + [""]:
        if line.strip():
            columns = line.split(separator)
            words.append(columns[0])
            tags.append(columns[-1].strip())
        elif words:
            rows.append({"words": words, "tags": tags})
            words, tags = [], []
    return rows


def read_wnut(data: Path) -> tuple[Rows, Rows]:
    return sentences(data / "wnut17/train.conll", "\t"), sentences(data / "wnut17/test.conll", "\t")


def read_wikigold(data: Path) -> tuple[Rows, Rows]:
    rows = sentences(data / "wikigold/wikigold.conll", None)
    return rows, rows


def read_squad(data: Path) -> tuple[Rows, Rows]:
    """Questions of two thirds of the articles, and of the others."""
    articles = json.loads((data / "squadshifts/new_wiki_v1.0.json").read_text())["data"]
    sides: tuple[Rows, Rows] = ([], [])
    for number, article in enumerate(articles):
        for paragraph in article["paragraphs"]:
            sides[number % 3 == 2].extend({"text": asked["question"], "pair": paragraph["context"],
                                           "answers": asked["answers"], "id": asked["id"]}
                                          for asked in paragraph["qas"] if asked["answers"])
    return sides


CLASSES = ("accuracy", "f1")
FULL = ("accuracy", "exact", "precision", "recall", "f1", "f1_rare")
TASKS = {
    "sentence_polarity": Task("classify", two_files(
        "sentence_polarity/rt-polarity.neg", "sentence_polarity/rt-polarity.pos", ("neg", "pos"), "latin-1"),
        1000, 1000, CLASSES),
    "subjectivity": Task("classify", two_files(
        "subjectivity/plot.tok.gt9.5000", "subjectivity/quote.tok.gt9.5000", ("objective", "subjective"), "latin-1"),
        2000, 1000, CLASSES),
    "sms_spam": Task("classify", read_sms, 500, 800, ("accuracy", "f1_rare"), "spam"),
    "sms_spam-weights": Task("classify", read_sms, 500, 800, ("accuracy", "f1_rare"), "spam", ("--balance",)),
    "sms_spam-oversampled": Task("classify", read_sms, 500, 800, ("accuracy", "f1_rare"), "spam", ("--oversample",)),
    "banking77": Task("classify", read_banking, 1000, 800, CLASSES),
    "med_nli": Task("pair", read_med, 400, 400, CLASSES),
    "wnut17": Task("tag", read_wnut, 400, 300, ("f1",)),
    "wikigold": Task("tag", read_wikigold, 300, 300, ("f1",)),
    "squadshifts": Task("answer", read_squad, 150, 80, ("exact", "f1")),
}


def sample(task: Task, data: Path) -> tuple[Rows, Rows]:
    train, test = task.read(data)
    draw = random.Random(SAMPLE)
    if train is test:
        rows = draw.sample(train, task.train + task.test)
        return rows[: task.train], rows[task.train:]
    return draw.sample(train, min(task.train, len(train))), draw.sample(test, min(task.test, len(test)))


def write_rows(path: Path, task: Task, rows: Rows) -> None:
    if task.kind == "tag":
        text = "\n".join("".join(f"{w}\t{t}\n" for w, t in zip(row["words"], row["tags"])) for row in rows)
    elif task.kind == "answer":
        text = json.dumps({"data": [{"title": "", "paragraphs": [{"context": row["pair"], "qas": [
            {"id": row["id"], "question": row["text"], "answers": row["answers"]}]} for row in rows]}]})
    else:
        text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(text)


# ---- cloze ----

def run_cloze(given: argparse.Namespace, task: Task, folder: Path, seed: int, model: str | Path,
              engine: str = "cloze") -> dict[str, float]:
    ending = {"tag": "conll", "answer": "json"}.get(task.kind, "jsonl")
    layout = ["--layout", "squad"] if task.kind == "answer" else []
    out = folder / f"{engine}-{seed}"
    shutil.rmtree(out, ignore_errors=True)  # what a run that was broken off left
    subprocess.run([given.cloze, "train", task.kind, "-m", model, "-f", folder / f"train.{ending}", "--test",
                    folder / f"test.{ending}", *layout, "--epochs", str(EPOCHS), "--batch", str(BATCH), "--rate",
                    str(RATE), "--warmup", str(WARMUP), "--decay", str(DECAY), "--max-tokens", str(given.max_tokens),
                    "--seed", str(seed), "-t", str(given.threads), "--picture", "none", "-q", *task.more, "-o", out],
                   check=True)
    lines = [json.loads(line) for line in (out / "training.jsonl").read_text().splitlines()]
    found = dict(next(line for line in lines if line["event"] == "end")["test"])
    if task.rare:
        found["f1_rare"] = rare_f1(given, task, out, folder / "test.jsonl")
    return found


def rare_f1(given: argparse.Namespace, task: Task, model: Path, test: Path) -> float:
    from sklearn.metrics import f1_score

    output = subprocess.run([given.cloze, "eval", "-m", model, "--json", test], check=True, capture_output=True,
                            text=True).stdout
    report = json.loads(output)
    return next(label["f1"] for label in report["labels"] if label["label"] == task.rare)


def random_model(given: argparse.Namespace, seed: int) -> Path:
    """The model's shape and vocabulary with the weights that transformers begins with: what no pre-training gives."""
    folder = given.work / f"random-{seed}"
    if not (folder / "model.safetensors").exists():
        import torch
        from transformers import AutoConfig, AutoModel

        torch.manual_seed(seed)
        AutoModel.from_config(AutoConfig.from_pretrained(given.model)).save_pretrained(folder)
        for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
            if (Path(given.model) / name).exists():
                (folder / name).write_bytes((Path(given.model) / name).read_bytes())
    return folder


# ---- transformers and PyTorch ----

def torch_batch(tokenizer: Any, task: Task, rows: Rows, labels: list[str], longest: int) -> dict[str, Any]:
    import torch

    how = dict(padding=True, truncation=True, max_length=longest, return_tensors="pt")
    if task.kind == "tag":
        batch = tokenizer([row["words"] for row in rows], is_split_into_words=True, **how)
        target = torch.full_like(batch["input_ids"], -100)
        for i, row in enumerate(rows):
            before = None
            for at, word in enumerate(batch.word_ids(i)):
                if word is not None and word != before:
                    target[i, at] = labels.index(row["tags"][word])
                before = word
        return {**batch, "labels": target}
    batch = tokenizer([row["text"] for row in rows], [row["pair"] for row in rows] if "pair" in rows[0] else None, **how)
    return {**batch, "labels": torch.tensor([labels.index(row["label"]) for row in rows])}


def torch_windows(tokenizer: Any, rows: Rows, longest: int) -> list[dict[str, Any]]:
    """As transformers' run_qa.py makes features of questions."""
    found = tokenizer([row["text"] for row in rows], [row["pair"] for row in rows], truncation="only_second",
                      max_length=longest, stride=128, return_overflowing_tokens=True, return_offsets_mapping=True)
    windows = []
    for i, of in enumerate(found["overflow_to_sample_mapping"]):
        answer, offsets, side = rows[of]["answers"][0], found["offset_mapping"][i], found.sequence_ids(i)
        begin, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
        inside = [k for k, s in enumerate(side) if s == 1]
        first = [k for k in inside if offsets[k][0] <= begin < offsets[k][1]]
        last = [k for k in inside if offsets[k][0] < end <= offsets[k][1]]
        here = first and last
        windows.append({**{key: found[key][i] for key in tokenizer.model_input_names},
                        "start_positions": first[-1] if here else 0, "end_positions": last[-1] if here else 0})
    return windows


def pad_windows(tokenizer: Any, windows: list[dict[str, Any]]) -> dict[str, Any]:
    import torch

    places = {key: torch.tensor([window[key] for window in windows]) for key in ("start_positions", "end_positions")}
    return {**tokenizer.pad([{key: window[key] for key in tokenizer.model_input_names} for window in windows],
                            return_tensors="pt"), **places}


def torch_model(given: argparse.Namespace, task: Task, labels: list[str]) -> Any:
    import transformers

    kind = {"tag": "TokenClassification", "answer": "QuestionAnswering"}.get(task.kind, "SequenceClassification")
    head = {} if task.kind == "answer" else {"id2label": dict(enumerate(labels)),
                                             "label2id": {name: i for i, name in enumerate(labels)}}
    return getattr(transformers, f"AutoModelFor{kind}").from_pretrained(given.model, **head)


def run_torch(given: argparse.Namespace, task: Task, folder: Path, rows: tuple[Rows, Rows], seed: int) -> dict[str, float]:
    import torch
    from transformers import AutoTokenizer, get_linear_schedule_with_warmup

    torch.set_num_threads(given.threads)
    torch.manual_seed(seed)
    train, test = rows
    labels = sorted({tag for row in train for tag in row["tags"]} if task.kind == "tag"
                    else {row.get("label", "") for row in train})
    tokenizer = AutoTokenizer.from_pretrained(given.model)
    model = torch_model(given, task, labels)
    items: Any = torch_windows(tokenizer, train, given.max_tokens) if task.kind == "answer" else train
    order, weights = random.Random(seed), None
    counts = {label: sum(row.get("label") == label for row in train) for label in labels}
    if "--balance" in task.more:
        weights = torch.tensor([len(train) / len(labels) / counts[label] for label in labels])
    if "--oversample" in task.more:
        most = max(counts.values())
        items = [row for label in labels for row in
                 (lambda own: [own[i % len(own)] for i in range(most)])([r for r in train if r["label"] == label])]
    steps = EPOCHS * ((len(items) + BATCH - 1) // BATCH)
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}],
                                  lr=RATE)
    schedule = get_linear_schedule_with_warmup(optimizer, int(-(-WARMUP * steps // 1)), steps)
    model.train()
    for _ in range(EPOCHS):
        items = order.sample(items, len(items))
        for first in range(0, len(items), BATCH):
            chosen = items[first: first + BATCH]
            batch = pad_windows(tokenizer, chosen) if task.kind == "answer" else \
                torch_batch(tokenizer, task, chosen, labels, given.max_tokens)
            made = model(**batch)
            loss = made.loss if weights is None else \
                torch.nn.functional.cross_entropy(made.logits, batch["labels"], weight=weights)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.inference_mode():
        return score_torch(given, task, model, tokenizer, test, labels)


def score_torch(given: argparse.Namespace, task: Task, model: Any, tokenizer: Any, test: Rows,
                labels: list[str]) -> dict[str, float]:
    if task.kind == "answer":
        return score_answers(given, model, tokenizer, test)
    predicted: list[Any] = []
    for first in range(0, len(test), 32):
        rows = test[first: first + 32]
        known = [{**row, "label": labels[0]} if "label" in row else {**row, "tags": [labels[0]] * len(row["words"])}
                 for row in rows]
        batch = torch_batch(tokenizer, task, known, labels, given.max_tokens)
        target = batch.pop("labels")
        best = model(**batch).logits.argmax(-1)
        predicted += [labels[i] for i in best.tolist()] if task.kind != "tag" else \
            [[labels[k] for k, asked in zip(line.tolist(), own.tolist()) if asked != -100] for line, own in zip(best, target)]
    if task.kind == "tag":
        from seqeval.metrics import f1_score, precision_score, recall_score

        gold = [row["tags"][: len(line)] for row, line in zip(test, predicted)]
        return {"f1": f1_score(gold, predicted), "precision": precision_score(gold, predicted),
                "recall": recall_score(gold, predicted)}
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    gold = [row["label"] for row in test]
    precision, recall, f1, _ = precision_recall_fscore_support(gold, predicted, average="macro", zero_division=0)
    found = {"accuracy": accuracy_score(gold, predicted), "precision": precision, "recall": recall, "f1": f1}
    if task.rare:
        found["f1_rare"] = precision_recall_fscore_support(gold, predicted, labels=[task.rare], zero_division=0)[2][0]
    return {name: float(value) for name, value in found.items()}


def score_answers(given: argparse.Namespace, model: Any, tokenizer: Any, test: Rows) -> dict[str, float]:
    from transformers import pipeline
    from transformers.data.metrics.squad_metrics import compute_exact, compute_f1

    answer = pipeline("question-answering", model=model, tokenizer=tokenizer, device="cpu")
    exact, f1 = 0.0, 0.0
    for row in test:
        best = answer(question=row["text"], context=row["pair"], max_seq_len=given.max_tokens, doc_stride=128,
                      max_answer_len=30)["answer"]
        exact += max(compute_exact(gold["text"], best) for gold in row["answers"])
        f1 += max(compute_f1(gold["text"], best) for gold in row["answers"])
    return {"exact": exact / len(test), "f1": f1 / len(test)}


# ---- all of it ----

def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cloze", required=True, type=Path)
    parser.add_argument("--model", required=True, help="a folder")
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--work", type=Path, default=Path("compare-training"))
    parser.add_argument("--tasks", default=",".join(TASKS), help="names with commas")
    parser.add_argument("--engines", default="cloze,torch", help="of cloze, torch, and scratch: cloze from random weights")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--max-tokens", type=int, default=256)
    given = parser.parse_args()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    given.cloze = given.cloze.resolve()
    given.work.mkdir(parents=True, exist_ok=True)
    log = given.work / "results.jsonl"
    done = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    names = [name.strip() for name in given.tasks.split(",")]
    for name in names:
        task = TASKS[name]
        rows = sample(task, given.data)
        folder = given.work / name
        folder.mkdir(exist_ok=True)
        ending = {"tag": "conll", "answer": "json"}.get(task.kind, "jsonl")
        for part, own in zip(("train", "test"), rows):
            write_rows(folder / f"{part}.{ending}", task, own)
        for engine in given.engines.split(","):
            for seed in range(given.seeds):
                if any(r["task"] == name and r["engine"] == engine and r["seed"] == seed for r in done):
                    continue
                begun = time.perf_counter()
                if engine == "torch":
                    found = run_torch(given, task, folder, rows, seed)
                else:
                    model = given.model if engine == "cloze" else random_model(given, seed)
                    found = run_cloze(given, task, folder, seed, model, engine)
                done.append({"task": name, "engine": engine, "seed": seed, "seconds": time.perf_counter() - begun,
                             "measures": found})
                with log.open("a") as file:
                    file.write(json.dumps(done[-1]) + "\n")
                print(name, engine, seed, {k: round(v, 4) for k, v in found.items()}, file=sys.stderr, flush=True)
    print_table(names, done)
    if "scratch" in given.engines.split(","):
        print_scratch(names, done)


def cell(done: list[dict[str, Any]], name: str, engine: str, measure: str) -> str:
    values = [100 * r["measures"][measure] for r in done
              if r["task"] == name and r["engine"] == engine and measure in r["measures"]]
    return f"{statistics.mean(values):.1f} ± {statistics.stdev(values):.1f}" if len(values) > 1 else \
        f"{values[0]:.1f}" if values else ""


def print_scratch(names: list[str], done: list[dict[str, Any]]) -> None:
    print("\n| task | weights at the start | " + " | ".join(FULL) + " |\n|" + "---|" * (2 + len(FULL)))
    for name in names:
        for engine, start in (("cloze", "of the model"), ("scratch", "random")):
            print(f"| {name} | {start} | " + " | ".join(cell(done, name, engine, m) for m in FULL) + " |")


def print_table(names: list[str], done: list[dict[str, Any]]) -> None:
    print("| task | examples | measure | cloze | PyTorch | seconds a run |\n|---|---|---|---|---|---|")
    for name in names:
        for measure in TASKS[name].shown:
            cells = [cell(done, name, engine, measure) for engine in ("cloze", "torch")]
            seconds = [f"{statistics.median(r['seconds'] for r in done if (r['task'], r['engine']) == (name, engine)):.0f}"
                       for engine in ("cloze", "torch")
                       if any((r["task"], r["engine"]) == (name, engine) for r in done)]
            print(f"| {name} | {TASKS[name].train:,} / {TASKS[name].test:,} | {measure} | {cells[0]} | {cells[1]} | "
                  f"{', '.join(seconds)} |")


if __name__ == "__main__":
    main()
