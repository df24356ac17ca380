/*
 * eval_model.c - predictions by a model that reads labelled texts, a chunk at a time. What is right
 * may be the name of one of the model's labels, or its number.
 */
#include "eval.h"

#include "cells.h"
#include "interrupt.h"
#include "open.h"
#include "rows.h"
#include "say.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOLD, TEXT, PAIR };
enum { CHUNK_TEXTS = 1024, CHUNK_BYTES = 4 << 20, SHOWN_LABELS = 8 };

typedef struct model_run {
    eval_job *job;
    const char *path;
    cli_rows *rows;
    cli_opened opened;
    cloze_classify_options options;
    cloze_embed_report report;
    size_t labels;
    double threshold;
    char separator;

    char *bytes; /* of the chunk's texts */
    size_t used, room;
    size_t count;
    size_t ends[2 * CHUNK_TEXTS]; /* of text, and pair behind it */
    cloze_text texts[CHUNK_TEXTS], pairs[CHUNK_TEXTS];
    cloze_text *gold; /* names of labels, of all texts of the chunk */
    size_t gold_count, gold_room;
    size_t gold_ends[CHUNK_TEXTS];
    double numbers[CHUNK_TEXTS];
    float *scores;         /* [CHUNK_TEXTS, labels] */
    cloze_text *predicted; /* [labels] */
} model_run;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static cloze_text label_name(const model_run *run, size_t label)
{
    const char *name = cloze_model_label(run->opened.model, label);
    return (cloze_text){ name, strlen(name) };
}

static int unknown_label(const model_run *run, cloze_text text)
{
    char where[PATH_SIZE + 32], known[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < run->labels && i < SHOWN_LABELS && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 cloze_model_label(run->opened.model, i));
    return say_failure(CLOZE_ERROR_TEXT, "%s: \"%.*s\" is none of the model's labels: %s%s",
                       rows_where(run->rows, where, sizeof where),
                       (int)(text.size < 64 ? text.size : 64), text.data, known,
                       run->labels > SHOWN_LABELS ? ", ..." : "");
}

static int add_gold(model_run *run, cloze_text text)
{
    double number;
    size_t label = 0;
    if (run->gold_count == run->gold_room) {
        size_t room = run->gold_room ? 2 * run->gold_room : CHUNK_TEXTS;
        cloze_text *grown = realloc(run->gold, room * sizeof *grown);
        if (!grown)
            return out_of_memory();
        run->gold = grown;
        run->gold_room = room;
    }
    while (label < run->labels) {
        cloze_text name = label_name(run, label);
        if (name.size == text.size && !memcmp(name.data, text.data, name.size))
            break;
        label++;
    }
    if (label == run->labels && cell_number(text, &number) && number >= 0 &&
        number < (double)run->labels && (double)(size_t)number >= number)
        label = (size_t)number;
    if (label == run->labels)
        return unknown_label(run, text);
    run->gold[run->gold_count++] = label_name(run, label);
    return 0;
}

static int take_gold(model_run *run)
{
    char where[PATH_SIZE + 32];
    const cloze_text *items;
    cloze_text text;
    size_t count = 0;
    int code;
    if (run->job->kind == KIND_SETS) {
        code = rows_list(run->rows, GOLD, run->separator, &items, &count);
        for (size_t i = 0; i < count && !code; i++)
            code = add_gold(run, items[i]);
        return code;
    }
    if ((code = rows_text(run->rows, GOLD, &text)))
        return code;
    if (run->job->kind == KIND_LABELS)
        return add_gold(run, text);
    if (!cell_number(text, &run->numbers[run->count]))
        return say_failure(CLOZE_ERROR_TEXT, "%s: \"%.*s\" is no number",
                           rows_where(run->rows, where, sizeof where),
                           (int)(text.size < 64 ? text.size : 64), text.data);
    return 0;
}

static int keep(model_run *run, int slot, size_t *end)
{
    cloze_text text;
    int code = rows_text(run->rows, slot, &text);
    if (code)
        return code;
    if (run->used + text.size + 1 > run->room) {
        size_t room = 2 * (run->used + text.size + 1);
        char *grown = realloc(run->bytes, room);
        if (!grown)
            return out_of_memory();
        run->bytes = grown;
        run->room = room;
    }
    if (text.size)
        memcpy(run->bytes + run->used, text.data, text.size);
    *end = run->used += text.size;
    return 0;
}

/* The next texts with what is right of them. */
static int take_chunk(model_run *run)
{
    bool pairs = run->job->settings->pair_column;
    run->count = run->used = run->gold_count = 0;
    while (run->count < CHUNK_TEXTS && run->used < CHUNK_BYTES) {
        bool more;
        int code = rows_next(run->rows, &more);
        if (!code && !more)
            break;
        if (!code)
            code = take_gold(run);
        if (!code)
            code = keep(run, TEXT, &run->ends[2 * run->count]);
        run->ends[2 * run->count + 1] = run->used;
        if (!code && pairs)
            code = keep(run, PAIR, &run->ends[2 * run->count + 1]);
        if (code)
            return code;
        run->gold_ends[run->count++] = run->gold_count;
    }
    for (size_t i = 0, at = 0; i < run->count; at = run->ends[2 * i + 1], i++) {
        run->texts[i] = (cloze_text){ run->bytes + at, run->ends[2 * i] - at };
        run->pairs[i] =
            (cloze_text){ run->bytes + run->ends[2 * i], run->ends[2 * i + 1] - run->ends[2 * i] };
    }
    return 0;
}

static int count_text(model_run *run, size_t i)
{
    const float *scores = run->scores + i * run->labels;
    const cloze_text *gold = run->gold + (i ? run->gold_ends[i - 1] : 0);
    cloze_tally *tally = run->job->tally;
    size_t best = 0, found = 0;
    cloze_error error;
    cloze_status status;
    if (run->job->kind == KIND_NUMBERS)
        return eval_number(run->job, (double)scores[0], run->numbers[i]);
    for (size_t k = 0; k < run->labels; k++) {
        best = scores[k] > scores[best] ? k : best;
        if ((double)scores[k] >= run->threshold)
            run->predicted[found++] = label_name(run, k);
    }
    if (run->job->kind == KIND_SETS)
        status = cloze_tally_labels(tally, run->predicted, found, gold,
                                    run->gold_ends[i] - (i ? run->gold_ends[i - 1] : 0), &error);
    else
        status = cloze_tally_label(tally, label_name(run, best), gold[0], &error);
    return status ? say_error(&error, run->path) : 0;
}

static int classify(model_run *run)
{
    cloze_embed_report report = { 0 };
    cloze_error error;
    int code = 0;
    if (cloze_classify(run->opened.session, run->texts,
                       run->job->settings->pair_column ? run->pairs : NULL, run->count,
                       &run->options, run->scores, NULL, &report, &error))
        return say_error(&error, run->path);
    run->opened.done += run->count;
    run->report.texts += report.texts;
    run->report.truncated_texts += report.truncated_texts;
    run->report.truncated_tokens += report.truncated_tokens;
    for (size_t i = 0; i < run->count && !code; i++)
        code = count_text(run, i);
    return code;
}

static int bind(const model_run *run)
{
    const cli_settings *settings = run->job->settings;
    int code = rows_bind(run->rows, GOLD, settings->label_column, "label", 0, "--label-column");
    if (!code)
        code = rows_bind(run->rows, TEXT, settings->text_column, "text", 0, "--text-column");
    if (!code && settings->pair_column)
        code = rows_bind(run->rows, PAIR, settings->pair_column, "pair", 0, "--pair-column");
    return code;
}

/* A model with one label tells a number; the first row says how columns lie. */
static int prepare(model_run *run)
{
    const cli_settings *settings = run->job->settings;
    size_t size;
    int code = rows_open(&run->rows, run->path, run->job->layout, !settings->no_header);
    if (!code) {
        rows_demand_even(run->rows);
        code = bind(run);
    }
    if (!code)
        code = open_all(&run->opened, settings, false);
    if (code)
        return code;
    run->labels = cloze_model_labels(run->opened.model);
    run->options = (cloze_classify_options){ .function = (cloze_score_function)settings->function,
                                             .max_tokens = settings->max_tokens };
    run->threshold = isfinite(settings->threshold) ? settings->threshold : 0.5;
    run->separator = settings->separator ? *settings->separator : ',';
    if (!run->labels)
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "%s has no classification head: it was not fine-tuned to tell labels "
                           "apart",
                           model_name(settings));
    if (!settings->kind && run->labels == 1)
        run->job->kind = KIND_NUMBERS;
    if (run->job->kind == KIND_NUMBERS && run->labels > 1)
        return say_failure(CLOZE_ERROR_ARGUMENT, "%s tells %zu labels apart and no number",
                           model_name(settings), run->labels);
    if (__builtin_mul_overflow(CHUNK_TEXTS * sizeof *run->scores, run->labels, &size))
        return out_of_memory();
    run->scores = malloc(size);
    run->predicted = calloc(run->labels, sizeof *run->predicted);
    return run->scores && run->predicted ? 0 : out_of_memory();
}

int eval_model(eval_job *job, const char *path)
{
    model_run *run = calloc(1, sizeof *run);
    int code;
    if (!run)
        return out_of_memory();
    run->job = job;
    run->path = path;
    code = prepare(run);
    if (!code)
        code = take_chunk(run);
    while (!code && run->count) {
        code = interrupted() ? EXIT_INTERRUPTED : classify(run);
        if (!code)
            code = take_chunk(run);
    }
    progress_end(&run->opened.progress);
    if (!code)
        say_truncated(&run->report, "--max-tokens", job->settings->quiet);
    close_all(&run->opened);
    rows_close(run->rows);
    free(run->bytes);
    free(run->gold);
    free(run->scores);
    free(run->predicted);
    free(run);
    return code;
}
