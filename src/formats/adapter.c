/*
 * adapter.c - see adapter.h. An adapter names whole models' tensors ("bert.encoder...."), and the model
 * beside which it learned may be stored with that prefix or without it.
 */
#include "formats/adapter.h"

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"

#include <cloze/hub.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    SETTINGS_LIMIT = 1 << 20,
    NAME_SIZE = 1100,
    PREFIX_SIZE = 100,
    COLUMNS = 128,
    WHOLE_MOST = 4096 /* tensors that learned as a whole; each finds its place among the model's */
};

static const char settings_name[] = "adapter_config.json", first_of_all[] = "base_model.model.",
                  down_ending[] = ".lora_A.weight", up_ending[] = ".lora_B.weight";

static bool ends_with(const char *name, const char *tail)
{
    size_t length = strlen(name), size = strlen(tail);
    return length >= size && !strcmp(name + length - size, tail);
}

/* ---- adapter_config.json ---- */

bool cz_adapter_is_in(const char *folder)
{
    char path[CZ_PATH_SIZE];
    return !cz_path_join(path, sizeof path, folder, settings_name, NULL) && cz_path_is_file(path) &&
           !cz_weights_are_in(folder);
}

static cloze_status load(json_t **out, const char *folder, const cloze_allocator *allocator,
                         cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    cloze_status status = cz_path_join(path, sizeof path, folder, settings_name, error);
    if (status || (status = cz_json_load(out, path, SETTINGS_LIMIT, allocator, error)))
        return status;
    if (json_is_object(*out))
        return CLOZE_OK;
    json_decref(*out);
    return cz_fail(error, CLOZE_ERROR_FORMAT, "%.300s: not an object", path);
}

/* Is there something in it? */
static bool says(const json_t *settings, const char *key)
{
    const json_t *value = json_object_get(settings, key);
    return value && !json_is_null(value) && !json_is_false(value) &&
           !(json_is_object(value) && !json_object_size(value)) &&
           !(json_is_array(value) && !json_array_size(value));
}

static cloze_status check(const json_t *settings, const char *folder, cloze_error *error)
{
    static const char *const others[] = { "use_dora",          "use_qalora",
                                          "lora_bias",         "fan_in_fan_out",
                                          "alpha_pattern",     "layer_replication",
                                          "target_parameters", "trainable_token_indices" };
    const char *type = "", *bias = "none";
    cloze_status status = cz_json_string(settings, "peft_type", &type, error);
    if (!status)
        status = cz_json_string(settings, "bias", &bias, error);
    if (!status && strcmp(type, "LORA") != 0)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "%.300s: adapters of the type \"%.60s\" are not known, LORA alone", folder,
                       type);
    if (!status && strcmp(bias, "none") != 0)
        return cz_fail(
            error, CLOZE_ERROR_UNSUPPORTED,
            "%.300s: biases that learned with an adapter (\"bias\": \"%.30s\") are not read",
            folder, bias);
    for (size_t i = 0; i < sizeof others / sizeof *others && !status; i++)
        if (says(settings, others[i]))
            status = cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                             "%.300s: adapters with \"%s\" are not read", folder, others[i]);
    return status;
}

static cloze_status find_base(char *out, const char *name, const json_t *settings,
                              const cloze_hooks *hooks, cloze_error *error)
{
    cloze_hub_options hub = { .hooks = hooks };
    cloze_status status = cz_json_string(settings, "revision", &hub.revision, error);
    if (status)
        return status;
    if (cz_path_is_folder(name)) {
        if ((size_t)snprintf(out, CZ_PATH_SIZE, "%s", name) < CZ_PATH_SIZE)
            return CLOZE_OK;
        return cz_fail(error, CLOZE_ERROR_LIMIT, "path is too long: %.200s...", name);
    }
    return cloze_hub_find(name, &hub, out, CZ_PATH_SIZE, error);
}

cloze_status cz_adapter_base(char *out, char *task, const char *folder, const cloze_hooks *hooks,
                             cloze_error *error)
{
    json_t *settings = NULL;
    const char *name = "", *type = "";
    char shown[200];
    cloze_status status = load(&settings, folder, hooks ? &hooks->allocator : NULL, error);
    if (status)
        return status;
    if (!(status = cz_json_string(settings, "base_model_name_or_path", &name, error)) &&
        !(status = cz_json_string(settings, "task_type", &type, error)) && !*name)
        status = cz_fail(error, CLOZE_ERROR_FORMAT,
                         "%.300s does not tell which model it belongs to", folder);
    if (!status && (status = find_base(out, name, settings, hooks, error)))
        cz_error_prefix(error, "the adapter %.200s belongs to \"%s\"", folder,
                        cz_printable(shown, sizeof shown, name, strlen(name)));
    if (!status && task)
        snprintf(task, CZ_ADAPTER_TASK, "%s", type);
    json_decref(settings);
    return status;
}

/* ---- names ---- */

typedef struct merging {
    cz_weights *weights;
    const cz_weights *adapter;
    const char *folder;
    double alpha;
    bool stabilized;
    size_t whole;           /* tensors so far */
    char more[PREFIX_SIZE]; /* what the adapter's names need to be the model's, with its dot */
    cloze_error *error;
} merging;

static bool has(const merging *m, const char *name)
{
    return cz_weights_find(m->weights, name);
}

/* A model without a head is often stored without the prefix that it has beside one: it gets it. */
static cloze_status put_prefix(merging *m, const char *name)
{
    const char *dot = strchr(name, '.');
    char prefix[PREFIX_SIZE];
    size_t first = (size_t)(dot + 1 - name);
    if (first >= sizeof prefix || !has(m, dot + 1))
        return CLOZE_OK;
    snprintf(prefix, sizeof prefix, "%.*s", (int)first, name);
    return cz_weights_prefix(m->weights, prefix, m->error);
}

/* And an adapter of a model without a head may belong to one that is stored with it. */
static void find_prefix(merging *m, const char *name)
{
    const cz_stored_tensor *stored;
    for (size_t i = 0; (stored = cz_weights_tensor(m->weights, i)); i++) {
        const char *dot = strchr(stored->name, '.');
        size_t first = dot ? (size_t)(dot + 1 - stored->name) : 0;
        if (first && first < sizeof m->more && !strcmp(dot + 1, name)) {
            snprintf(m->more, sizeof m->more, "%.*s", (int)first, stored->name);
            return;
        }
    }
}

/* `name` is that of a map's weight: what it lacks, the others lack. */
static cloze_status fit_names(merging *m, const char *name)
{
    cloze_status status = CLOZE_OK;
    if (!*m->more && !has(m, name) && strchr(name, '.'))
        status = put_prefix(m, name);
    if (!status && !*m->more && !has(m, name))
        find_prefix(m, name);
    return status;
}

/* The model's name for a tensor of the adapter. */
static void name_of(const merging *m, const char *name, char out[NAME_SIZE])
{
    if (snprintf(out, NAME_SIZE, "%s%s", m->more, name) >= NAME_SIZE || !has(m, out))
        snprintf(out, NAME_SIZE, "%s", name);
}

static cloze_status fail_at(const merging *m, const char *name, const char *what)
{
    char shown[200];
    return cz_fail(m->error, CLOZE_ERROR_FORMAT, "%.200s: the adapter's \"%s\" %s", m->folder,
                   cz_printable(shown, sizeof shown, name, strlen(name)), what);
}

/* ---- merging ---- */

static bool is_number(cz_type type)
{
    return type == CZ_F32 || type == CZ_F16 || type == CZ_BF16 || type == CZ_F64;
}

static bool is_matrix(const cz_stored_tensor *stored)
{
    return stored->rank == 2 && is_number(stored->type);
}

static cz_tensor matrix_of(const cz_stored_tensor *stored)
{
    return (cz_tensor){ (void *)(uintptr_t)stored->data,
                        stored->shape[0],
                        stored->shape[1],
                        stored->shape[1],
                        stored->type,
                        false,
                        NULL };
}

/* Row `k` of a matrix times a factor is added to sums of `count` columns from `first` on. */
static void add_row(double *sum, const cz_tensor *from, size_t k, size_t first, size_t count,
                    double factor)
{
    const char *at = (const char *)from->data + (k * from->stride + first) * sizeof(float);
    float number;
    for (size_t c = 0; c < count && from->type == CZ_F32; c++) {
        memcpy(&number, at + c * sizeof number, sizeof number);
        sum[c] += factor * (double)number;
    }
    for (size_t c = 0; c < count && from->type != CZ_F32; c++)
        sum[c] += factor * cz_tensor_at(from, k, first + c);
}

void cz_adapter_row(float *out, const cz_tensor *value, size_t row, const cz_tensor *up,
                    const cz_tensor *down, double scale)
{
    for (size_t first = 0, count; first < value->columns; first += count) {
        double sum[COLUMNS] = { 0 };
        count = value->columns - first < COLUMNS ? value->columns - first : COLUMNS;
        for (size_t k = 0; k < down->rows; k++)
            add_row(sum, down, k, first, count, cz_tensor_at(up, row, k));
        for (size_t c = 0; c < count; c++)
            out[first + c] = (float)(cz_tensor_at(value, row, first + c) + scale * sum[c]);
    }
}

static cloze_status merge(const merging *m, const cz_stored_tensor *stored, const cz_tensor *up,
                          const cz_tensor *down)
{
    cz_tensor value = matrix_of(stored);
    double rank = (double)down->rows;
    double scale = m->alpha / (m->stabilized ? sqrt(rank) : rank);
    cz_stored_tensor like = *stored;
    void *data = NULL;
    like.type = CZ_F32;
    like.type_name = cz_type_name(CZ_F32);
    like.size = value.rows * value.columns * sizeof(float);
    cloze_status status = cz_weights_put(m->weights, &like, &data, m->error);
    for (size_t row = 0; row < value.rows && !status; row++)
        cz_adapter_row((float *)data + row * value.columns, &value, row, up, down, scale);
    return status;
}

/* `name` is that of the first matrix, without what all names begin with. */
static cloze_status merge_map(merging *m, const char *name, const cz_stored_tensor *first)
{
    char full[NAME_SIZE], module[NAME_SIZE];
    int length = (int)(strlen(name) - (sizeof down_ending - 1));
    snprintf(full, sizeof full, "%s%.*s%s", first_of_all, length, name, up_ending);
    const cz_stored_tensor *second = cz_weights_find(m->adapter, full);
    snprintf(full, sizeof full, "%.*s.weight", length, name);
    cloze_status status = fit_names(m, full);
    if (status)
        return status;
    name_of(m, full, module);
    const cz_stored_tensor *stored = cz_weights_find(m->weights, module);
    if (!second)
        return fail_at(m, first->name, "stands without its second matrix, lora_B");
    if (!stored)
        return fail_at(m, first->name, "belongs to a map that the model has not");
    if (!is_matrix(stored) || !is_matrix(first) || !is_matrix(second) ||
        first->shape[1] != stored->shape[1] || second->shape[0] != stored->shape[0] ||
        first->shape[0] != second->shape[1] || !first->shape[0])
        return fail_at(m, first->name, "does not fit the model's matrix");
    cz_tensor down = matrix_of(first), up = matrix_of(second);
    return merge(m, stored, &up, &down);
}

/* A tensor that learned as a whole. */
static cloze_status put_whole(merging *m, const char *name, const cz_stored_tensor *stored)
{
    char full[NAME_SIZE];
    cz_stored_tensor like = *stored;
    void *data = NULL;
    if (m->whole++ == WHOLE_MOST)
        return cz_fail(m->error, CLOZE_ERROR_LIMIT,
                       "%.200s: more than %d tensors that learned as a whole", m->folder,
                       (int)WHOLE_MOST);
    name_of(m, name, full);
    like.name = full;
    cloze_status status = cz_weights_put(m->weights, &like, &data, m->error);
    if (!status && stored->size)
        memcpy(data, stored->data, stored->size);
    return status;
}

/* Maps first: they tell how names have to change. */
static cloze_status merge_all(merging *m, bool maps)
{
    const cz_stored_tensor *stored;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; (stored = cz_weights_tensor(m->adapter, i)) && !status; i++) {
        const char *name = stored->name + sizeof first_of_all - 1;
        if (strncmp(stored->name, first_of_all, sizeof first_of_all - 1) != 0 ||
            strlen(stored->name) >= NAME_SIZE - PREFIX_SIZE)
            status = fail_at(m, stored->name, "has not such a name as peft gives");
        else if (ends_with(name, down_ending))
            status = maps ? merge_map(m, name, stored) : CLOZE_OK;
        else if (strstr(name, "lora_") && !ends_with(name, up_ending))
            status = fail_at(m, stored->name, "is of a kind that is not known");
        else if (!strstr(name, "lora_") && !maps)
            status = put_whole(m, name, stored);
    }
    return status;
}

static cloze_status open_weights(cz_weights **out, const char *folder,
                                 const cz_weights_options *options, cloze_error *error)
{
    static const char *const names[] = { "adapter_model.safetensors", "adapter_model.bin" };
    char path[CZ_PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cloze_status status = cz_path_join(path, sizeof path, folder, names[i], error);
        if (status || cz_path_is_file(path))
            return status ? status : cz_weights_open_file(out, path, options, error);
    }
    return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                   "no adapter_model.safetensors or adapter_model.bin in %.300s", folder);
}

cloze_status cz_adapter_merge(cz_weights *weights, const char *folder,
                              const cz_weights_options *options, cloze_error *error)
{
    json_t *settings = NULL;
    cz_weights *adapter = NULL;
    merging m = { .weights = weights, .folder = folder, .alpha = 8, .error = error };
    cloze_status status = load(&settings, folder, options ? options->allocator : NULL, error);
    if (status)
        return status;
    if (!(status = check(settings, folder, error)) &&
        !(status = cz_json_real(settings, "lora_alpha", &m.alpha, error)) &&
        !(status = cz_json_flag(settings, "use_rslora", &m.stabilized, error)))
        status = open_weights(&adapter, folder, options, error);
    m.adapter = adapter;
    if (!status && !(status = merge_all(&m, true)))
        status = merge_all(&m, false);
    cz_weights_close(adapter);
    json_decref(settings);
    return status;
}
