/* plan.c - see plan.h. */
#include "train/plan.h"

#include "base/error.h"
#include "base/draw.h"

#include <math.h>

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

cloze_status cz_plan_init(cz_plan *plan, const cz_dataset *dataset, size_t labels,
                          const cz_plan_limits *limits, uint64_t seed,
                          const cloze_allocator *allocator, cloze_error *error)
{
    *plan = (cz_plan){ .allocator = allocator,
                       .seed = seed,
                       .limits = *limits,
                       .dataset = dataset,
                       .count = dataset->count,
                       .epoch = SIZE_MAX };
    cloze_status status = labels ? group(plan, dataset, labels, error) : CLOZE_OK;
    if (status)
        return status;
    plan->order = cz_allocate(allocator, plan->count, sizeof *plan->order);
    plan->cut = cz_allocate(allocator, plan->count + 1, sizeof *plan->cut);
    return plan->order && plan->cut
               ? CLOZE_OK
               : cz_fail_memory(error, "the plan of an epoch", plan->count * 2 * sizeof(size_t));
}

void cz_plan_clear(cz_plan *plan)
{
    cz_release(plan->allocator, plan->order);
    cz_release(plan->allocator, plan->cut);
    cz_release(plan->allocator, plan->first_step);
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

static void shuffle(cz_plan *plan, size_t epoch)
{
    const cz_draw draw = { plan->seed, CZ_DRAW_ORDER, (uint32_t)epoch };
    size_t used = 0;
    for (size_t i = 0; !plan->grouped && i < plan->count; i++)
        plan->order[i] = i;
    for (size_t label = 0; plan->grouped && label < plan->groups; label++)
        used = repeat_group(plan, label, (uint32_t)epoch, used);
    cz_draw_order(&draw, plan->order, plan->count);
}

/* ---- batches ---- */

static void cut(cz_plan *plan)
{
    const cz_plan_limits *limits = &plan->limits;
    size_t items = 0, tokens = 0;
    plan->cuts = 0;
    for (size_t i = 0; i < plan->count; i++) {
        size_t own = limits->tokens ? cz_dataset_length(plan->dataset, plan->order[i]) : 0;
        bool full = (limits->items && items == limits->items) ||
                    (items && limits->tokens && own > limits->tokens - tokens);
        if (!i || full) {
            plan->cut[plan->cuts++] = i;
            items = tokens = 0;
        }
        items++;
        tokens = own < limits->tokens - tokens ? tokens + own : limits->tokens;
    }
    plan->cut[plan->cuts] = plan->count;
}

static void lay(cz_plan *plan, size_t epoch)
{
    if (plan->epoch == epoch)
        return;
    shuffle(plan, epoch);
    cut(plan);
    plan->epoch = epoch;
}

/* Batches of items are as many in each epoch; those of tokens depend on the order. */
static void count_epoch(cz_plan *plan, size_t epoch)
{
    if (!epoch || plan->limits.tokens)
        lay(plan, epoch);
    plan->first_step[epoch + 1] = plan->first_step[epoch] + plan->cuts;
    plan->epochs = epoch + 1;
}

cloze_status cz_plan_steps(cz_plan *plan, double epochs, size_t most, size_t *out,
                           cloze_error *error)
{
    size_t whole = (size_t)epochs, all = (size_t)ceil(epochs);
    cz_release(plan->allocator, plan->first_step);
    plan->first_step = cz_allocate(plan->allocator, all + 1, sizeof *plan->first_step);
    if (!plan->first_step)
        return cz_fail_memory(error, "the plan of all epochs", all * sizeof(size_t));
    plan->first_step[0] = 0;
    for (size_t i = 0; i < all; i++) {
        count_epoch(plan, i);
        if (most && plan->first_step[i + 1] >= most && i < whole) {
            *out = most;
            return CLOZE_OK;
        }
    }
    double part =
        (epochs - (double)whole) * (double)(plan->first_step[all] - plan->first_step[whole]);
    *out = plan->first_step[whole] + (size_t)ceil(part - 1e-9);
    if (most && most < *out)
        *out = most;
    return CLOZE_OK;
}

/* The epoch in which a step is, of those that were counted. */
static size_t epoch_of(const cz_plan *plan, size_t step)
{
    size_t low = 0, high = plan->epochs;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (plan->first_step[middle] <= step)
            low = middle;
        else
            high = middle;
    }
    return low;
}

cz_plan_batch cz_plan_at(cz_plan *plan, size_t step)
{
    size_t epoch = epoch_of(plan, step), i = step - plan->first_step[epoch];
    lay(plan, epoch);
    return (cz_plan_batch){ epoch, plan->cut[i], plan->cut[i + 1] - plan->cut[i] };
}

double cz_plan_epochs(const cz_plan *plan, size_t steps)
{
    size_t epoch = epoch_of(plan, steps), first = plan->first_step[epoch];
    return (double)epoch + (double)(steps - first) / (double)(plan->first_step[epoch + 1] - first);
}

bool cz_plan_ends(const cz_plan *plan, size_t steps)
{
    size_t epoch = epoch_of(plan, steps);
    return steps == plan->first_step[epoch] || steps == plan->first_step[epoch + 1];
}
