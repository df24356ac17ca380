/* explain_bars.c - an explanation on a terminal: what the model says, the text, and bars sorted by size. */
#include "explain.h"

#include "say.h"
#include "table.h"

#include <cloze/plot.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 24, BAR_MOST = 40, WIDTH = 80, SHOWN = 20, SHOWN_OF_SEVERAL = 10 };

/* Digits that tell the numbers of one list apart. */
static void write_number(cli_output *output, double number, double largest, bool sign)
{
    if (largest < 0.01 && largest > 0)
        output_format(output, sign ? "%+.2e" : "%.2e", number);
    else
        output_format(output, sign ? "%+9.4f" : "%.4f", number);
}

/* ---- bars ---- */

static void begin_ink(cli_output *output, bool adds, cli_inks inks)
{
    unsigned char rgb[3];
    cloze_plot_colour(CLOZE_COLOURS_DIVERGING, adds ? 1 : 0, rgb);
    if (inks == INKS_ALL)
        output_format(output, "\033[38;2;%d;%d;%dm", rgb[0], rgb[1], rgb[2]);
    else if (inks == INKS_256)
        output_text(output, adds ? "\033[38;5;172m" : "\033[38;5;68m");
}

/* Full blocks add, light ones take away: the sign is there without colours, too. */
static void write_bar(cli_output *output, double value, double largest, size_t most, cli_inks inks)
{
    size_t length = (size_t)(fabs(value) / largest * (double)most + 0.5);
    if (!length)
        return;
    begin_ink(output, value > 0, inks);
    for (size_t i = 0; i < length; i++)
        output_text(output, value > 0 ? "\xe2\x96\x88" : "\xe2\x96\x91");
    output_text(output, inks == INKS_NONE ? "" : "\033[0m");
}

static size_t widest_name(const cli_explanation *x, const size_t *order, size_t count)
{
    size_t widest = 0;
    for (size_t i = 0; i < count; i++) {
        size_t columns = cell_columns(explanation_unit(x, order[i]));
        widest = columns > widest ? columns : widest;
    }
    return widest < NAME_MOST ? widest : NAME_MOST;
}

static void write_rows(cli_output *output, const cli_explanation *x, const cli_attribution *made,
                       const size_t *order, size_t count, cli_inks inks)
{
    double largest = attribution_largest(made, x->facts.units);
    size_t name = widest_name(x, order, count), columns = output_columns(output);
    bool drawn = !made->report.exact && isfinite(made->spread[order[0]]);
    size_t taken = (drawn ? 25U : 15U) + name;
    columns = columns ? columns : WIDTH;
    size_t most = columns > taken + 1 ? columns - taken - 1 : 1;
    most = most < BAR_MOST ? most : BAR_MOST;
    for (size_t i = 0; i < count; i++) {
        size_t unit = order[i];
        output_text(output, "  ");
        write_number(output, made->units[unit], largest, true);
        if (drawn) {
            output_text(output, " \xc2\xb1 ");
            write_number(output, made->spread[unit], largest, false);
        }
        output_text(output, "  ");
        output_cell(output, explanation_unit(x, unit), name, true);
        output_text(output, "  ");
        write_bar(output, made->units[unit], largest, most, inks);
        output_text(output, "\n");
    }
}

int explain_write_bars(cli_output *output, const cli_explanation *explanation,
                       const cli_attribution *made, size_t most, cli_inks inks)
{
    size_t units = explanation->facts.units, shown = units < most ? units : most;
    size_t *order = calloc(units, sizeof *order);
    if (!order)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    attribution_order(made, units, order);
    write_rows(output, explanation, made, order, shown, inks);
    if (shown < units)
        output_format(output, "  ... and %zu more (--all)\n", units - shown);
    free(order);
    return 0;
}

/* ---- what is said around ---- */

static void write_quoted(cli_output *output, const char *before, cloze_text text)
{
    output_text(output, before);
    output_text(output, "\"");
    output_cell(output, text, NAME_MOST, false);
    output_text(output, "\"");
}

static void write_target(const explain_job *job, const cli_explanation *x,
                         const cloze_explained *facts)
{
    cloze_text name = explanation_target(job, x, facts);
    if (x->options.task == CLOZE_EXPLAIN_ANSWER)
        write_quoted(job->output, "", name);
    else
        output_cell(job->output, name, 0, false);
    if (x->options.task == CLOZE_EXPLAIN_TAGS)
        write_quoted(job->output, " of ",
                     (cloze_text){ x->text.data + facts->place.begin,
                                   facts->place.end - facts->place.begin });
    if (isfinite(facts->probability))
        output_format(job->output, ", probability %.4f", facts->probability);
}

static bool same_place(cloze_explain_span a, cloze_explain_span b)
{
    return a.begin == b.begin && a.end == b.end && a.side == b.side;
}

/* F, where the line has not said it as a probability. */
static void write_value(const explain_job *job, const cli_explanation *x)
{
    cloze_explained other = x->facts;
    other.target = x->facts.against;
    if (x->options.task == CLOZE_EXPLAIN_SIMILARITY) {
        output_format(job->output, " %.4f", x->facts.value);
        return;
    }
    if (x->options.value == CLOZE_VALUE_PROBABILITY)
        return;
    output_format(job->output, ", %s %.4f", explain_value_name(x->options.value), x->facts.value);
    if (x->options.value != CLOZE_VALUE_MARGIN)
        return;
    output_text(job->output, " over ");
    if (x->facts.against >= 0)
        output_cell(job->output, explanation_target(job, x, &other), 0, false);
    else
        output_text(job->output, "no answer");
}

void explain_write_heading(const explain_job *job, const cli_explanation *x)
{
    output_text(job->output, job->number - job->left_out > 1 ? "\n" : "");
    write_target(job, x, &x->facts);
    write_value(job, x);
    if (x->said.target != x->facts.target || !same_place(x->said.place, x->facts.place)) {
        output_text(job->output, "; the model says ");
        write_target(job, x, &x->said);
    }
    output_text(job->output, "\n");
}

static void write_part(cli_output *output, const char *before, double number)
{
    output_text(output, before);
    write_number(output, number, fabs(number), false);
}

/* F as base, sum and what is missing, where the method promises that they are the same. */
static void write_sum(cli_output *output, const cli_attribution *made)
{
    const cloze_attribution_report *r = &made->report;
    bool complete = isfinite(r->gap) && isfinite(r->nothing);
    write_part(output, "  F ", r->value);
    if (complete)
        write_part(output, " = base ", r->nothing);
    write_part(output, complete ? " + sum " : ", sum ", r->sum);
    if (complete)
        write_part(output, " + gap ", attribution_gap(r));
    if (isfinite(r->fit))
        write_part(output, ", fit ", r->fit);
    if (r->steps)
        output_format(output, ", %zu steps", r->steps);
    output_format(output, ", %zu run%s", r->runs, r->runs == 1 ? "" : "s");
    if (!r->exact)
        output_format(output, ", seed %llu", (unsigned long long)made->options.seed);
    output_text(output, "\n");
}

int explain_write_terminal(explain_job *job, const cli_explanation *explanation)
{
    cli_inks inks = explain_inks(job);
    size_t most = job->settings->top;
    int code = 0;
    if (job->settings->all)
        most = explanation->facts.units;
    else if (!most)
        most = explanation->count > 1 ? SHOWN_OF_SEVERAL : SHOWN;
    explain_write_heading(job, explanation);
    if (inks == INKS_NONE && explanation->count)
        explain_write_text(job->output, explanation, explanation->made, inks);
    for (size_t i = 0; i < explanation->count && !code; i++) {
        const cli_attribution *made = &explanation->made[i];
        const char *name = cloze_explain_method_name(made->options.method);
        output_format(job->output, inks == INKS_NONE ? "%s\n" : "\033[1m%s\033[0m\n", name);
        if (inks != INKS_NONE)
            explain_write_text(job->output, explanation, made, inks);
        code = explain_write_bars(job->output, explanation, made, most, inks);
        write_sum(job->output, made);
    }
    return code;
}
