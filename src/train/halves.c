/*
 * halves.c - the matrices that products read, rounded to bfloat16: copies that are made anew at every step,
 * while the learner's own numbers stay what the optimizer changes.
 */
#include "train/learner.h"

#include "base/error.h"

/* Rows of tables are read as they are. */
static bool is_read_by_products(const cz_learner *learner, const cz_parameter *parameter)
{
    return parameter->is_matrix && !learner->level[0].touched[parameter->index];
}

static size_t lines(size_t count)
{
    size_t bytes = count * cz_type_size(CZ_BF16);
    return (bytes + CZ_ARENA_ALIGNMENT - 1) / CZ_ARENA_ALIGNMENT * CZ_ARENA_ALIGNMENT;
}

cloze_status cz_learner_make_halves(cz_learner *learner, cloze_error *error)
{
    size_t size = 0, used = 0;
    learner->half = cz_allocate_zero(learner->allocator, learner->count, sizeof *learner->half);
    if (!learner->half)
        return cz_fail_memory(error, "rounded weights", learner->count * sizeof *learner->half);
    for (size_t i = 0; i < learner->count; i++) {
        if (!is_read_by_products(learner, learner->parameter[i]))
            continue;
        learner->half[i] = learner->value[i];
        learner->half[i].type = CZ_BF16;
        size += lines(learner->value[i].rows * learner->value[i].columns);
    }
    if (!cz_block_allocate(learner->allocator, size, &learner->halves))
        return cz_fail_memory(error, "rounded weights", size);
    for (size_t i = 0; i < learner->count; i++) {
        if (!learner->half[i].data)
            continue;
        learner->half[i].data = (char *)learner->halves.data + used;
        used += lines(learner->half[i].rows * learner->half[i].columns);
    }
    return CLOZE_OK;
}

cloze_status cz_learner_round(const cz_learner *learner, const cz_place *place)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; learner->half && i < learner->count && !status; i++) {
        const cz_round_call call = { &learner->value[i], &learner->half[i] };
        if (learner->half[i].data)
            status = learner->backend->round(place, &call);
    }
    return status;
}

void cz_learner_show(const cz_learner *learner, bool rounded)
{
    for (size_t i = 0; learner->half && i < learner->count; i++)
        if (learner->half[i].data)
            learner->parameter[i]->value = rounded ? learner->half[i] : learner->value[i];
}
