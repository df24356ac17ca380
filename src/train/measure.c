/* measure.c - a split through the model as it is now, and what came out beside what is right. */
#include "train/trainer.h"

#include "base/error.h"
#include "train/objective.h"

#include <string.h>

enum { MEASURED_TOKENS = 4096, MEASURED_ITEMS = 128 };

size_t cz_next_items(const cz_dataset *dataset, size_t first, size_t most)
{
    size_t count = 0, tokens = 0;
    while (first + count < dataset->count && count < MEASURED_ITEMS) {
        tokens += cz_dataset_length(dataset, first + count);
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

static double weigh(const cloze_trainer *trainer, const cz_objective *objective,
                    const cz_dataset *dataset, size_t first, size_t count)
{
    double weight = 0;
    for (size_t i = first; objective && i < first + count; i++)
        weight += objective->weigh(trainer, dataset, i, i, 0, false);
    return weight;
}

/* `scores` are of the objective, and of the one beside it. */
static cloze_status measure_part(cloze_trainer *trainer, cz_scores scores[2], cz_dataset *dataset,
                                 size_t first, size_t count, cloze_error *error)
{
    cz_outcomes out;
    const cz_totals totals = { weigh(trainer, trainer->objective, dataset, first, count),
                               weigh(trainer, trainer->beside, dataset, first, count) };
    if (!cz_part_lay(trainer, &trainer->part, dataset, trainer->everything + first, count, first, 0,
                     false))
        return cz_fail_memory(error, "a batch", 0);
    cloze_status status = cz_part_compute(trainer, &trainer->part, totals, NULL, 0, &out, error);
    if (status)
        return status;
    scores[0].loss += out.loss * totals.own;
    scores[0].weight += totals.own;
    scores[1].loss += out.beside_loss * totals.beside;
    scores[1].weight += totals.beside;
    status = trainer->objective->score(trainer, &scores[0], &trainer->part, out.own, error);
    return status || !trainer->beside
               ? status
               : trainer->beside->score(trainer, &scores[1], &trainer->part, out.beside, error);
}

static cloze_status report(const cloze_trainer *trainer, cz_scores scores[2],
                           cloze_measures *measures, cloze_error *error)
{
    for (int i = 0; i < 2; i++)
        scores[i].loss /= scores[i].weight > 0 ? scores[i].weight : 1;
    cz_measures_add(measures, "loss", scores[0].loss + scores[1].loss);
    cloze_status status = trainer->objective->report(trainer, &scores[0], measures, error);
    return status || !trainer->beside
               ? status
               : trainer->beside->report(trainer, &scores[1], measures, error);
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
    cz_scores scores[2] = { 0 };
    cloze_measures measures = { 0 };
    cloze_status status = cloze_tally_new(&scores[0].tally, &how, error);
    if (!status && !cz_number_items(trainer, dataset->count))
        status = cz_fail_memory(error, "numbers of items", dataset->count * sizeof(size_t));
    if (!status && cz_body_is_kept(trainer))
        status = cz_body_keep(trainer, dataset, error);
    for (size_t done = 0; done < dataset->count && !status;) {
        size_t count = cz_next_items(dataset, done, MEASURED_TOKENS);
        status = measure_part(trainer, scores, dataset, done, count, error);
        done += count;
    }
    if (!status)
        status = report(trainer, scores, &measures, error);
    clear_scores(&scores[0], &trainer->hooks.allocator);
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
