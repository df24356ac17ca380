/* explain_faith.c - how true methods are, as tables on a terminal. */
#include "explain_faith.h"

#include "table.h"

#include <math.h>
#include <string.h>

enum { NAME = 22, CELL = 11 };

typedef struct column {
    cloze_faith_measure measure;
    const char *title;
} column;

static const column of_f[] = {
    { CLOZE_FAITH_COMPREHENSIVENESS, "compreh." }, { CLOZE_FAITH_SUFFICIENCY, "suffic." },
    { CLOZE_FAITH_LOG_ODDS, "log-odds" },          { CLOZE_FAITH_DELETION, "deletion" },
    { CLOZE_FAITH_INSERTION, "insertion" },
};

static const column of_shares[] = {
    { CLOZE_FAITH_NORMAL_COMPREHENSIVENESS, "ncompreh." },
    { CLOZE_FAITH_NORMAL_SUFFICIENCY, "nsuffic." },
    { CLOZE_FAITH_FLIP, "flip" },
    { CLOZE_FAITH_INFIDELITY, "infidel." },
    { CLOZE_FAITH_RANDOMIZED, "weights" },
    { CLOZE_FAITH_SENSITIVITY, "sensit." }, /* the last: only where it was asked for */
};

static void write_padded(cli_output *output, const char *text, size_t columns)
{
    output_cell(output, (cloze_text){ text, strlen(text) }, columns, true);
}

static void write_title(cli_output *output, const column *c)
{
    const char *arrow = cloze_faith_measure_falls(c->measure) ? "\xe2\x86\x93" : "\xe2\x86\x91";
    size_t taken = strlen(c->title) + 1;
    for (size_t i = taken; i + 1 < CELL; i++)
        output_text(output, " ");
    output_format(output, "%s%s ", c->title, arrow);
}

static void write_cell(cli_output *output, double number, explain_verdict verdict)
{
    static const char *const marks[] = { "-", " ", "+" };
    bool zero = fabs(number) < 1e-12; /* but for rounding */
    if (isnan(number))
        output_format(output, "%*s  ", CELL - 2, ".");
    else
        output_format(output, fabs(number) < 5e-4 && !zero ? "%*.1e%s " : "%*.4f%s ", CELL - 2,
                      zero ? 0 : number, marks[verdict + 1]);
}

static void write_row(const explain_trial *trial, size_t contender, const column *columns,
                      size_t count)
{
    cli_output *output = trial->job->output;
    output_text(output, "  ");
    write_padded(output, trial_name(trial, contender), NAME);
    for (size_t i = 0; i < count; i++) {
        cloze_faith_summary s = trial_summary(trial, contender, columns[i].measure);
        write_cell(output, s.mean,
                   contender < trial->count ? trial_verdict(trial, &s) : VERDICT_OPEN);
    }
    output_text(output, "\n");
}

/* Of random attributions: where their mean lies. */
static void write_interval(const explain_trial *trial, const column *columns, size_t count,
                           bool high)
{
    cli_output *output = trial->job->output;
    output_text(output, "  ");
    write_padded(output, high ? "  to" : "  95 % from", NAME);
    for (size_t i = 0; i < count; i++) {
        cloze_faith_summary s = trial_summary(trial, trial->count, columns[i].measure);
        write_cell(output, high ? s.high : s.low, VERDICT_OPEN);
    }
    output_text(output, "\n");
}

static void write_block(const explain_trial *trial, const char *title, const column *columns,
                        size_t count)
{
    cli_output *output = trial->job->output;
    output_format(output, "\n%s\n  ", title);
    write_padded(output, "", NAME);
    for (size_t i = 0; i < count; i++)
        write_title(output, &columns[i]);
    output_text(output, "\n");
    for (size_t i = 0; i <= trial->count; i++)
        write_row(trial, i, columns, count);
    write_interval(trial, columns, count, false);
    write_interval(trial, columns, count, true);
}

/* ---- --all: every interval ---- */

static void write_measure(const explain_trial *trial, cloze_faith_measure measure)
{
    cli_output *output = trial->job->output;
    output_format(output, "\n%s (%s is better)\n", cloze_faith_measure_name(measure),
                  cloze_faith_measure_falls(measure) ? "less" : "more");
    for (size_t i = 0; i <= trial->count; i++) {
        cloze_faith_summary s = trial_summary(trial, i, measure);
        output_text(output, "  ");
        write_padded(output, trial_name(trial, i), NAME);
        if (isnan(s.mean)) {
            output_text(output, "not known\n");
            continue;
        }
        output_format(output, "%9.4f", s.mean);
        if (!isnan(s.low))
            output_format(output, " [%.4f, %.4f]", s.low, s.high);
        if (i < trial->count && !isnan(s.gain)) {
            output_format(output, "  %+.4f", s.gain);
            if (!isnan(s.gain_low))
                output_format(output, " [%+.4f, %+.4f]", s.gain_low, s.gain_high);
            output_format(output, " against random, better than %.0f %%", 100 * s.wins);
        }
        output_text(output, "\n");
    }
}

/* ---- agreement, random weights ---- */

static void write_agreement(const explain_trial *trial)
{
    cli_output *output = trial->job->output;
    output_text(output,
                "\nHow alike they order the units (Spearman's correlation in hundredths)\n");
    for (size_t a = 0; a < trial->count; a++) {
        output_format(output, "  %2zu ", a + 1);
        write_padded(output, trial_name(trial, a), NAME - 3);
        for (size_t b = 0; b < a; b++) {
            double r = cloze_evaluation_agreement(trial->evaluation, a, b).spearman;
            if (isnan(r))
                output_text(output, "    .");
            else
                output_format(output, " %4.0f", 100 * r);
        }
        output_format(output, " %4s\n", "100");
    }
    output_format(output, "  %2s ", "");
    write_padded(output, "", NAME - 3);
    for (size_t a = 0; a < trial->count; a++)
        output_format(output, " %4zu", a + 1);
    output_text(output, "\n");
}

static void write_cascade(const explain_trial *trial)
{
    cli_output *output = trial->job->output;
    size_t stages = cloze_evaluation_stages(trial->evaluation);
    output_text(output, "\nLikeness to the explanation of a model whose head, last layer, ..., "
                        "embeddings are random\n");
    for (size_t i = 0; i < trial->count; i++) {
        output_text(output, "  ");
        write_padded(output, trial_name(trial, i), NAME);
        for (size_t s = 0; s < stages; s++) {
            double r = cloze_evaluation_randomized(trial->evaluation, i, s);
            if (isnan(r))
                output_text(output, "    .");
            else
                output_format(output, " %4.0f", 100 * r);
        }
        output_text(output, "\n");
    }
}

/* ---- all of it ---- */

static void write_heading(const explain_trial *trial)
{
    const explain_job *job = trial->job;
    size_t texts = cloze_evaluation_texts(trial->evaluation);
    bool similarity = job->options.task == CLOZE_EXPLAIN_SIMILARITY;
    output_format(job->output,
                  "%zu text%s of %.1f units; F is the %s; %zu random attributions a "
                  "text, seed %llu\n",
                  texts, texts == 1 ? "" : "s", (double)trial->units / (double)texts,
                  similarity ? "cosine" : explain_value_name(job->options.value),
                  trial->options.seeds, (unsigned long long)trial->options.seed);
    output_text(job->output, texts == 1
                                 ? "+ better than 95 % of random attributions, - worse than 95 %\n"
                                 : "+ better than random attributions, - worse, by a 95 % interval "
                                   "over texts\n");
}

static void write_bounds(const explain_trial *trial)
{
    cli_output *output = trial->job->output;
    size_t texts = cloze_evaluation_texts(trial->evaluation);
    output_format(output, "  best and worst order: of all orders in %zu text%s", trial->exact,
                  trial->exact == 1 ? "" : "s");
    if (trial->found)
        output_format(output, ", by beam search in %zu", trial->found);
    if (trial->exact + trial->found < texts)
        output_format(output, ", not looked for in %zu", texts - trial->exact - trial->found);
    output_text(output, "\n");
}

void trial_write_tables(const explain_trial *trial)
{
    write_heading(trial);
    write_block(trial, "What becomes of F", of_f, sizeof of_f / sizeof *of_f);
    write_block(trial,
                "From the worst order of units, 0, to the best, 1; share of units to a flip; error",
                of_shares, sizeof of_shares / sizeof *of_shares - !trial->options.sensitivity);
    write_bounds(trial);
    write_agreement(trial);
    if (cloze_evaluation_stages(trial->evaluation) > 1)
        write_cascade(trial);
    for (int k = 0; k < CLOZE_FAITH_MEASURES && trial->job->settings->all; k++)
        write_measure(trial, (cloze_faith_measure)k);
}
