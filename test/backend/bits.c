/* bits.c - see bits.h. A case is a number; its shape is looked up in the tables below. */
#include "bits.h"

#include "room.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef cloze_status run_case(room *r, size_t number, char name[80]);

#define TRY(call)                                                                                  \
    do {                                                                                           \
        cloze_status status_ = (call);                                                             \
        if (status_)                                                                               \
            return status_;                                                                        \
    } while (0)
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const cz_backend *const cpu = &cz_backend_cpu;

/* ---- linear: rows, in, out, parts, activation, weights' type, kept ---- */

static const struct {
    size_t rows, in, out;
    int parts;
    cz_activation activation;
    cz_type type;
    int kept; /* 0: packed at use, 1: kept, 2: kept in bf16 */
    bool backward;
} linears[] = {
    { 1, 1, 1, 1, CZ_IDENTITY, CZ_F32, 0, true },
    { 1, 384, 96, 1, CZ_IDENTITY, CZ_F32, 1, false },
    { 2, 20, 49, 1, CZ_GELU, CZ_F32, 0, true },
    { 3, 17, 47, 3, CZ_IDENTITY, CZ_F32, 1, true },
    { 5, 100, 150, 3, CZ_TANH, CZ_BF16, 0, true },
    { 7, 33, 97, 2, CZ_GELU_TANH, CZ_F16, 1, true },
    { 8, 48, 48, 1, CZ_RELU, CZ_F32, 2, false },
    { 9, 513, 23, 1, CZ_SILU, CZ_F32, 1, true },
    { 17, 64, 5, 1, CZ_SIGMOID, CZ_F32, 0, true },
    { 30, 1100, 60, 2, CZ_GELU_QUICK, CZ_F32, 1, true },
    { 64, 31, 144, 1, CZ_GELU, CZ_F32, 2, true },
    { 65, 384, 100, 3, CZ_GELU, CZ_F32, 1, true },
    { 130, 72, 200, 1, CZ_IDENTITY, CZ_F32, 0, true },
    { 300, 20, 33, 1, CZ_GELU, CZ_F32, 1, true },
    { 0, 20, 33, 1, CZ_GELU, CZ_F32, 1, true },
};

static void split(cz_weight *w, room *r, cz_type type)
{
    size_t left = w->out;
    for (int i = 0; i < w->parts; i++) {
        size_t rows = i + 1 < w->parts ? left / 2 : left;
        w->part[i] = room_weight(r, rows, w->in, type, type == CZ_F32);
        w->bias[i] = room_weight(r, 1, rows, type, type == CZ_F32);
        left -= rows;
    }
}

static cloze_status linear_case(room *r, size_t number, char name[80])
{
    size_t n = linears[number].rows, in = linears[number].in, out = linears[number].out;
    cz_weight w = { .in = in, .out = out, .parts = linears[number].parts };
    cz_pack *pack = NULL;
    bool bf16 = linears[number].kept == 2;
    snprintf(name, 80, "linear %zu x %zu x %zu", n, in, out);
    split(&w, r, linears[number].type);
    cz_linear_call call = { .x = room_input(r, n, in, in + 3, 0),
                            .weight = &w,
                            .activation = linears[number].activation,
                            .out = room_output(r, n, out, out + 5, false) };
    if (linears[number].backward)
        call.before = room_output(r, n, out, out, false);
    if (linears[number].kept) {
        void *memory = room_take(r, cpu->pack_size(r->place.kernels, &w, bf16));
        TRY(cpu->pack(&r->place, &w, bf16, memory, &pack, NULL));
        w.pack = pack;
    }
    TRY(cpu->linear(&r->place, &call));
    if (!linears[number].backward)
        return CLOZE_OK;
    call.d_out = room_input(r, n, out, out + 1, 0);
    call.d_before = room_output(r, n, out, out, true);
    call.d_x = room_output(r, n, in, in + 2, true);
    for (int i = 0; i < w.parts; i++) {
        call.d_part[i] = room_output(r, w.part[i]->rows, in, in, true);
        call.d_bias[i] = room_output(r, 1, w.part[i]->rows, w.part[i]->rows, true);
    }
    call.room = room_take(r, cpu->linear_room(r->place.kernels, &call));
    return cpu->linear_backward(&r->place, &call);
}

/* ---- norm ---- */

static const struct {
    size_t rows, columns;
    bool branch, gain, shift, root;
    float dropped;
} norms[] = { { 3, 1, true, true, true, false, 0 },      { 5, 5, true, true, true, false, 0.1f },
              { 2, 16, false, true, true, false, 0 },    { 33, 17, true, true, false, true, 0 },
              { 7, 20, true, true, true, false, 0.5f },  { 20, 384, true, true, true, false, 0 },
              { 19, 391, false, true, true, false, 0 },  { 6, 40, true, false, false, false, 0.2f },
              { 17, 768, true, true, true, false, 0.1f } };

static cz_dropout dropout(room *r, float p, const cz_packing *packing)
{
    uint64_t *samples = room_take(r, 64 * sizeof *samples);
    for (size_t i = 0; i < 64; i++)
        samples[i] = i * 3 + 1;
    return (cz_dropout){ p, { 42, 7, 3 }, packing, samples };
}

static cloze_status norm_case(room *r, size_t number, char name[80])
{
    size_t n = norms[number].rows, c = norms[number].columns, length[2] = { n / 3, n - n / 3 };
    snprintf(name, 80, "norm %zu x %zu", n, c);
    cz_norm_call call = {
        .x = room_input(r, n, c, c + 1, 0),
        .branch = norms[number].branch ? room_input(r, n, c, c, 0) : NULL,
        .gain = norms[number].gain ? room_input(r, 1, c, c, 1) : NULL,
        .shift = norms[number].shift ? room_input(r, 1, c, c, 0) : NULL,
        .epsilon = 1e-12,
        .root_mean_square = norms[number].root,
        .dropout = dropout(r, norms[number].dropped, room_packing(r, length, 2)),
        .out = room_output(r, n, c, c + 3, false),
        .sum = room_output(r, n, c, c, false),
    };
    TRY(cpu->norm(&r->place, &call));
    call.d_out = room_input(r, n, c, c, 0);
    call.d_x = room_output(r, n, c, c + 1, true);
    call.d_branch = norms[number].branch ? room_output(r, n, c, c, true) : NULL;
    call.d_gain = norms[number].gain ? room_output(r, 1, c, c, true) : NULL;
    call.d_shift = norms[number].shift ? room_output(r, 1, c, c, true) : NULL;
    return cpu->norm_backward(&r->place, &call);
}

/* ---- attention ---- */

static const size_t ragged[] = { 1, 7, 16, 0, 23, 24, 25, 47, 48, 49, 2, 70, 131, 5 };
static const size_t other[] = { 3, 1, 50, 4, 0, 24, 100, 47, 1, 96, 2, 70, 16, 5 };

static const struct {
    size_t heads, size;
    cz_reach reach;
    size_t window;
    bool crossed;
    float dropped;
    double scale;
    unsigned terms; /* of distance: 1 a table, 2 of queries, 4 of keys, 8 shared by the heads */
    size_t every;   /* row of a sequence is global, from half of that on; 0: none */
} attentions[] = {
    { 3, 4, CZ_REACH_FULL, 0, false, 0, 2, 0, 0 },
    { 1, 12, CZ_REACH_FULL, 0, true, 0, 1, 0, 0 },
    { 2, 20, CZ_REACH_CAUSAL, 0, false, 0, 1, 0, 0 },
    { 2, 32, CZ_REACH_FULL, 0, false, 0.1f, 0.18, 0, 0 },
    { 1, 64, CZ_REACH_WINDOW, 5, false, 0, 0.125, 0, 0 },
    { 2, 80, CZ_REACH_WINDOW, 30, false, 0, 0.2, 0, 0 },
    { 2, 5, CZ_REACH_CAUSAL, 0, true, 0.3f, -1, 0, 0 },
    { 12, 32, CZ_REACH_FULL, 0, false, 0, 0.18, 0, 0 },
    { 3, 20, CZ_REACH_FULL, 0, false, 0, 0.2, 1, 0 },
    { 2, 32, CZ_REACH_FULL, 0, false, 0.1f, 0.18, 2, 0 },
    { 2, 5, CZ_REACH_CAUSAL, 0, true, 0, -0.4, 4, 0 },
    { 3, 64, CZ_REACH_FULL, 0, false, 0, 0.07, 6, 0 },
    { 2, 17, CZ_REACH_WINDOW, 30, false, 0, 0.1, 7, 0 },
    { 2, 32, CZ_REACH_FULL, 0, true, 0, 0.1, 15, 0 },
    { 1, 64, CZ_REACH_WINDOW, 16, false, 0, 0.125, 0, 200 },
    { 2, 20, CZ_REACH_WINDOW, 24, false, 0.1f, 0.2, 0, 2 },
    { 3, 5, CZ_REACH_WINDOW, 3, false, 0, -0.4, 0, 1 },
};

/* Every distance up to 20 its own entry, then fewer, backwards on one side. */
static cz_relative relative_terms(room *r, size_t heads, size_t size, unsigned terms)
{
    enum { SPAN = 60, ENTRIES = 64 };
    cz_relative relative = { .span = SPAN };
    uint32_t *entry = room_take(r, (2 * SPAN + 1) * sizeof *entry);
    size_t columns = terms & 8 ? size : heads * size;
    for (uint32_t d = 0; d <= SPAN; d++) {
        entry[SPAN + d] = 31 - (d < 20 ? d : 20 + (d - 20) / 5);
        entry[SPAN - d] = 31 + (d < 20 ? d : 20 + (d - 20) / 7);
    }
    relative.entry = terms ? entry : NULL;
    relative.table = terms & 1 ? room_input(r, ENTRIES, heads, heads + 1, 0) : NULL;
    relative.of_query = terms & 2 ? room_input(r, ENTRIES, columns, columns + 2, 0) : NULL;
    relative.of_key = terms & 4 ? room_input(r, ENTRIES, columns, columns, 0) : NULL;
    return relative;
}

static void relative_gradients(room *r, cz_relative *relative)
{
    const cz_tensor *t;
    if ((t = relative->table))
        relative->d_table = room_output(r, t->rows, t->columns, t->columns + 1, true);
    if ((t = relative->of_query))
        relative->d_of_query = room_output(r, t->rows, t->columns, t->columns, true);
    if ((t = relative->of_key))
        relative->d_of_key = room_output(r, t->rows, t->columns, t->columns + 3, true);
}

/* Rows every / 2, every / 2 + every, ... of each sequence. */
static cz_globals *globals_of(room *r, const cz_packing *packing, size_t every)
{
    cz_globals *globals = room_take(r, sizeof *globals);
    size_t *length = room_take(r, packing->count * sizeof *length);
    size_t *row = room_take(r, 1000 * sizeof *row), count = 0;
    for (size_t s = 0; s < packing->count; s++) {
        length[s] = 0;
        for (size_t i = every / 2; i < packing->length[s]; i += every, length[s]++)
            row[count++] = packing->begin[s] + i;
    }
    globals->packing = *room_packing(r, length, packing->count);
    globals->row = row;
    globals->count = count;
    return globals;
}

static cloze_status attention_case(room *r, size_t number, char name[80])
{
    size_t heads = attentions[number].heads, size = attentions[number].size, wide = heads * size;
    bool crossed = attentions[number].crossed;
    cz_packing *queries = room_packing(r, ragged, COUNT(ragged));
    cz_packing *keys = room_packing(r, crossed ? other : ragged, COUNT(ragged));
    size_t last = COUNT(ragged) - 1, nq = queries->begin[last] + queries->length[last];
    size_t nk = keys->begin[last] + keys->length[last];
    snprintf(name, 80, "attention %zu x %zu reach %d", heads, size, (int)attentions[number].reach);
    cz_attention_call call = {
        .q = room_input(r, nq, wide, 3 * wide, 0),
        .k = room_input(r, nk, wide, wide + 1, 0),
        .v = room_input(r, nk, wide, wide + 2, 0),
        .queries = queries,
        .keys = keys,
        .heads = heads,
        .scale = attentions[number].scale,
        .reach = attentions[number].reach,
        .window = attentions[number].window,
        .globals = attentions[number].every ? globals_of(r, keys, attentions[number].every) : NULL,
        .relative = relative_terms(r, heads, size, attentions[number].terms),
        .dropout = dropout(r, attentions[number].dropped, NULL),
        .out = room_output(r, nq, wide, wide + 3, false),
    };
    TRY(cpu->attention(&r->place, &call));
    cz_tensor *seen = room_output(r, ragged[12], crossed ? other[12] : ragged[12],
                                  crossed ? other[12] : ragged[12], false);
    TRY(cpu->probabilities(&r->place, &(cz_probabilities_call){ &call, 12, heads - 1, seen }));
    call.d_out = room_input(r, nq, wide, wide + 1, 0);
    call.d_q = room_output(r, nq, wide, 2 * wide, true);
    call.d_k = room_output(r, nk, wide, wide + 1, true);
    call.d_v = room_output(r, nk, wide, wide, true);
    relative_gradients(r, &call.relative);
    return cpu->attention_backward(&r->place, &call);
}

/* ---- the rest: number is an activation or a kind of pooling too ---- */

static cloze_status pointwise_case(room *r, size_t number, char name[80])
{
    size_t n = 21, c = 37, length[3] = { 4, 0, 17 };
    snprintf(name, 80, "pointwise, activation %zu", number);
    cz_tensor *x = room_input(r, n, c, c + 2, 0);
    for (size_t i = 0; i < n * x->stride; i++)
        cz_f32(x)[i] *= (float)(i % 30); /* rows' ends stay rubbish */
    cz_pointwise_call call = {
        .x = x,
        .activation = (cz_activation)number,
        .dropout = dropout(r, number % 2 ? 0.25f : 0, room_packing(r, length, 3)),
        .out = room_output(r, n, c, c, false),
    };
    TRY(cpu->pointwise(&r->place, &call));
    call.d_out = room_input(r, n, c, c + 1, 0);
    call.d_x = room_output(r, n, c, c, true);
    return cpu->pointwise_backward(&r->place, &call);
}

static cloze_status rotate_case(room *r, size_t number, char name[80])
{
    cz_packing *packing = room_packing(r, ragged, COUNT(ragged));
    size_t last = COUNT(ragged) - 1, n = packing->begin[last] + packing->length[last];
    size_t size = number ? 64 : 6, c = 3 * size;
    snprintf(name, 80, "rotate heads of %zu", size);
    cz_rotate_call call = { .x = room_input(r, n, c, c + 1, 0),
                            .packing = packing,
                            .angles = room_input(r, 131, size, size, 0),
                            .turned = 2 * size,
                            .out = room_output(r, n, c, c, false) };
    TRY(cpu->rotate(&r->place, &call));
    call.d_out = room_input(r, n, c, c, 0);
    call.d_x = room_output(r, n, c, c + 2, true);
    return cpu->rotate_backward(&r->place, &call);
}

static cloze_status scale_case(room *r, size_t number, char name[80])
{
    size_t n = 37, groups = 1 + 4 * number, c = 9 * groups;
    snprintf(name, 80, "scale, %zu groups", groups);
    cz_scale_call call = { .x = room_input(r, n, c, c + 1, 0),
                           .factor = room_input(r, 1, groups, groups, 1),
                           .out = room_output(r, n, c, c + 3, false) };
    TRY(cpu->scale(&r->place, &call));
    call.d_out = room_input(r, n, c, c + 2, 0);
    call.d_x = room_output(r, n, c, c, true);
    call.d_factor = room_output(r, 1, groups, groups, true);
    return cpu->scale_backward(&r->place, &call);
}

static cloze_status gate_case(room *r, size_t number, char name[80])
{
    size_t n = 37, c = 71;
    snprintf(name, 80, "gate, activation %zu", number);
    cz_gate_call call = { .x = room_input(r, n, 2 * c, 2 * c + 1, 0),
                          .activation = (cz_activation)number,
                          .out = room_output(r, n, c, c + 3, false) };
    TRY(cpu->gate(&r->place, &call));
    call.d_out = room_input(r, n, c, c + 1, 0);
    call.d_x = room_output(r, n, 2 * c, 2 * c, true);
    return cpu->gate_backward(&r->place, &call);
}

static cloze_status pool_case(room *r, size_t number, char name[80])
{
    static const size_t skip[] = { 0, 3, 2, 0, 30, 1, 0, 0, 0, 0, 0, 5, 0, 0 };
    cz_packing *packing = room_packing(r, ragged, COUNT(ragged));
    size_t last = COUNT(ragged) - 1, n = packing->begin[last] + packing->length[last], c = 70;
    snprintf(name, 80, "pool, kind %zu", number);
    cz_pool_call call = { .x = room_input(r, n, c, c, 0),
                          .packing = packing,
                          .skip = number % 2 ? skip : NULL,
                          .kind = (cz_pooling_kind)number,
                          .out = room_output(r, packing->count, c, c, false) };
    TRY(cpu->pool(&r->place, &call));
    cz_normalize_call unit = { .x = call.out, .out = room_output(r, packing->count, c, c, false) };
    TRY(cpu->normalize(&r->place, &unit));
    unit.d_out = room_input(r, packing->count, c, c, 0);
    unit.d_x = room_output(r, packing->count, c, c, true);
    TRY(cpu->normalize_backward(&r->place, &unit));
    call.d_out = room_input(r, packing->count, c, c, 0);
    call.d_x = room_output(r, n, c, c, true);
    return cpu->pool_backward(&r->place, &call);
}

static cloze_status embed_case(room *r, size_t number, char name[80])
{
    static const cz_type types[] = { CZ_F32, CZ_F16, CZ_BF16 };
    size_t n = 50, c = 20 + 29 * number;
    cz_embed_call call = { .tables = 3, .fixed = { 3, UINT32_MAX, UINT32_MAX } };
    snprintf(name, 80, "embed, columns %zu", c);
    for (int t = 0; t < 3; t++) {
        uint32_t *index = room_take(r, n * sizeof *index);
        for (size_t i = 0; i < n; i++)
            index[i] = (uint32_t)((i * i + (size_t)t) % 11);
        call.index[t] = index;
        call.table[t] = room_weight(r, 11, c, types[((size_t)t + number) % 3], true);
        call.d_table[t] = room_output(r, 11, c, c, true);
    }
    call.out = room_output(r, n, c, c, false);
    TRY(cpu->embed(&r->place, &call));
    call.d_out = room_input(r, n, c, c, 0);
    return cpu->embed_backward(&r->place, &call);
}

static cloze_status loss_case(room *r, size_t number, char name[80])
{
    size_t n = 9, c = number ? 100 : 3;
    int64_t labels[] = { 0, 2, -100, 1, 1, 2, -1, 0, 2 };
    snprintf(name, 80, "losses over %zu classes", c);
    const float *weight = cz_f32(room_input(r, 1, c, c, 2));
    const cz_entropy_terms terms[] = { { .focal = 0 },
                                       { .smoothing = 0.1 },
                                       { .class_weight = weight, .focal = 1.7 } };
    cz_cross_entropy_call call = { .logits = room_input(r, n, c, c + 1, 0), .labels = labels };
    call.d_loss = room_input(r, 1, 1, 1, 1);
    for (size_t i = 0; i < COUNT(terms); i++) {
        call.terms = terms[i];
        call.loss = room_output(r, 1, 1, 1, false);
        call.d_logits = room_output(r, n, c, c, true);
        TRY(cpu->cross_entropy(&r->place, &call));
        TRY(cpu->cross_entropy_backward(&r->place, &call));
    }
    cz_squared_error_call square = { .x = call.logits,
                                     .target = room_input(r, n, c, c, 0),
                                     .loss = room_output(r, 1, 1, 1, false) };
    TRY(cpu->squared_error(&r->place, &square));
    square.d_loss = call.d_loss;
    square.d_x = room_output(r, n, c, c, true);
    return cpu->squared_error_backward(&r->place, &square);
}

static cloze_status places_case(room *r, size_t number, char name[80])
{
    static const size_t length[] = { 1, 7, 0, 130 };
    size_t n = 138, columns = number ? 5 : 2;
    snprintf(name, 80, "places of %zu columns", columns);
    size_t *place = room_take(r, COUNT(length) * columns * sizeof *place);
    for (size_t i = 0; i < COUNT(length) * columns; i++)
        place[i] = length[i / columns] && i % 4 ? i % length[i / columns] : SIZE_MAX;
    cz_places_call call = { .logits = room_input(r, n, columns, columns + 1, 0),
                            .packing = room_packing(r, length, COUNT(length)),
                            .place = place,
                            .loss = room_output(r, 1, 1, 1, false),
                            .d_loss = room_input(r, 1, 1, 1, 1),
                            .d_logits = room_output(r, n, columns, columns, true) };
    TRY(cpu->places(&r->place, &call));
    return cpu->places_backward(&r->place, &call);
}

static cloze_status lesson_case(room *r, size_t number, char name[80])
{
    size_t n = 21, c = number ? 100 : 3;
    snprintf(name, 80, "lessons over %zu classes", c);
    cz_tensor *x = room_input(r, n, c, c + 1, 0), *targets = room_input(r, n, c, c, 0);
    cz_tensor *d_loss = room_input(r, 1, 1, 1, 1);
    const float *weight = cz_f32(room_input(r, 1, c, c, 2));
    cz_divergence_call teach = { .logits = x,
                                 .teacher = room_input(r, n, c, c + 2, 0),
                                 .temperature = 1.7,
                                 .loss = room_output(r, 1, 1, 1, false),
                                 .d_loss = d_loss,
                                 .d_logits = room_output(r, n, c, c, true) };
    TRY(cpu->divergence(&r->place, &teach));
    TRY(cpu->divergence_backward(&r->place, &teach));
    for (size_t i = 0; i < n * c; i++)
        cz_f32(targets)[i] = i % 7 ? fabsf(cz_f32(targets)[i]) : NAN;
    cz_binary_entropy_call call = { .logits = x,
                                    .targets = targets,
                                    .positive_weight = number ? weight : NULL,
                                    .loss = room_output(r, 1, 1, 1, false),
                                    .d_loss = d_loss,
                                    .d_logits = room_output(r, n, c, c + 2, true) };
    TRY(cpu->binary_entropy(&r->place, &call));
    TRY(cpu->binary_entropy_backward(&r->place, &call));
    cz_cosine_call cosine = { .x = x,
                              .y = teach.d_logits,
                              .out = room_output(r, n, 1, 1, false),
                              .d_out = room_input(r, n, 1, 1, 0),
                              .d_x = room_output(r, n, c, c, true),
                              .d_y = room_output(r, n, c, c + 1, true) };
    TRY(cpu->cosine(&r->place, &cosine));
    return cpu->cosine_backward(&r->place, &cosine);
}

static cloze_status attention_error_case(room *r, size_t number, char name[80])
{
    static const size_t length[] = { 1, 17, 0, 130, 50 };
    size_t n = 198, heads = 3, size = number ? 20 : 64, wide_size = number ? 64 : 7;
    size_t width = heads * size, wide = heads * wide_size;
    snprintf(name, 80, "scores of heads of %zu beside heads of %zu", size, wide_size);
    cz_attention_error_call call = { .q = room_input(r, n, width, 3 * width, 0),
                                     .k = room_input(r, n, width, width + 1, 0),
                                     .teacher_q = room_input(r, n, wide, wide, 0),
                                     .teacher_k = room_input(r, n, wide, wide + 3, 0),
                                     .packing = room_packing(r, length, COUNT(length)),
                                     .heads = heads,
                                     .scale = 0.3,
                                     .teacher_scale = 0.2,
                                     .total = number ? 77 : 0,
                                     .loss = room_output(r, 1, 1, 1, false),
                                     .d_loss = room_input(r, 1, 1, 1, 1),
                                     .d_q = room_output(r, n, width, width + 2, true),
                                     .d_k = room_output(r, n, width, width, true) };
    TRY(cpu->attention_error(&r->place, &call));
    return cpu->attention_error_backward(&r->place, &call);
}

/* A parameter of several pieces; then the sum of one that has more pieces than are summed. */
static cloze_status step_case(room *r, size_t number, char name[80])
{
    size_t n = number ? 2053 : 151, c = number ? 2051 : 451;
    double sum;
    snprintf(name, 80, "a step of %zu x %zu", n, c);
    cz_tensor *gradient = room_input(r, n, c, c, 0);
    cz_adamw_call call = { .gradient = gradient,
                           .rate = 0.01,
                           .beta1 = 0.9,
                           .beta2 = 0.99,
                           .epsilon = 1e-8,
                           .decay = 0.1,
                           .scale = 0.7 };
    if (!number) {
        call.value = room_output(r, n, c, c, true);
        call.first = room_output(r, n, c, c, true);
        call.second = room_output(r, n, c, c, true);
    }
    for (int step = 1; step < 3 && !number; step++) {
        call.correct1 = step == 1 ? 0.1 : 0.19;
        call.correct2 = step == 1 ? 0.01 : 0.0199;
        TRY(cpu->adamw(&r->place, &call));
        TRY(cpu->add(&r->place, &(cz_add_call){ call.value, gradient, 0.3 }));
    }
    TRY(cpu->squares(&r->place, &(cz_squares_call){ gradient, &sum }));
    memcpy(room_output(r, 1, 2, 2, false)->data, &sum, sizeof sum);
    return CLOZE_OK;
}

static cloze_status rows_case(room *r, size_t number, char name[80])
{
    static const size_t row[] = { 4, 0, 4, 7, 7, 7, 1 };
    size_t n = 8, m = COUNT(row), c = 65 + number;
    snprintf(name, 80, "select and blend, columns %zu", c);
    cz_select_call call = { .x = room_input(r, n, c, c, 0),
                            .row = row,
                            .out = room_output(r, m, c, c + 1, false) };
    TRY(cpu->select(&r->place, &call));
    call.d_out = room_input(r, m, c, c, 0);
    call.d_x = room_output(r, n, c, c, true);
    TRY(cpu->select_backward(&r->place, &call));
    cz_blend_call blend = { .x = call.out,
                            .y = number ? call.d_out : NULL,
                            .a = 0.3,
                            .b = -1.7,
                            .out = room_output(r, m, c, c, false),
                            .d_out = call.d_out };
    TRY(cpu->blend(&r->place, &blend));
    blend.d_x = room_output(r, m, c, c, true);
    blend.d_y = number ? room_output(r, m, c, c, true) : NULL;
    return cpu->blend_backward(&r->place, &blend);
}

/* ---- Fourier transforms of lengths of every kind: factors, primes, a convolution; columns too ---- */

static const size_t waves[][4] = { { 1, 48, 0, 17 },
                                   { 131, 2, 64, 33 },
                                   { 61, 3, 120, 5 },
                                   { 7, 67, 81, 100 },
                                   { 128, 127, 9, 4 } },
                    wave_columns[] = { 20, 67, 1, 96, 71 };

static cloze_status fourier_case(room *r, size_t number, char name[80])
{
    cz_packing *packing = room_packing(r, waves[number], 4);
    size_t n = packing->begin[3] + packing->length[3], c = wave_columns[number];
    snprintf(name, 80, "fourier, %zu columns", c);
    cz_fourier_call call = { .x = room_input(r, n, c, c + 3, 0),
                             .packing = packing,
                             .work = room_output(r, n, c + 2, c + 2, true),
                             .out = room_output(r, n, c, c + 1, false) };
    TRY(cpu->fourier(&r->place, &call));
    call.d_out = room_input(r, n, c, c, 0);
    call.d_x = room_output(r, n, c, c + 2, true);
    return cpu->fourier_backward(&r->place, &call);
}

static cloze_status replace_case(room *r, size_t number, char name[80])
{
    static const size_t row[] = { 0, 3, 4, 11 };
    size_t n = 12, m = COUNT(row), c = 65 + number;
    snprintf(name, 80, "replace, columns %zu", c);
    cz_replace_call call = { .base = room_input(r, n, c, c, 0),
                             .x = room_input(r, m, c, c + 2, 0),
                             .row = row,
                             .out = room_output(r, n, c, c + 1, false) };
    TRY(cpu->replace(&r->place, &call));
    call.d_out = room_input(r, n, c, c, 0);
    call.d_base = room_output(r, n, c, c, true);
    call.d_x = room_output(r, m, c, c, true);
    return cpu->replace_backward(&r->place, &call);
}

static const size_t around[] = { 1, 3, 7 };

static cloze_status neighbours_case(room *r, size_t number, char name[80])
{
    static const size_t lengths[] = { 1, 0, 40, 3 };
    cz_packing *packing = room_packing(r, lengths, 4);
    size_t n = packing->begin[3] + packing->length[3], c = 20 + number, k = around[number];
    snprintf(name, 80, "%zu neighbours, columns %zu", k, c);
    cz_neighbours_call call = { .x = room_input(r, n, c, c + 1, 0),
                                .packing = packing,
                                .kernel = k,
                                .out = room_output(r, n, c * k, c * k + 2, false) };
    TRY(cpu->neighbours(&r->place, &call));
    call.d_out = room_input(r, n, c * k, c * k, 0);
    call.d_x = room_output(r, n, c, c + 3, true);
    return cpu->neighbours_backward(&r->place, &call);
}

static const struct {
    run_case *run;
    size_t count;
} groups[] = {
    { linear_case, COUNT(linears) },
    { norm_case, COUNT(norms) },
    { attention_case, COUNT(attentions) },
    { pointwise_case, CZ_ACTIVATIONS },
    { rotate_case, 2 },
    { gate_case, CZ_ACTIVATIONS },
    { scale_case, 3 },
    { pool_case, CZ_POOL_LAST + 1 },
    { embed_case, 3 },
    { loss_case, 2 },
    { places_case, 2 },
    { lesson_case, 2 },
    { attention_error_case, 2 },
    { step_case, 2 },
    { rows_case, 2 },
    { fourier_case, COUNT(waves) },
    { replace_case, 2 },
    { neighbours_case, COUNT(around) },
};

size_t bits_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT(groups); i++)
        count += groups[i].count;
    return count;
}

bits_result bits_run(size_t number, const void *kernels, cz_pool *pool, char name[80])
{
    static const cz_extent extent = { 600, 131, 1100, 12, 80, true, 100, true, 131, true };
    bits_result result = { 0, NULL };
    size_t group = 0;
    room r;
    while (number >= groups[group].count)
        number -= groups[group++].count;
    room_open(&r, kernels, pool, &extent);
    cloze_status status = groups[group].run(&r, number, name);
    if (status)
        result.fault = cloze_status_name(status);
    else if (!room_hash(&r, &result.hash))
        result.fault = "written outside of an output or of the scratch";
    room_close(&r);
    return result;
}
