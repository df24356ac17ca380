/* ranks.c - who of several processes does what, and how they talk; see ranks.h. */
#include "train/trainer.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

enum { ISA_SIZE = 16 };

/* ---- who does what ---- */

size_t cz_ranks_first(const cloze_trainer *trainer, size_t units, int rank)
{
    return units * (size_t)rank / (size_t)trainer->ranks.way.count;
}

static cloze_status check(const cloze_trainer *trainer, const cloze_ranks *way, cloze_error *error)
{
    size_t shards = trainer->options.shards;
    if (way->rank < 0 || way->rank >= way->count || (way->count > 1 && !way->exchange))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "rank %d of %d is none", way->rank, way->count);
    if ((size_t)way->count > shards)
        return cz_fail(
            error, CLOZE_ERROR_ARGUMENT,
            "%d ranks cannot learn together of batches in %zu shard%s: take fewer ranks, "
            "or more shards",
            way->count, shards, shards == 1 ? "" : "s");
    return CLOZE_OK;
}

cloze_status cz_ranks_init(cloze_trainer *trainer, const cloze_ranks *given, cloze_error *error)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    cz_ranks *ranks = &trainer->ranks;
    size_t shards = trainer->options.shards;
    ranks->way = given ? *given : (cloze_ranks){ .count = 1 };
    cloze_status status = check(trainer, &ranks->way, error);
    if (status)
        return status;
    ranks->shards = cz_allocate_zero(allocator, shards, sizeof *ranks->shards);
    ranks->partials = cz_allocate_zero(allocator, shards, sizeof *ranks->partials);
    ranks->verdicts =
        cz_allocate_zero(allocator, (size_t)ranks->way.count, sizeof *ranks->verdicts);
    if (!ranks->shards || !ranks->partials || !ranks->verdicts)
        return cz_fail_memory(error, "a list of ranks", shards * sizeof *ranks->partials);
    return CLOZE_OK;
}

void cz_ranks_clear(cloze_trainer *trainer)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    cz_release(allocator, trainer->ranks.shards);
    cz_release(allocator, trainer->ranks.partials);
    cz_release(allocator, trainer->ranks.verdicts);
    cz_block_release(allocator, &trainer->ranks.foreign);
}

bool cz_ranks_leads(const cloze_trainer *trainer)
{
    return !trainer->ranks.way.rank;
}

void cz_ranks_own(const cloze_trainer *trainer, size_t *first, size_t *behind)
{
    const cloze_ranks *way = &trainer->ranks.way;
    *first = cz_ranks_first(trainer, trainer->options.shards, way->rank);
    *behind = cz_ranks_first(trainer, trainer->options.shards, way->rank + 1);
}

/* ---- talking ---- */

cloze_status cz_ranks_exchange(cloze_trainer *trainer, int to, const void *out, size_t out_size,
                               int from, void *in, size_t in_size, cloze_error *error)
{
    const cloze_ranks *way = &trainer->ranks.way;
    to = out_size ? to : CLOZE_RANK_NONE;
    from = in_size ? from : CLOZE_RANK_NONE;
    if (to == CLOZE_RANK_NONE && from == CLOZE_RANK_NONE)
        return CLOZE_OK;
    cloze_status status = way->exchange(way->context, to, out, out_size, from, in, in_size, error);
    trainer->ranks.lost = trainer->ranks.lost || status;
    return status;
}

cloze_status cz_ranks_gather(cloze_trainer *trainer, void *all, size_t units, size_t size,
                             cloze_error *error)
{
    const cloze_ranks *way = &trainer->ranks.way;
    size_t mine = cz_ranks_first(trainer, units, way->rank) * size;
    size_t mine_end = cz_ranks_first(trainer, units, way->rank + 1) * size;
    cloze_status status = CLOZE_OK;
    for (int turn = 1; turn < way->count && !status; turn++) {
        int to = (way->rank + turn) % way->count;
        int from = (way->rank + way->count - turn) % way->count;
        size_t theirs = cz_ranks_first(trainer, units, from) * size;
        size_t theirs_end = cz_ranks_first(trainer, units, from + 1) * size;
        status = cz_ranks_exchange(trainer, to, (char *)all + mine, mine_end - mine, from,
                                   (char *)all + theirs, theirs_end - theirs, error);
    }
    return status;
}

/* Those that have it give it to as many that have not. */
cloze_status cz_ranks_share(cloze_trainer *trainer, void *bytes, size_t size, cloze_error *error)
{
    const cloze_ranks *way = &trainer->ranks.way;
    cloze_status status = CLOZE_OK;
    for (int have = 1; have < way->count && !status; have *= 2) {
        if (way->rank < have && way->rank + have < way->count)
            status = cz_ranks_exchange(trainer, way->rank + have, bytes, size, CLOZE_RANK_NONE,
                                       NULL, 0, error);
        else if (way->rank >= have && way->rank < 2 * have)
            status = cz_ranks_exchange(trainer, CLOZE_RANK_NONE, NULL, 0, way->rank - have, bytes,
                                       size, error);
    }
    return status;
}

cloze_status cz_ranks_agree(cloze_trainer *trainer, cloze_status own, cloze_error *error)
{
    cz_ranks *ranks = &trainer->ranks;
    size_t count = (size_t)ranks->way.count;
    cz_verdict *mine = &ranks->verdicts[ranks->way.rank];
    if (ranks->lost || count == 1)
        return own;
    *mine = (cz_verdict){ .status = (int32_t)own };
    if (own && error)
        snprintf(mine->message, sizeof mine->message, "%s", error->message);
    cloze_status status =
        cz_ranks_gather(trainer, ranks->verdicts, count, sizeof *mine, own ? NULL : error);
    if (own || status)
        return own ? own : status;
    for (size_t i = 0; i < count; i++)
        if (ranks->verdicts[i].status)
            return cz_fail(error, (cloze_status)ranks->verdicts[i].status, "rank %zu: %.490s", i,
                           ranks->verdicts[i].message);
    return CLOZE_OK;
}

/* ---- beginning alike ---- */

typedef struct introduction {
    char run[CZ_DIGEST_HEX], isa[ISA_SIZE];
} introduction;

static cloze_status compare(const cloze_trainer *trainer, const introduction *all,
                            cloze_error *error)
{
    for (int i = 1; i < trainer->ranks.way.count; i++) {
        if (memcmp(all[i].run, all[0].run, sizeof all[i].run) != 0)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "rank %d was given another model, other settings or examples than rank "
                           "0: each reads the same files",
                           i);
        if (memcmp(all[i].isa, all[0].isa, sizeof all[i].isa) != 0)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "rank %d computes with %s, rank 0 with %s: let all take the lesser one",
                           i, all[i].isa, all[0].isa);
    }
    return CLOZE_OK;
}

cloze_status cz_ranks_compare(cloze_trainer *trainer, cloze_error *error)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    const cloze_ranks *way = &trainer->ranks.way;
    if (way->count == 1)
        return CLOZE_OK;
    introduction *all = cz_allocate_zero(allocator, (size_t)way->count, sizeof *all);
    cloze_status status = all ? CLOZE_OK : cz_fail_memory(error, "a list of ranks", sizeof *all);
    status = cz_ranks_agree(trainer, status, error);
    if (!status) {
        cz_state_digest(trainer, all[way->rank].run);
        strncpy(all[way->rank].isa, cloze_engine_isa(trainer->engine), ISA_SIZE - 1);
        status = cz_ranks_gather(trainer, all, (size_t)way->count, sizeof *all, error);
    }
    if (!status)
        status = compare(trainer, all, error);
    cz_release(allocator, all);
    return status;
}

static cloze_status share_best(cloze_trainer *trainer, cloze_error *error)
{
    bool any = trainer->best.data;
    cloze_status status = cz_ranks_share(trainer, &any, sizeof any, error);
    if (status || !any)
        return status;
    status = cz_ranks_agree(trainer, cz_best_make(trainer, error), error);
    return status ? status
                  : cz_ranks_share(trainer, trainer->best.data, trainer->learner.size, error);
}

cloze_status cz_ranks_share_state(cloze_trainer *trainer, cloze_error *error)
{
    cz_learner *learner = &trainer->learner;
    cloze_status status =
        cz_ranks_share(trainer, &trainer->progress, sizeof trainer->progress, error);
    if (!status)
        status = cz_ranks_share(trainer, learner->values.data, learner->size, error);
    for (size_t i = 0; i < 2 && !status && trainer->progress.step; i++)
        status = cz_ranks_share(trainer, learner->moments[i].data, learner->size, error);
    return status ? status : share_best(trainer, error);
}
