/*
 * task/spans.h - the most probable spans of a window whose head tells where an answer begins and
 * ends: transformers' select_starts_ends.
 */
#ifndef CZ_TASK_SPANS_H
#define CZ_TASK_SPANS_H

#include "task/windows.h"

typedef struct cz_spans {
    const cloze_allocator *allocator;
    uint32_t class_id;    /* the token that may stand for "no answer"; UINT32_MAX: none */
    size_t most, longest; /* spans wanted, tokens of one */

    cloze_pair *items;    /* [count] first and last tokens, best first */
    size_t count, capacity;
    double null_score;    /* that there is no answer */
    double *begins, *ends; /* [tokens] */
    size_t begins_capacity, ends_capacity;
} cz_spans;

/* Replaces the spans; false when memory is out. The window has a token. */
bool cz_spans_find(cz_spans *spans, const cz_window *window);
double cz_spans_score(const cz_spans *spans, size_t i);
void cz_spans_clear(cz_spans *spans);

#endif
