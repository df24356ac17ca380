#!/usr/bin/env python3
"""Races engines for BERT encoders against each other and against cloze: same weights, same ids, one
run, rounds interleaved, medians.

    python bench/peers/race.py --cloze build/cloze --lengths lengths.txt
    python bench/peers/race.py --peers onnxruntime,torch --shapes minilm --threads 1,2 --json
    python bench/peers/race.py --cloze build/cloze --first

Needs the packages of requirements.txt for the peers that are named. See ../README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy

from cloze_command import ClozeCommand, first_vector
from model_folder import make_model_folder
from peer import PEERS
from workloads import ROUNDS, SHAPES, Shape, Vectors, Workload, read_lengths, sequences_of, workloads_of

HERE = Path(__file__).resolve().parent
CLOZE = "cloze"
CHECKED_LENGTHS = [16, 3, 128, 40, 7]
AGREEMENT = 5e-3
"""Largest difference of vectors between float32 engines, as a share of the largest value where that is
above 1; llama.cpp comes close to it, others not."""
REST = 0.25
"""Seconds between turns, so that the spinning threads of one engine do not disturb the next."""


class Worker:
    """A peer in its process."""

    def __init__(self, name: str, shape: Shape, model: Path, folder: Path, threads: int) -> None:
        command = [sys.executable, str(HERE / "worker.py"), name]
        places = [shape.name, str(model), str(folder)]
        if not folder.exists():
            log = subprocess.run([*command, "prepare", *places], capture_output=True, text=True)
            if log.returncode:
                raise RuntimeError(f"{name}: {last_line(log.stderr)}")
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([*command, "serve", *places, str(threads)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.name, self.alone = name, bool(shape.alone)
        self.receive()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise RuntimeError(f"{self.name}: {last_line(self.log.read())}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.receive()

    def seconds(self, workload: Workload) -> float:
        answer = self.ask(do="measure", lengths=workload.lengths, batch=workload.batch)
        return float(answer["seconds"])

    def vectors(self, lengths: list[int]) -> Vectors:
        answer = self.ask(do="embed", lengths=lengths, batch=1 if self.alone else len(lengths))
        return numpy.array(answer["vectors"], dtype=numpy.float32)

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no word of why"


@dataclass
class Runner:
    name: str
    measure: Callable[[Workload], float]
    vectors: Callable[[list[int]], Vectors]
    stop: Callable[[], None] = lambda: None
    difference: float = 0
    turns: dict[str, list[float]] = field(default_factory=dict)


@dataclass
class Settings:
    peers: list[str]
    cloze: Path | None
    workloads: list[str]
    rounds: int
    work: Path
    natural: list[int]
    print_json: bool


def remark(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def start_runners(settings: Settings, shape: Shape, model: Path, threads: int) -> list[Runner]:
    runners = []
    for name in settings.peers:
        try:
            worker = Worker(name, shape, model, settings.work / f"{shape.name}-{name}", threads)
        except RuntimeError as error:
            remark(f"left out: {error}")
            continue
        runners.append(Runner(name, worker.seconds, worker.vectors, worker.stop))
    if settings.cloze:
        command = ClozeCommand(settings.cloze, model, threads, packing="kept")
        runners.append(Runner(CLOZE, command.seconds, lambda lengths: command.vectors(
            sequences_of(lengths, shape.vocabulary))))
    return runners


def check_agreement(runners: list[Runner]) -> None:
    """An engine that computes something else is not in this race."""
    expected = runners[0].vectors(CHECKED_LENGTHS)
    largest = max(1, float(numpy.abs(expected).max()))
    for runner in runners:
        runner.difference = float(numpy.abs(runner.vectors(CHECKED_LENGTHS) - expected).max()) / largest
        exact = runner.name == CLOZE or PEERS[runner.name].exact
        if exact and not runner.difference <= AGREEMENT:
            remark(f"{runner.name} differs from {runners[0].name} by {runner.difference:.2g}")


def race(settings: Settings, shape: Shape, threads: int) -> None:
    model = settings.work / shape.name
    make_model_folder(model, shape)
    chosen = [w for w in workloads_of(shape, settings.natural)
              if not settings.workloads or w.name in settings.workloads]
    runners = start_runners(settings, shape, model, threads)
    if not runners:
        return
    check_agreement(runners)
    for workload in chosen:
        for runner in runners:
            runner.measure(workload)  # warm: compilers, caches, memory
    for number in range(settings.rounds):
        for workload in chosen:
            for i in range(len(runners)):
                runner = runners[(i + number) % len(runners)]
                time.sleep(REST)
                runner.turns.setdefault(workload.name, []).append(runner.measure(workload))
        remark(f"{shape.name}, {threads} threads: round {number + 1} of {settings.rounds}")
    for runner in runners:
        runner.stop()
    report = print_json if settings.print_json else print_table
    report(shape, threads, chosen, runners)


def print_json(shape: Shape, threads: int, workloads: list[Workload], runners: list[Runner]) -> None:
    for workload in workloads:
        for runner in runners:
            turns = runner.turns[workload.name]
            seconds = statistics.median(turns)
            flops = sum(map(shape.flops, workload.lengths))
            print(json.dumps({
                "engine": runner.name, "shape": shape.name, "threads": threads,
                "workload": workload.name, "sequences": len(workload.lengths),
                "tokens": workload.tokens, "rounds": len(turns), "seconds": seconds,
                "fastest": min(turns), "slowest": max(turns),
                "sequences_per_second": len(workload.lengths) / seconds,
                "gflops": flops / seconds / 1e9, "difference": runner.difference,
            }), flush=True)


def ratio(runner: Runner, other: Runner, workload: str) -> float:
    """How many times faster `other` is: the median of the ratios inside of each round."""
    return statistics.median(a / b for a, b in zip(runner.turns[workload], other.turns[workload]))


def print_table(shape: Shape, threads: int, workloads: list[Workload], runners: list[Runner]) -> None:
    """Milliseconds of one sequence, or sequences a second."""
    ours = next((runner for runner in runners if runner.name == CLOZE), None)
    print(f"\n{shape.name}, {threads} thread{'s' * (threads > 1)}"
          + (f"; in brackets: how many times faster {CLOZE} is in the same round" if ours else ""))
    widths = [max(16, len(workload.name) + 2) for workload in workloads]
    print(f"{'':18}" + "".join(f"{w.name:>{width}}" for w, width in zip(workloads, widths))
          + f"{'difference':>12}")
    for runner in runners:
        cells = []
        for workload, width in zip(workloads, widths):
            seconds = statistics.median(runner.turns[workload.name])
            count = len(workload.lengths)
            cell = f"{seconds * 1e3:.2f} ms" if count == 1 else f"{count / seconds:.1f}/s"
            if ours and runner is not ours:
                cell += f" ({ratio(runner, ours, workload.name):.2f})"
            cells.append(f"{cell:>{width}}")
        print(f"{runner.name:18}" + "".join(cells) + f"{runner.difference:12.1e}", flush=True)


def race_first(settings: Settings, shape: Shape, threads: int) -> None:
    """From the start of a process to its first vector; engines other than cloze in Python."""
    model = settings.work / shape.name
    make_model_folder(model, shape)
    commands: dict[str, list[str]] = {}
    for name in settings.peers:
        folder = settings.work / f"{shape.name}-{name}"
        places = [shape.name, str(model), str(folder)]
        worker = [sys.executable, str(HERE / "worker.py"), name]
        if not PEERS[name].starts:
            continue
        if not folder.exists():
            subprocess.run([*worker, "prepare", *places], check=True, stderr=subprocess.DEVNULL)
        commands[name] = [*worker, "first", *places, str(threads)]
    if settings.cloze:
        commands[CLOZE] = ClozeCommand(settings.cloze, model, threads,
                                       packing="auto").first_command()
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for number in range(-1, settings.rounds):
        for name, command in commands.items():
            seconds_and_peak = first_vector(command)
            if number >= 0:  # the round before the first one brings files into memory
                found[name].append(seconds_and_peak)
    if not settings.print_json:
        print(f"\n{shape.name}, {threads} threads: process start to first vector")
    for name, turns in found.items():
        seconds, peak = (statistics.median(column) for column in zip(*turns))
        if settings.print_json:
            print(json.dumps({"engine": name, "shape": shape.name, "threads": threads,
                              "workload": "first", "seconds": seconds, "peak_mb": peak}), flush=True)
        else:
            print(f"{name:18}{seconds:8.3f} s {peak:8.0f} MB", flush=True)


def parse() -> tuple[argparse.Namespace, Settings]:
    def names(text: str) -> list[str]:
        return [name for name in text.split(",") if name]

    data = os.environ.get("CLOZE_DATA")
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--peers", type=names, default=[n for n, e in PEERS.items() if e.exact],
                        help=f"any of {', '.join(PEERS)} (default: those that are exact)")
    parser.add_argument("--cloze", type=Path, help="the program, built for release")
    parser.add_argument("--shapes", type=names, default=["minilm", "bert-base"])
    parser.add_argument("--threads", type=names, default=["1", "2"])
    parser.add_argument("--workloads", type=lambda text: text.split(";"), default=[],
                        help="names of workloads, separated by ; (default: all)")
    parser.add_argument("--lengths", type=Path, default=Path(data) / "lengths.txt" if data else None,
                        help="natural lengths in tokens, one a line (default: $CLOZE_DATA/lengths.txt)")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "cloze-race",
                        help="where models and what engines make of them are kept (some GB)")
    parser.add_argument("--first", action="store_true", help="process start to first vector instead")
    parser.add_argument("--json", action="store_true", help="one line of JSON a result")
    given = parser.parse_args()
    if not given.lengths and not given.first:
        parser.error("--lengths FILE is needed where CLOZE_DATA is not set")
    unknown = [name for name in given.peers if name not in PEERS]
    if unknown:
        parser.error(f"no peer is called {unknown[0]}")
    natural = read_lengths(given.lengths) if given.lengths else []
    return given, Settings(given.peers, given.cloze, given.workloads, given.rounds,
                           given.work.resolve(), natural, given.json)


def main() -> None:
    given, settings = parse()
    for shape in given.shapes:
        for threads in given.threads:
            (race_first if given.first else race)(settings, SHAPES[shape], int(threads))


if __name__ == "__main__":
    main()
