"""What the scripts share that make goldens of tasks over tokens: texts, tokenizers, weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (BertTokenizerFast, DebertaV2TokenizerFast, DistilBertTokenizerFast,
                          LongformerTokenizerFast, MPNetTokenizerFast, RemBertTokenizerFast, RobertaTokenizerFast,
                          XLMRobertaTokenizerFast)

WORDS = (
    "the a an cat dog sits sit outside inside man woman is are playing plays play guitar i love "
    "pasta pizza new movie awesome great garden in watches tv so do you like what weather lovely "
    "today it s sunny he drove to stadium query passage search for : . , ? ! ' - one two three"
).split()
PIECES = ["##s", "##ing", "##ed", "##er", "##ly", "##a", "##b", "##c", "##d", "##e", "##g", "##i",
          "##l", "##m", "##n", "##o", "##r", "##t", "##u", "##y"]
TEXTS = [
    "The cat sits outside", "A man is playing guitar", "I love pasta", "The new movie is awesome",
    "The cat plays in the garden", "A woman watches TV", "The new movie is so great",
    "Do you like pizza?", "", "   ", "cat", "\tIt's so sunny outside!  ", "CAT Dog LOVELY",
    "caf\u00e9 \u4e2d\u6587 unknown\u2014words", "the " * 40 + "end of a long text",
    "one, two, three: cats & dogs.",
]
MORE = ["\U0001f600 great \U0001f600", "\u0645\u0631\u062d\u0628\u0627 the cat", "\u05e9\u05dc\u05d5\u05dd", "pizza",
        "a" * 150, "don't , do it !", "the\tcat\nsits", "caf\u00e9 e\u0301t\u00e9", "\u4e2d\u6587", "one two three"]
SIZES = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
             max_position_embeddings=64)
SLIGHT = dict(hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=20,
              max_position_embeddings=64)
SLIGHT_ROBERTA = SLIGHT | dict(max_position_embeddings=66, type_vocab_size=1, pad_token_id=1, bos_token_id=0,
                               eos_token_id=2)
SETTINGS = {
    "bert": SIZES,
    "roberta": SIZES | dict(max_position_embeddings=66, type_vocab_size=1, pad_token_id=1, bos_token_id=0,
                            eos_token_id=2),
    "distilbert": dict(dim=24, n_layers=2, n_heads=3, hidden_dim=40, max_position_embeddings=64),
    "electra": SIZES | dict(embedding_size=16),
    "albert": SIZES | dict(embedding_size=16),
    "longformer": SIZES | dict(max_position_embeddings=402, type_vocab_size=1, pad_token_id=1, bos_token_id=0,
                               eos_token_id=2, sep_token_id=2, attention_window=[8, 16]),
    "rembert": SLIGHT | dict(input_embedding_size=10, output_embedding_size=14),
    "megatron-bert": SLIGHT,
    "roberta-prelayernorm": SLIGHT_ROBERTA,
    "mpnet": SLIGHT | dict(max_position_embeddings=66),
    "deberta-v2": SLIGHT | dict(relative_attention=True, position_biased_input=False, type_vocab_size=0,
                                pos_att_type=["p2c", "c2p"], share_att_key=True, position_buckets=8,
                                max_relative_positions=24, norm_rel_ebd="layer_norm", conv_kernel_size=3,
                                conv_act="gelu"),
    "xlm-roberta-xl": SLIGHT_ROBERTA,
}
# SentencePiece models that make_old_tokenizers.py trained.
OLD = Path(__file__).resolve().parents[2] / "test" / "golden" / "old"
TRAINED_PIECES = {"rembert": (RemBertTokenizerFast, OLD / "rembert" / "sentencepiece.model"),
                  "deberta-v2": (DebertaV2TokenizerFast, OLD / "deberta_v2" / "spm.model"),
                  "mpnet": (MPNetTokenizerFast, OLD / "mpnet" / "vocab.txt"),
                  "xlm-roberta-xl": (XLMRobertaTokenizerFast, OLD / "xlm_roberta" / "sentencepiece.bpe.model")}


def make_tokenizer(name: str, family: str, folder: Path, cased: bool = False):
    if family in TRAINED_PIECES:
        kind, pieces = TRAINED_PIECES[family]
        return kind(str(shutil.copy(pieces, folder)), model_max_length=64)
    if family in ("roberta", "longformer", "roberta-prelayernorm"):
        trained = ByteLevelBPETokenizer()
        trained.train_from_iterator([" ".join(WORDS), *TEXTS], vocab_size=340, show_progress=False,
                                    special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
        trained.save_model(str(folder))
        kind, most = (LongformerTokenizerFast, 400) if family == "longformer" else (RobertaTokenizerFast, 64)
        return kind(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=most)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *PIECES]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    kind = DistilBertTokenizerFast if family == "distilbert" else BertTokenizerFast
    return kind(vocab_file=str(folder / "vocab.txt"), do_lower_case=not cased, model_max_length=64)


def leave_old_files(folder: Path) -> None:
    """A folder as those of the first checkpoints: the class of its tokenizer follows from config.json alone."""
    for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"):
        (folder / file).unlink(missing_ok=True)


NORMS = ("LayerNorm.weight", ".ln.weight", "attn_layer_norm.weight")


def vary(model: torch.nn.Module) -> None:
    """Random weights under which neighbours get different results."""
    for name, parameter in model.named_parameters():
        spread = 1.5 if "word_embeddings" in name else 0.8 if name.startswith(("classifier", "qa_outputs")) else 0.2
        parameter.data = torch.randn_like(parameter) * spread + name.endswith(NORMS)


def save(model, tokenizer, folder: Path) -> None:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for file in ("vocab.txt", "vocab.json", "merges.txt", "generation_config.json"):
        (folder / file).unlink(missing_ok=True)
