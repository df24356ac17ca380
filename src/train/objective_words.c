/*
 * objective_words.c - masked words (Devlin et al. 2019): of the chosen tokens 80 % become the mask, 10
 * % another token, 10 % stay. The choice is a function of seed, epoch and the item's number in it; what
 * is measured has one choice for good.
 */
#include "train/objective.h"

#include "base/error.h"
#include "base/draw.h"

#include <math.h>

static cloze_status take_words(cloze_trainer *trainer, cz_dataset *dataset,
                               const cloze_example *example, cloze_intake *intake,
                               cloze_error *error)
{
    cz_item item = { 0 };
    cloze_status status = cz_take_text(trainer, dataset, example->text, example->pair, true,
                                       &item.begin[0], &item.length[0], intake, error);
    if (status)
        return status;
    for (size_t i = 0; i < item.length[0]; i++)
        if (dataset->words[item.begin[0] + i] >= 0)
            return cz_dataset_add(dataset, &item, error);
    return cz_fail(error, CLOZE_ERROR_TEXT, "it has no word that could be masked");
}

typedef struct chooser {
    cz_draw chosen, token;
    uint64_t thing;
    double share;
    bool whole_words;
    const int32_t *words; /* [length] */
    size_t length;
} chooser;

static chooser chooser_of(const cloze_trainer *trainer, const int32_t *words, size_t length,
                          const cz_occasion *occasion)
{
    return (chooser){
        .chosen = { occasion->seed, CZ_DRAW_MASK, occasion->epoch },
        .token = { occasion->seed, CZ_DRAW_TOKEN, occasion->epoch },
        .thing = occasion->thing,
        .share = trainer->options.masked,
        .whole_words = trainer->options.whole_words,
        .words = words,
        .length = length,
    };
}

static bool draws(const chooser *choose, size_t token)
{
    size_t first = token;
    if (choose->words[token] < 0)
        return false;
    while (choose->whole_words && first && choose->words[first - 1] == choose->words[token])
        first--;
    return cz_draw_unit(&choose->chosen, choose->thing, (uint32_t)first) < choose->share;
}

/* One token is asked for in any case: where none was drawn, this one. */
static size_t fallback(const chooser *choose)
{
    size_t could = 0, nth;
    for (size_t i = 0; i < choose->length; i++) {
        if (draws(choose, i))
            return SIZE_MAX;
        could += choose->words[i] >= 0;
    }
    nth = cz_draw_below(&choose->token, choose->thing, UINT32_MAX, could);
    for (size_t i = 0; i < choose->length; i++)
        if (choose->words[i] >= 0 && !nth--)
            return i;
    return SIZE_MAX;
}

static double weigh_words(const cloze_trainer *trainer, const cz_dataset *dataset, size_t item,
                          size_t sample, uint32_t epoch, bool learning)
{
    const cz_occasion occasion = cz_occasion_of(trainer, item, sample, epoch, learning);
    const cz_passage *passage =
        dataset->passages ? cz_passage_of(trainer, dataset, item, sample, epoch, learning) : NULL;
    chooser choose = passage ? chooser_of(trainer, passage->words, passage->length, &occasion)
                             : chooser_of(trainer, dataset->words + dataset->items[item].begin[0],
                                          dataset->items[item].length[0], &occasion);
    size_t count = fallback(&choose) != SIZE_MAX;
    for (size_t i = 0; i < choose.length; i++)
        count += draws(&choose, i);
    return (double)count;
}

static uint32_t replacement(const cloze_trainer *trainer, const chooser *choose, size_t token,
                            uint32_t id, uint32_t mask)
{
    double draw = cz_draw_unit(&choose->token, choose->thing, (uint32_t)token);
    size_t vocabulary = trainer->model->network->config.vocabulary;
    if (draw < 0.8)
        return mask;
    /* The draw again, spread over the tenth that it fell into. */
    return draw < 0.9
               ? (uint32_t)fmin((draw - 0.8) * 10 * (double)vocabulary, (double)(vocabulary - 1))
               : id;
}

static bool aim_at_words(const cloze_trainer *trainer, cz_part *part)
{
    uint32_t mask = 0;
    if (!cz_part_rows(trainer, part, part->batch.tokens) ||
        !cz_part_labels(trainer, part, part->batch.tokens))
        return false;
    cloze_tokenizer_role(trainer->model->tokenizer, CLOZE_TOKEN_MASK, &mask);
    for (size_t i = 0; i < part->count; i++) {
        const cz_occasion occasion =
            cz_occasion_of(trainer, part->items[i], part->first + i, part->epoch, part->learning);
        chooser choose =
            chooser_of(trainer, part->words + part->begin[i], part->length[i], &occasion);
        size_t own = fallback(&choose);
        for (size_t t = 0; t < choose.length; t++) {
            size_t row = part->begin[i] + t;
            if (t != own && !draws(&choose, t))
                continue;
            part->rows[part->row_count] = row;
            part->labels[part->row_count++] = part->ids[row];
            part->ids[row] = replacement(trainer, &choose, t, part->ids[row], mask);
        }
    }
    return true;
}

/* The wide product is made of the rows that are asked for alone. */
static cz_tensor *words_of(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                           cz_tensor *states)
{
    cz_tensor *rows = cz_select(run, states, part->rows, part->row_count);
    (void)trainer;
    return cz_logits(run, part->model->network, CZ_HEAD_WORDS, NULL, rows);
}

static cz_tensor *loss_of_words(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                                cz_tensor *outcome, double total)
{
    const cz_entropy_terms terms = { .total = total };
    (void)trainer;
    return cz_cross_entropy(run, outcome, part->labels, &terms);
}

static cloze_status score_words(const cloze_trainer *trainer, cz_scores *scores,
                                const cz_part *part, const cz_tensor *outcome, cloze_error *error)
{
    (void)trainer, (void)error;
    for (size_t i = 0; i < part->row_count; i++)
        scores->right += cz_best_column(outcome, i) == (size_t)part->labels[i];
    scores->asked += (double)part->row_count;
    return CLOZE_OK;
}

static cloze_status report_words(const cloze_trainer *trainer, cz_scores *scores,
                                 cloze_measures *measures, cloze_error *error)
{
    (void)trainer, (void)error;
    cz_measures_add(measures, "perplexity", exp(scores->loss));
    cz_measures_add(measures, "accuracy", scores->right / scores->asked);
    return CLOZE_OK;
}

const cz_objective cz_objective_words = {
    .metric = "loss",
    .has_head = true,
    .head = CZ_HEAD_WORDS,
    .take = take_words,
    .weigh = weigh_words,
    .aim = aim_at_words,
    .outcome = words_of,
    .loss = loss_of_words,
    .score = score_words,
    .report = report_words,
};
