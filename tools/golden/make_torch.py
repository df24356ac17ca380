"""Makes test/golden/torch: a small checkpoint as torch.save writes it (torch 1.13)."""
import collections
import pathlib

import torch

out = pathlib.Path(__file__).parents[2] / "test" / "golden" / "torch"
out.mkdir(parents=True, exist_ok=True)
whole = torch.arange(12, dtype=torch.float32).reshape(3, 4)
state = collections.OrderedDict(
    [
        ("layer.weight", whole),
        ("layer.part", whole[1:]),
        ("ids", torch.arange(5)),
        ("half", whole[0].half()),
        ("parameter", torch.nn.Parameter(torch.ones(2))),
        ("scalar", torch.tensor(7.0, dtype=torch.float64)),
        ("empty", torch.zeros(0, 3)),
    ]
)
state._metadata = collections.OrderedDict([("", dict(version=1))])
torch.save(state, out / "weights.bin")
turned = [("turned", whole.t()), ("every", whole[:, 1]), ("plain", whole), ("deep", whole.reshape(2, 2, 3).permute(2, 0, 1))]
torch.save(collections.OrderedDict(turned), out / "turned.bin")
torch.save({"expanded": torch.ones(2, 1).expand(2, 7)}, out / "expanded.bin")
torch.jit.script(torch.nn.Linear(2, 2)).save(str(out / "program.bin"))
torch.save(state, out / "legacy.bin", _use_new_zipfile_serialization=False)

table, bias = torch.arange(6, dtype=torch.float32).reshape(3, 2), torch.ones(3)
tied = {
    "bert.embeddings.word_embeddings.weight": table,
    "bert.embeddings.LayerNorm.gamma": torch.ones(2),
    "cls.predictions.bias": bias,
    "cls.predictions.decoder.bias": bias,
    "cls.predictions.decoder.weight": table,
    "other.weight": table,
}
torch.save(tied, out / "tied.bin")
