/*
 * eval_report.c - what was counted, as a table for people and as JSON for programs. Answers have the
 * names and the percents that SQuAD's scripts print.
 */
#include "eval.h"

#include "say.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MATRIX_SHOWN = 12, MATRIX_JSON = 1000 };

static const char *const average_names[] = { "micro", "macro", "weighted" };

static cloze_text text_of(const char *name)
{
    return (cloze_text){ name, strlen(name) };
}

static const cloze_score *average(const cloze_averages *all, int number)
{
    return number == 0 ? &all->micro : number == 1 ? &all->macro : &all->weighted;
}

/* NULL when there is none: not of this kind, too large, or memory is out. */
static size_t *matrix_of(const eval_job *job, size_t most)
{
    size_t size = cloze_tally_size(job->tally), *matrix;
    if (job->kind != KIND_LABELS || !size || size > most)
        return NULL;
    matrix = calloc(size * size, sizeof *matrix);
    if (matrix && cloze_tally_matrix(job->tally, matrix, NULL)) {
        free(matrix);
        matrix = NULL;
    }
    return matrix;
}

/* ---- for people ---- */

static size_t widest_name(const eval_job *job)
{
    size_t widest = strlen("weighted");
    for (size_t i = 0; i < cloze_tally_size(job->tally); i++) {
        size_t width = cell_columns(cloze_tally_name(job->tally, i));
        widest = width > widest ? width : widest;
    }
    return widest < 40 ? widest : 40;
}

static void write_score(cli_output *output, cloze_text name, size_t width, const cloze_score *score)
{
    output_cell(output, name, width, true);
    output_format(output, "  %9.4f  %6.4f  %6.4f  %7zu\n", score->precision, score->recall,
                  score->f1, score->support);
}

static size_t digits(size_t number)
{
    size_t count = 1;
    for (; number >= 10; number /= 10)
        count++;
    return count;
}

static void write_matrix(cli_output *output, const cloze_tally *tally, const size_t *matrix,
                         size_t width)
{
    size_t size = cloze_tally_size(tally), columns[MATRIX_SHOWN];
    output_format(output, "\n%-*s", (int)width, "right");
    output_text(output, "  taken for\n");
    output_format(output, "%*s", (int)width, "");
    for (size_t p = 0; p < size; p++) {
        columns[p] = cell_columns(cloze_tally_name(tally, p));
        columns[p] = columns[p] < 20 ? columns[p] : 20;
        for (size_t g = 0; g < size; g++)
            if (digits(matrix[g * size + p]) > columns[p])
                columns[p] = digits(matrix[g * size + p]);
        output_text(output, "  ");
        output_cell(output, cloze_tally_name(tally, p), columns[p], p + 1 < size);
    }
    output_text(output, "\n");
    for (size_t g = 0; g < size; g++) {
        output_cell(output, cloze_tally_name(tally, g), width, true);
        for (size_t p = 0; p < size; p++)
            output_format(output, "  %*zu", (int)columns[p], matrix[g * size + p]);
        output_text(output, "\n");
    }
}

static void write_tally(const eval_job *job, cli_output *output)
{
    cloze_averages all = cloze_tally_averages(job->tally);
    size_t width = widest_name(job), *matrix = matrix_of(job, MATRIX_SHOWN);
    output_format(output, "%*s  precision  recall      f1  support\n", (int)width, "");
    for (size_t i = 0; i < cloze_tally_size(job->tally); i++) {
        cloze_score score = cloze_tally_score(job->tally, i);
        write_score(output, cloze_tally_name(job->tally, i), width, &score);
    }
    output_text(output, "\n");
    for (int i = 0; i < 3; i++)
        write_score(output, text_of(average_names[i]), width, average(&all, i));
    output_format(output, "\naccuracy  %.4f of %zu %s\n", all.accuracy, all.count,
                  job->kind == KIND_TAGS ? "tags" : "texts");
    if (job->kind == KIND_LABELS)
        output_format(output, "Matthews  %.4f\n", all.matthews);
    if (matrix)
        write_matrix(output, job->tally, matrix, width);
    free(matrix);
}

/* A constant column has no correlation. */
static void write_correlation(cli_output *output, const char *name, double value)
{
    if (isfinite(value))
        output_format(output, "%-14s  %7.4f\n", name, value);
    else
        output_format(output, "%-14s     none: all of a column are equal\n", name);
}

static void write_agreement(cli_output *output, const cloze_agreement *found, size_t count)
{
    write_correlation(output, "Pearson", found->pearson);
    write_correlation(output, "Spearman", found->spearman);
    output_format(output, "squared error   %7.4f\nabsolute error  %7.4f\n", found->squared_error,
                  found->absolute_error);
    output_format(output, "numbers         %7zu\n", count);
}

static double percent(double sum, size_t count)
{
    return count ? 100 * sum / (double)count : 0;
}

static void write_sums(cli_output *output, const char *name, const eval_sums *sums)
{
    output_format(output, "%-14s  %6.2f  %6.2f  %9zu\n", name, percent(sums->exact, sums->count),
                  percent(sums->f1, sums->count), sums->count);
}

static void write_answers(const eval_job *job, cli_output *output)
{
    output_text(output, "                 exact      f1  questions\n");
    write_sums(output, "all", &job->answers.all);
    if (job->squad == CLOZE_SQUAD_1)
        return;
    write_sums(output, "with answer", &job->answers.with_answer);
    write_sums(output, "without answer", &job->answers.without_answer);
}

/* ---- for programs ---- */

static void json_number(cli_output *output, const char *before, double value)
{
    output_text(output, before);
    output_real(output, value);
}

static void json_score(cli_output *output, const cloze_score *score)
{
    json_number(output, "\"precision\": ", score->precision);
    json_number(output, ", \"recall\": ", score->recall);
    json_number(output, ", \"f1\": ", score->f1);
    output_format(output, ", \"support\": %zu}", score->support);
}

static void json_matrix(cli_output *output, const size_t *matrix, size_t size)
{
    output_text(output, ", \"matrix\": [");
    for (size_t i = 0; i < size * size; i++)
        output_format(output, "%s%zu%s",
                      i % size ? ", "
                      : i      ? ", ["
                               : "[",
                      matrix[i], i % size + 1 == size ? "]" : "");
    output_text(output, "]");
}

static void json_tally(const eval_job *job, cli_output *output)
{
    cloze_averages all = cloze_tally_averages(job->tally);
    size_t size = cloze_tally_size(job->tally), *matrix = matrix_of(job, MATRIX_JSON);
    output_format(output, "{\"count\": %zu", all.count);
    json_number(output, ", \"accuracy\": ", all.accuracy);
    if (job->kind == KIND_LABELS)
        json_number(output, ", \"matthews\": ", all.matthews);
    for (int i = 0; i < 3; i++) {
        output_format(output, ", \"%s\": {", average_names[i]);
        json_score(output, average(&all, i));
    }
    output_text(output, ", \"labels\": [");
    for (size_t i = 0; i < size; i++) {
        cloze_score score = cloze_tally_score(job->tally, i);
        output_text(output, i ? ", {\"label\": " : "{\"label\": ");
        output_json(output, cloze_tally_name(job->tally, i));
        output_text(output, ", ");
        json_score(output, &score);
    }
    output_text(output, "]");
    if (matrix)
        json_matrix(output, matrix, size);
    output_text(output, "}\n");
    free(matrix);
}

static void json_agreement(cli_output *output, const cloze_agreement *found, size_t count)
{
    output_format(output, "{\"count\": %zu", count);
    json_number(output, ", \"pearson\": ", found->pearson);
    json_number(output, ", \"spearman\": ", found->spearman);
    json_number(output, ", \"squared_error\": ", found->squared_error);
    json_number(output, ", \"absolute_error\": ", found->absolute_error);
    output_text(output, "}\n");
}

static void json_sums(cli_output *output, const char *part, const eval_sums *sums)
{
    if (!sums->count)
        return;
    output_format(output, ", \"%s_exact\": ", part);
    output_real(output, percent(sums->exact, sums->count));
    output_format(output, ", \"%s_f1\": ", part);
    output_real(output, percent(sums->f1, sums->count));
    output_format(output, ", \"%s_total\": %zu", part, sums->count);
}

static void json_answers(const eval_job *job, cli_output *output)
{
    const eval_sums *all = &job->answers.all;
    bool first = job->squad == CLOZE_SQUAD_1;
    json_number(output,
                first ? "{\"exact_match\": " : "{\"exact\": ", percent(all->exact, all->count));
    json_number(output, ", \"f1\": ", percent(all->f1, all->count));
    if (!first) {
        output_format(output, ", \"total\": %zu", all->count);
        json_sums(output, "HasAns", &job->answers.with_answer);
        json_sums(output, "NoAns", &job->answers.without_answer);
    }
    output_text(output, "}\n");
}

int eval_report(const eval_job *job, cli_output *output)
{
    const eval_numbers *numbers = &job->numbers;
    bool json = job->settings->json;
    cloze_agreement found;
    cloze_error error;
    if (job->kind == KIND_ANSWERS) {
        (json ? json_answers : write_answers)(job, output);
    } else if (job->kind == KIND_NUMBERS) {
        if (cloze_agree(numbers->predicted, numbers->gold, numbers->count, NULL, &found, &error))
            return say_error(&error, NULL);
        (json ? json_agreement : write_agreement)(output, &found, numbers->count);
    } else {
        (json ? json_tally : write_tally)(job, output);
    }
    return 0;
}
