/*
 * test_dropouts.c - what every family drops when it learns, in order and with whose probability, against
 * what transformers drops (golden/dropouts.json). Goldens of outputs and gradients drop nothing.
 */
#include "model/network.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_SIZE = 4096, DROPS_MOST = 64 };

static char folder[] = "/tmp/cloze-dropouts-XXXXXX";

typedef struct drops {
    float p[DROPS_MOST];
    size_t count;
} drops;

static void note(drops *found, cz_dropout_site site)
{
    assert_true(found->count < DROPS_MOST);
    if (site.p > 0)
        found->p[found->count++] = site.p;
}

/* In the order in which encoder.c and heads.c come to them. */
static drops drops_of(const cz_network *network)
{
    drops found = { .count = 0 };
    bool globals = false;
    for (int kind = 0; kind < CZ_HEADS; kind++)
        globals = globals || (cz_head_columns(network, (cz_head_kind)kind) &&
                              cz_head_has_globals(network, (cz_head_kind)kind));
    note(&found, network->embedding_dropout);
    for (size_t i = 0; i < network->config.layers * network->config.inner; i++) {
        const cz_layer *layer = network->turns[i].layer;
        if (layer->distance.weight.out)
            note(&found, layer->distance_dropout);
        if (!layer->mixes)
            note(&found, layer->attention.dropout);
        if (globals && layer->global_query.weight.out)
            note(&found, layer->attention.global_dropout);
        note(&found, layer->attention_dropout);
        if (layer->gated)
            note(&found, layer->gate_dropout);
        note(&found, layer->feed_dropout);
        if (layer->convolution.linear.weight.out)
            note(&found, layer->convolution.dropout);
    }
    for (int kind = 0; kind < CZ_HEADS; kind++) {
        const cz_head *head = &network->head[kind];
        if (head->dense.weight.out)
            note(&found, head->before);
        if (head->out.weight.out)
            note(&found, head->dropout);
    }
    return found;
}

/* The golden model's weights beside its config.json with the probabilities. */
static void write_folder(const char *name, json_t *settings)
{
    char from[PATH_SIZE], to[PATH_SIZE];
    const char *data = getenv("CLOZE_TEST_DATA");
    assert_non_null(data);
    snprintf(from, sizeof from, "%s/golden/models/%s/config.json", data, name);
    json_t *config = json_load_file(from, 0, NULL);
    assert_non_null(config);
    assert_int_equal(json_object_update(config, settings), 0);
    snprintf(to, sizeof to, "%s/config.json", folder);
    assert_int_equal(json_dump_file(config, to, 0), 0);
    json_decref(config);
    snprintf(from, sizeof from, "%s/golden/models/%s/model.safetensors", data, name);
    snprintf(to, sizeof to, "%s/model.safetensors", folder);
    unlink(to);
    assert_int_equal(symlink(from, to), 0);
}

static void check(const char *name, json_t *settings, const json_t *expected)
{
    cz_place place = { .type = CZ_F64 };
    cz_network_options options = { .backend = &cz_backend_reference_f64, .place = &place };
    cz_network *network = NULL;
    cloze_error error = { 0 };
    write_folder(name, settings);
    if (cz_network_open(&network, folder, &options, &error))
        fail_msg("%s: %s", name, error.message);
    drops found = drops_of(network);
    if (found.count != json_array_size(expected))
        fail_msg("%s drops in %zu places, not in %zu", name, found.count,
                 json_array_size(expected));
    for (size_t i = 0; i < found.count; i++)
        if ((double)found.p[i] != json_number_value(json_array_get(expected, i)))
            fail_msg("%s drops %g in place %zu, not %g", name, (double)found.p[i], i,
                     json_number_value(json_array_get(expected, i)));
    cz_network_free(network);
}

static void every_family_drops_what_transformers_drops(void **state)
{
    char path[PATH_SIZE];
    const char *name, *data = getenv("CLOZE_TEST_DATA");
    json_t *expected;
    (void)state;
    assert_non_null(data);
    snprintf(path, sizeof path, "%s/golden/dropouts.json", data);
    json_t *golden = json_load_file(path, 0, NULL);
    assert_non_null(golden);
    json_t *models = json_object_get(golden, "models");
    assert_true(json_object_size(models) > 70);
    json_object_foreach(models, name, expected)
        check(name, json_object_get(golden, "settings"), expected);
    json_decref(golden);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    char path[PATH_SIZE];
    (void)state;
    snprintf(path, sizeof path, "%s/config.json", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_drops_what_transformers_drops),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
