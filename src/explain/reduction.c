/*
 * reduction.c - the smallest set of units, found by a beam, that the model decides about as about the whole:
 * level by level every set is one unit smaller, and of those that hold the surest go on.
 */
#include "explain/coalitions.h"

#include "base/error.h"

#include <cloze/counterfactual.h>

#include <string.h>

enum { BEAM = 5 };

typedef struct reducing {
    cz_coalitions
        sets; /* weight: probability of the target, but 0 where the decision does not hold */
    size_t beam;
    size_t *level; /* [beam] sets of this size that hold, the surest first */
    size_t level_count;
    size_t *next; /* [beam, units] sets one unit smaller */
    size_t next_count, next_capacity;
    uint64_t *set;
    uint64_t *fixed; /* units that are the question */
} reducing;

static cloze_status keep(void *context, size_t number, const cz_input *input, const double *outcome,
                         cloze_error *error)
{
    reducing *r = context;
    const cz_aim *aim = &r->sets.explainer->aim;
    size_t set = r->sets.asked + number;
    (void)error;
    r->sets.values[set] = cz_aim_value(aim, &input->places, outcome, input->length, NULL);
    r->sets.weights[set] = cz_aim_holds(aim, &input->places, outcome)
                               ? cz_aim_chance(aim, &input->places, outcome, input->length)
                               : 0;
    return CLOZE_OK;
}

static cloze_status ask(reducing *r, cloze_absence absence, cloze_error *error)
{
    cloze_status status =
        cz_outcomes_of_masks(r->sets.explainer, r->sets.count - r->sets.asked, cz_coalitions_show,
                             &r->sets, absence, keep, r, error);
    if (!status)
        r->sets.asked = r->sets.count;
    return status;
}

static bool is_listed(const reducing *r, size_t set)
{
    for (size_t i = 0; i < r->next_count; i++)
        if (r->next[i] == set)
            return true;
    return false;
}

/* Every set that lacks one more unit than those of the level. */
static cloze_status list_smaller(reducing *r, cloze_error *error)
{
    r->next_count = 0;
    for (size_t i = 0; i < r->level_count; i++)
        for (size_t u = 0; u < r->sets.units; u++) {
            size_t set;
            memcpy(r->set, cz_coalition(&r->sets, r->level[i]), r->sets.words * sizeof *r->set);
            if (!cz_set_has(r->set, u) || cz_set_has(r->fixed, u))
                continue;
            cz_set_flip(r->set, u);
            cloze_status status = cz_coalitions_add(&r->sets, r->set, &set, error);
            if (status)
                return status;
            if (!is_listed(r, set))
                r->next[r->next_count++] = set;
        }
    return CLOZE_OK;
}

/* The surest sets that hold become the level; false: none does. */
static bool choose(reducing *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->next_count; i++) {
        size_t set = r->next[i], at = count;
        if (r->sets.weights[set] == 0)
            continue;
        while (at && r->sets.values[set] > r->sets.values[r->level[at - 1]])
            at--;
        if (at == r->beam)
            continue;
        count += count < r->beam;
        memmove(r->level + at + 1, r->level + at, (count - at - 1) * sizeof *r->level);
        r->level[at] = set;
    }
    if (count)
        r->level_count = count;
    return count > 0;
}

static cloze_status reduce(reducing *r, cloze_absence absence, cloze_error *error)
{
    size_t size = r->sets.units;
    r->sets.weights[CZ_EVERYTHING] = r->sets.explainer->chance;
    r->level[0] = CZ_EVERYTHING;
    r->level_count = 1;
    for (; size > 1; size--) {
        cloze_status status = list_smaller(r, error);
        if (!status)
            status = ask(r, absence, error);
        if (status)
            return status;
        if (!choose(r))
            break;
    }
    return CLOZE_OK;
}

static void tell(const reducing *r, uint8_t *present, cloze_reduction *reduction)
{
    const cloze_explainer *e = r->sets.explainer;
    size_t best = r->level[0];
    const uint64_t *set = cz_coalition(&r->sets, best);
    for (size_t u = 0; u < r->sets.units; u++)
        present[u] = cz_set_has(set, u);
    *reduction = (cloze_reduction){ .units = cz_set_size(&r->sets, set),
                                    .value = r->sets.values[best],
                                    .before = e->value,
                                    .probability = r->sets.weights[best],
                                    .runs = e->runs_done };
}

static cloze_status begin(reducing *r, cloze_explainer *e, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t sets;
    cloze_status status = cz_coalitions_begin(&r->sets, e, error);
    if (status)
        return status;
    r->set = cz_set_new(&r->sets);
    r->fixed = cz_set_new(&r->sets);
    r->level = cz_allocate(allocator, r->beam, sizeof *r->level);
    if (cz_multiply(r->beam, e->unit_count, &sets))
        r->next = cz_allocate(allocator, sets, sizeof *r->next);
    if (!r->set || !r->fixed || !r->level || !r->next)
        return cz_fail_memory(error, "sets of units", r->beam * e->unit_count * sizeof *r->next);
    for (size_t u = 0; u < e->unit_count; u++)
        if (cz_unit_is_asked(e, u))
            cz_set_flip(r->fixed, u);
    return CLOZE_OK;
}

cloze_status cloze_reduce(cloze_explainer *e, const cloze_reduction_options *options,
                          uint8_t *present, cloze_reduction *reduction, cloze_error *error)
{
    static const cloze_reduction_options usual = { .beam = 0 };
    const cloze_allocator *allocator = &e->hooks.allocator;
    options = options ? options : &usual;
    cloze_absence absence = options->absence ? options->absence : CLOZE_ABSENT_REMOVED;
    reducing r = { .beam = options->beam ? options->beam : BEAM };
    cloze_status status = cz_check_decision(e, error);
    if (status)
        return status;
    e->runs_done = e->runs_total = 0;
    status = begin(&r, e, error);
    if (!status)
        status = reduce(&r, absence, error);
    if (!status)
        tell(&r, present, reduction);
    cz_release(allocator, r.set);
    cz_release(allocator, r.fixed);
    cz_release(allocator, r.level);
    cz_release(allocator, r.next);
    cz_coalitions_clear(&r.sets);
    return status;
}
