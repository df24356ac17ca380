/* objective_labels.c - one label, sets of labels, and numbers of texts and pairs of texts. */
#include "train/objective.h"

#include "base/error.h"

#include <math.h>

static cloze_status take_text(cloze_trainer *trainer, cz_dataset *dataset,
                              const cloze_example *example, cz_item *item, cloze_intake *intake,
                              cloze_error *error)
{
    return cz_take_text(trainer, dataset, example->text, example->pair, false, &item->begin[0],
                        &item->length[0], intake, error);
}

/* Do the examples bring what a teacher says of the labels? */
static bool has_logits(const cloze_trainer *trainer)
{
    return trainer->options.learning == CLOZE_LEARN_LABELS && trainer->options.teaching > 0 &&
           !trainer->options.teacher.model;
}

/* What a teacher says of the labels. */
static cloze_status take_teacher(const cloze_trainer *trainer, cz_dataset *dataset,
                                 const cloze_example *example, cz_item *item, cloze_error *error)
{
    size_t count = trainer->options.label_count;
    for (size_t i = 0; i < count; i++)
        if (!example->values || !isfinite(example->values[i]))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "it needs the teacher's logits, %zu finite numbers", count);
    return cz_dataset_values(dataset, example->values, count, &item->value, error);
}

static cloze_status take_label(cloze_trainer *trainer, cz_dataset *dataset,
                               const cloze_example *example, cloze_intake *intake,
                               cloze_error *error)
{
    cz_item item = { .label = example->label };
    if (example->label >= trainer->options.label_count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "label number %zu is not below %zu",
                       example->label, trainer->options.label_count);
    cloze_status status = take_text(trainer, dataset, example, &item, intake, error);
    if (!status && has_logits(trainer))
        status = take_teacher(trainer, dataset, example, &item, error);
    return status ? status : cz_dataset_add(dataset, &item, error);
}

static cloze_status take_numbers(cloze_trainer *trainer, cz_dataset *dataset,
                                 const cloze_example *example, cloze_intake *intake,
                                 cloze_error *error)
{
    size_t count = trainer->options.label_count;
    bool sets = trainer->options.learning == CLOZE_LEARN_LABEL_SETS;
    cz_item item = { 0 };
    if (!example->values)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "it has no values");
    for (size_t i = 0; i < count; i++)
        if (!isfinite(example->values[i]) ||
            (sets && (example->values[i] < 0 || example->values[i] > 1)))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "value %zu is %g, which cannot be learned",
                           i + 1, (double)example->values[i]);
    cloze_status status = take_text(trainer, dataset, example, &item, intake, error);
    if (!status)
        status = cz_dataset_values(dataset, example->values, count, &item.value, error);
    return status ? status : cz_dataset_add(dataset, &item, error);
}

/* ---- one label ---- */

static double weigh_label(const cloze_trainer *trainer, const cz_dataset *dataset, size_t item,
                          size_t sample, uint32_t epoch, bool learning)
{
    (void)sample, (void)epoch;
    return learning && trainer->label_weights
               ? (double)trainer->label_weights[dataset->items[item].label]
               : 1;
}

static bool aim_at_numbers(const cloze_trainer *trainer, cz_part *part)
{
    size_t columns = trainer->options.label_count;
    if (!cz_part_targets(trainer, part, part->count * columns))
        return false;
    for (size_t i = 0; i < part->count; i++)
        for (size_t c = 0; c < columns; c++)
            part->targets[i * columns + c] =
                part->dataset->values[part->dataset->items[part->items[i]].value + c];
    return true;
}

static bool aim_at_labels(const cloze_trainer *trainer, cz_part *part)
{
    if (!cz_part_labels(trainer, part, part->count))
        return false;
    for (size_t i = 0; i < part->count; i++)
        part->labels[i] = (int64_t)part->dataset->items[part->items[i]].label;
    return has_logits(trainer) ? aim_at_numbers(trainer, part) : true;
}

/* What is measured is the plain loss, whatever was learned from. */
static cz_tensor *loss_of_labels(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                                 cz_tensor *outcome, double total)
{
    cz_entropy_terms terms = { .total = total };
    if (part->learning) {
        terms.class_weight = trainer->label_weights;
        terms.smoothing = trainer->options.smoothing;
        terms.focal = trainer->options.focal;
    }
    double teaching = trainer->options.teaching;
    if (!part->learning || !has_logits(trainer))
        return cz_cross_entropy(run, outcome, part->labels, &terms);
    const cz_tensor *teacher = cz_targets_in(run, part, part->count, outcome->columns);
    cz_tensor *soft = cz_divergence(run, outcome, teacher, trainer->options.temperature, total);
    return cz_blend(run, soft, teaching, cz_cross_entropy(run, outcome, part->labels, &terms),
                    1 - teaching);
}

static cloze_status score_labels(const cloze_trainer *trainer, cz_scores *scores,
                                 const cz_part *part, const cz_tensor *outcome, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < part->count && !status; i++)
        status = cloze_tally_label(
            scores->tally, cz_label_name(trainer, cz_best_column(outcome, i)),
            cz_label_name(trainer, part->dataset->items[part->items[i]].label), error);
    return status;
}

const cz_objective cz_objective_labels = {
    .metric = "accuracy",
    .has_head = true,
    .head = CZ_HEAD_LABELS,
    .take = take_label,
    .weigh = weigh_label,
    .aim = aim_at_labels,
    .outcome = cz_outcome_of_head,
    .loss = loss_of_labels,
    .score = score_labels,
    .report = cz_report_tally,
};

/* ---- several numbers ---- */

static cz_tensor *loss_of_sets(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                               cz_tensor *outcome, double total)
{
    size_t columns = trainer->options.label_count;
    return cz_binary_entropy(run, outcome, cz_targets_in(run, part, part->count, columns),
                             part->learning ? trainer->label_weights : NULL,
                             total * (double)columns);
}

static cloze_status score_sets(const cloze_trainer *trainer, cz_scores *scores, const cz_part *part,
                               const cz_tensor *outcome, cloze_error *error)
{
    size_t columns = trainer->options.label_count;
    cloze_text *names = cz_allocate(&trainer->hooks.allocator, 2 * columns, sizeof *names);
    cloze_status status = names ? CLOZE_OK : cz_fail_memory(error, "labels", columns);
    for (size_t i = 0; i < part->count && !status; i++) {
        size_t predicted = 0, gold = 0;
        for (size_t c = 0; c < columns; c++) {
            if (cz_tensor_at(outcome, i, c) > 0)
                names[predicted++] = cz_label_name(trainer, c);
            if (part->targets[i * columns + c] > 0.5f)
                names[columns + gold++] = cz_label_name(trainer, c);
        }
        status = cloze_tally_labels(scores->tally, names, predicted, names + columns, gold, error);
    }
    cz_release(&trainer->hooks.allocator, names);
    return status;
}

const cz_objective cz_objective_label_sets = {
    .metric = "f1_micro",
    .has_head = true,
    .head = CZ_HEAD_LABELS,
    .take = take_numbers,
    .weigh = cz_weigh_items,
    .aim = aim_at_numbers,
    .outcome = cz_outcome_of_head,
    .loss = loss_of_sets,
    .score = score_sets,
    .report = cz_report_tally,
};

static cz_tensor *loss_of_numbers(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                                  cz_tensor *outcome, double total)
{
    size_t columns = trainer->options.label_count;
    return cz_squared_error(run, outcome, cz_targets_in(run, part, part->count, columns),
                            total * (double)columns);
}

static cloze_status score_numbers(const cloze_trainer *trainer, cz_scores *scores,
                                  const cz_part *part, const cz_tensor *outcome, cloze_error *error)
{
    size_t columns = trainer->options.label_count;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < part->count * columns && !status; i++)
        status = cz_scores_pair(trainer, scores, cz_tensor_at(outcome, i / columns, i % columns),
                                (double)part->targets[i], error);
    return status;
}

const cz_objective cz_objective_numbers = {
    .metric = "spearman",
    .has_head = true,
    .head = CZ_HEAD_LABELS,
    .take = take_numbers,
    .weigh = cz_weigh_items,
    .aim = aim_at_numbers,
    .outcome = cz_outcome_of_head,
    .loss = loss_of_numbers,
    .score = score_numbers,
    .report = cz_report_agreement,
};
