/*
 * explain/edits.h - changes of an input's text, unit by unit: which ones a proposer of words and the gradient
 * suggest, and what the model says of the text that a few of them make. A changed text is tokenized anew.
 */
#ifndef CZ_EXPLAIN_EDITS_H
#define CZ_EXPLAIN_EDITS_H

#include "explain/explainer.h"

#include <cloze/counterfactual.h>

enum { CZ_EDITS_MOST = 8 /* of one text */ };

typedef struct cz_edit {
    cloze_edit_kind kind;
    size_t unit;
    size_t word, size; /* bytes of what is put there, in the words of cz_edits */
    double likelihood; /* NaN: not proposed */
    double estimate;   /* of how F changes, by the gradient */
    size_t number;     /* in the order proposed */
} cz_edit;

typedef struct cz_edits {
    cloze_explainer *explainer;
    cz_edit *items;
    size_t count, capacity;
    char *words;
    size_t words_size, words_capacity;
} cz_edits;

/* Memory of one text that is built. */
typedef struct cz_edited_text {
    char *data;
    size_t size, capacity;
} cz_edited_text;

/* The input after edits [count] at different units, in the order of units. */
typedef struct cz_edited {
    size_t edits[CZ_EDITS_MOST]; /* numbers of items */
    size_t count;
    bool usable;  /* false: too long for the model, or the place of the question is gone */
    bool changes; /* what the model says */
    double value, probability;
    int64_t says; /* see cz_aim_says */
    double says_probability;
} cz_edited;

/* ---- edits.c ---- */

cloze_status cz_edits_add(cz_edits *edits, cz_edit edit, cloze_text word, cloze_error *error);
void cz_edits_clear(cz_edits *edits);
cloze_text cz_edit_word(const cz_edits *edits, const cz_edit *edit);
/* Where a text is cut for it, and what is put there besides the word. */
typedef struct cz_cut {
    size_t begin, end;
    bool space_before, space_behind;
} cz_cut;
cz_cut cz_edit_cut(const cloze_explainer *explainer, cloze_edit_kind kind, size_t unit);
/* The tokens of a word that is put there, into `encoding`: they depend on the space before it. */
cloze_status cz_edit_tokenize(const cloze_explainer *explainer, cloze_edit_kind kind, size_t unit,
                              cloze_text word, const cloze_tokenizer *tokenizer,
                              cloze_encoding *encoding, cloze_error *error);

/* ---- edited.c ---- */

/* One side's text with these items' edits; other sides' are passed over. False: no memory. */
bool cz_edited_build(const cz_edits *edits, const size_t *items, size_t count, int side,
                     cz_edited_text *text);
/* Asks the model about each, and says how it went. */
cloze_status cz_edited_ask(const cz_edits *edits, cz_edited *edited, size_t count,
                           cloze_error *error);

/* ---- proposals.c ---- */

/* Every single edit that the options allow. */
cloze_status cz_edits_propose(cz_edits *edits, const cloze_counterfactual_options *options,
                              cloze_error *error);

/* ---- edit_ranks.c ---- */

/* Orders them: those by which F falls most, to first order, come first. */
cloze_status cz_edits_rank(cz_edits *edits, cloze_error *error);

/* ---- found.c ---- */

/* What was found becomes the caller's, and takes the words of the edits with it. */
cloze_status cz_found_tell(cloze_counterfactuals **out, cz_edits *edits, cz_edited *found,
                           size_t count, cloze_counterfactual_facts facts, cloze_error *error);

#endif
