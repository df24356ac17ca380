/*
 * objective_replaced.c - which tokens stand in the place of others (Clark et al. 2020): a small generator
 * fills masks, a draw of what it says is put there, and the model tells of every token whether it is the
 * one of the text. The draw lets no gradient through.
 */
#include "train/objective.h"

#include "base/draw.h"

#include <math.h>
#include <string.h>

static const double judged = 50;                         /* times the mean over tokens */
static const uint64_t other_samples = (uint64_t)1 << 36; /* the generator drops other numbers */

static double weigh_tokens(const cloze_trainer *trainer, const cz_dataset *dataset, size_t item,
                           size_t sample, uint32_t epoch, bool learning)
{
    return (double)cz_passage_of(trainer, dataset, item, sample, epoch, learning)->length;
}

/* Masks go into a copy, which the generator sees. */
static bool aim_at_tokens(const cloze_trainer *trainer, cz_part *part)
{
    uint32_t *ids = part->ids;
    if (!cz_part_targets(trainer, part, part->batch.tokens))
        return false;
    memcpy(part->masked, ids, part->batch.tokens * sizeof *ids);
    part->ids = part->masked;
    bool good = cz_objective_words.aim(trainer, part);
    part->masked = part->ids;
    part->ids = ids;
    return good;
}

cz_tensor *cz_generator_outcome(cz_run *run, const cloze_trainer *trainer, const cz_part *part)
{
    const cz_network *network = trainer->generator->network;
    size_t count = part->batch.packing.count;
    cz_part *seen = cz_run_take(run, sizeof *seen);
    uint64_t *samples = cz_run_take(run, (count ? count : 1) * sizeof *samples);
    if (!seen || !samples)
        return &run->empty;
    for (size_t i = 0; i < count; i++)
        samples[i] = part->samples[i] + other_samples;
    *seen = *part;
    seen->model = trainer->generator;
    seen->batch.ids = part->masked;
    seen->batch.samples = samples;
    return cz_objective_words.outcome(
        run, trainer, seen, cz_encode(run, network, &seen->batch, network->config.layers));
}

/* An id, as likely as the softmax says. */
static uint32_t draw_id(const cz_tensor *logits, size_t row, double unit)
{
    double most = cz_tensor_at(logits, row, cz_best_column(logits, row)), sum = 0, seen = 0;
    for (size_t c = 0; c < logits->columns; c++)
        sum += exp(cz_tensor_at(logits, row, c) - most);
    for (size_t c = 0; c + 1 < logits->columns; c++) {
        seen += exp(cz_tensor_at(logits, row, c) - most);
        if (seen > unit * sum)
            return (uint32_t)c;
    }
    return (uint32_t)(logits->columns - 1);
}

/* The arrays behind a part change while it is computed, once: a counting run leaves them. */
void cz_replace_tokens(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                       const cz_tensor *logits)
{
    if (!cz_run_computes(run))
        return;
    memset(part->targets, 0, part->batch.tokens * sizeof *part->targets);
    for (size_t r = 0, i = 0; r < part->row_count; r++) {
        while (part->rows[r] >= part->begin[i] + part->length[i])
            i++;
        const cz_occasion occasion =
            cz_occasion_of(trainer, part->items[i], part->first + i, part->epoch, part->learning);
        const cz_draw draw = { occasion.seed, CZ_DRAW_REPLACE, occasion.epoch };
        uint32_t place = (uint32_t)(part->rows[r] - part->begin[i]);
        uint32_t id = draw_id(logits, r, cz_draw_unit(&draw, occasion.thing, place));
        part->ids[part->rows[r]] = id;
        part->targets[part->rows[r]] = id != part->labels[r];
    }
}

static cz_tensor *loss_of_tokens(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                                 cz_tensor *outcome, double total)
{
    (void)trainer;
    cz_tensor *loss = cz_binary_entropy(
        run, outcome, cz_targets_in(run, part, part->batch.tokens, 1), NULL, total);
    return cz_blend(run, loss, judged, NULL, 0);
}

static cloze_status score_tokens(const cloze_trainer *trainer, cz_scores *scores,
                                 const cz_part *part, const cz_tensor *outcome, cloze_error *error)
{
    (void)trainer, (void)error;
    for (size_t i = 0; i < part->batch.tokens; i++) {
        bool says = cz_tensor_at(outcome, i, 0) > 0, is = part->targets[i] > 0.5f;
        scores->right += says && is;
        scores->asked += 0.5 * (says + is);
    }
    return CLOZE_OK;
}

/* Most tokens are not replaced: their accuracy would say little. */
static cloze_status report_tokens(const cloze_trainer *trainer, cz_scores *scores,
                                  cloze_measures *measures, cloze_error *error)
{
    (void)trainer, (void)error;
    cz_measures_add(measures, "replaced_f1", scores->asked > 0 ? scores->right / scores->asked : 0);
    return CLOZE_OK;
}

const cz_objective cz_objective_replaced = {
    .metric = "loss",
    .has_head = true,
    .head = CZ_HEAD_REPLACED,
    .weigh = weigh_tokens,
    .aim = aim_at_tokens,
    .outcome = cz_outcome_of_head,
    .loss = loss_of_tokens,
    .score = score_tokens,
    .report = report_tokens,
};
