/*
 * cloze/tokenizer.h - text to token ids and back, exactly as the `tokenizers` package does it.
 *
 * A tokenizer is immutable and may be used by any number of threads at once. A `cloze_encoding` is
 * a buffer of one thread, reused from call to call, so that a warm loop allocates nothing.
 * Offsets are byte offsets into the text that was given; cloze_offsets_to_code_points converts.
 */
#ifndef CLOZE_TOKENIZER_H
#define CLOZE_TOKENIZER_H

#include <cloze/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_tokenizer cloze_tokenizer;
typedef struct cloze_encoding cloze_encoding;

typedef struct cloze_tokenizer_options {
    const cloze_hooks *hooks; /* copied */
    /* "RobertaTokenizer" and so on, for files older than tokenizer.json beside which no
     * tokenizer_config.json names a class; NULL: config.json tells by its model_type */
    const char *tokenizer_class;
} cloze_tokenizer_options;

/*
 * Opens `path`: a folder (tokenizer.json, else vocab.txt, or vocab.json with merges.txt, or a
 * SentencePiece model, Unigram or BPE), or a tokenizer.json or vocab.txt. Padding and truncation
 * stored inside tokenizer.json are kept apart: see cloze_tokenize_options. The method of each part is that of the Rust `tokenizers` package. In a
 * folder tokenizer_config.json decides about lower case, accents and Chinese characters, as it does
 * in transformers; a tokenizer.json that is named itself is taken as it is. Files older than
 * tokenizer.json are converted as transformers converts them for the tokenizer's class (BERT and its
 * like, MPNet, RoBERTa, Longformer, DeBERTa, GPT-2; of SentencePiece models ALBERT, FNet, CamemBERT,
 * XLM-R, DeBERTa v2 and v3, RemBERT, BigBird, T5, Reformer), with special_tokens_map.json and
 * added_tokens.json.
 */
CLOZE_API cloze_status cloze_tokenizer_open(cloze_tokenizer **out, const char *path,
                                            const cloze_tokenizer_options *options,
                                            cloze_error *error);
CLOZE_API void cloze_tokenizer_free(cloze_tokenizer *tokenizer);

typedef struct cloze_token_offset {
    size_t begin, end; /* bytes of the given text, half open */
} cloze_token_offset;

typedef enum cloze_truncation {
    CLOZE_TRUNCATE_LONGEST_FIRST = 0,
    CLOZE_TRUNCATE_ONLY_FIRST,
    CLOZE_TRUNCATE_ONLY_SECOND
} cloze_truncation;

typedef struct cloze_tokenize_options {
    bool no_special_tokens;      /* leave out [CLS], [SEP] and their like */
    bool ids_only;               /* offsets, masks and word numbers are not wanted: faster */
    size_t max_length;           /* tokens with the special ones; 0: no truncation */
    cloze_truncation truncation; /* which side gives when max_length is exceeded */
    bool truncate_left;          /* drop from the beginning instead of the end */
    size_t stride;               /* tokens shared by a window and the next (with `overflow`) */
    bool overflow;               /* keep what was cut off as further windows */
    uint64_t seed;               /* of the dropout that a BPE may have: with another one the same
                                    text becomes other pieces */
} cloze_tokenize_options;

/*
 * A buffer for results. `hooks` may be NULL. It grows to the longest text that it has seen, and
 * remembers the pieces of recent words (512 KiB), so that they need not be found again.
 */
CLOZE_API cloze_status cloze_encoding_new(cloze_encoding **out, const cloze_hooks *hooks,
                                          cloze_error *error);
CLOZE_API void cloze_encoding_free(cloze_encoding *encoding);

/*
 * Replaces what `encoding` holds by the tokens of `text` (and `pair`, unless its data is NULL);
 * after an error it holds nothing. A text has less than 1 GiB and must be UTF-8; CLOZE_ERROR_TEXT
 * tells the byte if not. CLOZE_ERROR_LIMIT: the tokenizer's own expressions take too many steps on
 * this text, or it would become more than 64 times as long (a little more for short ones). With
 * `overflow` every window of a text meets every one of its pair.
 */
CLOZE_API cloze_status cloze_tokenize(const cloze_tokenizer *tokenizer, cloze_text text,
                                      cloze_text pair, const cloze_tokenize_options *options,
                                      cloze_encoding *encoding, cloze_error *error);

/* The same for text that is split into words already (CoNLL files); offsets are in the word. */
CLOZE_API cloze_status cloze_tokenize_words(const cloze_tokenizer *tokenizer,
                                            const cloze_text *words, size_t count,
                                            const cloze_text *pair_words, size_t pair_count,
                                            const cloze_tokenize_options *options,
                                            cloze_encoding *encoding, cloze_error *error);

/* One window of an encoding; borrowed until the encoding is used again or freed. */
typedef struct cloze_tokens {
    size_t length;
    const uint32_t *ids;                /* [length] */
    const uint32_t *type_ids;           /* [length] 0 first text, 1 second (as the template says) */
    const uint8_t *special;             /* [length] 1 where the template put the token; or NULL */
    const cloze_token_offset *offsets;  /* [length] special tokens (0, 0); NULL with ids_only */
    const int64_t *words;               /* [length] number of the word, -1 none; NULL: ids_only */
    const int32_t *sequences;           /* [length] 0, 1, or -1 special; NULL with ids_only */
} cloze_tokens;

/* Windows in the encoding: 1, or more with `overflow`. */
CLOZE_API size_t cloze_encoding_windows(const cloze_encoding *encoding);
CLOZE_API cloze_tokens cloze_encoding_tokens(const cloze_encoding *encoding, size_t window);
/* Tokens of text that truncation left out of every window (0: nothing was lost). */
CLOZE_API size_t cloze_encoding_truncated(const cloze_encoding *encoding);

/* Size of the vocabulary with added tokens: one more than the largest id. */
CLOZE_API size_t cloze_tokenizer_size(const cloze_tokenizer *tokenizer);
/* The token's text, borrowed from the tokenizer; NULL data if there is no such id. As in the
 * package an added token that is matched after normalization shows in its normalized form. */
CLOZE_API cloze_text cloze_tokenizer_token(const cloze_tokenizer *tokenizer, uint32_t id);
/* The id of a token's text; false if the vocabulary lacks it. */
CLOZE_API bool cloze_tokenizer_id(const cloze_tokenizer *tokenizer, cloze_text token,
                                  uint32_t *id);

typedef enum cloze_token_role {
    CLOZE_TOKEN_UNKNOWN,
    CLOZE_TOKEN_SEPARATOR,
    CLOZE_TOKEN_PADDING,
    CLOZE_TOKEN_CLASS,
    CLOZE_TOKEN_MASK
} cloze_token_role;

/* The id of the token that has a role: unk_token, sep_token, ... of tokenizer_config.json, else of
 * special_tokens_map.json, else one of the usual names ("[MASK]", "<mask>"); false if there is
 * none. */
CLOZE_API bool cloze_tokenizer_role(const cloze_tokenizer *tokenizer, cloze_token_role role,
                                    uint32_t *id);

/* The limit that tokenizer_config.json states (model_max_length), or 0 if it states none. */
CLOZE_API size_t cloze_tokenizer_max_length(const cloze_tokenizer *tokenizer);

/*
 * Ids to text, as the package's decoder does it. `*out` receives a zero-terminated string from the
 * tokenizer's allocator, `*size` its length; free it with cloze_tokenizer_release_text.
 */
CLOZE_API cloze_status cloze_tokenizer_decode(const cloze_tokenizer *tokenizer,
                                              const uint32_t *ids, size_t count,
                                              bool skip_special, char **out, size_t *size,
                                              cloze_error *error);
CLOZE_API void cloze_tokenizer_release_text(const cloze_tokenizer *tokenizer, char *text);

/* Byte offsets of `text` to code-point offsets, in place; fast where `begin` ascends. */
CLOZE_API void cloze_offsets_to_code_points(cloze_text text, cloze_token_offset *offsets,
                                            size_t count);

#ifdef __cplusplus
}
#endif
#endif
