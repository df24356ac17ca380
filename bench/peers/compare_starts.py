#!/usr/bin/env python3
"""What pre-training is worth where labelled examples are few: fine-tunes a model and the same shape with random
weights by the same recipe, and prints what both reach on the same test examples.

    python bench/peers/compare_starts.py --cloze build/cloze --model FOLDER --data DATASETS [--tasks a,b]

Of texts with labels accuracy decides, of tagged words the F1 of entities. Each seed draws its own
--items examples to learn from; a fifth of them is held out (`--dev-part`), tells the best epoch, and, over all seeds,
the best of --rates for each side. The test examples, which are others and the same for all, tell nothing but the
result. Results are appended to --work/results.jsonl, and what is there is not run again.

Needs: pip install torch transformers
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from compare_training import BATCH, DECAY, SAMPLE, TASKS, WARMUP, Rows, Task, random_model, write_rows

SIDES = ("pre-trained", "random")
DROPOUT, HELD_OUT = 0.1, 0.2

Results = list[dict[str, Any]]


def split(task: Task, data: Path, tested: int) -> tuple[Rows, Rows]:
    """What may be drawn from, and what is tested with."""
    train, test = task.read(data)
    chosen = random.Random(SAMPLE).sample(range(len(test)), min(tested, len(test)))
    held = set(chosen) if train is test else set()
    return [row for i, row in enumerate(train) if i not in held], [test[i] for i in chosen]


def ending(task: Task) -> str:
    return "conll" if task.kind == "tag" else "jsonl"


def main_measure(name: str) -> str:
    return "f1" if TASKS[name].kind == "tag" else "accuracy"


def learn(given: argparse.Namespace, task: Task, folder: Path, side: str, rate: str, seed: int,
          labels: list[str]) -> dict[str, Any]:
    model = given.model if side == "pre-trained" else random_model(given, seed)
    out = folder / "learned"
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run([given.cloze, "train", task.kind, "-m", model, "-f", folder / f"train-{seed}.{ending(task)}", "--test",
                    folder / f"test.{ending(task)}", "--labels", ",".join(labels), "--dev-part", str(HELD_OUT), "--epochs",
                    str(given.epochs), "--batch", str(BATCH), "--rate", rate, "--warmup", str(WARMUP), "--decay",
                    str(DECAY), "--dropout", str(DROPOUT), "--attention-dropout", str(DROPOUT), "--seed", str(seed),
                    "-t", str(given.threads), "--picture", "none", "-q", "-o", out],
                   check=True, stdout=subprocess.DEVNULL)
    lines = [json.loads(line) for line in (out / "training.jsonl").read_text().splitlines()]
    end = next(line for line in lines if line["event"] == "end")
    return {"dev": end["dev"], "test": end["test"]}


def run(given: argparse.Namespace, name: str, done: Results, log: Path) -> None:
    task = TASKS[name]
    folder = given.work / name
    folder.mkdir(exist_ok=True)
    pool, test = split(task, given.data, given.tested)
    labels = sorted({label for row in pool + test for label in (row["tags"] if task.kind == "tag" else [row["label"]])})
    write_rows(folder / f"test.{ending(task)}", task, test)
    for seed in range(given.seeds):
        write_rows(folder / f"train-{seed}.{ending(task)}", task, random.Random(seed).sample(pool, given.items))
        for rate in given.rates.split(","):
            for side in SIDES:
                what = {"task": name, "items": given.items, "side": side, "rate": rate, "seed": seed}
                if any(what.items() <= one.items() for one in done):
                    continue
                done.append({**what, **learn(given, task, folder, side, rate, seed, labels)})
                with log.open("a") as file:
                    file.write(json.dumps(done[-1]) + "\n")
                print(*what.values(), *(round(done[-1][part][main_measure(name)], 4) for part in ("dev", "test")),
                      file=sys.stderr, flush=True)


# ---- what came of it ----

def values(done: Results, name: str, side: str, rate: str, part: str, measure: str) -> list[float]:
    return [100 * one[part][measure] for one in sorted(done, key=lambda one: one["seed"])
            if (one["task"], one["side"], one["rate"]) == (name, side, rate)]


def cell(numbers: list[float]) -> str:
    return f"{statistics.mean(numbers):.1f} ± {statistics.stdev(numbers):.1f}" if len(numbers) > 1 else f"{numbers[0]:.1f}"


def best_rate(done: Results, name: str, side: str, rates: list[str]) -> str:
    return max(rates, key=lambda rate: statistics.mean(values(done, name, side, rate, "dev", main_measure(name))))


def print_chosen(names: list[str], done: Results, rates: list[str]) -> None:
    measures = ("accuracy", "precision", "recall", "f1")
    print("| task | weights at the start | rate | held out | " + " | ".join(measures) + " |\n|" + "---|" * 8)
    for name in names:
        for side in SIDES:
            rate = best_rate(done, name, side, rates)
            cells = [cell(values(done, name, side, rate, part, measure))
                     for part, measure in (("dev", main_measure(name)), *(("test", measure) for measure in measures))]
            print(f"| {name} | {side} | {rate} | " + " | ".join(cells) + " |")
        first, second = (values(done, name, side, best_rate(done, name, side, rates), "test", main_measure(name))
                         for side in SIDES)
        print(f"{name}: differences by seed {cell([a - b for a, b in zip(first, second)])}", file=sys.stderr)


def print_rates(names: list[str], done: Results, rates: list[str]) -> None:
    print("\n| task | weights at the start | accuracy, or F1 of entities, at " + " | ".join(rates) + " |\n|" + "---|" * (2 + len(rates)))
    for name in names:
        for side in SIDES:
            print(f"| {name} | {side} | " +
                  " | ".join(cell(values(done, name, side, rate, "test", main_measure(name))) for rate in rates) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cloze", required=True, type=Path)
    parser.add_argument("--model", required=True, help="the folder of a model that was pre-trained")
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--work", type=Path, default=Path("compare-starts"))
    parser.add_argument("--tasks", default="subjectivity,sentence_polarity,sms_spam,banking77,med_nli,wikigold",
                        help="names with commas")
    parser.add_argument("--items", type=int, default=500, help="to learn from, the held-out fifth included")
    parser.add_argument("--tested", type=int, default=2000)
    parser.add_argument("--rates", default="2e-4,5e-4,1e-3,2e-3")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    given.cloze = given.cloze.resolve()
    given.work.mkdir(parents=True, exist_ok=True)
    log = given.work / "results.jsonl"
    done = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    names, rates = given.tasks.split(","), given.rates.split(",")
    for name in names:
        run(given, name, done, log)
    done = [one for one in done if one["items"] == given.items]
    print_chosen(names, done, rates)
    print_rates(names, done, rates)


if __name__ == "__main__":
    main()
