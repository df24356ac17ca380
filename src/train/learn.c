/*
 * learn.c - the loop: steps, measurements, the best, and the state of the run kept so that it can be
 * resumed.
 */
#include "train/trainer.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* ---- what is told ---- */

static cloze_status tell(cloze_trainer *trainer, cloze_train_moment moment,
                         const cz_step_report *report, const cloze_measures *measures,
                         cloze_error *error)
{
    static const cz_step_report nothing;
    const cloze_train_watch *watch = &trainer->options.watch;
    report = report ? report : &nothing;
    if (!watch->report)
        return CLOZE_OK;
    const cloze_train_event event = {
        .moment = moment,
        .step = trainer->progress.step,
        .steps = trainer->schedule.steps,
        .epoch = cz_plan_epochs(&trainer->plan, trainer->progress.step),
        .epochs = cz_plan_epochs(&trainer->plan, trainer->schedule.steps),
        .loss = report->loss,
        .rate = report->rate,
        .norm = report->norm,
        .tokens = report->tokens,
        .items = report->items,
        .parameters = trainer->model->network->elements,
        .learning = trainer->learner.numbers,
        .memory = trainer->memory,
        .saved = cz_memory_saved(trainer),
        .measures = measures,
    };
    return watch->report(watch->context, &event) ? CLOZE_OK
                                                 : cz_fail(error, CLOZE_ERROR_CANCELLED, "stopped");
}

/* ---- measuring, and keeping ---- */

static cloze_status keep_best(cloze_trainer *trainer, double value, cloze_error *error)
{
    trainer->progress.best = value;
    trainer->progress.best_step = trainer->progress.step;
    trainer->progress.since_best = 0;
    if (trainer->options.keep_last)
        return CLOZE_OK;
    cloze_status status = cz_best_make(trainer, error);
    if (!status)
        memcpy(trainer->best.data, trainer->learner.values.data, trainer->learner.size);
    return status;
}

static const char *metric_of(const cloze_trainer *trainer)
{
    return trainer->options.metric ? trainer->options.metric : trainer->objective->metric;
}

static cloze_status measure_dev(cloze_trainer *trainer, cloze_measures *measures, double *value,
                                cloze_error *error)
{
    const char *metric = metric_of(trainer);
    cloze_status status = cz_measure(trainer, CLOZE_SPLIT_DEV, measures, error);
    if (!status && !cz_measures_find(measures, metric, value))
        status = cz_fail(error, CLOZE_ERROR_ARGUMENT,
                         "\"%.60s\" is not measured of what is learned here", metric);
    return status;
}

/* One rank measures; what decides reaches all. */
static cloze_status measure(cloze_trainer *trainer, cloze_error *error)
{
    bool leads = cz_ranks_leads(trainer);
    cz_progress *progress = &trainer->progress;
    cloze_measures measures;
    double value = 0;
    cloze_status status = leads ? measure_dev(trainer, &measures, &value, error) : CLOZE_OK;
    status = cz_ranks_agree(trainer, status, error);
    if (!status)
        status = cz_ranks_share(trainer, &value, sizeof value, error);
    if (status)
        return status;
    bool better = !progress->best_step || isnan(progress->best) ||
                  (cloze_train_metric_falls(metric_of(trainer)) ? value < progress->best
                                                                : value > progress->best);
    progress->since_best++;
    if (better)
        status = keep_best(trainer, value, error);
    if (!status && leads)
        status = tell(trainer, CLOZE_TRAIN_MEASURED, NULL, &measures, error);
    return !status && leads && better ? tell(trainer, CLOZE_TRAIN_BEST, NULL, &measures, error)
                                      : status;
}

static cloze_status keep_state(cloze_trainer *trainer, cloze_error *error)
{
    if (!trainer->folder)
        return CLOZE_OK;
    cloze_status status = cz_state_keep(trainer, error);
    return status ? status : tell(trainer, CLOZE_TRAIN_KEPT, NULL, NULL, error);
}

static bool is_due(const cloze_trainer *trainer, size_t every)
{
    size_t step = trainer->progress.step;
    return step == trainer->schedule.steps ||
           (every ? step % every == 0 : cz_plan_ends(&trainer->plan, step));
}

static cloze_status after_step(cloze_trainer *trainer, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    bool measures = is_due(trainer, options->measure_every);
    bool keeps = options->keep_every ? is_due(trainer, options->keep_every) : measures;
    cloze_status status = CLOZE_OK;
    if (measures && trainer->split[CLOZE_SPLIT_DEV].count)
        status = measure(trainer, error);
    return !status && keeps ? keep_state(trainer, error) : status;
}

static bool is_done(const cloze_trainer *trainer)
{
    const cz_progress *progress = &trainer->progress;
    size_t patience = trainer->options.patience;
    return progress->finished || progress->step >= trainer->schedule.steps ||
           (patience && progress->since_best >= patience);
}

/* ---- the run ---- */

/* As scikit-learn's compute_class_weight("balanced"); labels that do not occur weigh nothing. */
static cloze_status balance(cloze_trainer *trainer, cloze_error *error)
{
    const cz_dataset *train = &trainer->split[CLOZE_SPLIT_TRAIN];
    size_t labels = trainer->options.label_count;
    trainer->label_weights =
        cz_allocate_zero(&trainer->hooks.allocator, labels, sizeof *trainer->label_weights);
    if (!trainer->label_weights)
        return cz_fail_memory(error, "weights of labels", labels * sizeof(float));
    for (size_t i = 0; i < train->count; i++)
        trainer->label_weights[train->items[i].label] += 1;
    for (size_t i = 0; i < labels; i++)
        if (trainer->label_weights[i] > 0)
            trainer->label_weights[i] =
                (float)((double)train->count / (double)labels / (double)trainer->label_weights[i]);
    return CLOZE_OK;
}

/* Among one second text one's own is always the nearest, and nothing is learned. */
static cloze_status check_ranking(const cloze_trainer *trainer, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    const cz_dataset *train = &trainer->split[CLOZE_SPLIT_TRAIN];
    size_t most = options->batch && options->batch < train->count ? options->batch : train->count;
    if (options->learning != CLOZE_LEARN_RANKING || train->sequences > 2 ||
        most >= 2 * options->shards)
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                   "a batch of %zu in %zu shard%s has no others to be told from: each shard needs "
                   "two examples, or such with negatives",
                   most, options->shards, options->shards == 1 ? "" : "s");
}

static cloze_status begin(cloze_trainer *trainer, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    const cz_dataset *train = &trainer->split[CLOZE_SPLIT_TRAIN];
    bool oversamples = options->balance == CLOZE_BALANCE_OVERSAMPLE;
    cloze_status status = CLOZE_OK;
    if (!train->count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there are no examples to learn from");
    if ((status = check_ranking(trainer, error)))
        return status;
    if (options->balance == CLOZE_BALANCE_WEIGHTS && !trainer->label_weights)
        status = balance(trainer, error);
    const cz_plan_limits limits = { options->batch, options->batch_tokens };
    size_t steps;
    cz_plan_clear(&trainer->plan);
    if (!status)
        status = cz_plan_init(&trainer->plan, train, oversamples ? options->label_count : 0,
                              &limits, options->seed, &trainer->hooks.allocator, error);
    if (!status)
        status = cz_plan_steps(&trainer->plan, options->epochs, options->steps, &steps, error);
    if (status)
        return status;
    trainer->schedule = (cz_schedule){
        .kind = options->schedule,
        .steps = steps,
        .cycles = options->cycles,
        .power = options->power,
        .decay_ratio = options->decay_ratio,
    };
    trainer->schedule.warmup =
        options->warmup ? options->warmup
                        : (size_t)ceil(options->warmup_ratio * (double)trainer->schedule.steps);
    return CLOZE_OK;
}

static cloze_status resume(cloze_trainer *trainer, cloze_error *error)
{
    if (!trainer->options.resume || !trainer->folder)
        return CLOZE_OK;
    cloze_status status = cz_state_resume(trainer, error);
    return status == CLOZE_ERROR_NOT_FOUND ? CLOZE_OK : status;
}

/* Begins at the same place as all other ranks. */
static cloze_status set_out(cloze_trainer *trainer, cloze_error *error)
{
    cloze_status status = cz_ranks_agree(trainer, begin(trainer, error), error);
    if (!status)
        status = cz_ranks_compare(trainer, error);
    if (!status && cz_body_is_kept(trainer))
        status = cz_body_keep_together(trainer, &trainer->split[CLOZE_SPLIT_TRAIN], error);
    if (!status)
        status = cz_ranks_agree(trainer, resume(trainer, error), error);
    return status ? status : cz_ranks_share_state(trainer, error);
}

/* Whoever stops here finds what belongs to this step done. */
static cloze_status end_step(cloze_trainer *trainer, const cz_step_report *report,
                             cloze_error *error)
{
    cloze_status stopped = tell(trainer, CLOZE_TRAIN_STEP, report, NULL, error);
    cloze_status status = after_step(trainer, stopped ? NULL : error);
    if (stopped && !status && trainer->folder)
        status = cz_state_keep(trainer, error);
    return stopped ? stopped : status;
}

/* Others are gone in the midst of a step: what is there is of the last whole one. */
static void keep_last_step(cloze_trainer *trainer)
{
    if (trainer->folder && trainer->progress.step)
        cz_state_keep(trainer, NULL);
}

/* `own` is why this rank cannot go on; the others hear of it before the next step. */
static cloze_status go_on(cloze_trainer *trainer, cloze_status own, cloze_error *error)
{
    for (;;) {
        bool done = is_done(trainer);
        cz_step_report report;
        if (!own && !done)
            own = cz_step_learn(trainer, error);
        cloze_status status = cz_ranks_agree(trainer, own, error);
        bool left = status && !own; /* by another one */
        if (!status && !done)
            status = cz_step_take(trainer, &report, error);
        if (left || (trainer->ranks.lost && !own))
            keep_last_step(trainer);
        if (status || done)
            return status;
        trainer->progress.step++;
        own = end_step(trainer, &report, error);
    }
}

static cloze_status finish(cloze_trainer *trainer, cloze_error *error)
{
    if (trainer->progress.finished)
        return CLOZE_OK;
    trainer->progress.finished = true;
    return cz_ranks_agree(trainer, keep_state(trainer, error), error);
}

cloze_status cloze_trainer_run(cloze_trainer *trainer, cloze_error *error)
{
    cloze_status status = set_out(trainer, error);
    if (status)
        return status;
    status = tell(trainer, CLOZE_TRAIN_BEGUN, NULL, NULL, error);
    status = go_on(trainer, status, error);
    if (!status)
        status = finish(trainer, error);
    if (!status && trainer->best.data)
        memcpy(trainer->learner.values.data, trainer->best.data, trainer->learner.size);
    return status;
}
