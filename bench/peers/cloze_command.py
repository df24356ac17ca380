"""cloze in the race, through its program: `cloze bench` measures, `cloze embed` gives the vectors.

Each turn is a process of its own, since the program has no server for ids; only what `cloze bench`
measures after its own warm-up counts, which is the same thing that a worker measures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

from model_folder import word_of
from workloads import Ids, Vectors, Workload


class ClozeCommand:
    def __init__(self, program: Path, model: Path, threads: int, packing: str) -> None:
        self.program = str(program.resolve())
        self.settings = ["--model", str(model), "--threads", str(threads), "--quiet",
                         "--packing", packing]

    def run(self, command: str, *arguments: str, text: str | None = None) -> bytes:
        done = subprocess.run([self.program, command, *self.settings, *arguments], check=True,
                              stdout=subprocess.PIPE, input=text.encode() if text else None)
        return done.stdout

    def seconds(self, workload: Workload) -> float:
        """One turn. Batches are the program's own affair, except that one by one means that."""
        alone = ["--batch-tokens", "1"] if workload.batch == 1 else []
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as lengths:
            lengths.write("\n".join(map(str, workload.lengths)) + "\n")
            lengths.flush()
            output = self.run("bench", "--lengths", lengths.name, "--rounds", "1", "--json", *alone)
        return float(json.loads(output)["workloads"][0]["seconds"])

    def vectors(self, sequences: list[Ids]) -> Vectors:
        """[CLS] and [SEP] are the program's to add."""
        lines = "".join(" ".join(word_of(int(i)) for i in ids[1:-1]) + "\n" for ids in sequences)
        output = self.run("embed", "--pooling", "mean", "--no-normalize", "--format", "raw", text=lines)
        return numpy.frombuffer(output, dtype="<f4").reshape(len(sequences), -1)

    def first_command(self) -> list[str]:
        """Process start to the first vector, of a text of four tokens."""
        return [self.program, "embed", *self.settings, "--pooling", "mean", f"{word_of(7)} {word_of(8)}"]


STOPWATCH = """
import json, os, subprocess, sys, time
begun = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([time.perf_counter() - begun, usage.ru_maxrss / 1024, status]))
"""


def first_vector(command: list[str]) -> tuple[float, float]:
    """Seconds from the start of a process to its end, and its peak of memory in MB.

    A process counts the memory of the one that started it as its own, so a small Python starts it,
    itself started by a shell that forgets ours."""
    shell = ["sh", "-c", '"$@" & wait $!', "sh", sys.executable, "-S", "-E", "-c", STOPWATCH]
    done = subprocess.run([*shell, *command], check=True, stdout=subprocess.PIPE)
    seconds, peak, status = json.loads(done.stdout)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    return seconds, peak
