/*
 * kernels.c - what the kernels reach of the machine's peak, on one thread: the tile on first-level
 * data, products of real shapes with warm and cold weights, attention, norms, activations. Every
 * figure is the best of many short samples, with the peak measured between them.
 *
 * usage: bench_kernels [ISA] [what...]     what: tile product attention rows pack backward
 */
#include "backend/cpu/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES = 40, WIDEST = 3072, MOST_ROWS = 1024 };

static cz_place place;
static double best_peak;

/* The thread's own time: others on the machine take turns, but not into account. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static const cz_kernels *kernels(void)
{
    return place.kernels;
}

static float *numbers(size_t count, float width)
{
    static uint64_t state = 88172645463325252u;
    float *data = aligned_alloc(64, (count * sizeof(float) + 4095) / 64 * 64);
    for (size_t i = 0; i < count + 16; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        data[i] = width * ((float)(state >> 40) * 0x1p-23f - 1.0f);
    }
    return data;
}

static cz_tensor matrix(size_t rows, size_t columns, float width)
{
    return (
        cz_tensor){ numbers(rows * columns, width), rows, columns, columns, CZ_F32, false, NULL };
}

static void measure_peak(void)
{
    double start = now();
    double flop = (double)cz_cpu_peak(place.kernels, 1500), rate = flop / (now() - start);
    best_peak = rate > best_peak ? rate : best_peak;
}

typedef void work(void *context);

/* Seconds of one call: the best of some samples of about a third of a millisecond at least. */
static double best_time(work *run, void *context)
{
    double best = 1e9, start = now();
    size_t calls = 1;
    run(context);
    double once = now() - start;
    if (once < 3e-4)
        calls = (size_t)(3e-4 / once) + 1;
    for (int i = 0; i < SAMPLES; i++) {
        measure_peak();
        run(context);
        start = now();
        for (size_t n = 0; n < calls; n++)
            run(context);
        double seconds = (now() - start) / (double)calls;
        best = seconds < best ? seconds : best;
    }
    return best;
}

static void say(const char *name, double flop, double seconds)
{
    printf("%-44s %9.2f us %7.1f GFLOP/s %5.1f %%\n", name, seconds * 1e6, flop / seconds * 1e-9,
           flop / seconds / best_peak * 100);
    fflush(stdout);
}

/* ---- the tile ---- */

static void run_multiply(void *context)
{
    kernels()->multiply(context);
}

static void bench_tile(void)
{
    size_t panel = kernels()->panel;
    for (size_t rows = 1; rows <= 16; rows++) {
        char name[80];
        cz_product p = {
            .x = numbers(192 * rows, 1),
            .x_stride = 192,
            .rows = rows,
            .depth = 192,
            .panel = numbers(192 * panel, 1),
            .finish = { .out = numbers(rows * panel, 1), .out_stride = panel, .columns = panel }
        };
        snprintf(name, sizeof name, "tile %zu x %zu, depth 192, in cache", rows, panel);
        say(name, 2.0 * 192 * (double)(rows * panel), best_time(run_multiply, &p));
    }
}

/* ---- products ---- */

typedef struct product {
    cz_linear_call call;
    cz_weight *weights; /* [copies], taken in turn */
    size_t copies, next;
} product;

static void run_linear(void *context)
{
    product *p = context;
    p->call.weight = &p->weights[p->next++ % p->copies];
    cz_backend_cpu.linear(&place, &p->call);
}

enum { KEPT, KEPT_BF16, AT_USE };

static void bench_product(size_t rows, size_t in, size_t out, cz_activation activation,
                          size_t copies, int how)
{
    static const char *const hows[] = { "", " bf16", " at use" };
    cz_tensor x = matrix(rows, in, 1), y = matrix(rows, out, 1), bias = matrix(1, out, 1);
    cz_tensor weight = matrix(out, in, 0.1f);
    cz_weight *weights = calloc(copies, sizeof *weights);
    product p = { .call = { .x = &x, .activation = activation, .out = &y },
                  .weights = weights,
                  .copies = copies };
    char name[80];
    for (size_t i = 0; i < copies; i++) {
        cz_pack *pack = NULL;
        weights[i] =
            (cz_weight){ .in = in, .out = out, .parts = 1, .part = { &weight }, .bias = { &bias } };
        if (how == AT_USE)
            continue;
        size_t size = cz_backend_cpu.pack_size(place.kernels, &weights[i], how == KEPT_BF16);
        void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
        cz_backend_cpu.pack(&place, &weights[i], how == KEPT_BF16, memory, &pack, NULL);
        weights[i].pack = pack;
    }
    snprintf(name, sizeof name, "%4zu x %4zu x %4zu%s%s%s", rows, in, out,
             activation ? " gelu" : "", copies > 1 ? " cold" : "", hows[how]);
    say(name, 2 * (double)rows * (double)in * (double)out, best_time(run_linear, &p));
    for (size_t i = 0; i < copies; i++)
        free((void *)(uintptr_t)weights[i].pack);
    free(weights);
    free(x.data), free(y.data), free(bias.data), free(weight.data);
}

static void bench_products(void)
{
    static const size_t rows[] = { 1, 4, 8, 16, 32, 128, 1024 };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench_product(rows[i], 384, 1152, CZ_IDENTITY, 1, KEPT);
        bench_product(rows[i], 384, 384, CZ_IDENTITY, 1, KEPT);
        bench_product(rows[i], 384, 1536, CZ_GELU, 1, KEPT);
        bench_product(rows[i], 1536, 384, CZ_IDENTITY, 1, KEPT);
        bench_product(rows[i], 768, 3072, CZ_GELU, 1, KEPT);
        bench_product(rows[i], 3072, 768, CZ_IDENTITY, 1, KEPT);
    }
    for (size_t i = 0; i < 5; i++) {
        bench_product(rows[i], 384, 1536, CZ_IDENTITY, 16, KEPT);
        bench_product(rows[i], 1536, 384, CZ_IDENTITY, 16, KEPT);
        bench_product(rows[i], 768, 3072, CZ_IDENTITY, 8, KEPT);
        bench_product(rows[i], 768, 3072, CZ_IDENTITY, 8, KEPT_BF16);
    }
    bench_product(128, 768, 3072, CZ_IDENTITY, 1, KEPT_BF16);
}

/* ---- attention ---- */

static void run_attention(void *context)
{
    cz_backend_cpu.attention(&place, context);
}

static void bench_attention(size_t sequences, size_t length, size_t heads, size_t size)
{
    size_t n = sequences * length, wide = heads * size, *begin = calloc(sequences, sizeof *begin);
    size_t *lengths = calloc(sequences, sizeof *lengths);
    cz_tensor qkv = matrix(n, 3 * wide, 1), out = matrix(n, wide, 1);
    cz_tensor q = cz_tensor_columns(&qkv, 0, wide), k = cz_tensor_columns(&qkv, wide, wide);
    cz_tensor v = cz_tensor_columns(&qkv, 2 * wide, wide);
    cz_packing packing = { sequences, begin, lengths, length };
    char name[80];
    for (size_t i = 0; i < sequences; i++) {
        begin[i] = i * length;
        lengths[i] = length;
    }
    cz_attention_call call = { .q = &q,
                               .k = &k,
                               .v = &v,
                               .queries = &packing,
                               .keys = &packing,
                               .heads = heads,
                               .scale = 0.18,
                               .out = &out };
    snprintf(name, sizeof name, "attention %zu x %zu tokens, %zu x %zu", sequences, length, heads,
             size);
    say(name, 4 * (double)n * (double)length * (double)wide, best_time(run_attention, &call));
    free(begin), free(lengths), free(qkv.data), free(out.data);
}

/* ---- rows ---- */

static void run_norm(void *context)
{
    cz_backend_cpu.norm(&place, context);
}

static void run_gelu(void *context)
{
    cz_backend_cpu.pointwise(&place, context);
}

static void bench_rows(void)
{
    cz_tensor x = matrix(128, 384, 1), branch = matrix(128, 384, 1), gain = matrix(1, 384, 1);
    cz_tensor wide = matrix(128, 1536, 1);
    cz_norm_call norm = { .x = &x, .branch = &branch, .gain = &gain, .shift = &gain, .out = &x };
    cz_pointwise_call gelu = { .x = &wide, .activation = CZ_GELU, .out = &wide };
    double seconds = best_time(run_norm, &norm);
    cz_dropout dropout = { .p = 0.1f };
    printf("norm 128 x 384: %.1f us, %.2f ns a number\n", seconds * 1e6, seconds * 1e9 / 49152);
    norm.dropout = dropout;
    seconds = best_time(run_norm, &norm);
    printf("with dropout: %.1f us, %.2f ns a number\n", seconds * 1e6, seconds * 1e9 / 49152);
    seconds = best_time(run_gelu, &gelu);
    printf("gelu 128 x 1536: %.1f us, %.2f ns a number\n", seconds * 1e6, seconds * 1e9 / 196608);
}

static void run_pack(void *context)
{
    cz_weight *w = context;
    cz_pack *pack = NULL;
    cz_backend_cpu.pack(&place, w, false, (void *)(uintptr_t)w->pack, &pack, NULL);
}

static void bench_pack(void)
{
    static const cz_type types[] = { CZ_F32, CZ_F16, CZ_BF16 };
    for (size_t i = 0; i < 3; i++) {
        cz_tensor weight = matrix(1536, 384, 0.1f);
        weight.type = types[i];
        for (size_t j = 0; i && j < (size_t)1536 * 384; j++)
            ((uint16_t *)weight.data)[j] = (uint16_t)(0x3000 + j % 1000);
        cz_weight w = { .in = 384, .out = 1536, .parts = 1, .part = { &weight } };
        size_t size = cz_backend_cpu.pack_size(place.kernels, &w, false);
        w.pack = aligned_alloc(64, (size + 63) / 64 * 64);
        double seconds = best_time(run_pack, &w);
        printf("pack %s 1536 x 384: %.0f us, %.1f GB/s of floats\n", cz_type_name(types[i]),
               seconds * 1e6, 1536 * 384 * 4 / seconds * 1e-9);
    }
    bench_product(4, 384, 1536, CZ_IDENTITY, 1, AT_USE);
    bench_product(16, 384, 1536, CZ_IDENTITY, 1, AT_USE);
}

/* ---- backward ---- */

static void run_linear_backward(void *context)
{
    cz_backend_cpu.linear_backward(&place, context);
}

static void run_attention_backward(void *context)
{
    cz_backend_cpu.attention_backward(&place, context);
}

static void bench_linear_backward(size_t n, size_t in, size_t out)
{
    cz_tensor x = matrix(n, in, 1), weight = matrix(out, in, 0.1f), d_out = matrix(n, out, 1);
    cz_tensor d_x = matrix(n, in, 0), d_weight = matrix(out, in, 0);
    cz_weight w = { .in = in, .out = out, .parts = 1, .part = { &weight } };
    cz_linear_call call = { .x = &x, .weight = &w, .out = &d_out, .d_out = &d_out, .d_x = &d_x };
    char name[80];
    snprintf(name, sizeof name, "d_x of %zu x %zu x %zu", n, in, out);
    say(name, 2 * (double)n * (double)in * (double)out, best_time(run_linear_backward, &call));
    call.d_x = NULL;
    call.d_part[0] = &d_weight;
    snprintf(name, sizeof name, "d_w of %zu x %zu x %zu", n, in, out);
    say(name, 2 * (double)n * (double)in * (double)out, best_time(run_linear_backward, &call));
}

static void bench_attention_backward(size_t length, size_t heads, size_t size)
{
    size_t wide = heads * size, begin = 0;
    cz_tensor q = matrix(length, wide, 1), k = matrix(length, wide, 1), v = matrix(length, wide, 1);
    cz_tensor out = matrix(length, wide, 1), d_q = matrix(length, wide, 0);
    cz_tensor d_k = matrix(length, wide, 0), d_v = matrix(length, wide, 0);
    cz_packing packing = { 1, &begin, &length, length };
    cz_attention_call call = { .q = &q,
                               .k = &k,
                               .v = &v,
                               .queries = &packing,
                               .keys = &packing,
                               .heads = heads,
                               .scale = 0.18,
                               .out = &out,
                               .d_out = &out,
                               .d_q = &d_q,
                               .d_k = &d_k,
                               .d_v = &d_v };
    char name[80];
    snprintf(name, sizeof name, "attention backward, %zu tokens, %zu x %zu", length, heads, size);
    say(name, 10 * (double)length * (double)length * (double)wide,
        best_time(run_attention_backward, &call));
}

static bool wanted(int count, char **arguments, const char *what)
{
    for (int i = 2; i < count; i++)
        if (!strcmp(arguments[i], what))
            return true;
    return count < 3;
}

int main(int count, char **arguments)
{
    cz_extent extent = { MOST_ROWS, 4096, WIDEST, 12, 64, true, 768, true, 0, false };
    place.type = CZ_F32;
    place.kernels = cz_cpu_kernels(count > 1 ? arguments[1] : NULL);
    if (!place.kernels) {
        fprintf(stderr, "bench_kernels: no such instruction set here\n");
        return 2;
    }
    place.scratch_size = cz_backend_cpu.scratch(&extent, place.kernels);
    place.scratch = aligned_alloc(64, place.scratch_size);
    for (int i = 0; i < 20; i++)
        measure_peak();
    printf("%s, peak %.1f GFLOP/s on one thread\n", kernels()->name, best_peak * 1e-9);
    if (wanted(count, arguments, "tile"))
        bench_tile();
    if (wanted(count, arguments, "product"))
        bench_products();
    if (wanted(count, arguments, "attention")) {
        bench_attention(1, 16, 12, 32);
        bench_attention(40, 24, 12, 32);
        bench_attention(1, 128, 12, 32);
        bench_attention(1, 512, 12, 32);
        bench_attention(1, 512, 12, 64);
    }
    if (wanted(count, arguments, "rows"))
        bench_rows();
    if (wanted(count, arguments, "pack"))
        bench_pack();
    if (wanted(count, arguments, "backward")) {
        bench_linear_backward(1024, 384, 1536);
        bench_linear_backward(1024, 1536, 384);
        bench_attention_backward(128, 12, 32);
        bench_attention_backward(512, 12, 32);
    }
    printf("peak %.1f GFLOP/s\n", best_peak * 1e-9);
    free(place.scratch);
    return 0;
}
