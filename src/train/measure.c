/* measure.c - a split through the model as it is now, and what came out beside what is right. */
#include "train/trainer.h"

#include "base/error.h"
#include "train/objective.h"

#include <string.h>

enum { MEASURED_TOKENS = 4096, MEASURED_ITEMS = 128 };

static size_t tokens_of(const cz_dataset *dataset, size_t item)
{
    size_t tokens = 0;
    for (size_t side = 0; side < CZ_SIDES; side++)
        tokens += dataset->items[item].length[side];
    return tokens;
}

size_t cz_next_items(const cz_dataset *dataset, size_t first, size_t most)
{
    size_t count = 0, tokens = 0;
    while (first + count < dataset->count && count < MEASURED_ITEMS) {
        tokens += tokens_of(dataset, first + count);
        if (count && tokens > most)
            break;
        count++;
    }
    return count;
}

bool cz_number_items(cloze_trainer *trainer, size_t count)
{
    size_t had = trainer->everything_count;
    if (!cz_grow(&trainer->hooks.allocator, (void **)&trainer->everything,
                 &trainer->everything_count, count, sizeof *trainer->everything))
        return false;
    for (size_t i = had; i < trainer->everything_count; i++)
        trainer->everything[i] = i;
    return true;
}

static cloze_status measure_part(cloze_trainer *trainer, cz_scores *scores, cz_dataset *dataset,
                                 size_t first, size_t count, cloze_error *error)
{
    const cz_tensor *outcome = NULL;
    double weight = 0, loss = 0;
    for (size_t i = first; i < first + count; i++)
        weight += trainer->objective->weigh(trainer, dataset, i, i, 0, false);
    if (!cz_part_lay(trainer, &trainer->part, dataset, trainer->everything + first, count, first, 0,
                     false))
        return cz_fail_memory(error, "a batch", 0);
    cloze_status status =
        cz_part_compute(trainer, &trainer->part, weight, NULL, 0, &loss, &outcome, error);
    if (status)
        return status;
    scores->loss += loss * weight;
    scores->weight += weight;
    return trainer->objective->score(trainer, scores, &trainer->part, outcome, error);
}

static void clear_scores(cz_scores *scores, const cloze_allocator *allocator)
{
    cloze_tally_free(scores->tally);
    cz_release(allocator, scores->predicted);
    cz_release(allocator, scores->gold);
}

cloze_status cz_measure(cloze_trainer *trainer, cloze_split split, cloze_measures *out,
                        cloze_error *error)
{
    cz_dataset *dataset = &trainer->split[split];
    cloze_tally_options how = { .hooks = &trainer->hooks };
    cz_scores scores = { 0 };
    cloze_measures measures = { 0 };
    cloze_status status = cloze_tally_new(&scores.tally, &how, error);
    if (!status && !cz_number_items(trainer, dataset->count))
        status = cz_fail_memory(error, "numbers of items", dataset->count * sizeof(size_t));
    if (!status && cz_body_is_kept(trainer))
        status = cz_body_keep(trainer, dataset, error);
    for (size_t done = 0; done < dataset->count && !status;) {
        size_t count = cz_next_items(dataset, done, MEASURED_TOKENS);
        status = measure_part(trainer, &scores, dataset, done, count, error);
        done += count;
    }
    if (!status) {
        scores.loss /= scores.weight > 0 ? scores.weight : 1;
        cz_measures_add(&measures, "loss", scores.loss);
        status = trainer->objective->report(trainer, &scores, &measures, error);
    }
    clear_scores(&scores, &trainer->hooks.allocator);
    if (!status)
        *out = measures;
    return status;
}

cloze_status cloze_trainer_measure(cloze_trainer *trainer, cloze_split split, cloze_measures *out,
                                   cloze_error *error)
{
    if ((unsigned)split >= CZ_SPLITS || !trainer->split[split].count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there are no examples to measure");
    return cz_measure(trainer, split, out, error);
}

bool cz_measures_find(const cloze_measures *measures, const char *name, double *value)
{
    for (size_t i = 0; i < measures->count; i++)
        if (!strcmp(measures->name[i], name)) {
            *value = measures->value[i];
            return true;
        }
    return false;
}

const char *cloze_train_metric(cloze_learning learning)
{
    const cz_objective *objective = cz_objective_of(learning);
    return objective ? objective->metric : "loss";
}

bool cloze_train_metric_falls(const char *name)
{
    return !strcmp(name, "loss") || !strcmp(name, "perplexity") || !strcmp(name, "squared_error");
}
