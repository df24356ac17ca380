/* golden.c - see golden.h. */
#include "golden.h"

#include "base/memory.h"
#include "model/family.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HOST_SIZE = 1 << 18, NUMBERS_SIZE = 4 << 20 };

static const cz_stored_tensor *expected(const golden *g, const char *name)
{
    const cz_stored_tensor *stored = cz_weights_find(g->expected, name);
    if (!stored)
        fail_msg("the golden file lacks %s", name);
    return stored;
}

static int64_t integer_at(const cz_stored_tensor *stored, size_t i)
{
    int64_t value;
    memcpy(&value, (const char *)stored->data + 8 * i, 8);
    return value;
}

/* The one head of the first golden files is not named in them. */
static const char *head_name(char *out, size_t size, const char *what, int head)
{
    static const char *const names[CZ_HEADS] = {
        [CZ_HEAD_LABELS] = "",    [CZ_HEAD_CHOICE] = ".choice", [CZ_HEAD_ORDER] = ".order",
        [CZ_HEAD_TAGS] = ".tags", [CZ_HEAD_SPANS] = ".spans",   [CZ_HEAD_WORDS] = ".words",
        [CZ_HEAD_REPLACED] = ".replaced",
    };
    snprintf(out, size, "%s%s", what, names[head]);
    return out;
}

static void read_labels(golden *g)
{
    char name[64];
    for (int head = 0; head < CZ_HEADS; head++) {
        const cz_stored_tensor *labels =
            cz_weights_find(g->expected, head_name(name, sizeof name, "labels", head));
        if (!labels)
            continue;
        g->labels[head] = calloc(labels->shape[0], sizeof *g->labels[head]);
        for (size_t i = 0; i < labels->shape[0]; i++)
            g->labels[head][i] = integer_at(labels, i);
    }
}

/* Those that the file has a mask of. */
static void read_globals(golden *g, const cz_stored_tensor *mask)
{
    size_t count = 0, longest = 0;
    for (size_t s = 0; s < g->batch.packing.count; s++) {
        g->global_begin[s] = count;
        for (size_t i = 0; i < g->length[s]; i++)
            if (integer_at(mask, g->begin[s] + i))
                g->global_row[count++] = g->begin[s] + i;
        g->global_length[s] = count - g->global_begin[s];
        longest = g->global_length[s] > longest ? g->global_length[s] : longest;
    }
    g->globals.row = g->global_row;
    g->globals.count = count;
    g->globals.packing =
        (cz_packing){ g->batch.packing.count, g->global_begin, g->global_length, longest };
    g->batch.globals = &g->globals;
}

/* Tokens that see everything: as the file says, or as the model's head wants them. */
static void make_globals(golden *g)
{
    const cz_stored_tensor *mask = cz_weights_find(g->expected, "global_attention_mask");
    g->global_row = calloc(g->batch.tokens, sizeof *g->global_row);
    g->global_begin = calloc(g->batch.packing.count, sizeof *g->global_begin);
    g->global_length = calloc(g->batch.packing.count, sizeof *g->global_length);
    for (int head = 0; head < CZ_HEADS && !mask; head++)
        if (g->labels[head] && cz_head_has_globals(g->network, (cz_head_kind)head)) {
            g->globals = cz_head_globals(g->network, (cz_head_kind)head, &g->batch, g->global_row,
                                         g->global_begin, g->global_length);
            g->batch.globals = &g->globals;
        }
    if (mask)
        read_globals(g, mask);
}

static void make_batch(golden *g)
{
    const cz_stored_tensor *ids = expected(g, "input_ids"), *offsets = expected(g, "offsets");
    const cz_stored_tensor *types = expected(g, "token_type_ids");
    size_t tokens = ids->shape[0], count = offsets->shape[0] - 1;
    g->ids = calloc(tokens, 4);
    g->positions = calloc(tokens, 4);
    g->types = calloc(tokens, 4);
    g->begin = calloc(count, sizeof *g->begin);
    g->length = calloc(count, sizeof *g->length);
    g->samples = calloc(count, sizeof *g->samples);
    g->targets = calloc(count, sizeof *g->targets);
    read_labels(g);
    g->batch = (cz_batch){ .tokens = tokens,
                           .packing = { count, g->begin, g->length, 0 },
                           .ids = g->ids,
                           .positions = g->positions,
                           .types = g->types,
                           .samples = g->samples };
    for (size_t s = 0; s < count; s++) {
        g->begin[s] = (size_t)integer_at(offsets, s);
        g->length[s] = (size_t)integer_at(offsets, s + 1) - g->begin[s];
        g->samples[s] = 100 + s;
        if (g->length[s] > g->batch.packing.longest)
            g->batch.packing.longest = g->length[s];
    }
    for (size_t i = 0; i < tokens; i++) {
        g->ids[i] = (uint32_t)integer_at(ids, i);
        g->types[i] = (uint32_t)integer_at(types, i);
    }
    for (size_t s = 0; s < count; s++)
        cz_config_positions(&g->network->config, g->ids + g->begin[s], g->length[s],
                            g->positions + g->begin[s]);
    make_globals(g);
}

static void make_run(golden *g, const golden_options *options)
{
    size_t type = cz_type_size(g->backend->type);
    g->host = aligned_alloc(64, HOST_SIZE);
    g->numbers = aligned_alloc(64, NUMBERS_SIZE);
    g->run = (cz_run){
        .backend = g->backend,
        .place = g->place,
        .host = { g->host, HOST_SIZE, 0, 0 },
        .numbers = { g->numbers, NUMBERS_SIZE, 0, 0 },
        .record = true,
        .parameter_gradients = true,
        .recompute = options->recompute,
        .dropout = options->dropout,
        .seed = 5,
        .step = 3,
    };
    g->gradients = calloc(g->network->parameter_count, sizeof *g->gradients);
    g->gradient_list = calloc(g->network->parameter_count, sizeof *g->gradient_list);
    for (size_t i = 0; i < g->network->parameter_count; i++) {
        const cz_tensor *value = &g->network->parameters[i].value;
        g->gradients[i] = (cz_tensor){ calloc(value->rows * value->columns, type),
                                       value->rows,
                                       value->columns,
                                       value->columns,
                                       g->backend->type,
                                       false,
                                       NULL };
        g->gradient_list[i] = &g->gradients[i];
    }
    g->run.gradients = g->gradient_list;
    cz_run_reset(&g->run);
}

void golden_open(golden *g, const char *name, const golden_options *options)
{
    char folder[2048], file[2100];
    cloze_error error = { 0 };
    const char *data = getenv("CLOZE_TEST_DATA");
    assert_non_null(data);
    *g = (golden){ .backend = options->backend };
    snprintf(folder, sizeof folder, "%s/golden/models/%s", data, name);
    snprintf(file, sizeof file, "%s/golden.safetensors", folder);

    g->place.type = options->backend->type;
    g->place.kernels = options->backend == &cz_backend_cpu ? cz_cpu_kernels(options->isa) : NULL;
    if (options->threads > 1)
        assert_int_equal(cz_pool_new(&g->place.pool, options->threads, NULL, &error), 0);
    cz_network_options how = { .backend = options->backend,
                               .place = &g->place,
                               .pack = options->pack,
                               .bf16 = options->bf16,
                               .adapter = options->adapter,
                               .anew = options->anew };
    /* Packing needs no scratch; the extent is known once the network is. */
    if (cz_network_open(&g->network, folder, &how, &error) ||
        cz_weights_open_file(&g->expected, file, NULL, &error))
        fail_msg("%s", error.message);
    make_batch(g);
    cz_extent extent =
        cz_network_extent(g->network, g->batch.tokens, g->batch.packing.longest, true);
    g->place.scratch_size = options->backend->scratch(&extent, g->place.kernels);
    g->place.scratch_size = (g->place.scratch_size + 63) / 64 * 64;
    g->scratch = aligned_alloc(64, (g->place.scratch_size + 64) * (options->threads + 1));
    g->place.scratch = g->scratch;
    make_run(g, options);
}

void golden_close(golden *g)
{
    for (size_t i = 0; i < g->network->parameter_count; i++)
        free(g->gradients[i].data);
    cz_network_free(g->network);
    cz_weights_close(g->expected);
    cz_pool_free(g->place.pool);
    free(g->ids), free(g->positions), free(g->types), free(g->begin), free(g->length);
    free(g->samples), free(g->targets), free(g->host), free(g->numbers);
    free(g->scratch), free(g->gradients), free(g->gradient_list);
    free(g->global_row), free(g->global_begin), free(g->global_length);
    for (int head = 0; head < CZ_HEADS; head++)
        free(g->labels[head]);
}

/* Where the file weaves several matrices into one, `found` is one of them. */
static double woven_difference(const golden *g, const char *name, const cz_tensor *found,
                               const cz_parameter *parameter)
{
    const cz_stored_tensor *stored = expected(g, name);
    size_t turns = parameter && parameter->turns ? parameter->turns : 1;
    size_t turn = turns > 1 ? parameter->turn : 0, block = turns > 1 ? parameter->block : 1;
    cz_tensor truth = { (void *)(uintptr_t)stored->data,
                        found->rows * turns,
                        found->columns,
                        found->columns,
                        stored->type,
                        false,
                        NULL };
    double difference = 0, largest = 0;
    assert_int_equal(stored->size,
                     turns * found->rows * found->columns * cz_type_size(stored->type));
    for (size_t i = 0; i < found->rows; i++)
        for (size_t c = 0; c < found->columns; c++) {
            size_t row = (i / block * turns + turn) * block + i % block;
            double a = cz_tensor_at(&truth, row, c), b = cz_tensor_at(found, i, c);
            largest = fmax(largest, fabs(a));
            difference = isnan(b) ? INFINITY : fmax(difference, fabs(a - b));
        }
    /* A gradient that is exactly zero in theory has nothing to be relative to: the bias of the
     * keys moves every score of a row alike. It is measured against one. */
    if (largest < 1e-12)
        largest = 1;
    return difference / largest;
}

double golden_difference(const golden *g, const char *name, const cz_tensor *found)
{
    return woven_difference(g, name, found, NULL);
}

static void note_part(golden *g, const char *name, const cz_tensor *found,
                      const cz_parameter *parameter, double *worst)
{
    double difference = woven_difference(g, name, found, parameter);
    if (difference > *worst) {
        *worst = difference;
        snprintf(g->worst_name, sizeof g->worst_name, "%s", name);
    }
}

static void note(golden *g, const char *name, const cz_tensor *found, double *worst)
{
    note_part(g, name, found, NULL, worst);
}

/* Attention is in one golden file alone; a stage that runs again shows it twice. */
static void compare_attention(golden *g, const cz_tap_point *point, const cz_tensor *tensor)
{
    char name[64];
    snprintf(name, sizeof name, "attention.%zu.%zu", point->layer, point->sequence);
    if (!cz_weights_find(g->expected, name))
        return;
    note(g, name, tensor, &g->worst_output);
    g->attention_seen += !point->again;
}

static void compare_tap(void *context, const cz_tap_point *point, cz_tensor *tensor)
{
    golden *g = context;
    char name[64];
    if (!strcmp(point->name, "attention.probabilities")) {
        compare_attention(g, point, tensor);
        return;
    }
    if (!strcmp(point->name, "pooler")) {
        snprintf(name, sizeof name, "pooled");
        g->pooled_seen++;
    } else if (!strcmp(point->name, "embeddings") || !strcmp(point->name, "layer")) {
        assert_int_equal(point->layer, g->hidden_seen);
        snprintf(name, sizeof name, "hidden.%zu", g->hidden_seen++);
        if (!point->layer)
            g->embeddings = tensor;
    } else {
        fail_msg("nothing is known of the tap %s", point->name);
    }
    note(g, name, tensor, &g->worst_output);
}

/* Every state and every table of probabilities that the golden file has was compared. */
static void check_taps(const golden *g)
{
    size_t attention = 0, layers = g->network->config.layers;
    for (size_t i = 0; i < cz_weights_count(g->expected); i++)
        attention += !strncmp(cz_weights_tensor(g->expected, i)->name, "attention.", 10);
    assert_true(attention == 0 || attention == layers * g->batch.packing.count);
    assert_int_equal(g->hidden_seen, layers + 1);
    assert_int_equal(g->pooled_seen, cz_weights_find(g->expected, "pooled") != NULL);
    assert_int_equal(g->attention_seen, attention);
}

/* Names in the golden file are those of transformers today: prefix, weight and bias. */
static const char *golden_name(const golden *g, const cz_parameter *parameter, char *out,
                               size_t size)
{
    const char *name = parameter->name, *ending = strstr(name, "LayerNorm.");
    const char *prefix = g->network->config.family->prefix;
    snprintf(out, size, "gradient.%s", name);
    if (cz_weights_find(g->expected, out))
        return out;
    if (ending && !strcmp(ending, "LayerNorm.gamma"))
        snprintf(out, size, "gradient.%s%.*sLayerNorm.weight", prefix, (int)(ending - name), name);
    else if (ending && !strcmp(ending, "LayerNorm.beta"))
        snprintf(out, size, "gradient.%s%.*sLayerNorm.bias", prefix, (int)(ending - name), name);
    else
        snprintf(out, size, "gradient.%s%s", prefix, name);
    return out;
}

/* What PyTorch does not learn (sinusoids, a pooler that nothing reads) has no gradient here too. */
static void note_gradient(golden *g, const cz_parameter *parameter)
{
    const cz_tensor *found = &g->gradients[parameter->index];
    char name[256];
    golden_name(g, parameter, name, sizeof name);
    if (cz_weights_find(g->expected, name)) {
        note_part(g, name, found, parameter, &g->worst_gradient);
        g->gradients_seen += !parameter->turn;
        return;
    }
    for (size_t i = 0; i < found->rows; i++)
        for (size_t c = 0; c < found->columns; c++)
            if (cz_tensor_at(found, i, c) != 0)
                fail_msg("the golden file lacks %s", name);
}

static size_t count_gradients(const golden *g)
{
    size_t count = 0;
    for (size_t i = 0; i < cz_weights_count(g->expected); i++)
        count += !strncmp(cz_weights_tensor(g->expected, i)->name, "gradient.", 9);
    return count - 1; /* without that of the embeddings */
}

static cz_tensor *loss_of(golden *g, cz_tensor *logits, const int64_t *labels)
{
    cz_tensor target = { g->targets, logits->rows, 1, 1, CZ_F64, false, NULL };
    cz_tensor *kept;
    if (logits->columns > 1)
        return cz_cross_entropy(&g->run, logits, labels, NULL);
    for (size_t i = 0; i < logits->rows; i++) {
        double value = (double)labels[i];
        float narrow = (float)value;
        if (g->backend->type == CZ_F64)
            g->targets[i] = value;
        else
            memcpy((char *)g->targets + 4 * i, &narrow, 4);
    }
    target.type = g->backend->type;
    kept = cz_run_take(&g->run, sizeof *kept);
    *kept = target;
    return cz_squared_error(&g->run, logits, kept, 0);
}

/* The sum of the losses of all heads that the file tells of. */
static cz_tensor *run_heads(golden *g, cz_tensor *x)
{
    cz_tensor *loss = NULL;
    char name[64];
    for (int head = 0; head < CZ_HEADS; head++) {
        if (!g->labels[head])
            continue;
        cz_tensor *logits = cz_logits(&g->run, g->network, (cz_head_kind)head, &g->batch, x);
        cz_tensor *own = loss_of(g, logits, g->labels[head]);
        if (cz_run_failed(&g->run))
            fail_msg("%s", g->run.error.message);
        note(g, head_name(name, sizeof name, "logits", head), logits, &g->worst_output);
        loss = loss ? cz_blend(&g->run, loss, 1, own, 1) : own;
    }
    assert_non_null(loss);
    return loss;
}

void golden_run(golden *g)
{
    cz_run *run = &g->run;
    cz_run_reset(run);
    run->tap = compare_tap;
    run->tap_context = g;
    run->tap_attention = true;
    g->worst_output = g->worst_gradient = 0;
    g->hidden_seen = g->pooled_seen = g->attention_seen = g->gradients_seen = 0;
    for (size_t i = 0; i < g->network->parameter_count; i++)
        memset(g->gradients[i].data, 0,
               g->gradients[i].rows * g->gradients[i].columns * cz_type_size(g->backend->type));

    cz_tensor *x = cz_encode(run, g->network, &g->batch, g->network->config.layers);
    cz_tensor *loss = run_heads(g, x);
    if (run->record)
        cz_run_backward(run, loss);
    if (cz_run_failed(run))
        fail_msg("%s", run->error.message);
    check_taps(g);
    note(g, "loss", loss, &g->worst_output);
    if (run->record)
        note(g, "gradient.hidden.0", g->embeddings->gradient, &g->worst_gradient);
    for (size_t i = 0; run->record && i < g->network->parameter_count; i++)
        note_gradient(g, &g->network->parameters[i]);
    if (run->record)
        assert_int_equal(g->gradients_seen, count_gradients(g));
}
