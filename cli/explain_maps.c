/* explain_maps.c - see explain_maps.h. */
#include "explain_maps.h"

#include "say.h"

#include <math.h>
#include <stdlib.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static bool keep_layer(void *context, size_t layer, size_t heads, size_t tokens,
                       const float *weights)
{
    cli_maps *m = context;
    for (size_t h = 0; h < heads && h < m->heads; h++) {
        float *map = m->map[(layer - 1) * m->heads + h];
        const float *from = weights + h * tokens * tokens;
        for (size_t i = 0; i < m->tokens; i++)
            for (size_t k = 0; k < m->tokens; k++)
                map[i * m->tokens + k] = from[m->token[i] * tokens + m->token[k]];
    }
    return true;
}

/* As a head of its own. */
static bool keep_matrix(void *context, size_t layer, size_t tokens, const double *matrix)
{
    cli_maps *m = context;
    float *map = m->map[layer - 1];
    for (size_t i = 0; i < m->tokens && layer <= m->layers; i++)
        for (size_t k = 0; k < m->tokens; k++)
            map[i * m->tokens + k] = (float)matrix[m->token[i] * tokens + m->token[k]];
    return true;
}

static bool make_room(cli_maps *m, const cli_explanation *x, size_t heads, bool mute)
{
    size_t maps = x->facts.layers * heads;
    m->layers = x->facts.layers;
    m->heads = heads;
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

static cloze_status visit(cli_maps *out, cloze_explainer *explainer, int kind, cloze_error *error)
{
    switch (kind) {
    case MAP_ROLLOUT:
        return cloze_explainer_rollout(explainer, keep_matrix, out, error);
    case MAP_VALUE_ZEROING:
        return cloze_explainer_value_zeroing(explainer, keep_matrix, out, error);
    case MAP_GRADIENT:
        return cloze_explainer_gradient_attention(explainer, keep_matrix, out, error);
    default:
        return cloze_explainer_attention(explainer, keep_layer, out, error);
    }
}

int maps_gather(cli_maps *out, const cli_explanation *explanation, int kind, bool mute)
{
    cloze_error error;
    size_t heads = kind > MAP_ATTENTION ? 1 : explanation->facts.heads;
    if (!make_room(out, explanation, heads, mute))
        return out_of_memory();
    if (visit(out, explanation->explainer, kind, &error))
        return say_error(&error, "--attention");
    return out->tokens ? 0 : say_failure(CLOZE_ERROR_TEXT, "--mute leaves no token to draw");
}

void maps_clear(cli_maps *m)
{
    for (size_t i = 0; m->map && i < m->layers * m->heads; i++)
        free(m->map[i]);
    free(m->map);
    free(m->token);
}

int maps_subtract(cli_maps *from, const cli_maps *other)
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

void maps_join_heads(cli_maps *m, size_t layer, bool highest)
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
