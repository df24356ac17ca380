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

static cloze_status compute_rows(cloze_trainer *trainer, cz_dataset *dataset, cloze_error *error)
{
    cz_part *part = &trainer->part;
    cloze_status status = CLOZE_OK;
    for (size_t done = 0; done < dataset->count && !status;) {
        cz_outcomes rows;
        size_t count = cz_next_items(dataset, done, FROZEN_TOKENS);
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

cloze_status cz_body_keep(cloze_trainer *trainer, cz_dataset *dataset, cloze_error *error)
{
    size_t rows = of_tokens(trainer) ? dataset->tokens : dataset->count;
    size_t hidden = trainer->model->network->config.hidden, numbers;
    if (dataset->states_of == dataset->count)
        return CLOZE_OK;
    cz_release(dataset->allocator, dataset->states);
    dataset->states = NULL;
    dataset->states_of = 0;
    if (!cz_number_items(trainer, dataset->count))
        return cz_fail_memory(error, "numbers of items", dataset->count * sizeof(size_t));
    float *states = cz_multiply(rows, hidden, &numbers)
                        ? cz_allocate(dataset->allocator, numbers, sizeof *states)
                        : NULL;
    if (!states)
        return cz_fail_memory(error, "what the frozen body makes", rows * hidden * sizeof(float));
    dataset->states = states;
    cloze_status status = compute_rows(trainer, dataset, error);
    dataset->states_of = status ? 0 : dataset->count;
    trainer->memory += numbers * sizeof *states;
    return status;
}
