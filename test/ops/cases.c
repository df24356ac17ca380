/* cases.c - the list of cases: see cases.h. */
#include "cases.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Sequences of 0, 1, 2 and 17 rows; of one row each; a single one; none at all. */
static const size_t begin_ragged[] = { 0, 0, 1, 3 }, length_ragged[] = { 0, 1, 2, 17 },
                    begin_ones[] = { 0, 1, 2 }, length_ones[] = { 1, 1, 1 }, begin_single[] = { 0 },
                    length_single[] = { 5 }, begin_keys[] = { 0, 3, 3, 4 },
                    length_keys[] = { 3, 0, 1, 7 }, length_long[] = { 37 };
static const cz_packing ragged = { 4, begin_ragged, length_ragged, 17 },
                        ones = { 3, begin_ones, length_ones, 1 },
                        single = { 1, begin_single, length_single, 5 },
                        other_keys = { 4, begin_keys, length_keys, 7 },
                        longer = { 1, begin_single, length_long, 37 }, none = { 0, NULL, NULL, 0 };
/* Rows that all of their sequence sees: one of the longest; some of each; every second of 37. */
static const size_t begin_one[] = { 0, 0, 0, 0 }, length_one[] = { 0, 0, 0, 1 }, row_one[] = { 9 },
                    begin_some[] = { 0, 0, 1, 2 }, length_some[] = { 0, 1, 1, 4 },
                    row_some[] = { 0, 2, 3, 4, 11, 19 },
                    length_half[] = { 18 }, row_half[] = { 1,  3,  5,  7,  9,  11, 13, 15, 17,
                                                           19, 21, 23, 25, 27, 29, 31, 33, 35 };
static const cz_globals one_global = { { 4, begin_one, length_one, 1 }, row_one, 1 },
                        some_globals = { { 4, begin_some, length_some, 4 }, row_some, 6 },
                        half_global = { { 1, begin_single, length_half, 18 }, row_half, 18 };
static const uint64_t samples[] = { 41, 7, 1000000, 8 };
static const size_t skip[] = { 1, 0, 1, 4 }, chosen[] = { 3, 0, 3, 19, 3, 7 };
static const size_t apart[] = { 0, 4, 19 };
static const uint32_t
    words[] = { 3, 1, 6, 3, 3, 0, 2, 5, 6, 6, 1, 3, 4, 2, 2, 0, 5, 3, 1, 6 },
    places[] = { 0, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
    types[] = { 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 1 };
static const float class_weight[] = { 0.5f, 2,    0.25f, 1,    3,    0.75f, 1.5f, 2,    1, 0.5f,
                                      1,    1.5f, 2,     0.5f, 1.5f, 1,     0.5f, 2.5f, 1, 1 };
static const int64_t labels[] = { 2, -1, 0, 0, 1, -100, 2 }, unlabelled[] = { -1, -1, -1 };

static size_t rows_of(const cz_packing *packing)
{
    size_t rows = 0;
    for (size_t i = 0; i < packing->count; i++)
        rows += packing->length[i];
    return rows;
}

/* ---- builders ---- */

static cz_tensor *build_embed(op_stand *s)
{
    static const uint32_t *const index[] = { words, places, types };
    s->embed.tables = s->c->values;
    for (int i = 0; i < s->c->values; i++) {
        s->embed.table[i] = &s->parameter[i];
        s->embed.fixed[i] = UINT32_MAX;
    }
    return cz_embed(&s->run, &s->embed, index, s->c->count);
}

/* Value 0 is x; then weight and bias of each part. */
static cz_tensor *build_linear(op_stand *s)
{
    int step = s->c->bias ? 2 : 1;
    cz_weight *weight = &s->linear.weight;
    *weight = (cz_weight){ .in = s->c->value[0].columns, .parts = (s->c->values - 1) / step };
    for (int i = 0; i < weight->parts; i++) {
        s->linear.part[i] = &s->parameter[1 + i * step];
        s->linear.bias[i] = s->c->bias ? &s->parameter[2 + i * step] : NULL;
        weight->part[i] = &s->linear.part[i]->value;
        weight->bias[i] = s->c->bias ? &s->linear.bias[i]->value : NULL;
        weight->out += weight->part[i]->rows;
    }
    return cz_linear(&s->run, s->input[0], &s->linear, s->c->activation);
}

static const cz_norm_weights *norm_weights(op_stand *s, int first)
{
    s->norm =
        (cz_norm_weights){ &s->parameter[first], s->c->shift ? &s->parameter[first + 1] : NULL,
                           0.05, s->c->root_mean_square };
    return &s->norm;
}

static cz_tensor *build_norm(op_stand *s)
{
    return cz_norm(&s->run, s->input[0], norm_weights(s, 1));
}

static cz_tensor *build_residual(op_stand *s)
{
    s->batch = (cz_batch){ .packing = *s->c->packing, .samples = s->c->samples };
    return cz_residual(&s->run, &s->batch, s->input[0], s->input[1],
                       s->c->values > 2 ? norm_weights(s, 2) : NULL,
                       (cz_dropout_site){ s->c->p, 21 });
}

static const cz_attention_shape *attention_shape(op_stand *s, size_t width)
{
    s->attention = (cz_attention_shape){ .heads = s->c->heads,
                                         .head_size = width / s->c->heads,
                                         .scale = s->c->scale == 0 ? 0.8 : s->c->scale,
                                         .reach = s->c->reach,
                                         .window = 2,
                                         .dropout = { s->c->p, 22 } };
    return &s->attention;
}

static cz_tensor *build_attention(op_stand *s)
{
    s->batch = (cz_batch){ .packing = *s->c->packing, .samples = s->c->samples };
    return cz_self_attention(&s->run, &s->batch, s->input[0],
                             attention_shape(s, s->c->value[0].columns / 3), 1);
}

static cz_tensor *build_global_attention(op_stand *s)
{
    s->batch =
        (cz_batch){ .packing = *s->c->packing, .samples = s->c->samples, .globals = s->c->globals };
    attention_shape(s, s->c->value[0].columns / 3);
    s->attention.global_dropout = (cz_dropout_site){ s->c->p, 24 };
    return cz_global_attention(&s->run, &s->batch, s->input[0], s->input[1], s->input[2],
                               &s->attention, 1);
}

/* Entries of distances 4 .. -4 as buckets may lie: not in order, some twice. */
static cz_tensor *build_relative_attention(op_stand *s)
{
    static const uint32_t entry[] = { 5, 5, 0, 1, 2, 3, 6, 4, 6 };
    int value = 1;
    s->batch = (cz_batch){ .packing = *s->c->packing, .samples = s->c->samples };
    cz_distances distances = { entry, 4, NULL, NULL, NULL };
    if (s->c->count & 1)
        distances.table = s->input[value++];
    if (s->c->count & 2)
        distances.of_query = s->input[value++];
    if (s->c->count & 4)
        distances.of_key = s->input[value];
    return cz_relative_attention(&s->run, &s->batch, s->input[0],
                                 attention_shape(s, s->c->value[0].columns / 3), &distances, 1);
}

static cz_tensor *build_cross_attention(op_stand *s)
{
    return cz_cross_attention(&s->run, s->input[0], s->c->packing, s->input[1], s->c->keys,
                              s->c->samples, attention_shape(s, s->c->value[0].columns), 1);
}

/* Value 1 is what the teacher has; its heads are of another size. */
static cz_tensor *build_attention_error(op_stand *s)
{
    size_t heads = s->c->heads;
    const cz_attention_shape *own = attention_shape(s, s->c->value[0].columns / 3);
    const cz_attention_shape other = { .heads = heads,
                                       .head_size = s->c->value[1].columns / 2 / heads,
                                       .scale = 0.6 };
    return cz_attention_error(&s->run, s->c->packing, s->input[0], own, s->input[1], &other,
                              s->c->total);
}

/* Value 1 is one row for each place; x is what an activation makes, since it may be written over. */
static cz_tensor *build_rotate(op_stand *s)
{
    cz_tensor *x = cz_activate(&s->run, s->input[0], CZ_TANH);
    return cz_rotate(&s->run, s->c->packing, x, &s->value[1], s->c->count);
}

static cz_tensor *build_scale(op_stand *s)
{
    return cz_scale(&s->run, s->input[0], s->input[1]);
}

static cz_tensor *build_gate(op_stand *s)
{
    return cz_gate(&s->run, s->input[0], s->c->activation);
}

static cz_tensor *build_activate(op_stand *s)
{
    return cz_activate(&s->run, s->input[0], s->c->activation);
}

static cz_tensor *build_drop(op_stand *s)
{
    return cz_drop(&s->run, s->c->packing, s->c->samples, s->input[0],
                   (cz_dropout_site){ s->c->p, 23 });
}

static cz_tensor *build_blend(op_stand *s)
{
    return cz_blend(&s->run, s->input[0], 0.7, s->c->values > 1 ? s->input[1] : NULL, -1.3);
}

static cz_tensor *build_twice(op_stand *s)
{
    return cz_blend(&s->run, s->input[0], 0.7, s->input[0], 0.2);
}

static cz_tensor *build_select(op_stand *s)
{
    return cz_select(&s->run, s->input[0], s->c->rows, s->c->count);
}

/* Value 1 takes the place of some rows of what is made of value 0. */
/* With weights a convolution: value 1 is its weight, 2 its bias. */
static cz_tensor *build_neighbours(op_stand *s)
{
    cz_tensor *x = cz_neighbours(&s->run, s->c->packing, s->input[0], s->c->count);
    if (s->c->values == 1)
        return x;
    const cz_parameter *weight = &s->parameter[1], *bias = &s->parameter[2];
    s->linear = (cz_linear_weights){
        .part = { weight },
        .bias = { bias },
        .weight = { x->columns, weight->value.rows, 1, { &weight->value }, { &bias->value }, NULL }
    };
    return cz_linear(&s->run, x, &s->linear, CZ_IDENTITY);
}

static cz_tensor *build_replace(op_stand *s)
{
    cz_tensor *base = cz_activate(&s->run, s->input[0], CZ_TANH);
    return cz_replace(&s->run, base, s->input[1], s->c->rows, s->c->count);
}

static cz_tensor *build_fourier(op_stand *s)
{
    cz_tensor *out = cz_fourier(&s->run, s->c->packing, s->input[0]);
    cz_arena *numbers = &s->run.numbers;
    /* The room that it gave back looks untouched again: later tensors are guarded by that. */
    memset(s->numbers + numbers->used, 0xFF, numbers->peak - numbers->used);
    return out;
}

/* Two views that overlap, each with something after it. */
static cz_tensor *build_columns(op_stand *s)
{
    cz_tensor *left = cz_columns(&s->run, s->input[0], 0, 5);
    cz_tensor *right = cz_columns(&s->run, s->input[0], 3, 5);
    return cz_blend(&s->run, cz_activate(&s->run, left, CZ_TANH), 1,
                    cz_normalize_rows(&s->run, right), 2);
}

/* Written over a product, which does not mind. */
static cz_tensor *build_add_columns(op_stand *s)
{
    cz_tensor *base = cz_product(&s->run, s->input[0], s->input[1]);
    base = cz_add_columns(&s->run, base, 2, s->input[2], 0.75);
    return cz_activate(&s->run, base, CZ_TANH);
}

static cz_linear_weights one_part(const cz_parameter *part)
{
    return (cz_linear_weights){
        .part = { part },
        .weight = { part->value.columns, part->value.rows, 1, { &part->value }, { NULL }, NULL },
    };
}

/* x, the map, and the two that learn beside it. */
static cz_tensor *build_adapted(op_stand *s)
{
    s->linear = one_part(&s->parameter[1]);
    s->adapter = (cz_adapter){ .beside = &s->parameter[1],
                               .down = one_part(&s->parameter[2]),
                               .up = one_part(&s->parameter[3]),
                               .scale = 1.5,
                               .dropout = { s->c->p, 1 << 16 } };
    s->linear.adapter[0] = &s->adapter;
    return cz_adapted(&s->run, s->c->packing, s->c->samples, s->input[0], &s->linear,
                      s->c->activation, 8);
}

static cz_tensor *build_pool(op_stand *s)
{
    return cz_pool_rows(&s->run, s->input[0], s->c->packing, s->c->skip, s->c->kind);
}

static cz_tensor *build_normalize(op_stand *s)
{
    return cz_normalize_rows(&s->run, s->input[0]);
}

static cz_tensor *build_cross_entropy(op_stand *s)
{
    return cz_cross_entropy(&s->run, s->input[0], s->c->labels, &s->c->terms);
}

static cz_tensor *build_squared_error(op_stand *s)
{
    return cz_squared_error(&s->run, s->input[0], s->input[1], s->c->total);
}

/* A target's element e is where value 1 is; every fifth does not count, some are 0 or 1. */
static cz_tensor *build_binary_entropy(op_stand *s)
{
    const cz_tensor *numbers = s->input[1];
    for (size_t e = 0; e < numbers->rows * numbers->columns; e++) {
        double number = e % 5 == 4 ? (double)NAN : e % 5 < 2 ? (double)(e % 2) : 0.25;
        stand_set(s, 1, e, number);
    }
    return cz_binary_entropy(&s->run, s->input[0], numbers, s->c->positive_weight, s->c->total);
}

static cz_tensor *build_divergence(op_stand *s)
{
    return cz_divergence(&s->run, s->input[0], s->input[1], s->c->temperature, s->c->total);
}

static cz_tensor *build_cosine(op_stand *s)
{
    return cz_cosine(&s->run, s->input[0], s->input[s->c->values - 1]);
}

static cz_tensor *build_product(op_stand *s)
{
    return cz_product(&s->run, s->input[0], s->input[s->c->values - 1]);
}

/* ---- the list ---- */

typedef struct case_list {
    size_t wanted, count;
    op_case found;
} case_list;

static void add(case_list *list, op_case c, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void add(case_list *list, op_case c, const char *format, ...)
{
    va_list arguments;
    while (c.values < CASE_VALUES && c.value[c.values].columns)
        c.values++;
    va_start(arguments, format);
    vsnprintf(c.name, sizeof c.name, format, arguments);
    va_end(arguments);
    if (list->count++ == list->wanted)
        list->found = c;
}

static const size_t widths[] = { 1, 3, 8, 20 };

static void add_embeds(case_list *list)
{
    for (size_t w = 0; w < 4; w++) {
        size_t n = widths[w];
        op_value word = { 7, n, true, 0, false }, place = { 17, n, true, 0, false },
                 type = { 2, n, true, 0, false };
        add(list, (op_case){ .build = build_embed, .value = { word }, .count = 20 },
            "embed from one table, width %zu", n);
        add(list, (op_case){ .build = build_embed, .value = { word, place, type }, .count = 20 },
            "embed from three tables, width %zu", n);
    }
}

static void add_linears(case_list *list)
{
    static const size_t outs[] = { 8, 1, 20, 3 }, rows[] = { 1, 5, 20, 0 };
    for (size_t w = 0; w < 4; w++) {
        size_t in = widths[w], out = outs[w];
        op_value x = { rows[w], in, false, 0, false }, weight = { out, in, true, 0, false },
                 bias = { 1, out, true, 0, false }, narrow = { 2, in, true, 0, false },
                 narrow_bias = { 1, 2, true, 0, false };
        add(list, (op_case){ .build = build_linear, .value = { x, weight } },
            "linear %zu to %zu without bias", in, out);
        add(list,
            (op_case){ .build = build_linear,
                       .value = { x, weight, bias, narrow, narrow_bias, weight, bias },
                       .bias = true },
            "linear %zu to three parts", in);
        add(list, (op_case){ .build = build_linear, .value = { x, weight, narrow } },
            "linear %zu to two parts without bias", in);
    }
    op_case beside = { .build = build_adapted,
                       .value = { { 20, 9, false, 0, false },
                                  { 17, 9, true, 0, false },
                                  { 3, 9, true, 0, false },
                                  { 17, 3, true, 0, false } },
                       .packing = &ragged,
                       .samples = samples,
                       .crowded = true };
    add(list, beside, "linear with an adapter");
    beside.p = 0.4f;
    beside.activation = CZ_GELU;
    add(list, beside, "linear with an adapter, dropout and an activation");
    for (int a = 0; a < CZ_ACTIVATIONS; a++)
        add(list,
            (op_case){ .build = build_linear,
                       .value = { { 7, 20, false, 0, false },
                                  { 27, 20, true, 0, false },
                                  { 1, 27, true, 0, false } },
                       .bias = true,
                       .activation = (cz_activation)a },
            "linear with activation %d", a);
}

static void add_norms(case_list *list)
{
    for (size_t w = 0; w < 4; w++) {
        size_t n = widths[w];
        op_value x = { 20, n, false, 0, false }, gain = { 1, n, true, 1, false },
                 shift = { 1, n, true, 0, false };
        op_case norm = { .build = build_norm, .value = { x, gain, shift }, .shift = true };
        add(list, norm, "norm, width %zu", n);
        add(list, (op_case){ .build = build_norm, .value = { x, gain } },
            "norm without shift, width %zu", n);
        norm.root_mean_square = true;
        add(list, norm, "norm by the root mean square, width %zu", n);
        op_case sum = {
            .build = build_residual, .value = { x, x }, .packing = &ragged, .samples = samples
        };
        add(list, sum, "residual without norm, width %zu", n);
        sum.p = 0.4f;
        add(list, sum, "residual without norm, with dropout, width %zu", n);
        op_case both = { .build = build_residual,
                         .value = { x, x, gain, shift },
                         .shift = true,
                         .packing = &ragged,
                         .samples = samples };
        add(list, both, "residual, width %zu", n);
        both.p = 0.4f;
        add(list, both, "residual with dropout, width %zu", n);
    }
}

static void add_attention(case_list *list, const cz_packing *packing, size_t heads, size_t size)
{
    size_t rows = rows_of(packing), width = heads * size;
    for (int reach = 0; reach < 3; reach++)
        for (int drop = 0; drop < 2; drop++)
            add(list,
                (op_case){ .build = build_attention,
                           .value = { { rows, 3 * width, false, 0, false } },
                           .packing = packing,
                           .samples = samples,
                           .heads = heads,
                           .reach = (cz_reach)reach,
                           .p = drop ? 0.3f : 0 },
                "attention, %zu sequences, %zu heads of %zu, reach %d, dropout %d", packing->count,
                heads, size, reach, drop);
    op_value kv = { rows_of(&other_keys), 2 * width, false, 0, false };
    if (packing == &ragged)
        add(list,
            (op_case){ .build = build_cross_attention,
                       .value = { { rows, width, false, 0, false }, kv },
                       .packing = packing,
                       .keys = &other_keys,
                       .samples = samples,
                       .heads = heads,
                       .p = 0.2f },
            "attention to other keys, %zu heads of %zu", heads, size);
}

static void add_global_attention(case_list *list, const cz_packing *packing,
                                 const cz_globals *globals, size_t heads, size_t size)
{
    size_t rows = rows_of(packing), width = heads * size;
    for (int drop = 0; drop < 2; drop++)
        add(list,
            (op_case){ .build = build_global_attention,
                       .value = { { rows, 3 * width, false, 0, false },
                                  { globals->count, width, false, 0, false },
                                  { rows, 2 * width, false, 0, false } },
                       .packing = packing,
                       .samples = samples,
                       .globals = globals,
                       .heads = heads,
                       .reach = CZ_REACH_WINDOW,
                       .scale = heads == 3 ? -0.7 : 0,
                       .p = drop ? 0.3f : 0 },
            "attention to a window and globals, %zu heads of %zu, dropout %d", heads, size, drop);
}

/* Scores so far apart that one key has nearly everything, and so large that exp alone overflows. */
static void add_sharp_attentions(case_list *list)
{
    static const double scales[] = { 12, 60 };
    for (size_t i = 0; i < 2; i++)
        add(list,
            (op_case){ .build = build_attention,
                       .value = { { rows_of(&ragged), 3 * 8, false, 0, false } },
                       .packing = &ragged,
                       .samples = samples,
                       .heads = 2,
                       .scale = scales[i] },
            "attention with scores scaled by %g", scales[i]);
}

/* terms: 1 a table, 2 and 4 what queries and keys are multiplied with. */
static void add_relative_attentions(case_list *list, const cz_packing *packing, size_t heads,
                                    size_t size)
{
    for (size_t terms = 1; terms < 8; terms++)
        for (int shared = 0; shared < (terms > 1 ? 2 : 1); shared++) {
            op_case c = { .build = build_relative_attention,
                          .packing = packing,
                          .samples = samples,
                          .heads = heads,
                          .count = terms,
                          .reach = terms == 3 ? CZ_REACH_WINDOW : CZ_REACH_FULL,
                          .p = terms == 7 ? 0.3f : 0 };
            size_t width = heads * size, columns = shared ? size : width;
            int value = 0;
            c.value[value++] = (op_value){ rows_of(packing), 3 * width, false, 0, false };
            if (terms & 1)
                c.value[value++] = (op_value){ 7, heads, false, 0, false };
            if (terms & 2)
                c.value[value++] = (op_value){ 7, columns, false, 0, false };
            if (terms & 4)
                c.value[value++] = (op_value){ 7, columns, false, 0, false };
            add(list, c, "attention with terms of distance %zu, %zu heads of %zu%s", terms, heads,
                size, shared ? ", shared" : "");
        }
}

static void add_attentions(case_list *list)
{
    add_relative_attentions(list, &ragged, 2, 3);
    add_relative_attentions(list, &single, 1, 20);
    add_relative_attentions(list, &none, 2, 4);
    add_sharp_attentions(list);
    add_global_attention(list, &ragged, &one_global, 2, 4);
    add_global_attention(list, &ragged, &some_globals, 3, 5);
    add_global_attention(list, &longer, &half_global, 1, 20);
    add_attention(list, &ragged, 1, 1);
    add_attention(list, &ragged, 2, 3);
    add_attention(list, &ragged, 1, 8);
    add_attention(list, &ones, 4, 5);
    add_attention(list, &single, 1, 20);
    add_attention(list, &single, 1, 67);
    add_attention(list, &longer, 1, 4);
    add_attention(list, &none, 2, 4);
}

static void add_rotations(case_list *list)
{
    static const size_t sizes[] = { 2, 6, 16 };
    for (size_t i = 0; i < 3; i++) {
        size_t size = sizes[i], rows = rows_of(&ragged);
        add(list,
            (op_case){
                .build = build_rotate,
                .value = { { rows, 5 * size, false, 0, false }, { 17, size, false, 0, true } },
                .packing = &ragged,
                .count = 4 * size },
            "heads of %zu turned", size);
    }
    for (size_t groups = 1; groups < 6; groups += 2)
        add(list,
            (op_case){ .build = build_scale,
                       .value = { { 20, 7 * groups, false, 0, false },
                                  { 1, groups, false, 1, false } } },
            "%zu groups of columns scaled", groups);
    for (int a = 0; a < CZ_ACTIVATIONS; a++)
        add(list,
            (op_case){ .build = build_gate,
                       .value = { { 20, 2 * widths[a % 4], false, 0, false } },
                       .activation = (cz_activation)a },
            "gate with activation %d", a);
}

static void add_pointwise(case_list *list)
{
    for (size_t w = 0; w < 4; w++) {
        op_value x = { 20, widths[w], false, 0, false };
        for (int a = 1; a < CZ_ACTIVATIONS; a++)
            add(list,
                (op_case){
                    .build = build_activate, .value = { x }, .activation = (cz_activation)a },
                "activation %d, width %zu", a, widths[w]);
        add(list,
            (op_case){ .build = build_drop,
                       .value = { x },
                       .packing = &ragged,
                       .samples = samples,
                       .p = 0.5f },
            "dropout, width %zu", widths[w]);
        add(list,
            (op_case){ .build = build_drop,
                       .value = { { 4, widths[w], false, 0, false } },
                       .samples = samples,
                       .p = 0.5f },
            "dropout of pooled rows, width %zu", widths[w]);
        add(list, (op_case){ .build = build_blend, .value = { x, x } }, "blend, width %zu",
            widths[w]);
        add(list, (op_case){ .build = build_blend, .value = { x } }, "scaling, width %zu",
            widths[w]);
        add(list, (op_case){ .build = build_twice, .value = { x } },
            "blend of a tensor with itself, width %zu", widths[w]);
    }
}

/* Lengths with one, several and large prime factors, and one that is a convolution. */
static void add_fouriers(case_list *list)
{
    static const size_t lengths[][4] = { { 1, 0, 3, 4 }, { 5, 7, 12, 9 }, { 45, 2, 6, 11 } };
    static size_t begins[3][4];
    static cz_packing packing[3];
    static const size_t prime[] = { 67 }, thousand[] = { 127 };
    static const cz_packing primes[] = { { 1, begin_single, prime, 67 },
                                         { 1, begin_single, thousand, 127 } };
    static const size_t columns[] = { 1, 2, 3, 8, 20, 23 };
    for (size_t w = 0; w < 6; w++)
        add(list,
            (op_case){ .build = build_fourier,
                       .value = { { rows_of(&ragged), columns[w], false, 0, false } },
                       .packing = &ragged },
            "fourier, %zu columns", columns[w]);
    for (size_t i = 0; i < 3; i++) {
        for (size_t s = 1; s < 4; s++)
            begins[i][s] = begins[i][s - 1] + lengths[i][s - 1];
        packing[i] = (cz_packing){ 4, begins[i], lengths[i], 45 };
        add(list,
            (op_case){ .build = build_fourier,
                       .value = { { rows_of(&packing[i]), 6, false, 0, false } },
                       .packing = &packing[i] },
            "fourier of %zu rows and more", lengths[i][0]);
    }
    for (size_t i = 0; i < 2; i++)
        add(list,
            (op_case){ .build = build_fourier,
                       .value = { { primes[i].longest, 2 + i, false, 0, false } },
                       .packing = &primes[i] },
            "fourier of %zu rows", primes[i].longest);
    add(list,
        (op_case){
            .build = build_fourier, .value = { { 3, 71, false, 0, false } }, .packing = &ones },
        "fourier of single rows of 71 columns");
}

static void add_replacements(case_list *list)
{
    for (size_t w = 0; w < 4; w++)
        add(list,
            (op_case){
                .build = build_replace,
                .value = { { 20, widths[w], false, 0, false }, { 3, widths[w], false, 0, false } },
                .rows = apart,
                .count = 3 },
            "replace, width %zu", widths[w]);
}

static void add_neighbours(case_list *list)
{
    const cz_packing *const packings[] = { &ragged, &ones, &single, &none };
    for (size_t i = 0; i < 4; i++)
        for (size_t kernel = 1; kernel < 8; kernel += 2) {
            op_case c = { .build = build_neighbours,
                          .value = { { rows_of(packings[i]), widths[i], false, 0, false } },
                          .packing = packings[i],
                          .count = kernel };
            add(list, c, "%zu neighbours in %zu sequences", kernel, packings[i]->count);
            c.value[1] = (op_value){ 5, widths[i] * kernel, true, 0, false };
            c.value[2] = (op_value){ 1, 5, true, 0, false };
            c.crowded = true;
            add(list, c, "convolution over %zu rows in %zu sequences", kernel, packings[i]->count);
        }
}

static void add_rows(case_list *list)
{
    for (size_t w = 0; w < 4; w++) {
        op_value x = { 20, widths[w], false, 0, false };
        add(list, (op_case){ .build = build_select, .value = { x }, .rows = chosen, .count = 6 },
            "select, width %zu", widths[w]);
        for (int kind = 0; kind <= CZ_POOL_LAST; kind++) {
            op_case pool = { .build = build_pool,
                             .value = { x },
                             .packing = &ragged,
                             .kind = (cz_pooling_kind)kind };
            add(list, pool, "pool %d, width %zu", kind, widths[w]);
            pool.skip = skip;
            add(list, pool, "pool %d but the first rows, width %zu", kind, widths[w]);
        }
        add(list, (op_case){ .build = build_normalize, .value = { x } }, "normalize, width %zu",
            widths[w]);
    }
    add(list,
        (op_case){ .build = build_add_columns,
                   .value = { { 6, 4, false, 0, false },
                              { 9, 4, false, 0, false },
                              { 6, 5, false, 0, false } } },
        "columns that are added to");
    add(list, (op_case){ .build = build_columns, .value = { { 6, 9, false, 0, false } } },
        "views of columns");
}

static void add_cross_entropies(case_list *list)
{
    static const cz_entropy_terms terms[] = {
        { .total = 0 },
        { .total = 2.5 },
        { .class_weight = class_weight },
        { .smoothing = 0.1 },
        { .class_weight = class_weight, .smoothing = 0.3 },
        { .smoothing = 1, .total = 3 },
        { .focal = 2 },
        { .class_weight = class_weight, .focal = 0.5, .total = 4 },
    };
    op_value logits = { 7, 3, false, 0, false }, wide = { 7, 20, false, 0, false };
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        op_case c = {
            .build = build_cross_entropy, .value = { logits }, .labels = labels, .terms = terms[i]
        };
        add(list, c, "cross entropy, terms %zu", i);
        c.value[0] = wide;
        add(list, c, "cross entropy of 20 classes, terms %zu", i);
    }
}

/* Of `ragged`: the empty sequence has none, and one column is not asked. */
static const size_t marks[] = { SIZE_MAX, SIZE_MAX, 0, 0, 1, 0, 16, SIZE_MAX };

static cz_tensor *build_places(op_stand *s)
{
    return cz_places(&s->run, s->input[0], s->c->packing, s->c->rows, s->c->total);
}

static void add_lessons(case_list *list)
{
    add(list,
        (op_case){ .build = build_places,
                   .value = { { 20, 2, false, 0, false } },
                   .packing = &ragged,
                   .rows = marks },
        "places of two columns");
    add(list,
        (op_case){ .build = build_places,
                   .value = { { 20, 2, false, 0, false } },
                   .packing = &ragged,
                   .rows = marks,
                   .total = 7 },
        "places over a total");
    for (size_t w = 0; w < 4; w++) {
        op_value x = { 5, widths[w], false, 0, false }, other = x;
        other.constant = true;
        op_case c = { .build = build_binary_entropy, .value = { x, other } };
        add(list, c, "binary entropy, width %zu", widths[w]);
        c.positive_weight = class_weight;
        c.total = 3.5;
        add(list, c, "binary entropy with weights over a total, width %zu", widths[w]);
        c.build = build_divergence;
        c.temperature = 2.5;
        add(list, c, "divergence over a total, width %zu", widths[w]);
        c.temperature = 0.75;
        c.total = 0;
        add(list, c, "divergence, width %zu", widths[w]);
    }
    add(list,
        (op_case){ .build = build_divergence,
                   .value = { { 0, 3, false, 0, false }, { 0, 3, false, 0, true } },
                   .temperature = 1 },
        "divergence of no row");
}

static void add_attention_errors(case_list *list, const cz_packing *packing)
{
    static const size_t heads[] = { 1, 3, 4 }, sizes[] = { 5, 1, 8 }, others[] = { 3, 2, 8 };
    size_t rows = rows_of(packing);
    for (size_t i = 0; i < 3; i++) {
        op_value own = { rows, 3 * heads[i] * sizes[i], false, 0, false };
        op_value other = { rows, 2 * heads[i] * others[i], false, 0, true };
        op_case c = { .build = build_attention_error,
                      .value = { own, other },
                      .packing = packing,
                      .heads = heads[i] };
        add(list, c, "scores beside a teacher's, %zu heads of %zu, %zu rows", heads[i], sizes[i],
            rows);
        c.total = 9.5;
        add(list, c, "scores beside a teacher's over a total, %zu heads of %zu, %zu rows", heads[i],
            sizes[i], rows);
    }
}

static void add_products(case_list *list)
{
    static const size_t rows[] = { 1, 7, 0, 20 }, others[] = { 5, 20, 3, 1 };
    for (size_t w = 0; w < 4; w++) {
        op_value x = { 6, widths[w], false, 0, false };
        op_value few = { rows[w], widths[w], false, 0, false };
        op_value many = { others[w], widths[w], false, 0, false };
        add(list, (op_case){ .build = build_cosine, .value = { x, x } }, "cosine, width %zu",
            widths[w]);
        add(list, (op_case){ .build = build_cosine, .value = { x } },
            "cosine of rows with themselves, width %zu", widths[w]);
        add(list, (op_case){ .build = build_product, .value = { few, many } },
            "product of %zu and %zu rows of %zu", rows[w], others[w], widths[w]);
        add(list, (op_case){ .build = build_product, .value = { many, few } },
            "product of %zu and %zu rows of %zu", others[w], rows[w], widths[w]);
        add(list, (op_case){ .build = build_product, .value = { x } },
            "product of rows with themselves, width %zu", widths[w]);
    }
}

static void add_losses(case_list *list)
{
    op_value few = { 3, 3, false, 0, false };
    add_cross_entropies(list);
    add(list, (op_case){ .build = build_cross_entropy, .value = { few }, .labels = unlabelled },
        "cross entropy of no label");
    for (size_t w = 0; w < 4; w++) {
        op_value x = { 5, widths[w], false, 0, false }, target = x;
        target.constant = true;
        op_case c = { .build = build_squared_error, .value = { x, target } };
        add(list, c, "squared error, width %zu", widths[w]);
        c.total = 0.7;
        add(list, c, "squared error over a total, width %zu", widths[w]);
    }
}

static case_list walk(size_t wanted)
{
    case_list list = { .wanted = wanted };
    add_embeds(&list);
    add_linears(&list);
    add_norms(&list);
    add_attentions(&list);
    add_rotations(&list);
    add_pointwise(&list);
    add_rows(&list);
    add_fouriers(&list);
    add_replacements(&list);
    add_neighbours(&list);
    add_losses(&list);
    add_lessons(&list);
    add_attention_errors(&list, &ragged);
    add_attention_errors(&list, &longer);
    add_attention_errors(&list, &none);
    add_products(&list);
    return list;
}

size_t op_case_count(void)
{
    return walk(SIZE_MAX).count;
}

op_case op_case_at(size_t number)
{
    return walk(number).found;
}
