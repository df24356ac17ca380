/* explain_attention.c - attention as pictures: one head, a layer, or all heads of all layers. */
#include "explain_maps.h"

#include "say.h"

#include <cloze/plot.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

/* What the text has there: a byte-level vocabulary writes other characters. */
static cloze_text token_name(const cli_explanation *x, size_t token)
{
    cloze_explain_token t = cloze_explainer_token(x->explainer, token);
    cloze_text within = t.span.side == 1 ? x->pair : x->text;
    if (t.span.side < 0 || t.span.begin >= t.span.end)
        return t.text;
    return (cloze_text){ within.data + t.span.begin, t.span.end - t.span.begin };
}

static bool equal(cloze_text a, cloze_text b)
{
    return a.size == b.size && !memcmp(a.data, b.data, a.size);
}

/* "cat / dog" where two inputs differ; owned by `kept`. */
static bool pair_name(cloze_text *name, cloze_text other, char **kept)
{
    size_t size = name->size + other.size + 3;
    if (equal(*name, other))
        return true;
    if (!(*kept = malloc(size + 1)))
        return false;
    memcpy(*kept, name->data, name->size);
    memcpy(*kept + name->size, " / ", 3);
    memcpy(*kept + name->size + 3, other.data, other.size);
    *name = (cloze_text){ *kept, size };
    return true;
}

typedef struct token_names {
    cloze_text *name; /* [count] */
    char **kept;      /* [count] */
    size_t count;
} token_names;

static bool make_names(token_names *out, const cli_maps *m, const cli_explanation *x,
                       const cli_maps *others, const cli_explanation *other)
{
    out->count = m->tokens;
    out->name = calloc(m->tokens + 1, sizeof *out->name);
    out->kept = calloc(m->tokens + 1, sizeof *out->kept);
    bool good = out->name && out->kept;
    for (size_t i = 0; i < m->tokens && good; i++) {
        out->name[i] = token_name(x, m->token[i]);
        if (other)
            good = pair_name(&out->name[i], token_name(other, others->token[i]), &out->kept[i]);
    }
    return good;
}

static void clear_names(token_names *names)
{
    for (size_t i = 0; names->kept && i < names->count; i++)
        free(names->kept[i]);
    free(names->kept);
    free(names->name);
}

/* ---- drawing ---- */

enum { TITLE_SIZE = 300, LESS_MOST = 120 };

static const char *const map_names[] = { "attention", "attention", "rollout", "value zeroing",
                                         "gradient x attention" };

typedef struct look {
    cloze_colour_map map;
    cloze_plot_scale scale;
    bool is_signed;
    cloze_text value;
} look;

/* On a small map little of a long row is seen but against its own highest. */
static look look_of(const explain_job *job, bool difference, bool small)
{
    const cli_explaining *e = &job->settings->explain;
    cloze_plot_scale usual = small && !difference ? CLOZE_PLOT_ROW_HIGHEST : CLOZE_PLOT_LINEAR;
    look out = { .map = e->colours ? (cloze_colour_map)(e->colours - 1) : CLOZE_COLOURS_BLUE,
                 .scale = e->scale ? (cloze_plot_scale)(e->scale - 1) : usual,
                 .value = { map_names[e->map], strlen(map_names[e->map]) } };
    if (out.scale == CLOZE_PLOT_ROW_HIGHEST)
        out.value = (cloze_text){ "share of the row's highest", 26 };
    if (difference) {
        out.map = e->colours == CLOZE_COLOURS_RED_BLUE + 1 ? CLOZE_COLOURS_RED_BLUE
                                                           : CLOZE_COLOURS_DIVERGING;
        out.is_signed = true;
        out.value = (cloze_text){ "difference", 10 };
    }
    return out;
}

/* What a title says behind its subject. */
static int write_less(char *to, size_t room, const explain_job *job, const cli_explanation *other)
{
    const cli_explaining *e = &job->settings->explain;
    const char *what = e->versus ? e->versus : e->versus_model;
    *to = 0;
    return !other ? 0
                  : snprintf(to, room, e->versus ? ", less \"%.*s\"" : ", less %.*s",
                             explanation_cut(what, LESS_MOST), what);
}

static int write_subject(char *to, size_t room, const explain_job *job, const cli_maps *m)
{
    const cli_explaining *e = &job->settings->explain;
    if (e->map > MAP_ATTENTION)
        return snprintf(to, room, "%s, layer %.0f", map_names[e->map], e->layer);
    if (e->head >= 0)
        return snprintf(to, room, "layer %.0f, head %.0f", e->layer, e->head);
    return snprintf(to, room, "layer %.0f, %s of %zu heads", e->layer,
                    e->highest ? "the highest" : "mean", m->heads);
}

static int draw_head(const explain_job *job, cli_maps *m, const token_names *names,
                     const cli_explanation *other)
{
    const cli_explaining *e = &job->settings->explain;
    size_t layer = (size_t)e->layer - 1, head = e->head >= 0 ? (size_t)e->head : 0;
    look l = look_of(job, other != NULL, false);
    char title[TITLE_SIZE];
    cloze_error error;
    int used = write_subject(title, sizeof title, job, m);
    used += write_less(title + used, sizeof title - (size_t)used, job, other);
    if (e->head < 0)
        maps_join_heads(m, layer, e->highest);
    cloze_heat_plot plot = { .rows = m->tokens,
                             .columns = m->tokens,
                             .values = m->map[layer * m->heads + head],
                             .row_names = names->name,
                             .column_names = names->name,
                             .title = { title, (size_t)used },
                             .row_title = { "looks", 5 },
                             .column_title = { "is looked at", 12 },
                             .value_title = l.value,
                             .map = l.map,
                             .scale = l.scale,
                             .is_signed = l.is_signed };
    return cloze_plot_heat(&plot, e->attention, &error) ? say_error(&error, NULL) : 0;
}

static int draw_sheet(const explain_job *job, const cli_maps *m, const cli_explanation *other)
{
    look l = look_of(job, other != NULL, true);
    int map = job->settings->explain.map;
    bool matrices = map > MAP_ATTENTION; /* layers have no heads: they lie side by side */
    char title[TITLE_SIZE];
    cloze_error error;
    int used = snprintf(title, sizeof title, "%s of %zu tokens, rows look at columns",
                        map_names[map], m->tokens);
    used += write_less(title + used, sizeof title - (size_t)used, job, other);
    cloze_sheet_plot plot = { .down = matrices ? 1 : m->layers,
                              .across = matrices ? m->layers : m->heads,
                              .rows = m->tokens,
                              .columns = m->tokens,
                              .values = (const float *const *)m->map,
                              .first_down = 1,
                              .first_across = matrices,
                              .title = { title, (size_t)used },
                              .down_title = { "layer", matrices ? 0 : 5 },
                              .across_title =
                                  matrices ? (cloze_text){ "layer", 5 } : (cloze_text){ "head", 4 },
                              .value_title = l.value,
                              .map = l.map,
                              .scale = l.scale,
                              .is_signed = l.is_signed };
    return cloze_plot_sheet(&plot, job->settings->explain.attention, &error)
               ? say_error(&error, NULL)
               : 0;
}

int explain_draw_attention(const explain_job *job, const cli_explanation *explanation,
                           const cli_explanation *other)
{
    const cli_explaining *e = &job->settings->explain;
    cli_maps maps = { 0 }, others = { 0 };
    token_names names = { 0 };
    int code = maps_gather(&maps, explanation, e->map, e->mute);
    if (!code && other && !(code = maps_gather(&others, other, e->map, e->mute)))
        code = maps_subtract(&maps, &others);
    if (!code && !make_names(&names, &maps, explanation, &others, other))
        code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    if (!code)
        code = e->layer >= 1 ? draw_head(job, &maps, &names, other) : draw_sheet(job, &maps, other);
    clear_names(&names);
    maps_clear(&maps);
    maps_clear(&others);
    return code;
}
