/*
 * learn.c - the loop: batches cut into shards, gradients summed in a tree, a step of the optimizer,
 * measurements, the best, and the state of the run kept so that it can be resumed.
 */
#include "train/trainer.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

typedef struct step_report {
    double loss, rate, norm;
    size_t tokens, items;
} step_report;

static cz_place *place_of(cloze_trainer *trainer)
{
    return &trainer->workspace.run.place;
}

static size_t steps_of_epoch(const cloze_trainer *trainer)
{
    return (trainer->plan.count + trainer->options.batch - 1) / trainer->options.batch;
}

/* ---- one step ---- */

static cloze_status learn_shard(cloze_trainer *trainer, const size_t *items, size_t count,
                                size_t first, size_t shard, double total, step_report *report,
                                cloze_error *error)
{
    size_t level = cz_learner_level(shard);
    uint32_t epoch = (uint32_t)(trainer->progress.step / steps_of_epoch(trainer));
    double loss = 0;
    cloze_status status = CLOZE_OK;
    cz_learner_zero(&trainer->learner, level);
    if (count) {
        if (!cz_part_lay(trainer, &trainer->part, &trainer->split[CLOZE_SPLIT_TRAIN], items, count,
                         first, epoch, true))
            return cz_fail_memory(error, "a batch", 0);
        status = cz_part_compute(trainer, &trainer->part, total,
                                 cz_learner_gradients(&trainer->learner, level),
                                 trainer->progress.step, &loss, NULL, error);
        report->tokens += trainer->part.batch.tokens;
    }
    report->loss += loss;
    if (!status && cz_learner_carry(&trainer->learner, place_of(trainer), shard))
        status = cz_fail(error, CLOZE_ERROR_ARGUMENT, "gradients could not be summed");
    return status;
}

static double weigh_batch(const cloze_trainer *trainer, const size_t *items, size_t count,
                          size_t first, uint32_t epoch)
{
    double total = 0;
    for (size_t i = 0; i < count; i++)
        total += trainer->objective->weigh(trainer, &trainer->split[CLOZE_SPLIT_TRAIN], items[i],
                                           first + i, epoch, true);
    return total;
}

static cloze_status check_finite(const cloze_trainer *trainer, const step_report *report,
                                 cloze_error *error)
{
    if (isfinite(report->loss) && isfinite(report->norm))
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_FORMAT,
                   "the %s is no longer a finite number at step %zu: learn more slowly (a lower "
                   "rate, a longer warm-up) or clip gradients",
                   isfinite(report->loss) ? "gradient" : "loss", trainer->progress.step + 1);
}

static cloze_status update(cloze_trainer *trainer, step_report *report, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    size_t level;
    const cz_optimizer optimizer = {
        .rate = report->rate,
        .beta1 = options->beta1,
        .beta2 = options->beta2,
        .epsilon = options->epsilon,
        .decay = options->decay,
        .clip = options->clip,
        .bias_correction = !options->no_bias_correction,
        .step = trainer->progress.step + 1,
    };
    const cz_learner *learner = &trainer->learner;
    if (cz_learner_sum(learner, place_of(trainer), options->shards, &level) ||
        cz_learner_step(learner, place_of(trainer), &optimizer, level, &report->norm))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the optimizer's step failed");
    return check_finite(trainer, report, error);
}

static cloze_status learn_batch(cloze_trainer *trainer, step_report *report, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    size_t steps = steps_of_epoch(trainer), step = trainer->progress.step;
    size_t first = step % steps * options->batch, left = trainer->plan.count - first;
    size_t count = left < options->batch ? left : options->batch;
    const size_t *items = trainer->plan.order + first;
    double total = weigh_batch(trainer, items, count, first, (uint32_t)(step / steps));
    cloze_status status = CLOZE_OK;
    *report = (step_report){ .rate = options->rate * cz_schedule_at(&trainer->schedule, step),
                             .items = count };
    for (size_t shard = 0; shard < options->shards && !status; shard++) {
        size_t begin = shard * count / options->shards;
        size_t end = (shard + 1) * count / options->shards;
        status = learn_shard(trainer, items + begin, end - begin, first + begin, shard, total,
                             report, error);
    }
    if (!status && !isfinite(report->loss))
        return check_finite(trainer, report, error);
    return status ? status : update(trainer, report, error);
}

/* ---- what is told ---- */

static cloze_status tell(cloze_trainer *trainer, cloze_train_moment moment,
                         const step_report *report, const cloze_measures *measures,
                         cloze_error *error)
{
    static const step_report nothing;
    const cloze_train_watch *watch = &trainer->options.watch;
    double steps = (double)steps_of_epoch(trainer);
    report = report ? report : &nothing;
    if (!watch->report)
        return CLOZE_OK;
    const cloze_train_event event = {
        .moment = moment,
        .step = trainer->progress.step,
        .steps = trainer->schedule.steps,
        .epoch = (double)trainer->progress.step / steps,
        .epochs = (double)trainer->schedule.steps / steps,
        .loss = report->loss,
        .rate = report->rate,
        .norm = report->norm,
        .tokens = report->tokens,
        .items = report->items,
        .parameters = trainer->model->network->elements,
        .learning = trainer->learner.numbers,
        .memory = trainer->memory,
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
    if (!trainer->best.data) {
        if (!cz_block_allocate(&trainer->hooks.allocator, trainer->learner.size, &trainer->best))
            return cz_fail_memory(error, "the best weights", trainer->learner.size);
        trainer->memory += trainer->learner.size;
    }
    memcpy(trainer->best.data, trainer->learner.values.data, trainer->learner.size);
    return CLOZE_OK;
}

static cloze_status measure(cloze_trainer *trainer, cloze_error *error)
{
    const char *metric =
        trainer->options.metric ? trainer->options.metric : trainer->objective->metric;
    cz_progress *progress = &trainer->progress;
    cloze_measures measures;
    double value = 0;
    cloze_status status = cz_measure(trainer, CLOZE_SPLIT_DEV, &measures, error);
    if (status)
        return status;
    if (!cz_measures_find(&measures, metric, &value))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "\"%.60s\" is not measured of what is learned here", metric);
    bool better = !progress->best_step ||
                  (cz_metric_falls(metric) ? value < progress->best : value > progress->best);
    progress->since_best++;
    if (better)
        status = keep_best(trainer, value, error);
    if (!status)
        status = tell(trainer, CLOZE_TRAIN_MEASURED, NULL, &measures, error);
    return !status && better ? tell(trainer, CLOZE_TRAIN_BEST, NULL, &measures, error) : status;
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
    every = every ? every : steps_of_epoch(trainer);
    return step % every == 0 || step == trainer->schedule.steps;
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

static cloze_status begin(cloze_trainer *trainer, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    const cz_dataset *train = &trainer->split[CLOZE_SPLIT_TRAIN];
    bool oversamples = options->balance == CLOZE_BALANCE_OVERSAMPLE;
    cloze_status status = CLOZE_OK;
    if (!train->count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there are no examples to learn from");
    if (options->balance == CLOZE_BALANCE_WEIGHTS && !trainer->label_weights)
        status = balance(trainer, error);
    cz_plan_clear(&trainer->plan);
    if (!status)
        status = cz_plan_init(&trainer->plan, train, oversamples ? options->label_count : 0,
                              options->seed, &trainer->hooks.allocator, error);
    if (status)
        return status;
    if (cz_body_is_kept(trainer) &&
        (status = cz_body_keep(trainer, &trainer->split[CLOZE_SPLIT_TRAIN], error)))
        return status;
    double steps = ceil(options->epochs * (double)steps_of_epoch(trainer) - 1e-9);
    trainer->schedule = (cz_schedule){
        .kind = options->schedule,
        .steps = options->steps && (double)options->steps < steps ? options->steps : (size_t)steps,
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

static cloze_status go_on(cloze_trainer *trainer, cloze_error *error)
{
    size_t steps = steps_of_epoch(trainer);
    cloze_status status = CLOZE_OK;
    bool laid = false;
    while (!is_done(trainer) && !status) {
        step_report report;
        if (!laid || trainer->progress.step % steps == 0)
            cz_plan_epoch(&trainer->plan, (uint32_t)(trainer->progress.step / steps));
        laid = true;
        if ((status = learn_batch(trainer, &report, error)))
            break;
        trainer->progress.step++;
        /* Whoever stops here finds what belongs to this step done. */
        cloze_status stopped = tell(trainer, CLOZE_TRAIN_STEP, &report, NULL, error);
        status = after_step(trainer, stopped ? NULL : error);
        if (stopped && !status && trainer->folder)
            status = cz_state_keep(trainer, error);
        status = stopped ? stopped : status;
    }
    return status;
}

cloze_status cloze_trainer_run(cloze_trainer *trainer, cloze_error *error)
{
    cloze_status status = begin(trainer, error);
    if (!status)
        status = resume(trainer, error);
    if (!status)
        status = tell(trainer, CLOZE_TRAIN_BEGUN, NULL, NULL, error);
    if (!status)
        status = go_on(trainer, error);
    if (status)
        return status;
    if (!trainer->progress.finished) {
        trainer->progress.finished = true;
        status = keep_state(trainer, error);
    }
    if (trainer->best.data)
        memcpy(trainer->learner.values.data, trainer->best.data, trainer->learner.size);
    return status;
}
