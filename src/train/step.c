/*
 * step.c - one step of a run: the shards of a batch, the sum of their gradients, and what the
 * optimizer makes of it.
 */
#include "train/trainer.h"

#include "base/error.h"

#include <math.h>

static const cz_place *place_of(const cloze_trainer *trainer)
{
    return &trainer->engine->place;
}

/* What the parts of a batch are divided by, so that their losses add up to its own. */
typedef struct batch_total {
    cz_totals weight;
    double tokens, pairs;
} batch_total;

/* A shard is a part of the batch's items. */
static cloze_status learn_shard(cloze_trainer *trainer, size_t shard, const cz_plan_batch *batch,
                                const batch_total *total, cloze_error *error)
{
    size_t shards = trainer->options.shards;
    size_t first = batch->first + shard * batch->count / shards;
    size_t count = batch->first + (shard + 1) * batch->count / shards - first;
    const size_t *items = trainer->plan.order + first;
    size_t level = cz_learner_level(shard), own, behind;
    uint32_t epoch = (uint32_t)batch->epoch;
    cz_learned *learned = &trainer->ranks.shards[shard];
    cz_outcomes out = { 0 };
    cloze_status status = CLOZE_OK;
    *learned = (cz_learned){ 0 };
    cz_ranks_own(trainer, &own, &behind);
    cz_learner_zero(&trainer->learner, place_of(trainer), level);
    if (count) {
        if (!cz_part_lay(trainer, &trainer->part, &trainer->split[CLOZE_SPLIT_TRAIN], items, count,
                         first, epoch, true))
            return cz_fail_memory(error, "a batch", 0);
        trainer->part.all_tokens = total->tokens;
        trainer->part.all_pairs = total->pairs;
        status = cz_part_compute(trainer, &trainer->part, total->weight,
                                 &trainer->learner.level[level],
                                 trainer->progress.step, &out, error);
        learned->loss = out.loss + out.beside_loss;
        learned->tokens = trainer->part.batch.tokens;
    }
    if (!status && cz_learner_carry(&trainer->learner, place_of(trainer), own, shard))
        status = cz_fail(error, CLOZE_ERROR_ARGUMENT, "gradients could not be summed");
    return status;
}

static double weigh(const cloze_trainer *trainer, const cz_objective *objective, size_t item,
                    size_t sample, size_t epoch)
{
    return objective ? objective->weigh(trainer, &trainer->split[CLOZE_SPLIT_TRAIN], item, sample,
                                        (uint32_t)epoch, true)
                     : 0;
}

static void count_tokens(const cz_dataset *train, size_t item, batch_total *total)
{
    for (size_t side = 0; side < CZ_SIDES; side++) {
        double tokens = train->passages ? side ? 0 : (double)cz_dataset_length(train, item)
                                        : (double)train->items[item].length[side];
        total->tokens += tokens;
        total->pairs += tokens * tokens;
    }
}

static batch_total weigh_batch(const cloze_trainer *trainer, const cz_plan_batch *batch)
{
    batch_total total = { .tokens = 0 };
    for (size_t i = batch->first; i < batch->first + batch->count; i++) {
        size_t item = trainer->plan.order[i];
        total.weight.own += weigh(trainer, trainer->objective, item, i, batch->epoch);
        total.weight.beside += weigh(trainer, trainer->beside, item, i, batch->epoch);
        count_tokens(&trainer->split[CLOZE_SPLIT_TRAIN], item, &total);
    }
    return total;
}

/* The shards of this rank. */
cloze_status cz_step_learn(cloze_trainer *trainer, cloze_error *error)
{
    cz_plan_batch batch = cz_plan_at(&trainer->plan, trainer->progress.step);
    batch_total total = weigh_batch(trainer, &batch);
    size_t own, behind;
    cz_ranks_own(trainer, &own, &behind);
    if (cz_learner_round(&trainer->learner, place_of(trainer)))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "weights could not be rounded");
    cz_learner_show(&trainer->learner, true);
    cloze_status status = CLOZE_OK;
    for (size_t shard = own; shard < behind && !status; shard++)
        status = learn_shard(trainer, shard, &batch, &total, error);
    cz_learner_show(&trainer->learner, false);
    return status;
}

static cloze_status check_finite(const cloze_trainer *trainer, const cz_step_report *report,
                                 cloze_error *error)
{
    if (isfinite(report->loss) && isfinite(report->norm))
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_FORMAT,
                   "the %s is no longer a finite number at step %zu: learn more slowly (a lower "
                   "rate, a longer warm-up) or clip gradients",
                   isfinite(report->loss) ? "gradient" : "loss", trainer->progress.step + 1);
}

cloze_status cz_step_take(cloze_trainer *trainer, cz_step_report *report, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    size_t step = trainer->progress.step, level;
    cz_learned learned;
    cloze_status status = cz_ranks_sum(trainer, &learned, &level, error);
    *report = (cz_step_report){ .loss = learned.loss,
                                .rate = options->rate * cz_schedule_at(&trainer->schedule, step),
                                .tokens = learned.tokens,
                                .items = cz_plan_at(&trainer->plan, step).count };
    if (status || !isfinite(report->loss))
        return status ? status : check_finite(trainer, report, error);
    const cz_optimizer optimizer = {
        .rate = report->rate,
        .beta1 = options->beta1,
        .beta2 = options->beta2,
        .epsilon = options->epsilon,
        .decay = options->decay,
        .clip = options->clip,
        .bias_correction = !options->no_bias_correction,
        .step = step + 1,
    };
    if (cz_learner_step(&trainer->learner, place_of(trainer), &optimizer, level, &report->norm))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the optimizer's step failed");
    return check_finite(trainer, report, error);
}
