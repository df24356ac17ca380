/* objective.c - the table of objectives, and what several of them do. */
#include "train/objective.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

const cz_objective *cz_objective_of(cloze_learning learning)
{
    static const cz_objective *const all[] = {
        [CLOZE_LEARN_LABELS] = &cz_objective_labels,
        [CLOZE_LEARN_LABEL_SETS] = &cz_objective_label_sets,
        [CLOZE_LEARN_NUMBERS] = &cz_objective_numbers,
        [CLOZE_LEARN_TAGS] = &cz_objective_tags,
        [CLOZE_LEARN_ANSWERS] = &cz_objective_answers,
        [CLOZE_LEARN_WORDS] = &cz_objective_words,
        [CLOZE_LEARN_RANKING] = &cz_objective_ranking,
        [CLOZE_LEARN_SIMILARITY] = &cz_objective_similarity,
        [CLOZE_LEARN_VECTORS] = &cz_objective_vectors,
        [CLOZE_LEARN_REPLACED] = &cz_objective_replaced,
    };
    return (size_t)learning < sizeof all / sizeof *all ? all[learning] : NULL;
}

const cz_objective *cz_objective_beside(const cloze_train_options *options)
{
    return options->learning == CLOZE_LEARN_REPLACED ? &cz_objective_words
           : options->following                      ? &cz_objective_following
                                                     : NULL;
}

double cz_weigh_items(const cloze_trainer *trainer, const cz_dataset *dataset, size_t item,
                      size_t sample, uint32_t epoch, bool learning)
{
    (void)trainer, (void)dataset, (void)item, (void)sample, (void)epoch, (void)learning;
    return 1;
}

cz_tensor *cz_outcome_of_head(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                              cz_tensor *states)
{
    return cz_logits(run, part->model->network, trainer->objective->head, &part->batch, states);
}

static bool room(const cloze_trainer *trainer, void *items, size_t *have, size_t count, size_t size)
{
    return cz_grow(&trainer->hooks.allocator, items, have, count ? count : 1, size);
}

bool cz_part_labels(const cloze_trainer *trainer, cz_part *part, size_t count)
{
    return room(trainer, &part->labels, &part->labels_room, count, sizeof *part->labels);
}

bool cz_part_targets(const cloze_trainer *trainer, cz_part *part, size_t count)
{
    /* Of the widest type that a run may have. */
    return room(trainer, &part->targets, &part->targets_room, 2 * count, sizeof *part->targets);
}

bool cz_part_rows(const cloze_trainer *trainer, cz_part *part, size_t count)
{
    return room(trainer, &part->rows, &part->rows_room, count, sizeof *part->rows);
}

cz_tensor *cz_targets_in(cz_run *run, const cz_part *part, size_t rows, size_t columns)
{
    cz_tensor *targets = cz_run_tensor(run, rows, columns);
    for (size_t i = 0; i < rows * columns && cz_run_computes(run); i++) {
        if (targets->type == CZ_F64)
            ((double *)targets->data)[i] = (double)part->targets[i];
        else
            cz_f32(targets)[i] = part->targets[i];
    }
    return targets;
}

size_t cz_best_column(const cz_tensor *rows, size_t row)
{
    size_t best = 0;
    for (size_t c = 1; c < rows->columns; c++)
        if (cz_tensor_at(rows, row, c) > cz_tensor_at(rows, row, best))
            best = c;
    return best;
}

cloze_text cz_label_name(const cloze_trainer *trainer, size_t label)
{
    return (cloze_text){ trainer->labels[label], strlen(trainer->labels[label]) };
}

cloze_status cz_scores_pair(const cloze_trainer *trainer, cz_scores *scores, double predicted,
                            double gold, cloze_error *error)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    if (!cz_grow(allocator, (void **)&scores->predicted, &scores->predicted_room, scores->count + 1,
                 sizeof *scores->predicted) ||
        !cz_grow(allocator, (void **)&scores->gold, &scores->gold_room, scores->count + 1,
                 sizeof *scores->gold))
        return cz_fail_memory(error, "predictions", scores->count * sizeof(double));
    scores->predicted[scores->count] = predicted;
    scores->gold[scores->count++] = gold;
    return CLOZE_OK;
}

void cz_measures_add(cloze_measures *measures, const char *name, double value)
{
    if (measures->count == CLOZE_TRAIN_METRICS)
        return;
    measures->name[measures->count] = name;
    measures->value[measures->count++] = value;
}

cloze_status cz_report_agreement(const cloze_trainer *trainer, cz_scores *scores,
                                 cloze_measures *measures, cloze_error *error)
{
    cloze_agreement agreement;
    cloze_status status = cloze_agree(scores->predicted, scores->gold, scores->count,
                                      &trainer->hooks, &agreement, error);
    if (status)
        return status;
    cz_measures_add(measures, "pearson", agreement.pearson);
    cz_measures_add(measures, "spearman", agreement.spearman);
    cz_measures_add(measures, "squared_error", agreement.squared_error);
    return CLOZE_OK;
}

cloze_status cz_report_tally(const cloze_trainer *trainer, cz_scores *scores,
                             cloze_measures *measures, cloze_error *error)
{
    (void)trainer, (void)error;
    cloze_averages averages = cloze_tally_averages(scores->tally);
    cz_measures_add(measures, "accuracy", averages.accuracy);
    cz_measures_add(measures, "precision", averages.macro.precision);
    cz_measures_add(measures, "recall", averages.macro.recall);
    cz_measures_add(measures, "f1", averages.macro.f1);
    cz_measures_add(measures, "f1_micro", averages.micro.f1);
    cz_measures_add(measures, "f1_weighted", averages.weighted.f1);
    cz_measures_add(measures, "matthews", averages.matthews);
    return CLOZE_OK;
}
