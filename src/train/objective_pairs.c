/*
 * objective_pairs.c - embeddings: of all second texts one's own is the nearest, or the cosine is a
 * given number. Both as sentence-transformers' MultipleNegativesRankingLoss and CosineSimilarityLoss.
 */
#include "train/objective.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

static cloze_status take_side(cloze_trainer *trainer, cz_dataset *dataset, cloze_text text,
                              size_t side, cz_item *item, cloze_intake *intake, cloze_error *error)
{
    return cz_take_text(trainer, dataset, text, (cloze_text){ NULL, 0 }, false, &item->begin[side],
                        &item->length[side], intake, error);
}

static cloze_status take_pair(cloze_trainer *trainer, cz_dataset *dataset,
                              const cloze_example *example, cz_item *item, cloze_intake *intake,
                              cloze_error *error)
{
    if (!example->pair.data)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "it has no second text");
    cloze_status status = take_side(trainer, dataset, example->text, 0, item, intake, error);
    return status ? status : take_side(trainer, dataset, example->pair, 1, item, intake, error);
}

static cloze_status take_ranking(cloze_trainer *trainer, cz_dataset *dataset,
                                 const cloze_example *example, cloze_intake *intake,
                                 cloze_error *error)
{
    cz_item item = { 0 };
    cloze_status status = take_pair(trainer, dataset, example, &item, intake, error);
    if (!status && example->negative.data)
        status = take_side(trainer, dataset, example->negative, 2, &item, intake, error);
    return status ? status : cz_dataset_add(dataset, &item, error);
}

static cloze_status take_similarity(cloze_trainer *trainer, cz_dataset *dataset,
                                    const cloze_example *example, cloze_intake *intake,
                                    cloze_error *error)
{
    cz_item item = { 0 };
    if (!example->values || !isfinite(example->values[0]) || fabsf(example->values[0]) > 1)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "it needs a similarity from -1 to 1 (scale yours before)");
    cloze_status status = take_pair(trainer, dataset, example, &item, intake, error);
    if (!status)
        status = cz_dataset_values(dataset, example->values, 1, &item.value, error);
    return status ? status : cz_dataset_add(dataset, &item, error);
}

/* The vectors of all sequences; those of a side follow each other. */
static cz_tensor *embed(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                        cz_tensor *states)
{
    const cz_pipeline *pipeline = &part->model->pipeline;
    (void)trainer;
    cz_request request = { .batch = &part->batch };
    cz_tensor *pooled = cz_pool_bit(run, &request, states, pipeline->pooling);
    return cz_run_modules(run, pipeline, pooled, true);
}

static cz_tensor *rows_from(cz_run *run, cz_tensor *x, size_t first, size_t end)
{
    size_t *rows = cz_run_take(run, (end - first) * sizeof *rows);
    for (size_t i = 0; rows && i < end - first; i++)
        rows[i] = first + i;
    return rows ? cz_select(run, x, rows, end - first) : &run->empty;
}

/* Each first text beside all others: cosines. */
static cz_tensor *compare(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                          cz_tensor *states)
{
    cz_tensor *vectors = cz_normalize_rows(run, embed(run, trainer, part, states));
    cz_tensor *first = rows_from(run, vectors, 0, part->side_begin[1]);
    cz_tensor *others = rows_from(run, vectors, part->side_begin[1], part->side_begin[CZ_SIDES]);
    return cz_product(run, first, others);
}

static bool aim_at_own(const cloze_trainer *trainer, cz_part *part)
{
    if (!cz_part_labels(trainer, part, part->count))
        return false;
    for (size_t i = 0; i < part->count; i++)
        part->labels[i] = (int64_t)i;
    return true;
}

static cz_tensor *loss_of_ranking(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                                  cz_tensor *outcome, double total)
{
    const cz_entropy_terms terms = { .total = total };
    cz_tensor *scores = cz_blend(run, outcome, 1 / trainer->options.temperature, NULL, 0);
    return cz_cross_entropy(run, scores, part->labels, &terms);
}

static cloze_status score_ranking(const cloze_trainer *trainer, cz_scores *scores,
                                  const cz_part *part, const cz_tensor *outcome, cloze_error *error)
{
    (void)trainer, (void)error;
    for (size_t i = 0; i < part->count; i++)
        scores->right += cz_best_column(outcome, i) == i;
    scores->asked += (double)part->count;
    return CLOZE_OK;
}

static cloze_status report_ranking(const cloze_trainer *trainer, cz_scores *scores,
                                   cloze_measures *measures, cloze_error *error)
{
    (void)trainer, (void)error;
    cz_measures_add(measures, "accuracy", scores->right / scores->asked);
    return CLOZE_OK;
}

const cz_objective cz_objective_ranking = {
    .metric = "accuracy",
    .take = take_ranking,
    .weigh = cz_weigh_items,
    .aim = aim_at_own,
    .outcome = compare,
    .loss = loss_of_ranking,
    .score = score_ranking,
    .report = report_ranking,
};

static cz_tensor *cosines(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                          cz_tensor *states)
{
    cz_tensor *vectors = embed(run, trainer, part, states);
    cz_tensor *first = rows_from(run, vectors, 0, part->side_begin[1]);
    cz_tensor *second = rows_from(run, vectors, part->side_begin[1], part->side_begin[2]);
    return cz_cosine(run, first, second);
}

static bool aim_at_cosines(const cloze_trainer *trainer, cz_part *part)
{
    if (!cz_part_targets(trainer, part, part->count))
        return false;
    for (size_t i = 0; i < part->count; i++)
        part->targets[i] = part->dataset->values[part->dataset->items[part->items[i]].value];
    return true;
}

static cz_tensor *loss_of_similarity(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                                     cz_tensor *outcome, double total)
{
    (void)trainer;
    return cz_squared_error(run, outcome, cz_targets_in(run, part, part->count, 1), total);
}

static cloze_status score_similarity(const cloze_trainer *trainer, cz_scores *scores,
                                     const cz_part *part, const cz_tensor *outcome,
                                     cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < part->count && !status; i++)
        status = cz_scores_pair(trainer, scores, cz_tensor_at(outcome, i, 0),
                                (double)part->targets[i], error);
    return status;
}

const cz_objective cz_objective_similarity = {
    .metric = "spearman",
    .take = take_similarity,
    .weigh = cz_weigh_items,
    .aim = aim_at_cosines,
    .outcome = cosines,
    .loss = loss_of_similarity,
    .score = score_similarity,
    .report = cz_report_agreement,
};

/* ---- the vectors of a teacher ---- */

static size_t dimension_of(const cloze_trainer *trainer)
{
    return cloze_embed_dimension(trainer->model, NULL);
}

static cloze_status take_vector(cloze_trainer *trainer, cz_dataset *dataset,
                                const cloze_example *example, cloze_intake *intake,
                                cloze_error *error)
{
    size_t dimension = dimension_of(trainer);
    cz_item item = { 0 };
    for (size_t i = 0; i < dimension; i++)
        if (!example->values || !isfinite(example->values[i]))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "it needs a vector of %zu finite numbers",
                           dimension);
    cloze_status status = take_side(trainer, dataset, example->text, 0, &item, intake, error);
    if (!status)
        status = cz_dataset_values(dataset, example->values, dimension, &item.value, error);
    return status ? status : cz_dataset_add(dataset, &item, error);
}

static bool aim_at_vectors(const cloze_trainer *trainer, cz_part *part)
{
    size_t dimension = dimension_of(trainer);
    if (!cz_part_targets(trainer, part, part->count * dimension))
        return false;
    for (size_t i = 0; i < part->count; i++)
        memcpy(part->targets + i * dimension,
               part->dataset->values + part->dataset->items[part->items[i]].value,
               dimension * sizeof *part->targets);
    return true;
}

/* The sum over a vector's numbers, the mean over texts: at length 1 it is 2 - 2 cosines, and half of
 * that is what is left of directions. */
static cz_tensor *loss_of_vectors(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                                  cz_tensor *outcome, double total)
{
    cz_tensor *target = cz_targets_in(run, part, part->count, outcome->columns);
    if (!trainer->options.directions)
        return cz_squared_error(run, outcome, target, total);
    return cz_squared_error(run, cz_normalize_rows(run, outcome), cz_normalize_rows(run, target),
                            2 * total);
}

/* The cosine of two rows; 0 where one is nothing. */
static double cosine_of(const double *a, const double *b, size_t count)
{
    double product = 0, own = 0, other = 0;
    for (size_t c = 0; c < count; c++) {
        product += a[c] * b[c];
        own += a[c] * a[c];
        other += b[c] * b[c];
    }
    return own > 0 && other > 0 ? product / sqrt(own * other) : 0;
}

static void widen_rows(const cz_part *part, const cz_tensor *outcome, size_t i, double *own,
                       double *teacher)
{
    for (size_t c = 0; c < outcome->columns; c++) {
        own[c] = cz_tensor_at(outcome, i, c);
        teacher[c] = (double)part->targets[i * outcome->columns + c];
    }
}

/* How near each vector is to its teacher's, and how alike it is to the one before, beside what the
 * teacher thinks of that. */
static cloze_status score_vectors(const cloze_trainer *trainer, cz_scores *scores,
                                  const cz_part *part, const cz_tensor *outcome, cloze_error *error)
{
    size_t n = outcome->columns;
    double *rows = cz_allocate(&trainer->hooks.allocator, 4 * n, sizeof *rows);
    cloze_status status = rows ? CLOZE_OK : cz_fail_memory(error, "vectors", 4 * n * sizeof *rows);
    for (size_t i = 0; i < part->count && !status; i++) {
        double *here = rows + i % 2 * 2 * n, *before = rows + (i + 1) % 2 * 2 * n;
        widen_rows(part, outcome, i, here, here + n);
        scores->right += cosine_of(here, here + n, n);
        if (i)
            status = cz_scores_pair(trainer, scores, cosine_of(here, before, n),
                                    cosine_of(here + n, before + n, n), error);
    }
    scores->asked += (double)part->count;
    cz_release(&trainer->hooks.allocator, rows);
    return status;
}

static cloze_status report_vectors(const cloze_trainer *trainer, cz_scores *scores,
                                   cloze_measures *measures, cloze_error *error)
{
    cloze_agreement agreement;
    cz_measures_add(measures, "cosine", scores->right / scores->asked);
    if (scores->count < 3)
        return CLOZE_OK;
    cloze_status status = cloze_agree(scores->predicted, scores->gold, scores->count,
                                      &trainer->hooks, &agreement, error);
    if (!status)
        cz_measures_add(measures, "spearman", agreement.spearman);
    return status;
}

const cz_objective cz_objective_vectors = {
    .metric = "cosine",
    .take = take_vector,
    .weigh = cz_weigh_items,
    .aim = aim_at_vectors,
    .outcome = embed,
    .loss = loss_of_vectors,
    .score = score_vectors,
    .report = report_vectors,
};
