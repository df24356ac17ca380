/*
 * frozen.c - what a frozen body makes of an item is the same in every epoch, so it is computed once:
 * the row that a head of sequences reads, or the rows of all tokens. Nothing in the body drops then.
 */
#include "train/objective.h"

#include "base/error.h"

#include <string.h>

enum { FROZEN_TOKENS = 4096 };

/* Masked words change what the body sees. */
bool cz_body_is_kept(const cloze_trainer *trainer)
{
    const cz_objective *objective = trainer->objective;
    return trainer->options.freeze_body && objective->has_head && objective->head != CZ_HEAD_WORDS;
}

static bool of_tokens(const cloze_trainer *trainer)
{
    return cz_head_tells_tokens(trainer->objective->head);
}

/* The first row of an item, and how many it has. */
static size_t first_row(const cloze_trainer *trainer, const cz_dataset *dataset, size_t item,
                        size_t *count)
{
    *count = of_tokens(trainer) ? dataset->items[item].length[0] : 1;
    return of_tokens(trainer) ? dataset->items[item].begin[0] : item;
}

cz_tensor *cz_body_rows(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                        cz_tensor *states)
{
    (void)part;
    if (of_tokens(trainer))
        return states;
    return cz_pool_rows(run, states, &part->batch.packing, NULL,
                        trainer->model->network->config.pools_mean ? CZ_POOL_MEAN : CZ_POOL_FIRST);
}

void cz_body_lay(const cloze_trainer *trainer, cz_part *part)
{
    if (of_tokens(trainer))
        return;
    for (size_t i = 0; i < part->count; i++) {
        part->begin[i] = i;
        part->length[i] = 1;
    }
    part->batch.tokens = part->count;
    part->batch.packing.longest = 1;
    part->batch.globals = NULL;
}

cz_tensor *cz_body_states(cz_run *run, const cloze_trainer *trainer, const cz_part *part)
{
    size_t hidden = trainer->model->network->config.hidden, used = 0;
    cz_tensor *states = cz_run_tensor(run, part->batch.tokens, hidden);
    for (size_t i = 0; i < part->count && cz_run_computes(run); i++) {
        size_t count, first = first_row(trainer, part->dataset, part->items[i], &count);
        const float *from = part->dataset->states + first * hidden;
        for (size_t k = 0; k < count * hidden; k++, used++) {
            if (states->type == CZ_F64)
                ((double *)states->data)[used] = (double)from[k];
            else
                cz_f32(states)[used] = from[k];
        }
    }
    return states;
}

static void keep_rows(const cloze_trainer *trainer, const cz_part *part, const cz_tensor *rows)
{
    size_t hidden = rows->columns, row = 0;
    for (size_t i = 0; i < part->count; i++) {
        size_t count, first = first_row(trainer, part->dataset, part->items[i], &count);
        float *to = part->dataset->states + first * hidden;
        for (size_t r = 0; r < count; r++, row++)
            for (size_t c = 0; c < hidden; c++)
                to[r * hidden + c] = (float)cz_tensor_at(rows, row, c);
    }
}

static cloze_status compute_rows(cloze_trainer *trainer, cz_dataset *dataset, size_t first,
                                 size_t behind, cloze_error *error)
{
    cz_part *part = &trainer->part;
    cloze_status status = CLOZE_OK;
    for (size_t done = first; done < behind && !status;) {
        cz_outcomes rows;
        size_t count = cz_next_items(dataset, done, FROZEN_TOKENS);
        count = count < behind - done ? count : behind - done;
        if (!cz_part_lay(trainer, part, dataset, trainer->everything + done, count, done, 0, false))
            return cz_fail_memory(error, "a batch", 0);
        part->only_body = true;
        status = cz_part_compute(trainer, part, (cz_totals){ 0, 0 }, NULL, 0, &rows, error);
        part->only_body = false;
        if (!status)
            keep_rows(trainer, part, rows.own);
        done += count;
    }
    return status;
}

static size_t hidden_of(const cloze_trainer *trainer)
{
    return trainer->model->network->config.hidden;
}

static cloze_status make_rows(cloze_trainer *trainer, cz_dataset *dataset, cloze_error *error)
{
    size_t rows = of_tokens(trainer) ? dataset->tokens : dataset->count, numbers = 0;
    cz_release(dataset->allocator, dataset->states);
    dataset->states = NULL;
    dataset->states_of = 0;
    if (!cz_number_items(trainer, dataset->count))
        return cz_fail_memory(error, "numbers of items", dataset->count * sizeof(size_t));
    if (cz_multiply(rows, hidden_of(trainer), &numbers))
        dataset->states = cz_allocate(dataset->allocator, numbers, sizeof *dataset->states);
    if (!dataset->states)
        return cz_fail_memory(error, "what the frozen body makes",
                              rows * hidden_of(trainer) * sizeof(float));
    trainer->memory += numbers * sizeof *dataset->states;
    return CLOZE_OK;
}

static bool is_kept(const cz_dataset *dataset)
{
    return dataset->states_of == dataset->count;
}

cloze_status cz_body_keep(cloze_trainer *trainer, cz_dataset *dataset, cloze_error *error)
{
    if (is_kept(dataset))
        return CLOZE_OK;
    cloze_status status = make_rows(trainer, dataset, error);
    if (!status)
        status = compute_rows(trainer, dataset, 0, dataset->count, error);
    dataset->states_of = status ? 0 : dataset->count;
    return status;
}

/* The rows of the items of a rank, and their size. */
static size_t rows_of_rank(const cloze_trainer *trainer, const cz_dataset *dataset, int rank,
                           float **rows)
{
    size_t first = cz_ranks_first(trainer, dataset->count, rank);
    size_t behind = cz_ranks_first(trainer, dataset->count, rank + 1), own = 0, last = 0;
    if (first == behind)
        return 0;
    *rows = dataset->states + first_row(trainer, dataset, first, &own) * hidden_of(trainer);
    last = first_row(trainer, dataset, behind - 1, &own);
    return (size_t)(dataset->states + (last + own) * hidden_of(trainer) - *rows) * sizeof **rows;
}

static cloze_status exchange_rows(cloze_trainer *trainer, const cz_dataset *dataset,
                                  cloze_error *error)
{
    const cloze_ranks *way = &trainer->ranks.way;
    float *own = NULL, *theirs = NULL;
    size_t size = rows_of_rank(trainer, dataset, way->rank, &own);
    cloze_status status = CLOZE_OK;
    for (int turn = 1; turn < way->count && !status; turn++) {
        int to = (way->rank + turn) % way->count;
        int from = (way->rank + way->count - turn) % way->count;
        size_t other = rows_of_rank(trainer, dataset, from, &theirs);
        status = cz_ranks_exchange(trainer, to, own, size, from, theirs, other, error);
    }
    return status;
}

cloze_status cz_body_keep_together(cloze_trainer *trainer, cz_dataset *dataset, cloze_error *error)
{
    int rank = trainer->ranks.way.rank;
    size_t first = cz_ranks_first(trainer, dataset->count, rank);
    size_t behind = cz_ranks_first(trainer, dataset->count, rank + 1);
    bool kept = is_kept(dataset);
    cloze_status status = kept ? CLOZE_OK : make_rows(trainer, dataset, error);
    if (!status && !kept)
        status = compute_rows(trainer, dataset, first, behind, error);
    status = cz_ranks_agree(trainer, status, error);
    if (!status)
        status = exchange_rows(trainer, dataset, error);
    dataset->states_of = status ? 0 : dataset->count;
    return status;
}
