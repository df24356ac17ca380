/*
 * compute.c - one part through the model and back. A run without memory counts first, so that the
 * workspace has the room that this part needs.
 */
#include "train/lesson.h"
#include "train/objective.h"
#include "train/trainer.h"

#include "base/error.h"

/* What was computed of a part. */
typedef struct cz_computed {
    cz_tensor *outcome, *loss;
    cz_tensor *beside, *beside_loss; /* NULL: there is nothing beside it */
} cz_computed;

/* Does what is learned read nothing but first rows, and does nobody look at the others? */
static bool asks_firsts(const cloze_trainer *trainer, const cz_run *run, const cz_part *part)
{
    const cz_objective *objective = trainer->objective;
    return objective->outcome == cz_outcome_of_head && !trainer->beside && !run->tap &&
           !part->only_body && !part->dataset->states_of &&
           cz_head_reads_firsts(trainer->model->network, objective->head);
}

static cz_computed compute(const cloze_trainer *trainer, cz_run *run, const cz_part *part,
                           cz_totals totals)
{
    const cz_objective *objective = trainer->objective, *beside = trainer->beside;
    const cz_network *network = trainer->model->network;
    cz_computed done = { NULL, NULL, NULL, NULL };
    if (trainer->generator) {
        done.beside = cz_generator_outcome(run, trainer, part);
        cz_replace_tokens(run, trainer, part, done.beside);
    }
    cz_part shown = *part;
    cz_batch all = part->batch, firsts;
    if (asks_firsts(trainer, run, part)) {
        firsts = cz_first_rows(&all, part->first_begin, part->first_length);
        shown.batch = *(all.firsts = &firsts);
    }
    cz_tensor *states = part->dataset->states_of
                            ? cz_body_states(run, trainer, part)
                            : cz_encode(run, network, &all, network->config.layers);
    if (part->only_body)
        return (cz_computed){ .outcome = cz_body_rows(run, trainer, part, states) };
    done.outcome = objective->outcome(run, trainer, &shown, states);
    done.loss = objective->loss(run, trainer, part, done.outcome, totals.own);
    done.loss = cz_lesson_loss(run, trainer, part, done.outcome, done.loss, totals.own);
    cz_tensor *loss = done.loss;
    if (beside) {
        if (!done.beside)
            done.beside = beside->outcome(run, trainer, part, states);
        done.beside_loss = beside->loss(run, trainer, part, done.beside, totals.beside);
        loss = cz_blend(run, loss, 1, done.beside_loss, 1);
    }
    if (part->learning)
        cz_run_backward(run, loss);
    return done;
}

/* `saves` memory as the options say, or does not. */
static void set_up(const cloze_trainer *trainer, cz_run *run, const cz_part *part,
                   const cz_gradients *gradients, uint64_t step, bool saves)
{
    run->record = run->parameter_gradients = part->learning;
    run->dropout = part->learning && !trainer->options.no_dropout;
    run->recompute = trainer->options.recompute && saves;
    run->halves = part->learning && trainer->options.bf16 && saves;
    run->gradients = gradients ? gradients->list : NULL;
    run->touched = gradients ? gradients->touched : NULL;
    run->seed = trainer->options.seed;
    run->step = step;
    cz_run_reset(run);
    cz_lesson_listen(trainer, part, run);
}

/* The widest rows that modules after pooling and scores of a batch need. */
static size_t widest(const cz_part *part)
{
    const cloze_model *model = part->model;
    size_t pooled = cz_pooled_width(model->pipeline.pooling, model->network->config.hidden);
    size_t modules = cz_pipeline_widest(&model->pipeline, pooled);
    size_t texts = part->batch.packing.count;
    return modules > texts ? modules : texts;
}

cz_extent cz_part_extent(const cz_part *part)
{
    cz_extent extent = cz_network_extent(part->model->network, part->batch.tokens,
                                         part->batch.packing.longest, part->learning);
    if (extent.widest < widest(part))
        extent.widest = widest(part);
    return extent;
}

/* A generator runs in the same memory. */
static void widen(const cloze_trainer *trainer, const cz_part *part, cz_extent *extent)
{
    if (!trainer->generator)
        return;
    cz_extent other = cz_network_extent(trainer->generator->network, part->batch.tokens,
                                        part->batch.packing.longest, part->learning);
    extent->widest = other.widest > extent->widest ? other.widest : extent->widest;
    extent->heads = other.heads > extent->heads ? other.heads : extent->heads;
    extent->head_size = other.head_size > extent->head_size ? other.head_size : extent->head_size;
}

static cloze_status no_memory(const cz_workspace *workspace, cloze_error *error)
{
    return cz_fail_memory(error, "the memory of a step", workspace->run.numbers.peak);
}

/* What the largest part would need without recomputing and rounding: counted, as the part itself is. */
static void count_plain(cloze_trainer *trainer, const cz_part *part, cz_totals totals,
                        const cz_gradients *gradients)
{
    cz_run *run = &trainer->workspace.run;
    const cloze_train_options *options = &trainer->options;
    if (!part->learning || !(options->recompute || options->bf16) ||
        part->batch.tokens <= trainer->plain_tokens)
        return;
    trainer->plain_tokens = part->batch.tokens;
    set_up(trainer, run, part, gradients, 0, false);
    compute(trainer, run, part, totals);
    if (!cz_run_failed(run) && run->numbers.peak > trainer->plain)
        trainer->plain = run->numbers.peak;
    run->numbers = run->bench = (cz_arena){ NULL, 0, 0, 0 };
}

size_t cz_memory_saved(const cloze_trainer *trainer)
{
    const cz_workspace *workspace = &trainer->workspace;
    size_t held = workspace->numbers.size + workspace->bench.size + trainer->learner.halves.size;
    return trainer->plain > held ? trainer->plain - held : 0;
}

static cloze_status compute_twice(cloze_trainer *trainer, const cz_part *part, cz_totals totals,
                                  const cz_gradients *gradients, uint64_t step, cz_computed *done,
                                  cloze_error *error)
{
    cz_workspace *workspace = &trainer->workspace;
    cz_extent extent = cz_part_extent(part);
    cz_lesson_widen(trainer, part, &extent);
    widen(trainer, part, &extent);
    if (!cz_workspace_ready(trainer, workspace, &extent))
        return no_memory(workspace, error);
    count_plain(trainer, part, totals, gradients);
    set_up(trainer, &workspace->run, part, gradients, step, true);
    compute(trainer, &workspace->run, part, totals);
    if (!cz_run_failed(&workspace->run)) {
        if (!cz_workspace_furnish(trainer, workspace))
            return no_memory(workspace, error);
        set_up(trainer, &workspace->run, part, gradients, step, true);
        *done = compute(trainer, &workspace->run, part, totals);
    }
    const cloze_error *failure = &workspace->run.error;
    return failure->status ? cz_fail(error, failure->status, "%.480s", failure->message) : CLOZE_OK;
}

static double number_in(const cz_tensor *tensor)
{
    return tensor ? cz_tensor_at(tensor, 0, 0) : 0;
}

cloze_status cz_part_compute(cloze_trainer *trainer, const cz_part *part, cz_totals totals,
                             const cz_gradients *gradients, uint64_t step, cz_outcomes *out,
                             cloze_error *error)
{
    cz_computed done = { NULL, NULL, NULL, NULL };
    cloze_status status = cz_lesson_look(trainer, part, error);
    if (!status)
        status = compute_twice(trainer, part, totals, gradients, step, &done, error);
    if (!status)
        *out = (cz_outcomes){ done.outcome, done.beside, number_in(done.loss),
                              number_in(done.beside_loss) };
    return status;
}
