/*
 * ranks_sum.c - the gradient of a batch whose shards several processes computed. Each rank gets what
 * the others have of a part of the numbers, sums that part along the tree, and gives the sum to all:
 * so each sends every number about twice, however many ranks there are.
 */
#include "train/trainer.h"

#include "base/error.h"

#include <string.h>

/* What each rank has summed by itself, in the order of shards. */
static size_t list_partials(cloze_trainer *trainer)
{
    const cloze_ranks *way = &trainer->ranks.way;
    size_t shards = trainer->options.shards, count = 0;
    for (int rank = 0; rank < way->count; rank++) {
        size_t behind = cz_ranks_first(trainer, shards, rank + 1);
        for (size_t first = cz_ranks_first(trainer, shards, rank); first < behind;) {
            size_t height = 0;
            while (!(first >> height & 1) && first + ((size_t)2 << height) <= behind)
                height++;
            trainer->ranks.partials[count++] = (cz_partial){ first, height, rank, NULL };
            first += (size_t)1 << height;
        }
    }
    return count;
}

static char *own_data(const cloze_trainer *trainer, const cz_partial *partial)
{
    size_t last = partial->first + ((size_t)1 << partial->height) - 1;
    return trainer->learner.level[cz_learner_level(last)].memory.data;
}

/* The first partial of a rank, and how many it has. */
static size_t partials_of(const cz_partial *all, size_t count, int rank, size_t *own)
{
    size_t first = 0;
    while (first < count && all[first].rank != rank)
        first++;
    *own = 0;
    while (first + *own < count && all[first + *own].rank == rank)
        ++*own;
    return first;
}

/* Bytes [begin, end) of a gradient are summed up by `rank`. */
static size_t part_of(const cloze_trainer *trainer, int rank, size_t *begin)
{
    size_t lines = trainer->learner.size / CZ_ARENA_ALIGNMENT;
    *begin = cz_ranks_first(trainer, lines, rank) * CZ_ARENA_ALIGNMENT;
    return cz_ranks_first(trainer, lines, rank + 1) * CZ_ARENA_ALIGNMENT - *begin;
}

static cloze_status make_foreign(cloze_trainer *trainer, size_t count, cloze_error *error)
{
    cz_ranks *ranks = &trainer->ranks;
    size_t begin, bytes = part_of(trainer, ranks->way.rank, &begin), own, needed;
    partials_of(ranks->partials, count, ranks->way.rank, &own);
    if (!cz_multiply(count - own, bytes, &needed) ||
        !cz_block_allocate(&trainer->hooks.allocator, needed + CZ_ARENA_ALIGNMENT, &ranks->foreign))
        return cz_fail_memory(error, "gradients of other ranks", (count - own) * bytes);
    trainer->memory += ranks->foreign.size;
    return CLOZE_OK;
}

/* Where this rank's part of each partial lies, or will lie. */
static void place_partials(cloze_trainer *trainer, size_t count)
{
    cz_ranks *ranks = &trainer->ranks;
    size_t begin, bytes = part_of(trainer, ranks->way.rank, &begin);
    char *at = ranks->foreign.data;
    for (size_t i = 0; i < count; i++) {
        cz_partial *partial = &ranks->partials[i];
        bool mine = partial->rank == ranks->way.rank;
        partial->data = mine ? own_data(trainer, partial) + begin : at;
        at += mine ? 0 : bytes;
    }
}

static cloze_status exchange_partials(cloze_trainer *trainer, size_t count, cloze_error *error)
{
    const cloze_ranks *way = &trainer->ranks.way;
    const cz_partial *all = trainer->ranks.partials;
    size_t begin, own, bytes = part_of(trainer, way->rank, &begin);
    size_t mine = partials_of(all, count, way->rank, &own);
    cloze_status status = CLOZE_OK;
    for (int turn = 1; turn < way->count; turn++) {
        int to = (way->rank + turn) % way->count;
        int from = (way->rank + way->count - turn) % way->count;
        size_t out_begin, out = part_of(trainer, to, &out_begin), have;
        size_t theirs = partials_of(all, count, from, &have);
        for (size_t i = 0; (i < own || i < have) && !status; i++)
            status = cz_ranks_exchange(
                trainer, to, i < own ? own_data(trainer, &all[mine + i]) + out_begin : NULL,
                i < own ? out : 0, from, i < have ? all[theirs + i].data : NULL,
                i < have ? bytes : 0, error);
    }
    return status;
}

/* Neighbours of one height become their parent; what is left is added from the last one on. */
static cloze_status fold(cloze_trainer *trainer, size_t count, size_t bytes)
{
    const cz_place *place = &trainer->engine->place;
    cz_partial *stack = trainer->ranks.partials;
    size_t top = 0;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < count; i++) {
        stack[top++] = stack[i];
        while (!status && top > 1 &&
               (stack[top - 2].height == stack[top - 1].height || i + 1 == count)) {
            status = cz_learner_add(&trainer->learner, place, stack[top - 1].data,
                                    stack[top - 2].data, bytes);
            stack[top - 2].height++;
            top--;
        }
    }
    return status;
}

static cloze_status sum_gradients(cloze_trainer *trainer, cloze_error *error)
{
    size_t count = list_partials(trainer), begin;
    size_t bytes = part_of(trainer, trainer->ranks.way.rank, &begin);
    char *sum = trainer->learner.level[0].memory.data;
    cloze_status status = CLOZE_OK;
    if (!trainer->ranks.foreign.data)
        status = cz_ranks_agree(trainer, make_foreign(trainer, count, error), error);
    if (status)
        return status;
    place_partials(trainer, count);
    cz_learner_touch_all(&trainer->learner);
    if ((status = exchange_partials(trainer, count, error)))
        return status;
    if (fold(trainer, count, bytes))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "gradients could not be summed");
    if (trainer->ranks.partials[0].data != sum + begin)
        memcpy(sum + begin, trainer->ranks.partials[0].data, bytes);
    return cz_ranks_gather(trainer, sum, trainer->learner.size / CZ_ARENA_ALIGNMENT,
                           CZ_ARENA_ALIGNMENT, error);
}

cloze_status cz_ranks_sum(cloze_trainer *trainer, cz_learned *learned, size_t *level,
                          cloze_error *error)
{
    const cz_ranks *ranks = &trainer->ranks;
    size_t shards = trainer->options.shards;
    cloze_status status = CLOZE_OK;
    *level = 0;
    if (ranks->way.count > 1) {
        status = cz_ranks_gather(trainer, ranks->shards, shards, sizeof *ranks->shards, error);
        if (!status)
            status = sum_gradients(trainer, error);
    } else if (cz_learner_sum(&trainer->learner, &trainer->engine->place, shards, level)) {
        status = cz_fail(error, CLOZE_ERROR_ARGUMENT, "gradients could not be summed");
    }
    *learned = (cz_learned){ 0 };
    for (size_t i = 0; i < shards; i++) {
        learned->loss += ranks->shards[i].loss;
        learned->tokens += ranks->shards[i].tokens;
    }
    return status;
}
