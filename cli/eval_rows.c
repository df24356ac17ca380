/* eval_rows.c - predictions and what is right, from the rows of one file or of two. */
#include "eval.h"

#include "cells.h"
#include "interrupt.h"
#include "open.h"
#include "rows.h"
#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOLD, PREDICTED };

typedef struct row_pair {
    cli_rows *predicted, *gold; /* the same where one file has both */
    char separator;
} row_pair;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static bool make_room(eval_numbers *numbers)
{
    size_t room = numbers->room ? 2 * numbers->room : 1024, size;
    double *grown;
    if (numbers->count < numbers->room)
        return true;
    if (__builtin_mul_overflow(room, sizeof *grown, &size) ||
        !(grown = realloc(numbers->predicted, size)))
        return false;
    numbers->predicted = grown;
    if (!(grown = realloc(numbers->gold, size)))
        return false;
    numbers->gold = grown;
    numbers->room = room;
    return true;
}

int eval_number(eval_job *job, double predicted, double gold)
{
    eval_numbers *numbers = &job->numbers;
    if (!make_room(numbers))
        return out_of_memory();
    numbers->predicted[numbers->count] = predicted;
    numbers->gold[numbers->count++] = gold;
    return 0;
}

static void add_score(eval_sums *sums, const cloze_answer_score *score)
{
    sums->count++;
    sums->exact += score->exact;
    sums->f1 += score->f1;
}

int eval_answer(eval_job *job, cloze_text predicted, const cloze_text *gold, size_t count,
                const char *where)
{
    eval_answers *sums = &job->answers;
    cloze_answer_score score;
    cloze_error error;
    if (cloze_score_answer(predicted, gold, count, job->squad, NULL, &score, &error))
        return say_error(&error, where);
    add_score(&sums->all, &score);
    add_score(count ? &sums->with_answer : &sums->without_answer, &score);
    return 0;
}

/* ---- one row of each kind ---- */

static int of_number(eval_job *job, cloze_text predicted, cloze_text gold, const char *where)
{
    double ours, right;
    bool known = cell_number(gold, &right);
    cloze_text bad = known ? predicted : gold;
    if (known && cell_number(predicted, &ours))
        return eval_number(job, ours, right);
    return say_failure(CLOZE_ERROR_TEXT, "%s: \"%.*s\" is no number", where,
                       (int)(bad.size < 64 ? bad.size : 64), bad.data);
}

static int of_label(eval_job *job, const row_pair *rows, const char *where)
{
    cloze_text gold, predicted;
    cloze_error error;
    int code = rows_text(rows->gold, GOLD, &gold);
    if (!code)
        code = rows_text(rows->predicted, PREDICTED, &predicted);
    if (code)
        return code;
    if (job->kind == KIND_NUMBERS)
        return of_number(job, predicted, gold, where);
    return cloze_tally_label(job->tally, predicted, gold, &error) ? say_error(&error, where) : 0;
}

static int of_list(eval_job *job, const row_pair *rows, const char *where)
{
    const cloze_text *gold, *predicted;
    size_t golds, predictions;
    cloze_error error;
    cloze_status status;
    int code = rows_list(rows->gold, GOLD, rows->separator, &gold, &golds);
    if (!code)
        code = rows_list(rows->predicted, PREDICTED, rows->separator, &predicted, &predictions);
    if (code)
        return code;
    if (job->kind == KIND_SETS) {
        status = cloze_tally_labels(job->tally, predicted, predictions, gold, golds, &error);
        return status ? say_error(&error, where) : 0;
    }
    if (golds != predictions)
        return say_failure(CLOZE_ERROR_TEXT, "%s: %zu predicted tags for %zu words", where,
                           predictions, golds);
    status = cloze_tally_tags(job->tally, predicted, gold, golds, &error);
    return status ? say_error(&error, where) : 0;
}

/* Several right answers are a list in JSON; a cell holds one, and an empty cell none. */
static int of_answer(eval_job *job, const row_pair *rows, const char *where)
{
    const cloze_text *gold;
    cloze_text predicted;
    size_t golds;
    int code = rows_text(rows->predicted, PREDICTED, &predicted);
    if (!code)
        code = rows_list(rows->gold, GOLD, 0, &gold, &golds);
    return code ? code : eval_answer(job, predicted, gold, golds, where);
}

static int of_row(eval_job *job, const row_pair *rows)
{
    char where[PATH_SIZE + 32];
    rows_where(rows->predicted, where, sizeof where);
    switch (job->kind) {
    case KIND_LABELS:
    case KIND_NUMBERS:
        return of_label(job, rows, where);
    case KIND_ANSWERS:
        return of_answer(job, rows, where);
    default:
        return of_list(job, rows, where);
    }
}

/* ---- all rows ---- */

static int walk(eval_job *job, const row_pair *rows)
{
    bool more = false, gold_more = false;
    for (size_t count = 0;; count++) {
        int code = rows_next(rows->predicted, &more);
        if (!code && rows->gold != rows->predicted)
            code = rows_next(rows->gold, &gold_more);
        else
            gold_more = more;
        if (!code && interrupted())
            code = EXIT_INTERRUPTED;
        if (code)
            return code;
        if (more != gold_more)
            return say_failure(CLOZE_ERROR_TEXT, "%s has only %zu rows, fewer than %s",
                               rows_name(more ? rows->gold : rows->predicted), count,
                               rows_name(more ? rows->predicted : rows->gold));
        if (!more)
            return 0;
        if ((code = of_row(job, rows)))
            return code;
    }
}

static int bind(const eval_job *job, const row_pair *rows)
{
    const cli_settings *settings = job->settings;
    bool conll = job->layout == LAYOUT_CONLL, two = rows->gold != rows->predicted;
    int code = rows_bind(rows->gold, GOLD, settings->label_column, "label",
                         conll ? (two ? -1 : -2) : 1, "--label-column");
    return code ? code
                : rows_bind(rows->predicted, PREDICTED, settings->prediction_column, "prediction",
                            conll ? -1
                            : two ? 1
                                  : 2,
                            "--prediction-column");
}

/* Lines of CoNLL may have what they like before the tags. */
static int open_even(cli_rows **out, const char *path, int layout, bool header)
{
    int code = rows_open(out, path, layout, header);
    if (!code && layout != LAYOUT_CONLL)
        rows_demand_even(*out);
    return code;
}

int eval_rows(eval_job *job, const char *path)
{
    const cli_settings *settings = job->settings;
    row_pair rows = { .separator = settings->separator ? *settings->separator : ',' };
    int code = open_even(&rows.predicted, path, job->layout, !settings->no_header);
    int gold_layout =
        settings->layout || !settings->gold ? job->layout : rows_layout(settings->gold);
    if (job->kind == KIND_TAGS)
        rows.separator = ' ';
    if (code)
        return code;
    rows.gold = rows.predicted;
    if (settings->gold && gold_layout == LAYOUT_SQUAD)
        code = say_failure(CLOZE_ERROR_ARGUMENT,
                           "%s is a .json file of SQuAD's layout; say --layout if it is not",
                           settings->gold);
    else if (settings->gold)
        code = open_even(&rows.gold, settings->gold, gold_layout, !settings->no_header);
    if (!code)
        code = bind(job, &rows);
    if (!code)
        code = walk(job, &rows);
    if (rows.gold != rows.predicted)
        rows_close(rows.gold);
    rows_close(rows.predicted);
    return code;
}
