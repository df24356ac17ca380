#!/usr/bin/env python3
"""Races a picture of the attention of all heads, from the start of the process to the PNG, against transformers
and matplotlib (draw_attention.py, the least that draws it: no labels, no colour bar).

    python bench/peers/race_picture.py --cloze build/cloze
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from model_folder import word_of
from race import REST, remark
from race_explaining import LENGTHS, SPECIAL, make_classifier
from workloads import SHAPES


def timed(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cloze", type=Path, required=True, help="the program, built for release")
    parser.add_argument("--shape", default="minilm", choices=sorted(SHAPES))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "cloze-race")
    given = parser.parse_args()
    shape = SHAPES[given.shape]
    folder = given.work / f"{shape.name}-labels"
    make_classifier(folder, shape)
    environment = os.environ | {"OMP_NUM_THREADS": str(given.threads), "HF_HUB_OFFLINE": "1"}
    remark(f"{shape.name}, {given.threads} threads, {given.rounds} rounds; medians, the first round is not counted")
    for length in LENGTHS:
        draw = random.Random(length)
        text = " ".join(word_of(draw.randrange(1000, shape.vocabulary)) for _ in range(length - 2 * SPECIAL))
        ours = [str(given.cloze.resolve()), "explain", "-m", str(folder), "-t", str(given.threads), "--attention",
                str(given.work / "ours.png"), text]
        theirs = [sys.executable, str(Path(__file__).with_name("draw_attention.py")), str(folder),
                  str(given.work / "theirs.png"), text]
        turns: list[tuple[float, float]] = []
        for _ in range(given.rounds + 1):
            time.sleep(REST)
            turns.append((timed(ours, environment), timed(theirs, environment)))
        first, second = zip(*turns[1:])
        ratio = statistics.median(b / a for a, b in turns[1:])
        print(f"{length:4} tokens  cloze {statistics.median(first):.3f} s  transformers and matplotlib "
              f"{statistics.median(second):.3f} s  {ratio:5.1f} times", flush=True)


if __name__ == "__main__":
    main()
