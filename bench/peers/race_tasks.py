#!/usr/bin/env python3
"""Races whole tasks, from text to result: a question about one long text, or passages ranked for a query.

    python bench/peers/race_tasks.py answer --program build/bench/bench_tasks --tokenizer FOLDER --text FILE
    python bench/peers/race_tasks.py rerank --program build/bench/bench_tasks --tokenizer FOLDER --text FILE

FOLDER has the vocab.txt of a BERT tokenizer. `answer` takes the first 10,000 words of FILE as its text and
runs against the pipeline of transformers in its best batch; `rerank` takes the lines of FILE as passages and
runs against CrossEncoder of sentence-transformers, in the order given and sorted by length. Engines that have
no such task (--peers, as in race.py) get the model's token ids ready-made, with the batch that suits them,
and have neither to cut text nor to find answers: what they take is a lower bound.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from model_folder import make_model_folder
from race import REST, Worker, remark
from workloads import SHAPES, Shape, Workload

SHAPE_OF = {"answer": "bert-base", "rerank": "minilm"}
QUESTION = {"answer": "Where was the film first shown?", "rerank": "When did the new constitution come into force?"}
WORDS, PASSAGES = 10000, 512
WINDOW, STRIDE = 384, 128
"""Of transformers' pipeline."""
BATCHES = (1, 4, 16, 32)
SAME = 1e-4


@dataclass
class Runner:
    name: str
    seconds: Callable[[], float]
    result: Callable[[], str] = lambda: ""
    turns: list[float] = field(default_factory=list)


def make_task_folder(folder: Path, task: str, shape: Shape, tokenizer: Path) -> None:
    """A model with the task's head and a real tokenizer; random weights."""
    if (folder / "model.safetensors").exists():
        return
    import torch
    from transformers import BertConfig, BertForQuestionAnswering, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(7)
    config = BertConfig(hidden_size=shape.hidden, num_hidden_layers=shape.layers, num_attention_heads=shape.heads,
                        intermediate_size=shape.intermediate, num_labels=1 if task == "rerank" else 2,
                        initializer_range=0.05)
    model = (BertForSequenceClassification if task == "rerank" else BertForQuestionAnswering)(config)
    model.save_pretrained(folder)
    shutil.copy(tokenizer / "vocab.txt", folder / "vocab.txt")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=512).save_pretrained(folder)


class Cloze:
    def __init__(self, program: Path, task: str, folder: Path, threads: int, text: Path) -> None:
        command = [str(program), task, str(folder), str(threads), QUESTION[task], str(text)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self) -> list[str]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def seconds(self) -> float:
        return float(self.run()[0])


def timed(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def text_runners(task: str, folder: Path, texts: list[str]) -> tuple[list[Runner], Callable[[], str]]:
    """What transformers and sentence-transformers do with text, and what they find."""
    runners = []
    if task == "answer":
        from transformers import pipeline

        answer = pipeline("question-answering", model=str(folder), device="cpu")
        for batch in (1, 8):
            def run(batch: int = batch) -> Any:
                return answer(question=QUESTION[task], context=texts[0], batch_size=batch)
            runners.append(Runner(f"transformers' pipeline, batch {batch}", lambda run=run: timed(run)))

        def found() -> str:
            best = answer(question=QUESTION[task], context=texts[0])
            return f"{len(texts[0][:best['start']].encode())} {len(texts[0][:best['end']].encode())} {best['score']}"
        return runners, found
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(folder), device="cpu")
    for name, passages in (("as they come", texts), ("sorted", sorted(texts, key=len))):
        pairs = [(QUESTION[task], passage) for passage in passages]
        runners.append(Runner(f"CrossEncoder, {name}", lambda pairs=pairs: timed(
            lambda: model.predict(pairs, batch_size=32, show_progress_bar=False))))

    def best() -> str:
        top = model.rank(QUESTION[task], texts)[0]
        return f"{top['corpus_id']} {len(texts)} {top['score']}"
    return runners, best


def lengths_of(task: str, folder: Path, texts: list[str]) -> list[int]:
    """In tokens: of the windows over the text, or of the pairs."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    if task == "answer":
        windows = tokenizer(QUESTION[task], texts[0], truncation="only_second", max_length=WINDOW, stride=STRIDE,
                            return_overflowing_tokens=True)
        return [len(ids) for ids in windows["input_ids"]]
    return sorted(len(tokenizer(QUESTION[task], text, truncation=True)["input_ids"]) for text in texts)


def engine_runners(peers: list[str], shape: Shape, work: Path, threads: int, lengths: list[int]) -> list[Runner]:
    """Engines on ready-made ids, each with the batch that is fastest in one try."""
    runners = []
    for name in peers:
        model = work / shape.name
        make_model_folder(model, shape)
        try:
            worker = Worker(name, shape, model, work / f"{shape.name}-{name}", threads)
        except RuntimeError as error:
            remark(f"left out: {error}")
            continue
        found = {}
        for batch in BATCHES:
            workload = Workload("", tuple(lengths), batch)
            worker.seconds(workload)
            found[batch] = worker.seconds(workload)
        best = min(found, key=lambda batch: found[batch])
        workload = Workload("", tuple(lengths), best)
        runners.append(Runner(f"{name}, ids, batch {best}",
                              lambda worker=worker, workload=workload: worker.seconds(workload)))
    return runners


def agree(ours: str, theirs: str) -> bool:
    a, b = ours.split(), theirs.split()
    return a[:2] == b[:2] and abs(float(a[2]) - float(b[2])) < SAME


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("task", choices=sorted(SHAPE_OF))
    parser.add_argument("--program", type=Path, required=True, help="bench_tasks, built for release")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--peers", default="onnxruntime", help="names of race.py, with commas")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "cloze-race")
    given = parser.parse_args()
    import torch

    torch.set_num_threads(given.threads)
    shape = SHAPES[SHAPE_OF[given.task]]
    folder = given.work / f"{shape.name}-{given.task}"
    make_task_folder(folder, given.task, shape, given.tokenizer)
    whole = given.text.read_text()
    texts = [" ".join(whole.split()[:WORDS])] if given.task == "answer" else [
        line.strip() for line in whole.splitlines() if line.strip()][:PASSAGES]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(texts))
        file.flush()
        cloze = Cloze(given.program.resolve(), given.task, folder, given.threads, Path(file.name))
        runners, found = text_runners(given.task, folder, texts)
        lengths = lengths_of(given.task, folder, texts)
        runners += engine_runners(given.peers.split(","), shape, given.work, given.threads, lengths)
        runners.append(Runner("cloze", cloze.seconds))
        ours, theirs = " ".join(cloze.run()[1:]), found()
        remark("the same result" if agree(ours, theirs) else f"results differ: {ours} and {theirs}")
        for runner in runners:
            runner.seconds()
        for number in range(given.rounds):
            for i in range(len(runners)):
                runner = runners[(i + number) % len(runners)]
                time.sleep(REST)
                runner.turns.append(runner.seconds())
            remark(f"round {number + 1} of {given.rounds}")
    unit = f"{len(lengths)} windows" if given.task == "answer" else f"{len(lengths)} pairs"
    print(f"\n{given.task}, {shape.name}, {given.threads} threads, {unit} of {sum(lengths)} tokens")
    for runner in runners:
        ratio = statistics.median(a / b for a, b in zip(runner.turns, runners[-1].turns))
        print(f"{runner.name:36}{statistics.median(runner.turns):8.3f} s ({ratio:.2f})", flush=True)


if __name__ == "__main__":
    main()
