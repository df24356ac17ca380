/*
 * student.c - a smaller model out of some layers of another: the folder is converted whole, then the
 * layers that were not chosen are left out and the others move up.
 */
#include "task/engine.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

#include <cloze/convert.h>
#include <cloze/train.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_LIMIT = 16 << 20, NAME_SIZE = 1100 };

typedef struct selection {
    const cz_config *config;
    const size_t *layers; /* [count] ascending */
    size_t count;
    const cz_weights *weights;
    cz_stored_tensor *kept;
    const cz_stored_tensor **sources;
    char (*names)[NAME_SIZE];
    size_t used;
} selection;

static cloze_status check_layers(const selection *s, cloze_error *error)
{
    if (!cz_config_layers_stand_alone(s->config))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "layers of the family %s share their weights: none can be left out",
                       cz_config_family_name(s->config));
    for (size_t i = 0; i < s->count; i++)
        if (s->layers[i] >= s->config->layers || (i && s->layers[i] <= s->layers[i - 1]))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "the layers must be ascending numbers below %zu", s->config->layers);
    return s->count ? CLOZE_OK
                    : cz_fail(error, CLOZE_ERROR_ARGUMENT, "a student needs at least one layer");
}

/* Where the part of a name behind "PREFIX LAYER." begins, and the layer's number; NULL: no layer's. */
static const char *behind_layer(const selection *s, const char *name, size_t *layer)
{
    const char *prefix = cz_config_prefix(s->config);
    char begin[CZ_LAYER_NAME_SIZE];
    size_t own = strncmp(name, prefix, strlen(prefix)) ? 0 : strlen(prefix);
    for (*layer = 0; *layer < s->config->layers; ++*layer) {
        cz_config_layer_name(s->config, *layer, begin);
        if (!strncmp(name + own, begin, strlen(begin)))
            return name + own + strlen(begin);
    }
    return NULL;
}

static void select_tensor(selection *s, const cz_stored_tensor *stored)
{
    char begin[CZ_LAYER_NAME_SIZE];
    size_t layer, place = 0;
    const char *rest = behind_layer(s, stored->name, &layer);
    char *name = s->names[s->used];
    snprintf(name, NAME_SIZE, "%s", stored->name);
    if (rest) {
        while (place < s->count && s->layers[place] != layer)
            place++;
        if (place == s->count)
            return;
        bool prefixed = !strncmp(stored->name, cz_config_prefix(s->config),
                                 strlen(cz_config_prefix(s->config)));
        cz_config_layer_name(s->config, place, begin);
        snprintf(name, NAME_SIZE, "%s%s%s", prefixed ? cz_config_prefix(s->config) : "", begin,
                 rest);
    }
    s->kept[s->used] = *stored;
    s->kept[s->used].name = name;
    s->sources[s->used++] = stored;
}

static cloze_status write_kept(const selection *s, const char *path, cloze_error *error)
{
    cz_output output;
    cloze_status status = cz_safetensors_begin(&output, path, s->kept, s->used, error);
    if (status)
        return status;
    for (size_t i = 0; i < s->used && !status; i++)
        status = cz_output_put(&output, s->sources[i]->data, s->sources[i]->size, error);
    return cz_output_finish(&output, status, error);
}

static cloze_status select_weights(selection *s, const char *folder, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    cz_weights *weights = NULL;
    cloze_status status = cz_path_join(path, sizeof path, folder, "model.safetensors", error);
    if (!status)
        status = cz_weights_open_file(&weights, path, NULL, error);
    if (status)
        return status;
    size_t count = cz_weights_count(weights);
    s->weights = weights;
    s->kept = cz_allocate_zero(NULL, count, sizeof *s->kept);
    s->sources = cz_allocate(NULL, count, sizeof *s->sources);
    s->names = cz_allocate(NULL, count, sizeof *s->names);
    if (!s->kept || !s->sources || !s->names)
        status = cz_fail_memory(error, "a list of weights", count * NAME_SIZE);
    for (size_t i = 0; i < count && !status; i++)
        select_tensor(s, cz_weights_tensor(weights, i));
    if (!status)
        status = write_kept(s, path, error);
    cz_release(NULL, s->kept);
    cz_release(NULL, s->sources);
    cz_release(NULL, s->names);
    cz_weights_close(weights);
    return status;
}

/* What is told of each layer in a list, as families do whose layers see different parts of a text. */
static bool select_lists(const selection *s, json_t *root)
{
    static const char *const lists[] = { "attention_window", "layer_types" };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        json_t *list = json_object_get(root, lists[i]), *kept = json_array();
        bool good = kept;
        for (size_t k = 0; k < s->count && good && json_array_size(list) == s->config->layers; k++)
            good = !json_array_append(kept, json_array_get(list, s->layers[k]));
        good = good && (!json_array_size(kept) || !json_object_set(root, lists[i], kept));
        json_decref(kept);
        if (!good)
            return false;
    }
    return true;
}

/* A layer goes on seeing what it saw: where a pattern says what that is, it must fit. */
static cloze_status check_reach(const selection *s, const char *folder, cloze_error *error)
{
    cz_config made;
    cloze_status status = cz_config_load(&made, folder, NULL, error);
    for (size_t i = 0; i < s->count && !status; i++)
        if (made.local[i] != s->config->local[s->layers[i]] ||
            made.near[i] != s->config->near[s->layers[i]])
            status = cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                             "layer %zu sees another part of a text than layer %zu of the student "
                             "would: choose layers that take turns as all do",
                             s->layers[i], i);
    return status;
}

static cloze_status write_config(const selection *s, const char *folder, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    json_t *root = NULL;
    char *text = NULL;
    cloze_status status = cz_path_join(path, sizeof path, folder, "config.json", error);
    if (!status)
        status = cz_json_load(&root, path, CONFIG_LIMIT, NULL, error);
    if (!status && (!select_lists(s, root) ||
                    json_object_set_new(root, cz_config_layers_key(s->config),
                                        json_integer((json_int_t)s->count)) ||
                    !(text = json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII))))
        status = cz_fail_memory(error, "config.json", 0);
    if (!status)
        status = cz_file_write(path, text, strlen(text), error);
    free(text);
    json_decref(root);
    return status ? status : check_reach(s, folder, error);
}

cloze_status cloze_student(const char *teacher, const char *folder, const size_t *layers,
                           size_t count, cloze_error *error)
{
    char from[CZ_PATH_SIZE], encoder[CZ_PATH_SIZE];
    static const cloze_hooks usual;
    cz_pipeline pipeline = { 0 };
    cz_config config;
    selection s = { .config = &config, .layers = layers, .count = count };
    cloze_status status = cz_model_find(from, teacher, NULL, error);
    if (!status)
        status = cz_pipeline_load(&pipeline, from, &usual, error);
    snprintf(encoder, sizeof encoder, "%s", from);
    if (!status && *pipeline.transformer)
        status = cz_path_below(encoder, sizeof encoder, from, pipeline.transformer, error);
    if (!status)
        status = cz_config_load(&config, encoder, NULL, error);
    if (!status)
        status = check_layers(&s, error);
    if (!status)
        status = cloze_convert(from, folder, NULL, NULL, error);
    snprintf(encoder, sizeof encoder, "%s", folder);
    if (!status && *pipeline.transformer)
        status = cz_path_below(encoder, sizeof encoder, folder, pipeline.transformer, error);
    if (!status)
        status = select_weights(&s, encoder, error);
    if (!status)
        status = write_config(&s, encoder, error);
    cz_pipeline_clear(&pipeline, NULL);
    return status;
}
