/* explain_attention.c - attention as pictures: one head, a layer, or all heads of all layers. */
#include "explain.h"

#include "say.h"

#include <cloze/plot.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an explainer sees, of the tokens that are drawn. */
typedef struct attention_maps {
    size_t layers, heads, tokens;
    size_t *token; /* [tokens] numbers of those that are drawn */
    float **map;   /* [layers * heads] each [tokens, tokens] */
} attention_maps;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static bool keep_layer(void *context, size_t layer, size_t heads, size_t tokens,
                       const float *weights)
{
    attention_maps *m = context;
    for (size_t h = 0; h < heads && h < m->heads; h++) {
        float *map = m->map[(layer - 1) * m->heads + h];
        const float *from = weights + h * tokens * tokens;
        for (size_t i = 0; i < m->tokens; i++)
            for (size_t k = 0; k < m->tokens; k++)
                map[i * m->tokens + k] = from[m->token[i] * tokens + m->token[k]];
    }
    return true;
}

static bool make_room(attention_maps *m, const cli_explanation *x, bool mute)
{
    size_t maps = x->facts.layers * x->facts.heads;
    m->layers = x->facts.layers;
    m->heads = x->facts.heads;
    m->token = calloc(x->facts.tokens, sizeof *m->token);
    m->map = calloc(maps + 1, sizeof *m->map);
    for (size_t i = 0; i < x->facts.tokens && m->token; i++)
        if (!mute || cloze_explainer_token(x->explainer, i).span.side >= 0)
            m->token[m->tokens++] = i;
    for (size_t i = 0; i < maps && m->map; i++)
        if (!(m->map[i] = calloc(m->tokens * m->tokens, sizeof **m->map)))
            return false;
    return m->token && m->map;
}

static int gather(attention_maps *out, const cli_explanation *x, bool mute)
{
    cloze_error error;
    if (!make_room(out, x, mute))
        return out_of_memory();
    return cloze_explainer_attention(x->explainer, keep_layer, out, &error)
               ? say_error(&error, "--attention")
               : 0;
}

static void clear_maps(attention_maps *m)
{
    for (size_t i = 0; m->map && i < m->layers * m->heads; i++)
        free(m->map[i]);
    free(m->map);
    free(m->token);
}

static int subtract(attention_maps *from, const attention_maps *other)
{
    if (from->layers != other->layers || from->heads != other->heads)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "a difference needs as many heads on both sides: here are %zu x %zu and "
                           "%zu x %zu",
                           from->layers, from->heads, other->layers, other->heads);
    if (from->tokens != other->tokens)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "a difference needs as many tokens on both sides: here are %zu and %zu",
                           from->tokens, other->tokens);
    for (size_t m = 0; m < from->layers * from->heads; m++)
        for (size_t i = 0; i < from->tokens * from->tokens; i++)
            from->map[m][i] -= other->map[m][i];
    return 0;
}

/* Of a layer's heads into its first: the mean, or what is furthest from 0. */
static void join_heads(attention_maps *m, size_t layer, bool highest)
{
    float **map = m->map + layer * m->heads;
    for (size_t i = 0; i < m->tokens * m->tokens; i++) {
        double sum = 0, strongest = 0;
        for (size_t h = 0; h < m->heads; h++) {
            double value = (double)map[h][i];
            sum += value;
            strongest = fabs(value) > fabs(strongest) ? value : strongest;
        }
        map[0][i] = (float)(highest ? strongest : sum / (double)m->heads);
    }
}

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

static bool make_names(token_names *out, const attention_maps *m, const cli_explanation *x,
                       const attention_maps *others, const cli_explanation *other)
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
                 .value = { "attention", 9 } };
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

static const char *less_what(const explain_job *job, const cli_explanation *other)
{
    const cli_explaining *e = &job->settings->explain;
    return !other ? NULL : e->versus ? "another text" : e->versus_model;
}

static int draw_head(const explain_job *job, attention_maps *m, const token_names *names,
                     const cli_explanation *other)
{
    const cli_explaining *e = &job->settings->explain;
    size_t layer = (size_t)e->layer - 1, head = e->head >= 0 ? (size_t)e->head : 0;
    const char *less = less_what(job, other);
    look l = look_of(job, other != NULL, false);
    char title[200];
    cloze_error error;
    int used = e->head >= 0 ? snprintf(title, sizeof title, "layer %zu, head %zu", layer + 1, head)
                            : snprintf(title, sizeof title, "layer %zu, %s of %zu heads", layer + 1,
                                       e->highest ? "the highest" : "mean", m->heads);
    if (less)
        used += snprintf(title + used, sizeof title - (size_t)used, ", less %.100s", less);
    if (e->head < 0)
        join_heads(m, layer, e->highest);
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

static int draw_sheet(const explain_job *job, const attention_maps *m, const cli_explanation *other)
{
    look l = look_of(job, other != NULL, true);
    const char *less = less_what(job, other);
    char title[200];
    cloze_error error;
    int used = snprintf(title, sizeof title, "%zu tokens, rows look at columns%s%.100s", m->tokens,
                        less ? ", less " : "", less ? less : "");
    cloze_sheet_plot plot = { .down = m->layers,
                              .across = m->heads,
                              .rows = m->tokens,
                              .columns = m->tokens,
                              .values = (const float *const *)m->map,
                              .first_down = 1,
                              .title = { title, (size_t)used },
                              .down_title = { "layer", 5 },
                              .across_title = { "head", 4 },
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
    attention_maps maps = { 0 }, others = { 0 };
    token_names names = { 0 };
    int code = gather(&maps, explanation, e->mute);
    if (!code && !maps.tokens)
        code = say_failure(CLOZE_ERROR_TEXT, "--mute leaves no token to draw");
    if (!code && other && !(code = gather(&others, other, e->mute)))
        code = subtract(&maps, &others);
    if (!code && !make_names(&names, &maps, explanation, &others, other))
        code = out_of_memory();
    if (!code)
        code = e->layer >= 1 ? draw_head(job, &maps, &names, other) : draw_sheet(job, &maps, other);
    clear_names(&names);
    clear_maps(&maps);
    clear_maps(&others);
    return code;
}
