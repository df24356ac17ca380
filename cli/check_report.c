/* check_report.c - how often each check fails, and where: tables, and JSON. */
#include "check.h"

#include "marked.h"
#include "record.h"
#include "table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 3, AROUND = 60, NAME_MOST = 24 };

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static cloze_text label_of(const check_job *job, int64_t label)
{
    return text_of(label < 0 ? "none" : cloze_model_label(job->opened.model, (size_t)label));
}

/* ---- tables ---- */

static void write_expectation(const check_job *job, const cloze_check *check)
{
    static const char *const words[] = { "the label stays", "no surer of it", "no less sure of it",
                                         "the known label" };
    cli_output *output = job->output;
    bool named = check->label >= 0 && (check->expectation == CLOZE_EXPECT_FALL ||
                                       check->expectation == CLOZE_EXPECT_RISE);
    if (!named) {
        output_format(output, "%-18s", words[check->expectation]);
        return;
    }
    output_text(output, check->expectation == CLOZE_EXPECT_FALL ? "no more " : "no less ");
    output_cell(output, label_of(job, check->label), 10, true);
}

static void write_rate(const check_job *job, size_t i)
{
    cloze_behaviour_result r = cloze_behaviour_of(job->behaviour, i);
    output_format(job->output, "%-12s", check_change_name(job->checks[i].change));
    write_expectation(job, &job->checks[i]);
    output_format(job->output, "  %7zu", r.applies);
    if (r.applies)
        output_format(job->output, "  %5zu  %.4f  %.4f-%.4f", r.failures, r.rate, r.interval[0],
                      r.interval[1]);
    else
        output_text(job->output, "      -       -              -");
    if (r.too_long)
        output_format(job->output, "  %zu too long", r.too_long);
    output_text(job->output, "\n");
}

/* Of a text that was changed by hand, what is not the same at both ends. */
static void narrow(cloze_text text, cli_mark *mark)
{
    const char *put = mark->put.data;
    size_t size = mark->put.size, begin = 0, end = 0, most = size < text.size ? size : text.size;
    while (begin < most && put[begin] == text.data[begin])
        begin++;
    while (begin && ((begin < size && ((unsigned char)put[begin] & 0xc0) == 0x80) ||
                     (begin < text.size && ((unsigned char)text.data[begin] & 0xc0) == 0x80)))
        begin--;
    while (end < most - begin && put[size - 1 - end] == text.data[text.size - 1 - end])
        end++;
    while (end && ((unsigned char)put[size - end] & 0xc0) == 0x80)
        end--;
    mark->begin = begin;
    mark->end = text.size - end;
    mark->put = (cloze_text){ put + begin, size - end - begin };
}

static void write_side(const check_job *job, const cloze_check *check,
                       const cloze_behaviour_failure *f, cli_mark *marks, int side)
{
    cloze_text text = side ? job->pairs[f->text] : job->texts[f->text];
    size_t count = 0;
    for (size_t i = 0; i < f->count; i++)
        if (f->changes[i].span.side == side)
            marks[count++] = (cli_mark){ .begin = f->changes[i].span.begin,
                                         .end = f->changes[i].span.end,
                                         .put = f->changes[i].text };
    if (!count && (f->count || side))
        return;
    if (count && check->change == CLOZE_CHANGE_GIVEN)
        narrow(text, marks);
    output_text(job->output, "  ");
    if (count)
        marked_write(job->output, text, marks, count, AROUND);
    else
        output_cell(job->output, text, 2 * AROUND, false);
}

static size_t widest(const check_job *job)
{
    size_t found = 4;
    for (size_t i = 0; i < job->labels.count; i++) {
        size_t columns = cell_columns(label_of(job, (int64_t)i));
        found = columns > found ? columns : found;
    }
    return found < NAME_MOST ? found : NAME_MOST;
}

/* Columns of the failures that are shown. */
typedef struct failure_columns {
    size_t where, label;
} failure_columns;

static void write_failure(const check_job *job, const cloze_check *check,
                          const cloze_behaviour_failure *f, const failure_columns *columns,
                          cli_mark *marks)
{
    cli_output *output = job->output;
    size_t width = columns->label;
    output_text(output, "  ");
    output_cell(output, text_of(job->where[f->text]), columns->where, true);
    output_text(output, "  ");
    output_cell(output, label_of(job, f->label), width, true);
    output_format(output, "  %.4f", f->before);
    if (check->change != CLOZE_CHANGE_NOTHING)
        output_format(output, " -> %.4f", f->after);
    output_text(output, "  ");
    output_cell(output, label_of(job, f->says), width, true);
    write_side(job, check, f, marks, 0);
    write_side(job, check, f, marks, 1);
    output_text(output, "\n");
}

static void write_failures(const check_job *job, size_t i)
{
    const cli_settings *s = job->settings;
    cloze_behaviour_result r = cloze_behaviour_of(job->behaviour, i);
    size_t shown = s->all ? r.failures : s->top ? s->top : SHOWN;
    failure_columns columns = { 0, widest(job) };
    shown = shown < r.failures ? shown : r.failures;
    if (!shown)
        return;
    output_format(job->output, "\n%s: %zu of %zu fail%s\n",
                  check_change_name(job->checks[i].change), r.failures, r.applies,
                  r.failures == 1 ? "s" : "");
    for (size_t k = 0; k < shown; k++) {
        size_t text = cloze_behaviour_failed(job->behaviour, i, k).text;
        size_t width = cell_columns(text_of(job->where[text]));
        columns.where = width > columns.where ? width : columns.where;
    }
    for (size_t k = 0; k < shown; k++) {
        cloze_behaviour_failure f = cloze_behaviour_failed(job->behaviour, i, k);
        cli_mark *marks = calloc(f.count + 1, sizeof *marks);
        if (marks)
            write_failure(job, &job->checks[i], &f, &columns, marks);
        free(marks);
    }
    if (shown < r.failures)
        output_format(job->output, "  ... and %zu more (--all)\n", r.failures - shown);
}

void check_write_tables(const check_job *job)
{
    cli_output *output = job->output;
    output_format(output, "%zu text%s, seed %zu\n", job->count, job->count == 1 ? "" : "s",
                  job->settings->seed);
    output_text(output, "check       expected            applies  fails    rate     95 % of it\n");
    for (size_t i = 0; i < job->check_count; i++)
        write_rate(job, i);
    for (size_t i = 0; i < job->check_count; i++)
        write_failures(job, i);
}

/* ---- JSON ---- */

static void write_real(cli_output *output, const char *before, double number)
{
    output_text(output, before);
    output_real(output, number);
}

static void write_string(cli_output *output, const char *before, cloze_text text)
{
    output_text(output, before);
    output_json(output, text);
}

static void write_json_failure(const check_job *job, const cloze_check *check,
                               const cloze_behaviour_failure *f)
{
    cli_output *output = job->output;
    output_format(output, "{\"number\": %zu", f->text);
    write_string(output, ", \"where\": ", text_of(job->where[f->text]));
    write_string(output, ", \"text\": ", job->texts[f->text]);
    if (job->has_pairs)
        write_string(output, ", \"pair\": ", job->pairs[f->text]);
    if (check->change != CLOZE_CHANGE_NOTHING) {
        write_string(output, ", \"changed\": ", f->changed);
        if (job->has_pairs)
            write_string(output, ", \"changed_pair\": ", f->changed_pair);
        output_text(output, ", \"changes\": [");
        for (size_t i = 0; i < f->count; i++) {
            const cloze_explain_span *span = &f->changes[i].span;
            output_format(output, "%s{\"side\": %d, \"begin\": %zu, \"end\": %zu, \"text\": ",
                          i ? ", " : "", span->side, span->begin, span->end);
            output_json(output, f->changes[i].text);
            output_text(output, "}");
        }
        output_text(output, "]");
    }
    write_string(output, ", \"label\": ", label_of(job, f->label));
    write_real(output, ", \"before\": ", f->before);
    write_real(output, ", \"after\": ", f->after);
    write_string(output, ", \"said\": ", label_of(job, f->said));
    write_string(output, ", \"says\": ", label_of(job, f->says));
    output_text(output, "}");
}

static void write_json_check(const check_job *job, size_t i)
{
    const cloze_check *check = &job->checks[i];
    cli_output *output = job->output;
    cloze_behaviour_result r = cloze_behaviour_of(job->behaviour, i);
    write_string(output, "{\"check\": ", text_of(check_change_name(check->change)));
    write_string(output, ", \"expected\": ", text_of(check_expectation_name(check->expectation)));
    if (check->label >= 0)
        write_string(output, ", \"label\": ", label_of(job, check->label));
    write_real(output, ", \"tolerance\": ", check->tolerance);
    output_format(output, ", \"applies\": %zu, \"fails\": %zu, \"too_long\": %zu", r.applies,
                  r.failures, r.too_long);
    write_real(output, ", \"rate\": ", r.rate);
    write_real(output, ", \"low\": ", r.interval[0]);
    write_real(output, ", \"high\": ", r.interval[1]);
    output_text(output, ", \"failures\": [");
    for (size_t k = 0; k < r.failures; k++) {
        cloze_behaviour_failure f = cloze_behaviour_failed(job->behaviour, i, k);
        output_text(output, k ? ", " : "");
        write_json_failure(job, check, &f);
    }
    output_text(output, "]}");
}

void check_write_json(const check_job *job)
{
    cli_output *output = job->output;
    const cli_checking *c = &job->settings->check;
    output_text(output, "{");
    record_write_json(output, job->settings, &job->opened, job->digest);
    output_format(output,
                  ", \"texts\": %zu, \"settings\": {\"copies\": %zu, \"typos\": %zu, "
                  "\"change_pair\": %s, \"own_names\": %s, \"own_places\": %s, \"seed\": %zu}, "
                  "\"checks\": [",
                  job->count, c->copies ? c->copies : 1, c->typos ? c->typos : 1,
                  c->change_pair ? "true" : "false", c->names.count ? "true" : "false",
                  c->places.count ? "true" : "false", job->settings->seed);
    for (size_t i = 0; i < job->check_count; i++) {
        output_text(output, i ? ", " : "");
        write_json_check(job, i);
    }
    output_text(output, "]}\n");
}
