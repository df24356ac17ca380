/* explain_picture.c - the text and the bars of every method as a picture, and what is drawn at all. */
#include "explain.h"

#include "say.h"

#include <cloze/plot.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BARS = 12, NAME_MOST = 100, TITLE_SIZE = 400, NOTE_SIZE = 200 };

typedef struct drawing {
    cloze_plot_part *parts;   /* [units] */
    cloze_part_panel *panels; /* [count] */
    double *values;           /* [count, units] of differences */
    char (*notes)[NOTE_SIZE]; /* [count] */
} drawing;

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static void fill_parts(drawing *d, const cli_explanation *x)
{
    for (size_t i = 0; i < x->facts.units; i++) {
        cloze_explain_part part = cloze_explainer_unit(x->explainer, i);
        cloze_text shown = explanation_unit(x, i);
        d->parts[i] = (cloze_plot_part){ (size_t)part.span.side, part.span.begin,
                                         part.span.begin + shown.size };
    }
}

/* As the terminal says it. */
static void write_note(char note[NOTE_SIZE], const cloze_attribution_report *r, bool difference)
{
    if (difference)
        snprintf(note, NOTE_SIZE, "difference of the two");
    else if (isfinite(r->gap) && isfinite(r->nothing))
        snprintf(note, NOTE_SIZE, "F %.4g = base %.4g + sum %.4g + gap %.4g", r->value, r->nothing,
                 r->sum, attribution_gap(r));
    else
        snprintf(note, NOTE_SIZE, "F %.4g, sum %.4g", r->value, r->sum);
}

static void fill_panels(drawing *d, const cli_explanation *x, const cli_explanation *other)
{
    size_t units = x->facts.units;
    for (size_t m = 0; m < x->count; m++) {
        const cli_attribution *made = &x->made[m];
        double *values = d->values + m * units;
        for (size_t i = 0; i < units; i++)
            values[i] = made->units[i] - (other ? other->made[m].units[i] : 0);
        write_note(d->notes[m], &made->report, other != NULL);
        d->panels[m] = (cloze_part_panel){
            .title = text_of(cloze_explain_method_name(made->options.method)),
            .note = text_of(d->notes[m]),
            .values = values,
            .spread = other || made->report.exact ? NULL : made->spread,
        };
    }
}

/* Into the room that is left; a name is cut at a character. */
static void write_title(const explain_job *job, const cli_explanation *x,
                        const cli_explanation *other, char title[TITLE_SIZE])
{
    cloze_text name = explanation_target(job, x, &x->facts);
    const cli_explaining *e = &job->settings->explain;
    const char *less = e->versus ? e->versus : e->versus_model;
    char copy[NAME_MOST + 1];
    size_t size = name.size < NAME_MOST ? name.size : NAME_MOST;
    memcpy(copy, name.data, size);
    copy[size] = 0;
    int used = snprintf(title, TITLE_SIZE, "%.*s, %s %.4g",
                        explanation_cut(copy, size < name.size ? NAME_MOST - 4 : NAME_MOST), copy,
                        explain_value_name(x->options.value), x->facts.value);
    if (isfinite(x->facts.probability) && x->options.value != CLOZE_VALUE_PROBABILITY &&
        used < TITLE_SIZE)
        used += snprintf(title + used, TITLE_SIZE - (size_t)used, ", probability %.4g",
                         x->facts.probability);
    if (x->options.task == CLOZE_EXPLAIN_SIMILARITY)
        used = snprintf(title, TITLE_SIZE, "cosine %.4g", x->facts.value);
    if (other && used > 0 && used < TITLE_SIZE)
        snprintf(title + used, TITLE_SIZE - (size_t)used,
                 e->versus ? ", less %.4g of \"%.*s\"" : ", less %.4g of %.*s", other->facts.value,
                 explanation_cut(less, NAME_MOST), less);
}

static int draw(const explain_job *job, const cli_explanation *x, const cli_explanation *other,
                drawing *d)
{
    const cloze_text texts[] = { x->text, x->pair };
    char title[TITLE_SIZE];
    cloze_error error;
    size_t bars = job->settings->all   ? x->facts.units
                  : job->settings->top ? job->settings->top
                                       : BARS;
    fill_parts(d, x);
    fill_panels(d, x, other);
    write_title(job, x, other, title);
    cloze_part_plot plot = { .texts = texts,
                             .text_count = x->pair.size ? 2 : 1,
                             .parts = d->parts,
                             .part_count = x->facts.units,
                             .panels = d->panels,
                             .panel_count = x->count,
                             .bars = bars,
                             .title = text_of(title) };
    return cloze_plot_parts(&plot, job->settings->picture, &error) ? say_error(&error, NULL) : 0;
}

static int check_same_units(const cli_explanation *x, const cli_explanation *other)
{
    if (x->facts.units == other->facts.units && x->count == other->count)
        return 0;
    return say_failure(
        CLOZE_ERROR_ARGUMENT,
        "a difference needs as many parts on both sides: here are %zu and %zu; --span "
        "makes parts that correspond",
        x->facts.units, other->facts.units);
}

int explain_draw_parts(const explain_job *job, const cli_explanation *explanation,
                       const cli_explanation *other)
{
    size_t units = explanation->facts.units, count = explanation->count;
    drawing d = { 0 };
    int code = other ? check_same_units(explanation, other) : 0;
    if (code)
        return code;
    if (!count)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--picture: there is no method to draw");
    d.parts = calloc(units, sizeof *d.parts);
    d.panels = calloc(count, sizeof *d.panels);
    d.values = calloc(units * count, sizeof *d.values);
    d.notes = calloc(count, sizeof *d.notes);
    if (d.parts && d.panels && d.values && d.notes)
        code = draw(job, explanation, other, &d);
    else
        code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    free(d.parts);
    free(d.panels);
    free(d.values);
    free(d.notes);
    return code;
}

int explain_draw(explain_job *job, const cli_explanation *explanation)
{
    const cli_settings *s = job->settings;
    explain_job second = { 0 };
    cli_explanation versus = { 0 }, *other = NULL;
    int code = 0;
    if (!s->picture && !s->explain.attention)
        return 0;
    if (s->explain.versus || s->explain.versus_model) {
        other = &versus;
        code = explain_versus(&second, other, job, explanation);
    }
    if (!code && s->picture)
        code = explain_draw_parts(job, explanation, other);
    if (!code && s->explain.attention)
        code = explain_draw_attention(job, explanation, other);
    explain_versus_clear(&second, &versus);
    return code;
}
