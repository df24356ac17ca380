"""What make_models.py needs for Longformer alone: softmax in the model's type, token ids with
separators where the heads want them, and probabilities as one matrix."""

from __future__ import annotations

import torch

SEPARATOR = 2


def soften_in_double() -> None:
    """transformers takes the softmax in float32 whatever the model's type is."""
    plain = torch.nn.functional.softmax

    def softmax(x, dim=None, dtype=None, **more):
        return plain(x, dim=dim, dtype=x.dtype if x.dtype == torch.float64 else dtype, **more)

    torch.nn.functional.softmax = softmax


def set_texts_apart(sequence: torch.Tensor) -> None:
    """Two texts as <s> A </s></s> B </s>: question answering and choice want just three separators."""
    length = sequence.shape[1]
    sequence[sequence == SEPARATOR] = SEPARATOR + 1
    first = 1 + length // 4
    sequence[0, [first, first + 1, length - 1]] = SEPARATOR


def mask_of(kind: str, length: int, generator: torch.Generator) -> torch.Tensor:
    """none, many: about a third of the tokens, not the first one."""
    if kind == "none":
        return torch.zeros((1, length), dtype=torch.long)
    mask = (torch.rand((1, length), generator=generator) < 0.3).long()
    mask[0, 0] = 0
    return mask


def probabilities(result, layer: int, mask: torch.Tensor, window: int) -> torch.Tensor:
    """Every head's matrix [queries, keys] from the columns that transformers returns: first the global
    keys, then the window; rows of global queries from their own attention."""
    near, length = result.attentions[layer][0], mask.shape[1]
    where = mask[0].nonzero()[:, 0]
    full = near.new_zeros(near.shape[0], length, length)
    for number, key in enumerate(where):
        full[:, :, key] += near[:, :, number]
    for column in range(window + 1):
        for query in range(length):
            key = query - window // 2 + column
            if 0 <= key < length:
                full[:, query, key] += near[:, query, len(where) + column]
    for number, query in enumerate(where):
        full[:, query] = result.global_attentions[layer][0][:, :length, number]
    return full.reshape(-1, length)
