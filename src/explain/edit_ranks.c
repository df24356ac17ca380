/*
 * edit_ranks.c - what each edit does to F to first order: the gradient at the words, times the change of the
 * words' embeddings there (HotFlip). What is deleted goes to zero; what is put in comes from there.
 */
#include "explain/edits.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

typedef struct ranking {
    cz_edits *edits;
    cloze_encoding *encoding;
    double *gradient; /* [tokens, width] */
    double *row;      /* [width] */
    double *worth;    /* [units] what F loses with each unit's tokens */
    size_t width;
} ranking;

static cloze_status keep_gradient(void *context, size_t copy, double value, const double *gradient,
                                  size_t length, size_t width, cloze_error *error)
{
    const ranking *r = context;
    (void)copy;
    (void)value;
    (void)error;
    memcpy(r->gradient, gradient, length * width * sizeof *gradient);
    return CLOZE_OK;
}

/* Of the word of `id` with the gradient at a token. */
static double product(const ranking *r, uint32_t id, size_t token)
{
    const double *gradient = r->gradient + token * r->width;
    double sum = 0;
    cz_word_row(r->edits->explainer, id, r->row);
    for (size_t c = 0; c < r->width; c++)
        sum += r->row[c] * gradient[c];
    return sum;
}

static void weigh_units(const ranking *r)
{
    const cloze_explainer *e = r->edits->explainer;
    for (size_t u = 0; u < e->unit_count; u++) {
        r->worth[u] = 0;
        for (size_t i = e->units[u].first; i < e->units[u].first + e->units[u].count; i++)
            r->worth[u] += product(r, e->ids[i], i);
    }
}

/* The word's tokens lie where the unit's lie, those beyond its end at its last. */
static cloze_status estimate(const ranking *r, cz_edit *edit, cloze_error *error)
{
    const cloze_explainer *e = r->edits->explainer;
    const cz_unit *unit = &e->units[edit->unit];
    edit->estimate = edit->kind == CLOZE_EDIT_INSERT ? 0 : -r->worth[edit->unit];
    if (edit->kind == CLOZE_EDIT_DELETE)
        return CLOZE_OK;
    cloze_status status = cz_edit_tokenize(e, edit->kind, edit->unit, cz_edit_word(r->edits, edit),
                                           e->model->tokenizer, r->encoding, error);
    if (status)
        return status;
    cloze_tokens tokens = cloze_encoding_tokens(r->encoding, 0);
    for (size_t i = 0; i < tokens.length; i++) {
        size_t within = i < unit->count ? i : unit->count - 1;
        size_t at = unit->first + (edit->kind == CLOZE_EDIT_INSERT ? 0 : within);
        edit->estimate += product(r, tokens.ids[i], at);
    }
    return CLOZE_OK;
}

static int by_estimate(const void *left, const void *right)
{
    const cz_edit *a = left, *b = right;
    if (a->estimate != b->estimate)
        return a->estimate < b->estimate ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

static cloze_status rank(ranking *r, cloze_error *error)
{
    cz_copies copies = { .count = 1, .layer = CZ_AT_WORDS, .done = keep_gradient, .context = r };
    cloze_status status = cz_copies_run(r->edits->explainer, &copies, error);
    if (status)
        return status;
    weigh_units(r);
    for (size_t i = 0; i < r->edits->count && !status; i++)
        status = estimate(r, &r->edits->items[i], error);
    if (!status && r->edits->count)
        qsort(r->edits->items, r->edits->count, sizeof *r->edits->items, by_estimate);
    return status;
}

cloze_status cz_edits_rank(cz_edits *edits, cloze_error *error)
{
    const cloze_explainer *e = edits->explainer;
    const cloze_allocator *allocator = &e->hooks.allocator;
    ranking r = { .edits = edits, .width = cz_width_at(e, CZ_AT_WORDS) };
    cloze_status status = cloze_encoding_new(&r.encoding, &e->hooks, error);
    r.gradient = cz_allocate(allocator, e->length * r.width, sizeof *r.gradient);
    r.row = cz_allocate(allocator, r.width, sizeof *r.row);
    r.worth = cz_allocate(allocator, e->unit_count, sizeof *r.worth);
    if (!status && (!r.gradient || !r.row || !r.worth))
        status = cz_fail_memory(error, "a gradient", e->length * r.width * sizeof *r.gradient);
    if (!status)
        status = rank(&r, error);
    cloze_encoding_free(r.encoding);
    cz_release(allocator, r.gradient);
    cz_release(allocator, r.row);
    cz_release(allocator, r.worth);
    return status;
}
