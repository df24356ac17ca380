/*
 * text/unigram.h - the Unigram model: of all ways to cut a word into tokens of the vocabulary, the
 * one whose scores have the largest sum (Kudo 2018, "Subword Regularization"), found by Viterbi's
 * method over a trie of the tokens, with the ties, unknown characters and byte fallback of the
 * `tokenizers` package. A part is built once and then never changes.
 */
#ifndef CZ_TEXT_UNIGRAM_H
#define CZ_TEXT_UNIGRAM_H

#include "base/error.h"
#include "base/trie.h"

enum { CZ_UNIGRAM_NONE = -1 }; /* as the unknown id: there is none */

typedef struct cz_unigram {
    const cloze_allocator *allocator;
    cz_trie trie;
    size_t count;   /* tokens */
    double *scores; /* by id */
    double unknown_score;
    int64_t unknown; /* id, or CZ_UNIGRAM_NONE */
    bool byte_fallback;
    int64_t bytes[256]; /* ids of "<0x00>" to "<0xFF>", -1 where there is none */
} cz_unigram;

/* One token of the vocabulary; tokens[i] has id i. The last of two equal texts counts. */
typedef struct cz_unigram_token {
    cloze_text text;
    double score;
} cz_unigram_token;

typedef struct cz_unigram_piece {
    uint32_t id;
    uint32_t begin, end; /* bytes of the word */
} cz_unigram_piece;

/* How the best way to a byte of the word arrives. */
typedef struct cz_unigram_arrival {
    double score;
    uint32_t begin; /* UINT32_MAX: nothing has arrived */
    uint32_t id;
} cz_unigram_arrival;

/* Memory of one thread, reused from word to word; zero to begin with. */
typedef struct cz_unigram_scratch {
    cz_unigram_arrival *arrivals;
    cz_unigram_piece *pieces;
    size_t arrivals_capacity, pieces_capacity;
    uint64_t *steps; /* through the vocabulary that may still be made; NULL: as many as it takes */
} cz_unigram_scratch;

/*
 * Builds the model; texts are copied into the trie. Refused: an unknown id that no token has, a
 * score that is not finite. On failure the model is clear.
 */
cloze_status cz_unigram_init(cz_unigram *model, const cloze_allocator *allocator,
                             const cz_unigram_token *tokens, size_t count, int64_t unknown,
                             bool byte_fallback, cloze_error *error);
void cz_unigram_clear(cz_unigram *model);
size_t cz_unigram_bytes(const cz_unigram *model);

/*
 * The pieces of a word in scratch->pieces, *count of them. Neighbours that are unknown become one
 * piece. `word` is UTF-8 that was checked. CLOZE_ERROR_TEXT where a character is unknown and the
 * model has no unknown token; CLOZE_ERROR_LIMIT where no steps are left.
 */
cloze_status cz_unigram_split(const cz_unigram *model, const cloze_allocator *allocator,
                              cz_unigram_scratch *scratch, const char *word, size_t size,
                              size_t *count, cloze_error *error);
void cz_unigram_scratch_clear(cz_unigram_scratch *scratch, const cloze_allocator *allocator);

#endif
