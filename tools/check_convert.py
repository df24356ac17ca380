"""Checks `cloze convert` against transformers and sentence-transformers: what it writes must load there
and give the same numbers, bit for bit.

usage: check_convert.py CLOZE   (in the root of the repository)

Every golden model is saved by transformers as pytorch_model.bin, in shards, with LayerNorm's old
names, and as it lies; each is converted and loaded, and all outputs are compared. Then the three
types of numbers against torch's own rounding, tied and untied output layers, and the golden
sentence-transformers folders.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
cloze = pathlib.Path(sys.argv[1]).resolve()
golden = pathlib.Path("test/golden")
count = {}


def convert(folder, out, *options):
    done = subprocess.run([cloze, "convert", "-q", *options, folder, out], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{folder}: {done.stderr}")
    left = [f.name for f in out.rglob("*") if f.suffix in (".bin", ".ot") or ".index." in f.name]
    assert not left, left
    return out


def class_of(config):
    name = (config.architectures or [None])[0]
    return getattr(transformers, name) if name and hasattr(transformers, name) else AutoModel


def outputs(folder, dtype=torch.float32):
    config = AutoConfig.from_pretrained(folder)
    model, info = class_of(config).from_pretrained(folder, output_loading_info=True, torch_dtype=dtype)
    assert not info["missing_keys"], info["missing_keys"]
    model.eval()
    for tensor in list(model.parameters()) + list(model.buffers()):
        tensor.data = tensor.data.clone()  # where a tensor lies must not choose another kernel
    ids = torch.tensor([[5, 9, 7, 11, 6, 8, 10, 5]])
    if "MultipleChoice" in type(model).__name__:
        ids = ids.view(1, 2, 4)
    more = {"global_attention_mask": (ids == 5).long()} if config.model_type == "longformer" else {}
    with torch.no_grad():
        result = model(input_ids=ids, **more)
    return {k: v for k, v in result.items() if torch.is_tensor(v)}, model


def same(left, right, what):
    assert left.keys() == right.keys() and left, what
    for key in left:
        assert torch.equal(left[key], right[key]) or left[key].isnan().any(), (what, key)
    kind = what.split(":")[0]
    count[kind] = count.get(kind, 0) + 1


def old_names(state):
    swap = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    out = {}
    for name, tensor in state.items():
        for new, old in swap.items():
            if name.endswith(new):
                name = name[: -len(new)] + old
        out[name] = tensor
    return out


def put(folder, model, state):
    folder.mkdir()
    model.config.save_pretrained(folder)
    torch.save(state, folder / "pytorch_model.bin")
    return folder


def check_model(folder, scratch):
    expected, model = outputs(folder)
    same(expected, outputs(convert(folder, scratch / "plain"))[0], f"as it lies: {folder}")
    model.save_pretrained(scratch / "shards", safe_serialization=False, max_shard_size="4KB")
    same(expected, outputs(convert(scratch / "shards", scratch / "shards.new"))[0], f"shards: {folder}")
    put(scratch / "bin", model, model.state_dict())
    same(expected, outputs(convert(scratch / "bin", scratch / "bin.new"))[0], f"one file: {folder}")
    put(scratch / "old", model, old_names(model.state_dict()))
    same(expected, outputs(convert(scratch / "old", scratch / "old.new"))[0], f"old names: {folder}")
    names = load_file(scratch / "old.new" / "model.safetensors").keys()
    assert not [n for n in names if "gamma" in n or "beta" in n]
    tied = getattr(model, "_tied_weights_keys", None)
    if tied and model.config.tie_word_embeddings:
        assert not [n for n in names if n.endswith(("decoder.weight", "predictions.decoder.bias"))], names
        count["tied"] = count.get("tied", 0) + 1


def check_types(folder, scratch):
    state = load_file(folder / "model.safetensors")
    for option, dtype in (("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16)):
        out = convert(folder, scratch / option, "--dtype", option)
        written = load_file(out / "model.safetensors")
        for name, tensor in state.items():
            wanted = tensor.to(torch.float32).to(dtype) if tensor.is_floating_point() else tensor
            assert torch.equal(written[name], wanted), (folder, name)
        config = json.loads((out / "config.json").read_text())
        assert str(dtype).endswith(config.get("torch_dtype", config.get("dtype")))
        again = outputs(out, dtype=None)[1]
        assert all(p.dtype in (dtype, torch.float32) for p in again.parameters())
        count["types"] = count.get("types", 0) + 1


def check_sentences(folder, scratch):
    from sentence_transformers import SentenceTransformer

    texts = ["The cat sits outside", "I love pasta", "", "a dog and a dog"]
    expected = SentenceTransformer(str(folder), device="cpu").encode(texts)
    out = convert(folder, scratch / "new")
    assert (expected == SentenceTransformer(str(out), device="cpu").encode(texts)).all(), folder
    count["sentence-transformers"] = count.get("sentence-transformers", 0) + 1


for folder in sorted((golden / "models").iterdir()):
    try:
        outputs(folder)
    except (KeyError, ValueError):
        print(f"{folder}: this transformers cannot load it itself; left out")
        continue
    with tempfile.TemporaryDirectory() as scratch:
        check_model(folder, pathlib.Path(scratch))
    if not (folder / "model.safetensors").exists():
        continue
    with tempfile.TemporaryDirectory() as scratch:
        check_types(folder, pathlib.Path(scratch))
for folder in sorted((golden / "sentence").iterdir()):
    if not folder.is_dir():
        continue
    with tempfile.TemporaryDirectory() as scratch:
        check_sentences(folder, pathlib.Path(scratch))
print(f"transformers {transformers.__version__}, torch {torch.__version__}: equal,", count)
