/* explain_curves.c - F while units go and come in the order of every method, as a picture. */
#include "explain_faith.h"

#include "say.h"

#include <cloze/plot.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 40, LINES = CLOZE_METHODS + 1 };

typedef struct curves {
    double shares[STEPS + 1];
    double values[2][LINES][STEPS + 1];
    cloze_plot_line lines[2][LINES];
} curves;

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

/* The random attributions' curve is pale: it is what the others are held against. */
static void fill(curves *out, const explain_trial *trial)
{
    for (size_t k = 0; k <= STEPS; k++)
        out->shares[k] = 100 * (double)k / STEPS;
    for (int insertion = 0; insertion < 2; insertion++)
        for (size_t i = 0; i <= trial->count; i++) {
            double *values = out->values[insertion][i];
            for (size_t k = 0; k <= STEPS; k++)
                values[k] = trial_curve(trial, i, insertion, (double)k / STEPS);
            out->lines[insertion][i] = (cloze_plot_line){ .name = text_of(trial_name(trial, i)),
                                                          .x = out->shares,
                                                          .y = values,
                                                          .count = STEPS + 1,
                                                          .faint = i == trial->count };
        }
}

int trial_draw(const explain_trial *trial, const char *path)
{
    curves *all = calloc(1, sizeof *all);
    char title[100];
    cloze_error error;
    size_t texts = cloze_evaluation_texts(trial->evaluation);
    if (!all)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    fill(all, trial);
    snprintf(title, sizeof title, "F of %zu text%s while units go and come", texts,
             texts == 1 ? "" : "s");
    const cloze_plot_panel panels[] = {
        { .lines = all->lines[0],
          .count = trial->count + 1,
          .title = text_of("F, units taken away") },
        { .lines = all->lines[1],
          .count = trial->count + 1,
          .title = text_of("F, units put back") },
    };
    const cloze_line_plot plot = { .panels = panels,
                                   .count = 2,
                                   .title = text_of(title),
                                   .x_title = text_of("% of units, the highest first") };
    int code = cloze_plot_lines(&plot, path, &error) ? say_error(&error, NULL) : 0;
    free(all);
    return code;
}
