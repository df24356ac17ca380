"""One peer in a process of its own; race.py starts it and speaks with it in lines of JSON.

    python worker.py PEER prepare SHAPE MODEL_FOLDER WORK_FOLDER
    python worker.py PEER first   SHAPE MODEL_FOLDER WORK_FOLDER THREADS   one vector, then the end
    python worker.py PEER serve   SHAPE MODEL_FOLDER WORK_FOLDER THREADS

`serve` answers {"do": "embed"|"measure", "lengths": [...], "batch": n} with vectors or seconds.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from peer import Peer, make_peer
from workloads import SHAPES, Shape, measure_turn, run_once, sequences_of

FIRST_LENGTH = 4


def answer(peer: Peer, shape: Shape, request: dict[str, Any]) -> dict[str, Any]:
    sequences = sequences_of(request["lengths"], shape.vocabulary)
    if request["do"] == "embed":
        return {"vectors": run_once(peer.embed, sequences, request["batch"]).tolist()}
    return {"seconds": measure_turn(peer.embed, sequences, request["batch"])}


def serve(peer: Peer, shape: Shape, answers: Any) -> None:
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(peer, shape, json.loads(line))), file=answers, flush=True)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")  # engines may write to standard output
    os.dup2(2, 1)
    name, action, shape_name, model, folder = sys.argv[1:6]
    shape, peer = SHAPES[shape_name], make_peer(name)
    if action == "prepare":
        Path(folder).mkdir(parents=True, exist_ok=True)
        peer.prepare(Path(model), shape, Path(folder))
        return
    peer.load(Path(model), shape, Path(folder), int(sys.argv[6]))
    if action == "first":
        vector = peer.embed(sequences_of([FIRST_LENGTH], shape.vocabulary))
        print(float(vector[0, 0]), file=answers)
    else:
        serve(peer, shape, answers)


if __name__ == "__main__":
    main()
