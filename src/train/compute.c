/*
 * compute.c - one part through the model and back. A run without memory counts first, so that the
 * workspace has the room that this part needs.
 */
#include "train/trainer.h"

#include "base/error.h"

enum { HOST_SIZE = 16 << 20 };

/* What was computed of a part. */
typedef struct cz_computed {
    cz_tensor *outcome, *loss;
} cz_computed;

static cz_computed compute(const cloze_trainer *trainer, cz_run *run, const cz_part *part,
                           double total)
{
    const cz_network *network = trainer->model->network;
    bool kept = part->dataset->states_of;
    cz_tensor *states = kept ? cz_body_states(run, trainer, part)
                             : cz_encode(run, network, &part->batch, network->config.layers);
    if (part->only_body)
        return (cz_computed){ cz_body_rows(run, trainer, part, states), NULL };
    cz_computed done = { trainer->objective->outcome(run, trainer, part, states), NULL };
    done.loss = trainer->objective->loss(run, trainer, part, done.outcome, total);
    if (part->learning)
        cz_run_backward(run, done.loss);
    return done;
}

static void set_up(const cloze_trainer *trainer, cz_run *run, const cz_part *part,
                   cz_tensor *const *gradients, uint64_t step)
{
    run->record = run->parameter_gradients = part->learning;
    run->dropout = part->learning && !trainer->options.no_dropout;
    run->recompute = trainer->options.recompute;
    run->gradients = gradients;
    run->seed = trainer->options.seed;
    run->step = step;
    cz_run_reset(run);
}

static bool make_host(cloze_trainer *trainer)
{
    cz_workspace *workspace = &trainer->workspace;
    if (workspace->host.data)
        return true;
    if (!cz_block_allocate(&trainer->hooks.allocator, HOST_SIZE, &workspace->host))
        return false;
    workspace->run = (cz_run){ .backend = trainer->engine->backend,
                               .place = trainer->engine->place,
                               .host = { workspace->host.data, HOST_SIZE, 0, 0 } };
    return true;
}

static bool fit(cloze_trainer *trainer, cz_block *block, size_t size)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    if (block->size >= size)
        return true;
    trainer->memory -= block->size;
    cz_block_release(allocator, block);
    *block = (cz_block){ NULL, NULL, 0 };
    if (!cz_block_allocate(allocator, size, block))
        return false;
    trainer->memory += block->size;
    return true;
}

/* The widest rows that modules after pooling and scores of a batch need. */
static size_t widest(const cloze_trainer *trainer, const cz_part *part)
{
    const cloze_model *model = trainer->model;
    size_t pooled = cz_pooled_width(model->pipeline.pooling, model->network->config.hidden);
    size_t modules = cz_pipeline_widest(&model->pipeline, pooled);
    size_t texts = part->batch.packing.count;
    return modules > texts ? modules : texts;
}

static bool fit_scratch(cloze_trainer *trainer, const cz_part *part)
{
    cz_run *run = &trainer->workspace.run;
    cz_extent extent = cz_network_extent(trainer->model->network, part->batch.tokens,
                                         part->batch.packing.longest, part->learning);
    if (extent.widest < widest(trainer, part))
        extent.widest = widest(trainer, part);
    size_t size = run->backend->scratch(&extent, run->place.kernels);
    size = (size + CZ_ARENA_ALIGNMENT - 1) / CZ_ARENA_ALIGNMENT * CZ_ARENA_ALIGNMENT;
    size_t workers = cz_pool_workers(trainer->engine->pool);
    if (!fit(trainer, &trainer->workspace.scratch, workers * size))
        return false;
    run->place.scratch = trainer->workspace.scratch.data;
    run->place.scratch_size = size;
    return true;
}

cloze_status cz_part_compute(cloze_trainer *trainer, const cz_part *part, double total,
                             cz_tensor *const *gradients, uint64_t step, double *loss,
                             const cz_tensor **outcome, cloze_error *error)
{
    cz_workspace *workspace = &trainer->workspace;
    cz_run *run = &workspace->run;
    if (!make_host(trainer) || !fit_scratch(trainer, part))
        return cz_fail_memory(error, "the memory of a step", HOST_SIZE);
    run->numbers = (cz_arena){ NULL, 0, 0, 0 };
    set_up(trainer, run, part, gradients, step);
    compute(trainer, run, part, total);
    size_t needed = run->numbers.peak;
    if (!cz_run_failed(run)) {
        if (!fit(trainer, &workspace->numbers, needed))
            return cz_fail_memory(error, "the memory of a step", needed);
        run->numbers = (cz_arena){ workspace->numbers.data, workspace->numbers.size, 0, 0 };
        set_up(trainer, run, part, gradients, step);
        cz_computed done = compute(trainer, run, part, total);
        if (!cz_run_failed(run)) {
            if (loss)
                *loss = cz_tensor_at(done.loss, 0, 0);
            if (outcome)
                *outcome = done.outcome;
            return CLOZE_OK;
        }
    }
    return cz_fail(error, run->error.status, "%.480s", run->error.message);
}

void cz_workspace_clear(cz_workspace *workspace, const cloze_allocator *allocator)
{
    cz_block_release(allocator, &workspace->host);
    cz_block_release(allocator, &workspace->numbers);
    cz_block_release(allocator, &workspace->scratch);
}
