/*
 * partition.c - Owen's values over a tree of neighbours. A node is a run of units together with what
 * else is present. Splitting it asks about each half alone; then each half is a node twice, without and
 * with the other half, at half the weight. Where the budget ends, a node's units share its part equally.
 */
#include "explain/coalitions.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

enum {
    BUDGET = 500,
    ROUND = 16 /* nodes that are split before the next are chosen: a number of its own, so that
                  results do not depend on the batch */
};

typedef struct node {
    size_t first, count;  /* units */
    size_t without, with; /* sets: what else is present, and that with these units */
    double weight;
    double priority; /* at most what is at stake in the order within it */
    size_t number;   /* of nodes with equal priority the first goes first */
} node;

typedef struct tree {
    cz_coalitions sets;
    node *heap;
    size_t count, capacity, made;
    uint64_t *set;
    double *units;
} tree;

/* ---- the queue ---- */

static bool goes_before(const node *a, const node *b)
{
    return a->priority > b->priority || (a->priority == b->priority && a->number < b->number);
}

static bool push(tree *t, node added)
{
    if (!cz_grow(&t->sets.explainer->hooks.allocator, (void **)&t->heap, &t->capacity, t->count + 1,
                 sizeof *t->heap))
        return false;
    added.priority =
        fabs(t->sets.values[added.with] - t->sets.values[added.without]) * added.weight;
    added.number = t->made++;
    size_t at = t->count++;
    while (at && goes_before(&added, &t->heap[(at - 1) / 2])) {
        t->heap[at] = t->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    t->heap[at] = added;
    return true;
}

static node pop(tree *t)
{
    node first = t->heap[0], moved = t->heap[--t->count];
    size_t at = 0;
    for (size_t below = 1; below < t->count; below = 2 * at + 1) {
        if (below + 1 < t->count && goes_before(&t->heap[below + 1], &t->heap[below]))
            below++;
        if (!goes_before(&t->heap[below], &moved))
            break;
        t->heap[at] = t->heap[below];
        at = below;
    }
    t->heap[at] = moved;
    return first;
}

/* ---- splitting ---- */

/* Units of the left half: those of the text where a pair begins within, else half. */
static size_t left_of(const cloze_explainer *e, const node *n)
{
    size_t left = 1;
    if (e->units[n->first].span.side == e->units[n->first + n->count - 1].span.side)
        return n->count / 2;
    while (e->units[n->first + left].span.side == e->units[n->first].span.side)
        left++;
    return left;
}

static void share(tree *t, const node *n)
{
    double part = (t->sets.values[n->with] - t->sets.values[n->without]) * n->weight;
    for (size_t i = 0; i < n->count; i++)
        t->units[n->first + i] += part / (double)n->count;
}

static cloze_status add_half(tree *t, const node *n, size_t first, size_t count, size_t *number,
                             cloze_error *error)
{
    memcpy(t->set, cz_coalition(&t->sets, n->without), t->sets.words * sizeof *t->set);
    for (size_t i = 0; i < count; i++)
        cz_set_flip(t->set, first + i);
    return cz_coalitions_add(&t->sets, t->set, number, error);
}

/* A node that is split, and the sets of its halves alone. */
typedef struct split {
    node whole;
    size_t left, right;
} split;

static bool push_halves(tree *t, const split *s)
{
    const node *whole = &s->whole;
    size_t count = left_of(t->sets.explainer, whole);
    node left = { .first = whole->first, .count = count, .weight = whole->weight / 2 };
    node right = { .first = whole->first + count,
                   .count = whole->count - count,
                   .weight = whole->weight / 2 };
    left.without = right.without = whole->without;
    left.with = s->left;
    right.with = s->right;
    if (!push(t, left) || !push(t, right))
        return false;
    left.without = s->right;
    right.without = s->left;
    left.with = right.with = whole->with;
    return push(t, left) && push(t, right);
}

/* Splits up to a round of nodes while the budget lasts; units alone get what is theirs. */
static cloze_status next_round(tree *t, size_t budget, cloze_absence absence, cloze_error *error)
{
    split splits[ROUND];
    size_t count = 0, begin = t->sets.count;
    cloze_status status = CLOZE_OK;
    while (t->count && count < ROUND && t->sets.count < budget && !status) {
        split *s = &splits[count];
        s->whole = pop(t);
        if (s->whole.count == 1) {
            share(t, &s->whole);
            continue;
        }
        size_t first = s->whole.first, left = left_of(t->sets.explainer, &s->whole);
        status = add_half(t, &s->whole, first, left, &s->left, error);
        if (!status)
            status = add_half(t, &s->whole, first + left, s->whole.count - left, &s->right, error);
        count++;
    }
    if (!status && t->sets.count > begin)
        status = cz_coalitions_ask(&t->sets, absence, error);
    for (size_t i = 0; i < count && !status; i++)
        if (!push_halves(t, &splits[i]))
            status = cz_fail_memory(error, "groups of units", t->count * sizeof *t->heap);
    return status;
}

static cloze_status grow(tree *t, size_t budget, cloze_absence absence, cz_attribution *out,
                         cloze_error *error)
{
    cloze_status status = cz_coalitions_ask(&t->sets, absence, error);
    node root = {
        .count = t->sets.units, .without = CZ_NOTHING, .with = CZ_EVERYTHING, .weight = 1
    };
    if (!status && !push(t, root))
        status = cz_fail_memory(error, "groups of units", sizeof root);
    while (!status && t->count && t->sets.count < budget)
        status = next_round(t, budget, absence, error);
    if (status)
        return status;
    for (size_t i = 0; i < t->count; i++) {
        share(t, &t->heap[i]);
        out->report.exact &= t->heap[i].count == 1;
    }
    for (size_t u = 0; u < t->sets.units; u++)
        out->spread[u] = out->report.exact ? 0 : NAN;
    cz_coalitions_report(&t->sets, out);
    return CLOZE_OK;
}

cloze_status cz_partition_shap(cloze_explainer *e, const cloze_attribution_options *options,
                               cz_attribution *out, cloze_error *error)
{
    tree t = { .units = out->units };
    cloze_status status = cz_coalitions_begin(&t.sets, e, error);
    for (size_t u = 0; u < e->unit_count; u++)
        out->units[u] = 0;
    if (!status && !(t.set = cz_set_new(&t.sets)))
        status = cz_fail_memory(error, "a set of units", t.sets.words * sizeof *t.set);
    out->report.samples = options->samples ? options->samples : BUDGET;
    if (!status)
        status = grow(&t, out->report.samples, options->absence, out, error);
    cz_release(&e->hooks.allocator, t.heap);
    cz_release(&e->hooks.allocator, t.set);
    cz_coalitions_clear(&t.sets);
    return status;
}
