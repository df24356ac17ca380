/*
 * objective_following.c - beside masked words: does the second text follow the first? As
 * BertForPreTraining and AlbertForPreTraining learn it, from the pooler's rows.
 */
#include "train/objective.h"

static bool aim_at_nothing(const cloze_trainer *trainer, cz_part *part)
{
    (void)trainer, (void)part; /* what is right was laid with the texts */
    return true;
}

static cz_tensor *follows(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                          cz_tensor *states)
{
    (void)trainer;
    return cz_logits(run, part->model->network, CZ_HEAD_ORDER, &part->batch, states);
}

static cz_tensor *loss_of_following(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                                    cz_tensor *outcome, double total)
{
    const cz_entropy_terms terms = { .total = total };
    (void)trainer;
    return cz_cross_entropy(run, outcome, part->apart, &terms);
}

static cloze_status score_following(const cloze_trainer *trainer, cz_scores *scores,
                                    const cz_part *part, const cz_tensor *outcome,
                                    cloze_error *error)
{
    (void)trainer, (void)error;
    for (size_t i = 0; i < part->count; i++)
        scores->right += cz_best_column(outcome, i) == (size_t)part->apart[i];
    scores->asked += (double)part->count;
    return CLOZE_OK;
}

static cloze_status report_following(const cloze_trainer *trainer, cz_scores *scores,
                                     cloze_measures *measures, cloze_error *error)
{
    (void)trainer, (void)error;
    cz_measures_add(measures, "pair_accuracy", scores->right / scores->asked);
    return CLOZE_OK;
}

const cz_objective cz_objective_following = {
    .metric = "loss",
    .has_head = true,
    .head = CZ_HEAD_ORDER,
    .weigh = cz_weigh_items,
    .aim = aim_at_nothing,
    .outcome = follows,
    .loss = loss_of_following,
    .score = score_following,
    .report = report_following,
};
