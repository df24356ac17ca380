#!/usr/bin/env python3
"""Makes test/golden/explain/minilm.json: what captum and shap say in float64 of a classifier of subjective and
objective sentences that was trained from the real all-MiniLM-L6-v2. test/golden/explain/minilm is what it learned
beside that model, as peft saves it; peft adds it to the checkpoint here. It was made so, from 800 and 200 lines of
the subjectivity data (Pang, Lee 2004):

cloze train classify --lora 2 --lora-alpha 8 --rate 2e-3 --max-tokens 48 -f train.tsv --dev dev.tsv --no-header
    --text-column 1 --label-column 2 --epochs 2 --seed 1 -o minilm

Needs: pip install -r requirements-new.txt captum==0.9.0 shap==0.51.0 lime==0.2.0.1 peft==0.21.2 scipy

usage: make_minilm_explanations.py FOLDER_OF_ALL_MINILM_L6_V2 test/golden
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import make_explanations
import make_perturbations
import numpy as np
import torch
from explained import Case
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

TEXTS = [
    ("a slow, tender film that earns its tears", "logit"),
    ("she finds the letter and leaves her husband.", "margin"),
    ("the director never decides what he wants to say", "probability"),
]


def merge(base: Path, adapter: Path, target: Path) -> None:
    whole = AutoModelForSequenceClassification.from_pretrained(base, num_labels=2, dtype=torch.float64)
    PeftModel.from_pretrained(whole, adapter).merge_and_unload().save_pretrained(target)
    AutoTokenizer.from_pretrained(base).save_pretrained(target)


def explain(root: Path, text: str, value: str) -> dict:
    case = Case("minilm", "labels", text, value=value, target=1, against=0)
    told = make_explanations.explain(root, case)
    torch.set_default_dtype(torch.float32)
    words = make_perturbations.Words(root, case)
    units = len(words.names)
    assert units <= make_perturbations.FEW
    with torch.no_grad():
        told["shares"] = [make_perturbations.exact(words, units),
                          make_perturbations.partition(words, units, 10 * units * units)]
    torch.set_default_dtype(torch.float64)
    values = list(words.known.values())
    return told | {"range": max(values) - min(values)}


def main() -> None:
    base, golden = Path(sys.argv[1]), Path(sys.argv[2])
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)  # captum makes weights of that type
    versions = {"torch": torch.__version__.split("+")[0], "transformers": "4.57.6", "captum": "0.9.0",
                "shap": "0.51.0", "numpy": np.__version__}
    with tempfile.TemporaryDirectory() as folder:
        merge(base, golden / "explain" / "minilm", Path(folder) / "minilm")
        cases = [explain(Path(folder), *given) for given in TEXTS]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (golden / "explain" / "minilm.json").write_text(
        f'{{"versions":{json.dumps(versions)},"steps":{make_explanations.STEPS},'
        f'"samples":{make_explanations.SAMPLES},"seed":{make_explanations.SEED},'
        f'"noise":{make_explanations.SHARE},"cases":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
