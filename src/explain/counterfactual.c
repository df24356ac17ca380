/*
 * counterfactual.c - the search for the fewest edits that change what the model says: every single one in the
 * order of the gradient; then a beam over joined ones in the order of what they did alone.
 */
#include "explain/edits.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

enum {
    EDITS = 3,
    TRIES = 2000,
    WANTED = 5,
    ROUND = 64,   /* inputs asked about at once; no part of the result depends on the batch */
    BEAM = 8,     /* joined edits that are joined further */
    PARTNERS = 64 /* single edits that each is joined with */
};

typedef struct search {
    cz_edits edits;
    cz_edited *single; /* [tried_single] with one edit each, later those that did most first */
    cz_edited *level;  /* [level_count] of the number of edits that is looked at */
    size_t level_count, level_capacity;
    cz_edited beam[BEAM];
    size_t beam_count;
    cz_edited *found;
    size_t found_count;
    size_t edits_most, tries, wanted;
    cloze_counterfactual_facts facts;
} search;

/* ---- rounds ---- */

/* Asks about as many as the tries allow, until enough was found; *asked of them have their values. */
static cloze_status ask(search *s, cz_edited *edited, size_t count, size_t *asked,
                        cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    *asked = 0;
    while (*asked < count && s->found_count < s->wanted && s->facts.tried < s->tries && !status) {
        size_t left = s->tries - s->facts.tried, some = count - *asked;
        some = some < ROUND ? some : ROUND;
        some = some < left ? some : left;
        status = cz_edited_ask(&s->edits, edited + *asked, some, error);
        for (size_t i = *asked; i < *asked + some && !status; i++)
            if (edited[i].changes && s->found_count < s->wanted)
                s->found[s->found_count++] = edited[i];
        for (size_t i = *asked; i < *asked + some; i++)
            s->facts.tried += edited[i].usable;
        *asked += some;
    }
    return status;
}

static int by_value(const void *left, const void *right)
{
    const cz_edited *a = left, *b = right;
    if (a->usable != b->usable)
        return a->usable ? -1 : 1;
    if (a->usable && a->value != b->value)
        return a->value < b->value ? -1 : 1;
    for (size_t i = 0; i < a->count; i++)
        if (a->edits[i] != b->edits[i])
            return a->edits[i] < b->edits[i] ? -1 : 1;
    return 0;
}

static void choose_beam(search *s, cz_edited *edited, size_t count)
{
    if (count)
        qsort(edited, count, sizeof *edited, by_value);
    for (s->beam_count = 0; s->beam_count < count && s->beam_count < BEAM; s->beam_count++) {
        if (!edited[s->beam_count].usable)
            break;
        s->beam[s->beam_count] = edited[s->beam_count];
    }
}

static cloze_status try_single(search *s, cloze_error *error)
{
    size_t asked;
    for (size_t i = 0; i < s->edits.count; i++)
        s->single[i] = (cz_edited){ .edits = { i }, .count = 1 };
    cloze_status status = ask(s, s->single, s->edits.count, &asked, error);
    s->facts.tried_single = asked;
    choose_beam(s, s->single, asked);
    return status;
}

/* ---- joined edits ---- */

static size_t unit_of(const search *s, size_t edit)
{
    return s->edits.items[edit].unit;
}

/* In the order of units; false: the unit is edited already. */
static bool join(const search *s, const cz_edited *edited, size_t edit, cz_edited *out)
{
    size_t at = 0;
    while (at < edited->count && unit_of(s, edited->edits[at]) < unit_of(s, edit))
        at++;
    if (at < edited->count && unit_of(s, edited->edits[at]) == unit_of(s, edit))
        return false;
    *out = *edited;
    memmove(out->edits + at + 1, out->edits + at, (edited->count - at) * sizeof *out->edits);
    out->edits[at] = edit;
    out->count++;
    return true;
}

static bool is_listed(const search *s, const cz_edited *edited)
{
    for (size_t i = 0; i < s->level_count; i++)
        if (!memcmp(s->level[i].edits, edited->edits, edited->count * sizeof *edited->edits))
            return true;
    return false;
}

static bool list_joined(search *s)
{
    s->level_count = 0;
    for (size_t b = 0; b < s->beam_count; b++)
        for (size_t i = 0; i < s->facts.tried_single && i < PARTNERS; i++) {
            cz_edited joined;
            if (!s->single[i].usable || !join(s, &s->beam[b], s->single[i].edits[0], &joined) ||
                is_listed(s, &joined))
                continue;
            if (!cz_grow(&s->edits.explainer->hooks.allocator, (void **)&s->level,
                         &s->level_capacity, s->level_count + 1, sizeof *s->level))
                return false;
            s->level[s->level_count++] = joined;
        }
    return true;
}

static cloze_status try_joined(search *s, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t edits = 2; edits <= s->edits_most && !s->found_count && !status; edits++) {
        size_t asked;
        if (!list_joined(s))
            return cz_fail_memory(error, "joined edits", s->level_count * sizeof *s->level);
        status = ask(s, s->level, s->level_count, &asked, error);
        choose_beam(s, s->level, asked);
    }
    return status;
}

/* ---- the search ---- */

static cloze_status begin(search *s, const cloze_counterfactual_options *options,
                          cloze_error *error)
{
    const cloze_explainer *e = s->edits.explainer;
    s->edits_most = options->edits ? options->edits : EDITS;
    s->tries = options->tries ? options->tries : TRIES;
    s->wanted = options->wanted ? options->wanted : WANTED;
    s->facts.value = e->value;
    s->facts.probability = e->chance;
    if (s->edits_most > CZ_EDITS_MOST)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "%zu edits: at most %d", s->edits_most,
                       CZ_EDITS_MOST);
    s->found = cz_allocate(&e->hooks.allocator, s->wanted, sizeof *s->found);
    if (!s->found)
        return cz_fail_memory(error, "counterfactuals", s->wanted * sizeof *s->found);
    return cz_check_decision(e, error);
}

static cloze_status find(search *s, const cloze_counterfactual_options *options, cloze_error *error)
{
    cloze_explainer *e = s->edits.explainer;
    cloze_status status = begin(s, options, error);
    if (!status)
        status = cz_edits_propose(&s->edits, options, error);
    if (!status)
        status = cz_edits_rank(&s->edits, error);
    s->facts.proposed = s->edits.count;
    if (!status &&
        !(s->single = cz_allocate(&e->hooks.allocator, s->edits.count, sizeof *s->single)))
        status = cz_fail_memory(error, "edits", s->edits.count * sizeof *s->single);
    if (!status)
        status = try_single(s, error);
    if (!status)
        status = try_joined(s, error);
    return status;
}

cloze_status cloze_counterfactuals_find(cloze_counterfactuals **out, cloze_explainer *e,
                                        const cloze_counterfactual_options *options,
                                        cloze_error *error)
{
    static const cloze_counterfactual_options usual = { .proposer = NULL };
    const cloze_allocator *allocator = &e->hooks.allocator;
    search s = { .edits = { .explainer = e } };
    e->runs_done = e->runs_total = 0;
    cloze_status status = find(&s, options ? options : &usual, error);
    if (!status)
        status = cz_found_tell(out, &s.edits, s.found, s.found_count, s.facts, error);
    cz_edits_clear(&s.edits);
    cz_release(allocator, s.single);
    cz_release(allocator, s.level);
    cz_release(allocator, s.found);
    return status;
}
