/*
 * objective_answers.c - where in a text the answer to a question begins and ends. A long text becomes
 * windows; one without the answer, like a question without any, means the first token, as in
 * transformers' question answering script. Measured is the best span over the windows of a question, as
 * SQuAD's script scores it.
 */
#include "train/objective.h"

#include "base/error.h"

#include <math.h>

enum { LONGEST_ANSWER = 30 }; /* tokens, of those that are measured */

/* The tokens that the answer's first and last byte are of; the first token if one is not here. */
static void find_answer(const cloze_tokens *tokens, cloze_token_offset answer, size_t place[2])
{
    size_t first = SIZE_MAX, last = SIZE_MAX;
    for (size_t i = 0; i < tokens->length; i++) {
        cloze_token_offset own = tokens->offsets[i];
        if (tokens->sequences[i] != 1 || own.begin == own.end)
            continue;
        if (own.begin <= answer.begin && answer.begin < own.end)
            first = i;
        if (own.begin < answer.end && answer.end <= own.end)
            last = i;
    }
    bool here = answer.begin < answer.end && first != SIZE_MAX && last != SIZE_MAX && first <= last;
    place[0] = here ? first : 0;
    place[1] = here ? last : 0;
}

static cloze_status take_window(cloze_trainer *trainer, cz_dataset *dataset, size_t window,
                                const cloze_example *example, size_t asked, bool *found,
                                cloze_error *error)
{
    cz_item item = { .asked = asked };
    cloze_status status =
        cz_take_window(trainer, dataset, window, false, &item.begin[0], &item.length[0], error);
    if (!status)
        status = cz_dataset_offsets(dataset, error);
    if (status)
        return status;
    cloze_tokens tokens = cloze_encoding_tokens(trainer->encoding, window);
    for (size_t i = 0; i < tokens.length; i++)
        if (tokens.sequences[i] == 1)
            dataset->offsets[item.begin[0] + i] = tokens.offsets[i];
    find_answer(&tokens, example->answer, item.answer);
    *found = *found || item.answer[1];
    return cz_dataset_add(dataset, &item, error);
}

static cloze_status check_answer(const cloze_example *example, cloze_error *error)
{
    if (!example->text.data || !example->pair.data)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "it has no question, or no text");
    for (size_t i = 0; i <= example->other_count; i++) {
        cloze_token_offset answer = i ? example->others[i - 1] : example->answer;
        if (answer.begin > answer.end || answer.end > example->pair.size)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "its answer, bytes %zu to %zu, is not in its text of %zu", answer.begin,
                           answer.end, example->pair.size);
    }
    return CLOZE_OK;
}

static cloze_status take_answer(cloze_trainer *trainer, cz_dataset *dataset,
                                const cloze_example *example, cloze_intake *intake,
                                cloze_error *error)
{
    const cloze_tokenize_options how = { .max_length = cz_token_limit_of(trainer),
                                         .truncation = CLOZE_TRUNCATE_ONLY_SECOND,
                                         .stride = trainer->options.stride,
                                         .overflow = true };
    bool found = false;
    size_t asked = 0;
    cloze_status status = check_answer(example, error);
    if (!status)
        status = cloze_tokenize(trainer->model->tokenizer, example->text, example->pair, &how,
                                trainer->encoding, error);
    if (!status)
        status = cz_dataset_ask(dataset, example, &asked, error);
    size_t windows = status ? 0 : cloze_encoding_windows(trainer->encoding);
    for (size_t i = 0; i < windows && !status; i++) {
        status = take_window(trainer, dataset, i, example, asked, &found, error);
        intake->tokens += status ? 0 : dataset->items[dataset->count - 1].length[0];
    }
    intake->lost += !status && !found && example->answer.begin < example->answer.end;
    return status;
}

/* ---- learning ---- */

static bool aim_at_answers(const cloze_trainer *trainer, cz_part *part)
{
    if (!cz_part_rows(trainer, part, 2 * part->count))
        return false;
    for (size_t i = 0; i < part->count; i++)
        for (size_t side = 0; side < 2; side++)
            part->rows[2 * i + side] = part->dataset->items[part->items[i]].answer[side];
    return true;
}

static cz_tensor *loss_of_answers(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                                  cz_tensor *outcome, double total)
{
    (void)trainer;
    return cz_places(run, outcome, &part->batch.packing, part->rows, 2 * total);
}

/* ---- measuring ---- */

typedef struct found_answer {
    double score;
    size_t first, last;
} found_answer;

static found_answer best_of(const cz_part *part, size_t i, const cz_tensor *outcome)
{
    const cz_item *item = &part->dataset->items[part->items[i]];
    const cloze_token_offset *offsets = part->dataset->offsets + item->begin[0];
    found_answer best = { -INFINITY, 0, 0 };
    for (size_t first = 0; first < item->length[0]; first++) {
        if (offsets[first].begin == offsets[first].end)
            continue;
        double begins = cz_tensor_at(outcome, part->begin[i] + first, 0);
        for (size_t last = first; last < item->length[0] && last < first + LONGEST_ANSWER; last++) {
            if (offsets[last].begin == offsets[last].end)
                break;
            double score = begins + cz_tensor_at(outcome, part->begin[i] + last, 1);
            if (score > best.score)
                best = (found_answer){ score, first, last };
        }
    }
    return best;
}

/* The texts that are right; NULL when memory is out. */
static cloze_text *right_answers(const cloze_trainer *trainer, const cz_dataset *dataset,
                                 const cz_asked *asked)
{
    cloze_text *right = cz_allocate(&trainer->hooks.allocator, asked->count, sizeof *right);
    for (size_t i = 0; right && i < asked->count; i++) {
        cloze_token_offset own = dataset->answers[asked->answers + i];
        right[i] = (cloze_text){ dataset->texts + asked->text + own.begin, own.end - own.begin };
    }
    return right;
}

/* All windows of the open question were seen. */
static cloze_status close_question(const cloze_trainer *trainer, cz_scores *scores,
                                   const cz_dataset *dataset, cloze_error *error)
{
    if (!scores->open)
        return CLOZE_OK;
    const cz_asked *asked = &dataset->asked[scores->open - 1];
    const char *text = dataset->texts + asked->text;
    cloze_token_offset own = scores->open_answer;
    bool none = dataset->some_impossible && scores->open_none > scores->open_score;
    cloze_text predicted = { text + own.begin, none ? 0 : own.end - own.begin };
    cloze_text *right = right_answers(trainer, dataset, asked);
    cloze_answer_score score;
    if (!right)
        return cz_fail_memory(error, "answers", asked->count * sizeof *right);
    cloze_status status = cloze_score_answer(predicted, right, asked->count, CLOZE_SQUAD_2,
                                             &trainer->hooks, &score, error);
    cz_release(&trainer->hooks.allocator, right);
    if (status)
        return status;
    scores->exact += score.exact;
    scores->f1 += score.f1;
    scores->asked += 1;
    scores->open = 0;
    return CLOZE_OK;
}

static cloze_status score_answers(const cloze_trainer *trainer, cz_scores *scores,
                                  const cz_part *part, const cz_tensor *outcome, cloze_error *error)
{
    const cz_dataset *dataset = part->dataset;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < part->count && !status; i++) {
        const cz_item *item = &dataset->items[part->items[i]];
        if (scores->open != item->asked + 1) {
            status = close_question(trainer, scores, dataset, error);
            scores->open = item->asked + 1;
            scores->open_score = -INFINITY;
            scores->open_none = INFINITY;
            scores->open_answer = (cloze_token_offset){ 0, 0 };
        }
        found_answer best = best_of(part, i, outcome);
        double none =
            cz_tensor_at(outcome, part->begin[i], 0) + cz_tensor_at(outcome, part->begin[i], 1);
        scores->open_none = fmin(scores->open_none, none);
        if (best.score > scores->open_score) {
            const cloze_token_offset *offsets = dataset->offsets + item->begin[0];
            scores->open_score = best.score;
            scores->open_answer =
                (cloze_token_offset){ offsets[best.first].begin, offsets[best.last].end };
        }
    }
    scores->dataset = dataset;
    return status;
}

static cloze_status report_answers(const cloze_trainer *trainer, cz_scores *scores,
                                   cloze_measures *measures, cloze_error *error)
{
    cloze_status status = close_question(trainer, scores, scores->dataset, error);
    if (status)
        return status;
    cz_measures_add(measures, "exact", scores->exact / scores->asked);
    cz_measures_add(measures, "f1", scores->f1 / scores->asked);
    return CLOZE_OK;
}

const cz_objective cz_objective_answers = {
    .metric = "f1",
    .has_head = true,
    .head = CZ_HEAD_SPANS,
    .take = take_answer,
    .weigh = cz_weigh_items,
    .aim = aim_at_answers,
    .outcome = cz_outcome_of_head,
    .loss = loss_of_answers,
    .score = score_answers,
    .report = report_answers,
};
