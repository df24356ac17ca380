/*
 * text/tokenizer_class.h - the classes of tokenizers that a configuration may name, as data: what
 * transformers' converter of each makes of its old files (vocab.txt, vocab.json with merges.txt, a
 * SentencePiece model), which say nothing of these themselves.
 */
#ifndef CZ_TEXT_TOKENIZER_CLASS_H
#define CZ_TEXT_TOKENIZER_CLASS_H

#include "base/json.h"

#include <stdbool.h>

/* Special tokens in the order in which they are added. */
typedef enum cz_special {
    CZ_SPECIAL_BEGIN,
    CZ_SPECIAL_END,
    CZ_SPECIAL_UNKNOWN,
    CZ_SPECIAL_SEPARATOR,
    CZ_SPECIAL_PADDING,
    CZ_SPECIAL_CLASS,
    CZ_SPECIAL_MASK,
    CZ_SPECIALS
} cz_special;

typedef enum cz_old_files { CZ_OLD_LINES, CZ_OLD_MERGES, CZ_OLD_PIECES } cz_old_files;

/* How the pieces of a SentencePiece model become ids. */
typedef enum cz_piece_layout {
    CZ_PIECES_AS_THEY_ARE,
    CZ_PIECES_BEHIND_FOUR, /* <s> <pad> </s> <unk>, the pieces from the fourth on, <mask> */
    CZ_PIECES_BEHIND_FIVE, /* the same with names that are not used, and from the second on */
    CZ_PIECES_AND_EXTRAS   /* behind them <extra_id_99> to <extra_id_0> */
} cz_piece_layout;

typedef struct cz_tokenizer_class {
    const char *names; /* without "Tokenizer" and "Fast", with a space around each */
    const char *types; /* of models whose name is another one, in small letters; NULL: none */
    cz_old_files files;
    cz_piece_layout layout;
    const char *specials[CZ_SPECIALS]; /* NULL: there is none unless it is stated */
    unsigned objects;    /* bits of those whose settings win over those of a listed token */
    unsigned normalized; /* bits of those that are sought in normalized text */
    bool mask_strips;    /* the mask token takes spaces before it along */
    bool trims;          /* offsets leave spaces out, and all types are 0 */
    const char *ends;    /* the template of a pair; it names tokens, or CLS and SEP as stated */
    const char *steps;   /* of the normalizer of a SentencePiece model */
    bool lower, accents; /* the defaults of do_lower_case and keep_accents */
    bool punctuation;    /* split_by_punct is known */
    bool scheme;         /* add_prefix_space and legacy are known */
    double comma;        /* taken from the score of a piece that ends with a digit and a comma */
} cz_tokenizer_class;

/* The class named "NameTokenizer" or "NameTokenizerFast"; NULL if it is not known. */
const cz_tokenizer_class *cz_tokenizer_class_named(const char *name);
/* The same for the model_type of a config.json ("xlm-roberta"). */
const cz_tokenizer_class *cz_tokenizer_class_of_model(const char *type);
/* What files of a kind mean when nothing says more; NULL if that cannot be told. */
const cz_tokenizer_class *cz_tokenizer_class_by_files(cz_old_files files);

#endif
