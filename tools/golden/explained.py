"""What the scripts share that make goldens of explanations: a golden folder as one number F of a text, in
float64, and the same numbers drawn as base/draw.c draws them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import longformer
import torch
from transformers import (AutoModel, AutoModelForMaskedLM, AutoModelForQuestionAnswering,
                          AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer)

KINDS = {"labels": AutoModelForSequenceClassification, "tags": AutoModelForTokenClassification,
         "answer": AutoModelForQuestionAnswering, "words": AutoModelForMaskedLM, "similarity": AutoModel}
PURPOSES = {"noise": 9, "units": 10}  # cz_draw_purpose


@dataclass
class Case:
    model: str
    task: str
    text: str
    pair: str = ""
    value: str = "logit"
    target: int = -1
    against: int = -1
    place: tuple[int, int] | None = None  # bytes: of a word (text), of an answer (pair)
    absence: str = "mask"
    layer: int = 1


class Shown(torch.nn.Module):
    """A layer; its states pass through a module of their own, whatever else it returns."""

    def __init__(self, layer: torch.nn.Module) -> None:
        super().__init__()
        self.layer, self.states = layer, torch.nn.Identity()

    def forward(self, *given, **more):
        result = self.layer(*given, **more)
        return (self.states(result[0]), *result[1:]) if isinstance(result, tuple) else self.states(result)


class Explained:
    """F of token ids. A forward takes a batch; `embeddings` stand in for those of the words."""

    def __init__(self, root: Path, case: Case) -> None:
        longformer.soften_in_double()
        self.case, folder = case, root / case.model
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = KINDS[case.task].from_pretrained(folder, attn_implementation="eager").double().eval()
        pair = case.pair if case.pair and case.task != "similarity" else None
        given = self.tokenizer(case.text, pair, return_tensors="pt", return_offsets_mapping=True)
        self.ids = given["input_ids"]
        self.sides = [-1 if side is None else side for side in given.sequence_ids()]
        self.offsets = given["offset_mapping"][0].tolist()
        self.given = {name: given[name] for name in ("token_type_ids",) if name in given}
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        if case.task == "similarity":
            other = self.tokenizer(case.pair, return_tensors="pt")
            self.other = self.vectors(self.model(**{k: other[k] for k in other if k != "attention_mask"}))[0]
        self.spot, self.target = self.find_place(), case.target
        if case.target < 0 and case.task not in ("answer", "similarity"):
            with torch.no_grad():
                self.target = int(self.rows(self.model(input_ids=self.ids, **self.given))[0].argmax())

    @property
    def units(self) -> list[int]:
        """The tokens that may be absent: all that are not special, but for the mask that F asks about."""
        asked = self.tokenizer.mask_token_id if self.case.task == "words" else None
        return [i for i, side in enumerate(self.sides) if side >= 0 and self.ids[0, i] != asked]

    @property
    def words(self) -> torch.nn.Module:
        return self.model.get_input_embeddings()

    @property
    def absent(self) -> int:
        return self.tokenizer.mask_token_id if self.case.absence == "mask" else self.tokenizer.pad_token_id

    @property
    def nothing(self) -> torch.Tensor:
        ids = self.ids.clone()
        ids[0, self.units] = self.absent
        return ids

    def layer(self, number: int) -> torch.nn.Module:
        """A module whose output is what lies behind layer `number`; 0: the embeddings."""
        body = self.model.base_model
        if not number:
            return body.embeddings
        layers = body.transformer.layer if hasattr(body, "transformer") else body.encoder.layer
        layers[number - 1] = Shown(layers[number - 1])
        return layers[number - 1].states

    def vectors(self, result) -> torch.Tensor:
        return torch.nn.functional.normalize(result.last_hidden_state.mean(1), dim=-1)

    def find_place(self) -> list[int]:
        side = 1 if self.case.task == "answer" else 0
        if self.case.task == "words":
            return (self.ids[0] == self.tokenizer.mask_token_id).nonzero()[:1, 0].tolist()
        if not self.case.place:
            return []
        begin, end = self.case.place
        inside = [i for i, (first, behind) in enumerate(self.offsets)
                  if self.sides[i] == side and first < end and begin < behind]
        return [inside[0], inside[-1]]

    def forward(self, ids: torch.Tensor | None = None, embeddings: torch.Tensor | None = None) -> torch.Tensor:
        """F of a batch."""
        count = len(ids) if embeddings is None else len(embeddings)
        given = {name: value.expand(count, -1) for name, value in self.given.items()}
        if embeddings is not None:
            if self.model.config.model_type == "longformer":  # its head of labels looks for ids
                given["global_attention_mask"] = torch.eye(1, embeddings.shape[1], dtype=torch.int64).expand(count, -1)
            return self.read(self.model(inputs_embeds=embeddings, **given))
        return self.read(self.model(input_ids=ids, **given))

    def rows(self, result) -> torch.Tensor:
        return result.logits if self.case.task == "labels" else result.logits[:, self.spot[0]]

    def read(self, result) -> torch.Tensor:
        case = self.case
        if case.task == "similarity":
            return self.vectors(result) @ self.other
        if case.task == "answer":
            return self.read_answer(result)
        rows, target = self.rows(result), self.target
        if case.value == "margin":
            return rows[:, target] - rows[:, case.against]
        if case.value == "logit":
            return rows[:, target]
        alone = self.model.config.num_labels == 1
        alone |= getattr(self.model.config, "problem_type", None) == "multi_label_classification"
        return (rows.sigmoid() if case.task == "labels" and alone else rows.softmax(-1))[:, target]

    def read_answer(self, result) -> torch.Tensor:
        sides = (result.start_logits, result.end_logits)
        if self.case.value == "logit":
            return sides[0][:, self.spot[0]] + sides[1][:, self.spot[1]]
        if self.case.value == "margin":
            return both(sides, self.spot) - both(sides, [0, 0])
        where = [0] + [i for i, side in enumerate(self.sides) if side == 1]
        chances = [x[:, where].softmax(-1)[:, where.index(spot)] for x, spot in zip(sides, self.spot)]
        return chances[0] * chances[1]


def both(sides, spot) -> torch.Tensor:
    return sides[0][:, spot[0]] + sides[1][:, spot[1]]


def philox(counter: list[int], key: list[int]) -> list[int]:
    """Philox 4x32-10 (Salmon et al. 2011)."""
    counter, key = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [b >> 32 ^ counter[1] ^ key[0], b & 0xFFFFFFFF, a >> 32 ^ counter[3] ^ key[1], a & 0xFFFFFFFF]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return counter


def draw_normal(seed: int, purpose: str, thing: int, element: int) -> float:
    word = philox([thing & 0xFFFFFFFF, thing >> 32 ^ PURPOSES[purpose] << 24, element, 0],
                  [seed & 0xFFFFFFFF, seed >> 32])
    u, v = (word[0] + 1) * 2.0**-32, word[1] * 2.0**-32
    return math.sqrt(-2 * math.log(u)) * math.cos(6.283185307179586 * v)
