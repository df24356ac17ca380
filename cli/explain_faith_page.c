/* explain_faith_page.c - how true the methods are, as tables of a page. */
#include "explain_faith.h"

#include "say.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = CLOZE_METHODS + 1, CELLS = ROWS * CLOZE_METHODS, NAME = 64 };

typedef struct page_tables {
    cloze_text rows[ROWS], columns[CLOZE_FAITH_MEASURES];
    char names[CLOZE_FAITH_MEASURES][NAME];
    char note[400];
    double values[ROWS * CLOZE_FAITH_MEASURES], spread[ROWS * CLOZE_FAITH_MEASURES];
    double likeness[CELLS];
} page_tables;

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static void name_columns(page_tables *out)
{
    for (int k = 0; k < CLOZE_FAITH_MEASURES; k++) {
        cloze_faith_measure measure = (cloze_faith_measure)k;
        snprintf(out->names[k], NAME, "%s %s", cloze_faith_measure_name(measure),
                 cloze_faith_measure_falls(measure) ? "\xe2\x86\x93" : "\xe2\x86\x91");
        out->columns[k] = text_of(out->names[k]);
    }
}

static void fill_row(page_tables *out, const explain_trial *trial, size_t row)
{
    out->rows[row] =
        row < trial->count ? text_of(trial_name(trial, row)) : text_of("random, the mean");
    for (size_t k = 0; k < CLOZE_FAITH_MEASURES; k++) {
        cloze_faith_summary s = trial_summary(trial, row, (cloze_faith_measure)k);
        out->values[row * CLOZE_FAITH_MEASURES + k] = s.mean;
        out->spread[row * CLOZE_FAITH_MEASURES + k] = (s.high - s.low) / 2;
    }
}

static void fill_likeness(page_tables *out, const explain_trial *trial)
{
    for (size_t a = 0; a < trial->count; a++)
        for (size_t b = 0; b < trial->count; b++)
            out->likeness[a * trial->count + b] =
                a == b ? 1 : cloze_evaluation_agreement(trial->evaluation, a, b).spearman;
}

int trial_write_page(const explain_trial *trial, const cli_explanation *explanation)
{
    page_tables *all = calloc(1, sizeof *all);
    int code;
    if (!all)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    name_columns(all);
    for (size_t i = 0; i <= trial->count; i++)
        fill_row(all, trial, i);
    fill_likeness(all, trial);
    snprintf(
        all->note, sizeof all->note,
        "Arrows show which way is better. The last row is the mean of %zu attributions without a "
        "reason, and where 95 %% of such means lie: a method that is not clearly better has told "
        "nothing.",
        trial->options.seeds);
    const cloze_page_table tables[] = {
        { text_of("Is it true?"), text_of(all->note), all->rows, all->columns, trial->count + 1,
          CLOZE_FAITH_MEASURES, all->values, all->spread },
        { text_of("How alike the methods order the units"),
          text_of("Spearman's rank correlation: 1 is the same order, \xe2\x88\x92"
                  "1 the reverse."),
          all->rows, all->rows, trial->count, trial->count, all->likeness, NULL },
    };
    code = explain_write_page(trial->job, explanation, tables, 2);
    free(all);
    return code;
}
