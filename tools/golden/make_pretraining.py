#!/usr/bin/env python3
"""Makes test/golden/pretrain: tiny models with random weights, a corpus, and the loss of every step of pre-training
on it, with what is measured of held-out documents at the end.

Everything that cloze decides by random numbers (which documents are held out, the order of sequences, which text
follows which, which tokens are masked) is a function of the seed, by Philox 4x32-10 (Salmon et al. 2011); it is
written down here a second time, from the documentation, so that transformers and PyTorch (float64, one sequence at a
time, without dropout) compute the losses of the very same steps.

usage: make_pretraining.py TARGET_FOLDER   (test/golden/pretrain)
"""

from __future__ import annotations

import json
import math
import random
import re
import shutil
import sys
from pathlib import Path

import torch
import transformers
from token_tasks import SLIGHT, SLIGHT_ROBERTA, WORDS, make_tokenizer, save, vary
from transformers import CONFIG_MAPPING, get_linear_schedule_with_warmup

ORDER, SAMPLE, MASK, TOKEN, LENGTH, PART, NEXT, REPLACE = range(1, 9)
MEASURED = 2**32 - 1
APART, CUT, BEGIN, OTHER = range(4)
SENTENCE = re.compile("[.!?][\"')\\]\u201d\u2019\u00bb]*(?:[ \t]+(?![a-z])|[ \t]*$)")
CASES = {
    "masked": dict(family="bert", kind="AutoModelForMaskedLM", following=None, dev=0.3, length=20, whole_words=True),
    "next": dict(family="bert", kind="AutoModelForPreTraining", following="next", dev=0.3, length=24, shorter=0.3),
    "order": dict(family="albert", kind="AutoModelForPreTraining", following="order", dev=0.25, length=24,
                  static_masks=True),
    "replaced": dict(family="electra", kind="AutoModelForPreTraining", following=None, dev=0.3, length=24,
                     replaced=True),
    "crossing": dict(family="roberta", kind="AutoModelForMaskedLM", following=None, dev=0.2, length=30,
                     crossing=True, masked=0.3),
}
STEPS, BATCH, RATE, WARMUP, SEED = 16, 5, 2e-3, 3, 11


# ---- random numbers ----

def philox(counter: list[int], key: list[int]) -> list[int]:
    (a, b, c, d), (k0, k1), low = counter, key, 2**32 - 1
    for _ in range(10):
        left, right = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (right >> 32) ^ b ^ k0, right & low, (left >> 32) ^ d ^ k1, left & low
        k0, k1 = (k0 + 0x9E3779B9) & low, (k1 + 0xBB67AE85) & low
    return [a, b, c, d]


def unit(purpose: int, epoch: int, thing: int, element: int) -> float:
    counter = [thing & (2**32 - 1), (thing >> 32) ^ purpose << 24, element, epoch]
    words = philox(counter, [SEED & (2**32 - 1), SEED >> 32])
    return ((words[0] << 32 | words[1]) >> 11) * 2.0**-53


def below(purpose: int, epoch: int, thing: int, element: int, count: int) -> int:
    return int(unit(purpose, epoch, thing, element) * count)


# ---- the corpus ----

def make_corpus() -> str:
    draw = random.Random(7)
    def sentence() -> str:
        words = [draw.choice(WORDS[:40]) for _ in range(draw.choice((2, 3, 4, 5, 6, 7, 30)))]
        return " ".join([words[0].capitalize(), *words[1:]]) + draw.choice((".", "!", "?", ' ."', " etc. of it."))
    documents = []
    for _ in range(14):
        lines = [" ".join(sentence() for _ in range(draw.randrange(1, 4))) for _ in range(draw.randrange(1, 5))]
        documents.append("\n".join(lines))
    return "\n\n".join(documents) + "\n"


def documents_of(tokenizer, corpus: str) -> list[list[tuple[int, bool, bool]]]:
    """Documents of (id, begins a word, begins a sentence)."""
    out = []
    for document in corpus.split("\n\n"):
        tokens = []
        for line in document.strip("\n").split("\n"):
            encoded = tokenizer(line, add_special_tokens=False, return_offsets_mapping=True)
            begins, words = [match.end() for match in SENTENCE.finditer(line)], encoded.word_ids()
            for i, (token, (_, end)) in enumerate(zip(encoded["input_ids"], encoded["offset_mapping"])):
                sentence = not i
                while begins and begins[0] < min(end, len(line)):
                    begins.pop(0)
                    sentence = True
                tokens.append((token, sentence or words[i] != words[i - 1], sentence))
        out.append(tokens)
    return out


class Corpus:
    """Sequences of the documents whose draw lies in a part: lists of (document, position)."""

    def __init__(self, tokenizer, documents, case: dict, begin: float, end: float) -> None:
        self.documents, self.case, self.sequences = documents, case, []
        paired = bool(case.get("following"))
        probe = tokenizer("a", "a") if paired else tokenizer("a")
        self.room = case["length"] - (len(probe["input_ids"]) - (2 if paired else 1))
        self.open, self.size, self.aim = [], 0, self.draw_aim()
        for number, document in enumerate(documents):
            if not begin <= unit(PART, 0, number, 0) < end:
                self.close()
                continue
            if not case.get("crossing"):
                self.close()
            starts = [i for i, token in enumerate(document) if token[2]] + [len(document)]
            for nth, (first, last) in enumerate(zip(starts, starts[1:])):
                self.take(document, [(number, i) for i in range(first, last)], nth == 0)
        self.close()

    def draw_aim(self) -> int:
        shorter, number = self.case.get("shorter", 0), len(self.sequences)
        if not shorter or unit(LENGTH, 0, number, 0) >= shorter:
            return self.room
        return 2 + below(LENGTH, 0, number, 1, self.room - 1)

    def close(self) -> None:
        if not self.open:
            return
        words = sum(self.documents[d][i][1] for d, i in self.open[1:])
        if words or not self.case.get("following"):
            self.sequences.append(self.open)
        self.open, self.size, self.aim = [], 0, self.draw_aim()

    def take(self, document, sentence, first: bool) -> None:
        separator = int(first and bool(self.open))
        if self.open and self.size + separator + len(sentence) > self.aim:
            self.close()
            separator = 0
        while len(sentence) > self.room:
            cut = next((i for i in range(self.room, 0, -1) if document[sentence[i][1]][1]), self.room)
            self.open = sentence[:cut]
            self.close()
            sentence = sentence[cut:]
        self.open = self.open + sentence
        self.size += separator + len(sentence)

    def token(self, place):
        return self.documents[place[0]][place[1]]

    def borders(self, text, kind: int) -> list[int]:
        return [i for i in range(1, len(text)) if self.token(text[i])[kind]]

    def texts(self, item: int, thing: int, epoch: int):
        """The texts of an item, and whether they do not follow each other."""
        text, following = self.sequences[item], self.case.get("following")
        if not following:
            return [text], 0
        borders = self.borders(text, 2) or self.borders(text, 1)
        cut = borders[below(NEXT, epoch, thing, CUT, len(borders))]
        first, second = text[:cut], text[cut:]
        apart = int(unit(NEXT, epoch, thing, APART) < 0.5)
        if apart and following == "order":
            first, second = second, first
        elif apart:
            own = text[0][0]
            for i in range(64):
                other = below(NEXT, epoch, thing, OTHER + i, len(self.sequences))
                if self.sequences[other][0][0] != own:
                    break
            whole = self.sequences[other]
            begins = [0, *self.borders(whole, 2)]
            skip = begins[below(NEXT, epoch, thing, BEGIN, len(begins))]
            second = whole[skip:][: self.room - len(first)]
        return [first, second], apart


# ---- a sequence as the model sees it ----

def lay(corpus: Corpus, tokenizer, texts) -> tuple[list[int], list[int], list[int]]:
    """Ids, types and numbers of words, -1 where there is none."""
    paired = len(texts) == 2
    probe = tokenizer("a", "a") if paired else tokenizer("a")
    ids, types, words, number = [], [], [], 0
    sides, kinds = probe.sequence_ids(), probe.get("token_type_ids") or [0] * len(probe["input_ids"])
    for token, side, kind in zip(probe["input_ids"], sides, kinds):
        if side is None:
            ids.append(token), types.append(kind), words.append(-1)
            continue
        for i, place in enumerate(texts[side]):
            if i and place[0] != texts[side][i - 1][0]:
                ids.append(tokenizer.sep_token_id), types.append(kind), words.append(-1)
            token_id, begins, _ = corpus.token(place)
            number += int(not i or begins)
            ids.append(token_id), types.append(kind), words.append(number - 1)
    return ids, types, words


def mask(ids, words, case: dict, tokenizer, thing: int, epoch: int) -> tuple[list[int], list[int]]:
    """Masked ids, and what was there: -100 where nothing is asked."""
    def drawn(i: int) -> bool:
        if words[i] < 0:
            return False
        first = i
        while case.get("whole_words") and first and words[first - 1] == words[i]:
            first -= 1
        return unit(MASK, epoch, thing, first) < case.get("masked", 0.15)
    could = [i for i, word in enumerate(words) if word >= 0]
    chosen = [i for i in could if drawn(i)] or [could[below(TOKEN, epoch, thing, 2**32 - 1, len(could))]]
    out, labels, count = list(ids), [-100] * len(ids), len(tokenizer)
    for i in chosen:
        labels[i], draw = ids[i], unit(TOKEN, epoch, thing, i)
        if draw < 0.8:
            out[i] = tokenizer.mask_token_id
        elif draw < 0.9:
            out[i] = min(int((draw - 0.8) * 10 * count), count - 1)
    return out, labels


def batch_of(corpus, tokenizer, case, items, epoch: int, first: int, learning: bool) -> list[dict]:
    out = []
    for i, item in enumerate(items):
        anew = learning and not case.get("static_masks")
        thing, when = (first + i, epoch) if anew else (item, 0 if learning else MEASURED)
        texts, apart = corpus.texts(item, thing, when)
        ids, types, words = lay(corpus, tokenizer, texts)
        masked, labels = mask(ids, words, case, tokenizer, thing, when)
        out.append({"ids": masked, "types": types, "labels": labels, "apart": apart, "whole": ids,
                    "things": (thing, when)})
    return out


# ---- replaced tokens ----

class Electra(torch.nn.Module):
    """A discriminator and a generator with its embeddings."""

    def __init__(self, discriminator, generator) -> None:
        super().__init__()
        self.discriminator, self.generator, self.config = discriminator, generator, discriminator.config
        generator.electra.embeddings = discriminator.electra.embeddings
        generator.tie_weights()

    def forward(self, item: dict, things: tuple[int, int]):
        """The generator's logits, the discriminator's, and which tokens were replaced."""
        types = torch.tensor([item["types"]])
        said = self.generator(input_ids=torch.tensor([item["ids"]]), token_type_ids=types).logits[0]
        ids, replaced = list(item["whole"]), [0.0] * len(item["whole"])
        for i, label in enumerate(item["labels"]):
            if label < 0:
                continue
            thing, when = things
            odds = said[i].detach()
            odds = (odds - odds.max()).exp().cumsum(0)
            ids[i] = int((odds > unit(REPLACE, when, thing, i) * odds[-1]).int().argmax())
            replaced[i] = float(ids[i] != label)
        found = self.discriminator(input_ids=torch.tensor([ids]), token_type_ids=types).logits[0]
        return said, found, torch.tensor(replaced, dtype=found.dtype)


def electra_loss(model: Electra, batch: list[dict]) -> tuple[torch.Tensor, dict]:
    words, right, masked, judged, tokens, both, either = 0, 0, 0, 0, 0, 0, 0
    for item in batch:
        said, found, replaced = model(item, item["things"])
        labels = torch.tensor(item["labels"])
        asked = labels >= 0
        words = words + torch.nn.functional.cross_entropy(said, labels, reduction="sum", ignore_index=-100)
        right += int((said.argmax(-1)[asked] == labels[asked]).sum())
        masked += int(asked.sum())
        judged = judged + torch.nn.functional.binary_cross_entropy_with_logits(found, replaced, reduction="sum")
        tokens += len(item["whole"])
        both += int(((found > 0) & (replaced > 0)).sum())
        either += (int((found > 0).sum()) + int((replaced > 0).sum())) / 2
    loss = 50 * judged / tokens + words / masked
    return loss, {"loss": loss.item(), "perplexity": math.exp(words / masked), "accuracy": right / masked,
                  "replaced_f1": both / either if either else 0}


# ---- learning ----

def loss_of(model, batch: list[dict], following) -> tuple[torch.Tensor, dict]:
    """The mean over masked words, plus the mean over sequences."""
    if isinstance(model, Electra):
        return electra_loss(model, batch)
    words, right, masked, orders, ordered = 0, 0, 0, 0, 0
    for item in batch:
        given = {"input_ids": torch.tensor([item["ids"]])}
        if model.config.type_vocab_size > 1:
            given["token_type_ids"] = torch.tensor([item["types"]])
        found = model(**given)
        logits = (found.prediction_logits if following else found.logits)[0]
        labels = torch.tensor(item["labels"])
        words = words + torch.nn.functional.cross_entropy(logits, labels, reduction="sum", ignore_index=-100)
        asked = labels >= 0
        right += int((logits.argmax(-1)[asked] == labels[asked]).sum())
        masked += int(asked.sum())
        if following:
            order = found.seq_relationship_logits if hasattr(found, "seq_relationship_logits") else found.sop_logits
            orders = orders + torch.nn.functional.cross_entropy(order, torch.tensor([item["apart"]]))
            ordered += int(order.argmax(-1).item() == item["apart"])
    loss, measures = words / masked, {"perplexity": math.exp(words / masked), "accuracy": right / masked}
    if following:
        loss = loss + orders / len(batch)
        measures["pair_accuracy"] = ordered / len(batch)
    return loss, measures | {"loss": loss.item()}


def order_of(count: int, epoch: int) -> list[int]:
    items = list(range(count))
    for i in range(count, 1, -1):
        other = below(ORDER, epoch, i, 0, i)
        items[i - 1], items[other] = items[other], items[i - 1]
    return items


def optimizer_of(model) -> torch.optim.AdamW:
    learning = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.AdamW([{"params": [p for p in learning if p.ndim > 1], "weight_decay": 0.01},
                              {"params": [p for p in learning if p.ndim < 2], "weight_decay": 0.0}], lr=RATE)


def learn(model, tokenizer, corpus: Corpus, case: dict) -> list[float]:
    optimizer, losses = optimizer_of(model), []
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    steps = math.ceil(len(corpus.sequences) / BATCH)
    for step in range(STEPS):
        epoch, first = step // steps, step % steps * BATCH
        items = order_of(len(corpus.sequences), epoch)[first: first + BATCH]
        batch = batch_of(corpus, tokenizer, case, items, epoch, first, True)
        loss, _ = loss_of(model, batch, case["following"])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def with_generator(model, folder: Path, settings: dict) -> Electra:
    config = CONFIG_MAPPING["electra"](vocab_size=model.config.vocab_size, **settings | dict(
        hidden_size=6, num_attention_heads=3, intermediate_size=10, num_hidden_layers=1))
    generator = transformers.AutoModelForMaskedLM.from_config(config, attn_implementation="eager").eval()
    vary(generator)
    generator.electra.embeddings.load_state_dict(model.electra.embeddings.state_dict())
    generator.tie_weights()
    generator.save_pretrained(folder / "generator")
    (folder / "generator" / "generation_config.json").unlink(missing_ok=True)
    return Electra(model, generator.double())


def make(target: Path, name: str, case: dict, corpus: str) -> None:
    folder, family = target / name, case["family"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tokenizer = make_tokenizer(name, family, folder)
    settings = SLIGHT_ROBERTA if family == "roberta" else SLIGHT | (dict(embedding_size=8) if family in ("albert", "electra") else {})
    torch.manual_seed(300 + len(name))
    model = getattr(transformers, case["kind"]).from_config(
        CONFIG_MAPPING[family](vocab_size=len(tokenizer), **settings), attn_implementation="eager").eval()
    vary(model)
    model.tie_weights()
    save(model, tokenizer, folder)
    model = model.double()
    if case.get("replaced"):
        model = with_generator(model, folder, settings)
    documents = documents_of(tokenizer, corpus)
    train = Corpus(tokenizer, documents, case, case["dev"], 1)
    dev = Corpus(tokenizer, documents, case, 0, case["dev"])
    losses = learn(model, tokenizer, train, case)
    with torch.no_grad():
        items = list(range(len(dev.sequences)))
        _, measures = loss_of(model, batch_of(dev, tokenizer, case, items, 0, 0, False), case["following"])
    case = {key: value for key, value in case.items() if key not in ("family", "kind")}
    golden = case | {"steps": STEPS, "batch": BATCH, "rate": RATE, "warmup": WARMUP, "seed": SEED, "losses": losses,
                     "sequences": [len(train.sequences), len(dev.sequences)], "measures": measures}
    (folder / "golden.json").write_text(json.dumps(golden, indent=0, sort_keys=True) + "\n")


def main() -> None:
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    corpus = make_corpus()
    (target / "corpus.txt").write_text(corpus)
    for name, case in CASES.items():
        make(target, name, case, corpus)


if __name__ == "__main__":
    main()
