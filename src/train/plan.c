/* plan.c - see plan.h. */
#include "train/plan.h"

#include "base/error.h"
#include "train/draw.h"

/* A counting sort: the items of each label, in their order. */
static cloze_status group(cz_plan *plan, const cz_dataset *dataset, size_t labels,
                          cloze_error *error)
{
    size_t present = 0;
    plan->groups = labels;
    plan->group_begin = cz_allocate_zero(plan->allocator, labels + 1, sizeof(size_t));
    plan->grouped = cz_allocate(plan->allocator, dataset->count, sizeof(size_t));
    if (!plan->group_begin || !plan->grouped)
        return cz_fail_memory(error, "the plan of an epoch", dataset->count * sizeof(size_t));
    for (size_t i = 0; i < dataset->count; i++)
        plan->group_begin[dataset->items[i].label + 1]++;
    for (size_t label = 0; label < labels; label++) {
        size_t own = plan->group_begin[label + 1];
        present += own > 0;
        plan->most = own > plan->most ? own : plan->most;
        plan->group_begin[label + 1] += plan->group_begin[label];
    }
    for (size_t i = 0; i < dataset->count; i++)
        plan->grouped[plan->group_begin[dataset->items[i].label]++] = i;
    for (size_t label = labels; label > 0; label--)
        plan->group_begin[label] = plan->group_begin[label - 1];
    plan->group_begin[0] = 0;
    plan->count = present * plan->most;
    return CLOZE_OK;
}

cloze_status cz_plan_init(cz_plan *plan, const cz_dataset *dataset, size_t labels, uint64_t seed,
                          const cloze_allocator *allocator, cloze_error *error)
{
    *plan = (cz_plan){ .allocator = allocator, .seed = seed, .count = dataset->count };
    cloze_status status = labels ? group(plan, dataset, labels, error) : CLOZE_OK;
    if (!status && !(plan->order = cz_allocate(allocator, plan->count, sizeof *plan->order)))
        status = cz_fail_memory(error, "the plan of an epoch", plan->count * sizeof(size_t));
    return status;
}

void cz_plan_clear(cz_plan *plan)
{
    cz_release(plan->allocator, plan->order);
    cz_release(plan->allocator, plan->group_begin);
    cz_release(plan->allocator, plan->grouped);
    *plan = (cz_plan){ .allocator = plan->allocator };
}

/* Each item of a group as often as the others, and some of them, drawn anew, once more. */
static size_t repeat_group(cz_plan *plan, size_t label, uint32_t epoch, size_t used)
{
    const cz_draw draw = { plan->seed, CZ_DRAW_SAMPLE, epoch };
    size_t *items = plan->grouped + plan->group_begin[label];
    size_t count = plan->group_begin[label + 1] - plan->group_begin[label];
    size_t *rest = plan->order + used;
    if (!count)
        return used;
    for (size_t i = 0; i < plan->most; i++)
        rest[i] = items[i % count];
    /* The last, incomplete turn is a sample of the group without putting back. */
    size_t whole = plan->most / count * count, more = plan->most - whole;
    for (size_t i = 0; i < more; i++) {
        size_t other = i + cz_draw_below(&draw, label << 32 | i, 0, count - i);
        size_t kept = rest[i];
        rest[i] = rest[other];
        rest[other] = kept;
        rest[whole + i] = rest[i];
    }
    return used + plan->most;
}

void cz_plan_epoch(cz_plan *plan, uint32_t epoch)
{
    const cz_draw draw = { plan->seed, CZ_DRAW_ORDER, epoch };
    size_t used = 0;
    for (size_t i = 0; !plan->grouped && i < plan->count; i++)
        plan->order[i] = i;
    for (size_t label = 0; plan->grouped && label < plan->groups; label++)
        used = repeat_group(plan, label, epoch, used);
    cz_draw_order(&draw, plan->order, plan->count);
}
