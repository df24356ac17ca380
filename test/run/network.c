/* network.c - see network.h. */
#include "network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint32_t words[TOKENS] = { 3, 1, 1, 4, 0, 2, 3, 3 },
                      places[TOKENS] = { 0, 1, 2, 0, 0, 1, 2, 3 };
static const size_t begin[] = { 0, 3, 4, 4 }, length[] = { 3, 1, 0, 4 };
static const uint64_t samples[] = { 12, 900, 4, 31 };

/* ---- weights ---- */

static void *random_numbers(cz_type type, size_t count, double around, double spread,
                            uint32_t stream)
{
    const uint32_t key[2] = { 17, 23 };
    char *numbers = calloc(count + 1, cz_type_size(type));
    for (size_t i = 0; i < count; i++) {
        uint32_t counter[4] = { (uint32_t)i, stream, 0, 0 };
        double value = around + spread * ((double)cz_philox_at(counter, key).word[0] * 0x1p-31 - 1);
        if (type == CZ_F64)
            ((double *)(void *)numbers)[i] = value;
        else
            ((float *)(void *)numbers)[i] = (float)value;
    }
    return numbers;
}

static const cz_parameter *add(tiny *t, size_t rows, size_t columns, double around)
{
    size_t index = t->parameters++;
    cz_type type = t->backend->type;
    cz_parameter *p = &t->parameter[index];
    void *numbers = random_numbers(type, rows * columns, around, 0.7, 100 + (uint32_t)index);
    *p = (cz_parameter){ .value = { numbers, rows, columns, columns, type, false, NULL },
                         .index = index,
                         .name = "tiny" };
    t->gradient[index] = p->value;
    t->gradient[index].data = calloc(rows * columns, cz_type_size(type));
    t->gradients[index] = &t->gradient[index];
    return p;
}

static void add_linear(tiny *t, cz_linear_weights *linear, size_t in, size_t out, int parts)
{
    linear->weight = (cz_weight){ .in = in, .out = out * (size_t)parts, .parts = parts };
    for (int i = 0; i < parts; i++) {
        linear->part[i] = add(t, out, in, 0);
        linear->bias[i] = add(t, 1, out, 0);
        linear->weight.part[i] = &linear->part[i]->value;
        linear->weight.bias[i] = &linear->bias[i]->value;
    }
}

static cz_norm_weights add_norm(tiny *t)
{
    const cz_parameter *gain = add(t, 1, WIDTH, 1);
    return (cz_norm_weights){ gain, add(t, 1, WIDTH, 0), 1e-5, false };
}

static void add_layer(tiny *t, size_t number)
{
    tiny_layer *layer = &t->layer[number];
    uint32_t site = 10 * (uint32_t)number;
    *layer = (tiny_layer){ .number = number,
                           .attention = { .heads = HEADS,
                                          .head_size = WIDTH / HEADS,
                                          .scale = 0.6,
                                          .dropout = { 0.2f, site + 1 } },
                           .attention_dropout = { 0.3f, site + 2 },
                           .feed_dropout = { 0.3f, site + 3 } };
    /* One part only: LAYER_PARAMETERS counts them. */
    add_linear(t, &layer->qkv, WIDTH, 3 * WIDTH, 1);
    add_linear(t, &layer->attention_out, WIDTH, WIDTH, 1);
    layer->attention_norm = add_norm(t);
    add_linear(t, &layer->up, WIDTH, FEED, 1);
    add_linear(t, &layer->down, FEED, WIDTH, 1);
    layer->feed_norm = add_norm(t);
}

void tiny_open(tiny *t, const cz_backend *backend, size_t layers)
{
    *t = (tiny){ .backend = backend, .layers = layers };
    t->embed = (cz_embed_weights){ .tables = 2,
                                   .table = { add(t, 5, WIDTH, 0) },
                                   .fixed = { UINT32_MAX, UINT32_MAX } };
    /* Positions share the table of words: a parameter used twice. */
    t->embed.table[1] = t->embed.table[0];
    t->embed_norm = add_norm(t);
    for (size_t i = 0; i < layers; i++)
        add_layer(t, i);
    t->batch = (cz_batch){ .tokens = TOKENS,
                           .packing = { 4, begin, length, 4 },
                           .ids = words,
                           .positions = places,
                           .samples = samples };
    t->memory = random_numbers(backend->type, (size_t)TOKENS * WIDTH, 0, 1, 1);
    t->target = random_numbers(backend->type, (size_t)TOKENS * WIDTH, 0, 1, 2);
    t->host = aligned_alloc(64, HOST_SIZE);
    t->numbers = aligned_alloc(64, NUMBERS_SIZE);
    t->bench = aligned_alloc(64, NUMBERS_SIZE);
    t->run = (cz_run){ .backend = backend,
                       .host = { t->host, HOST_SIZE, 0, 0 },
                       .numbers = { t->numbers, NUMBERS_SIZE, 0, 0 },
                       .bench = { t->bench, NUMBERS_SIZE, 0, 0 },
                       .gradients = t->gradients,
                       .seed = 3,
                       .step = 8 };
    t->run.place.type = backend->type;
    if (backend == &cz_backend_cpu)
        t->run.place.kernels = cz_cpu_kernels(NULL);
    cz_extent extent = {
        TOKENS, TOKENS, 3 * WIDTH, HEADS, WIDTH / HEADS, true, 0, false, 0, false
    };
    t->run.place.scratch_size = (backend->scratch(&extent, t->run.place.kernels) + 63) / 64 * 64;
    t->scratch = aligned_alloc(64, t->run.place.scratch_size + 64);
    t->run.place.scratch = t->scratch;
}

void tiny_close(tiny *t)
{
    for (size_t i = 0; i < t->parameters; i++) {
        free(t->parameter[i].value.data);
        free(t->gradient[i].data);
    }
    free(t->memory);
    free(t->target);
    free(t->host);
    free(t->numbers);
    free(t->bench);
    free(t->scratch);
}

/* ---- the model ---- */

static cz_tensor *embed_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const tiny *t = self;
    const uint32_t *index[] = { batch->ids, batch->positions };
    assert_null(x);
    x = cz_embed(run, &t->embed, index, batch->tokens);
    x = cz_norm(run, x, &t->embed_norm);
    return cz_drop(run, &batch->packing, batch->samples, x, (cz_dropout_site){ 0.2f, 999 });
}

static cz_tensor *attention_half(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const tiny_layer *layer = self;
    cz_tensor *h = cz_linear(run, x, &layer->qkv, CZ_IDENTITY);
    h = cz_self_attention(run, batch, h, &layer->attention, layer->number);
    h = cz_linear(run, h, &layer->attention_out, CZ_IDENTITY);
    x = cz_residual(run, batch, x, h, &layer->attention_norm, layer->attention_dropout);
    cz_run_tap(run, "middle", layer->number, 0, x);
    return x;
}

static cz_tensor *feed_half(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const tiny_layer *layer = self;
    cz_tensor *h = cz_linear(run, x, &layer->up, CZ_GELU);
    h = cz_linear(run, h, &layer->down, CZ_IDENTITY);
    if (layer->memory)
        h = cz_blend(run, h, 1, layer->memory, 0.5);
    return cz_residual(run, batch, x, h, &layer->feed_norm, layer->feed_dropout);
}

static cz_tensor *layer_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    x = attention_half(run, self, batch, x);
    return feed_half(run, self, batch, x);
}

static cz_tensor *nested_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const tiny_layer *layer = self;
    x = cz_stage(run, attention_half, layer, batch, x, NULL, 0);
    return cz_stage(run, feed_half, layer, batch, x, &layer->memory, layer->memory != NULL);
}

static cz_tensor *encode(tiny *t)
{
    cz_run *run = &t->run;
    cz_stage_body *body = t->nested ? nested_body : layer_body;
    bool record = run->record;
    run->record = record && !t->frozen;
    cz_tensor *x = cz_stage(run, embed_body, t, &t->batch, NULL, NULL, 0);
    cz_run_tap(run, "embeddings", 0, 0, x);
    for (size_t i = 0; i < t->layers; i++) {
        /* The list need not outlive the call. */
        cz_tensor *outside[1] = { t->memory_input };
        t->layer[i].memory = t->no_outside ? NULL : t->memory_input;
        run->record = record && i >= t->frozen;
        x = cz_stage(run, body, &t->layer[i], &t->batch, x, outside, !t->no_outside);
        cz_run_tap(run, "layer", i + 1, 0, x);
    }
    return x;
}

static void forward_and_back(tiny *t)
{
    cz_run *run = &t->run;
    cz_run_reset(run);
    for (size_t i = 0; i < t->parameters; i++)
        memset(t->gradient[i].data, 0,
               t->gradient[i].rows * t->gradient[i].columns * cz_type_size(t->backend->type));
    t->memory_input = cz_run_input(run, t->memory, TOKENS, WIDTH, run->record);
    cz_tensor *target = cz_run_input(run, t->target, TOKENS, WIDTH, false);
    t->out = encode(t);
    t->loss = cz_squared_error(run, t->out, target, 0);
    if (run->record)
        cz_run_backward(run, t->loss);
}

void tiny_run(tiny *t)
{
    t->run.host.peak = t->run.numbers.peak = t->run.bench.peak = 0;
    forward_and_back(t);
}

void tiny_count(tiny *t)
{
    cz_arena numbers = t->run.numbers, bench = t->run.bench;
    t->run.numbers = t->run.bench = (cz_arena){ NULL, 0, 0, 0 };
    t->run.host.peak = 0;
    forward_and_back(t);
    numbers.peak = t->run.numbers.peak;
    bench.peak = t->run.bench.peak;
    t->run.numbers = numbers;
    t->run.bench = bench;
}

/* ---- comparing ---- */

static size_t put_bits(char *out, const cz_tensor *t)
{
    size_t size = t ? t->rows * t->columns * cz_type_size(t->type) : 0;
    if (out && size)
        memcpy(out, t->data, size);
    return size;
}

static size_t all_bits(char *out, const tiny *t, bool gradients)
{
    size_t at = put_bits(out, t->out);
    at += put_bits(out ? out + at : NULL, t->loss);
    if (!gradients)
        return at;
    at += put_bits(out ? out + at : NULL, t->memory_input->gradient);
    for (size_t i = 0; i < t->parameters; i++)
        at += put_bits(out ? out + at : NULL, &t->gradient[i]);
    return at;
}

char *tiny_bits(const tiny *t, bool gradients, size_t *size)
{
    *size = all_bits(NULL, t, gradients);
    char *bits = malloc(*size + 1);
    all_bits(bits, t, gradients);
    return bits;
}

void tiny_expect_same(const tiny *a, const tiny *b, bool gradients)
{
    size_t size_a, size_b;
    char *bits_a = tiny_bits(a, gradients, &size_a), *bits_b = tiny_bits(b, gradients, &size_b);
    assert_int_equal(a->run.error.status, CLOZE_OK);
    assert_int_equal(b->run.error.status, CLOZE_OK);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(bits_a, bits_b, size_a);
    free(bits_a);
    free(bits_b);
}
