/* convert_adapter.c - what config.json says of a model that an adapter makes of another. */
#include "formats/convert.h"

#include "base/error.h"
#include "base/json.h"
#include "formats/adapter.h"

#include <stdio.h>
#include <string.h>

enum { SETTINGS_LIMIT = 16 << 20, ARCHITECTURE_MOST = 100, LABELS_MOST = 1 << 20 };

bool cz_architecture_put(json_t *config, const char *ending)
{
    const char *old =
        json_string_value(json_array_get(json_object_get(config, "architectures"), 0));
    char name[2 * ARCHITECTURE_MOST];
    size_t length = old ? strlen(old) : 0;
    if (!old || length > ARCHITECTURE_MOST)
        return true;
    const char *end = strstr(old, "For");
    if (!end && length > 5 && !strcmp(old + length - 5, "Model"))
        end = old + length - 5;
    if (!end)
        return true;
    snprintf(name, sizeof name, "%.*s%s", (int)(end - old), old, ending);
    json_t *list = json_pack("[s]", name);
    return list && !json_object_set_new(config, "architectures", list);
}

/* Rows of the head that learned with an adapter; 0: there is none. */
static size_t count_labels(const cz_weights *weights)
{
    static const char *const heads[] = { "base_model.model.classifier.",
                                         "base_model.model.score." };
    const cz_stored_tensor *stored;
    size_t least = 0;
    for (size_t i = 0; (stored = cz_weights_tensor(weights, i)); i++)
        for (size_t h = 0; h < sizeof heads / sizeof *heads; h++)
            if (!strncmp(stored->name, heads[h], strlen(heads[h])) && stored->rank == 2 &&
                (!least || stored->shape[0] < least))
                least = stored->shape[0];
    return least;
}

static bool put_labels(json_t *config, size_t count)
{
    json_t *names = json_object(), *numbers = json_object();
    bool good = names && numbers;
    for (size_t i = 0; i < count && good; i++) {
        char key[32], name[40];
        snprintf(key, sizeof key, "%zu", i);
        snprintf(name, sizeof name, "LABEL_%zu", i);
        good = !json_object_set_new(names, key, json_string(name)) &&
               !json_object_set_new(numbers, name, json_integer((json_int_t)i));
    }
    good = !json_object_set_new(config, "id2label", names) && good;
    json_object_del(config, "num_labels");
    return !json_object_set_new(config, "label2id", numbers) && good;
}

static cloze_status name_labels(json_t *config, const char *adapter, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    cz_weights *weights = NULL;
    cloze_status status =
        cz_path_join(path, sizeof path, adapter, "adapter_model.safetensors", error);
    if (status || !cz_path_is_file(path) ||
        (status = cz_weights_open_file(&weights, path, NULL, error)))
        return status;
    size_t count = count_labels(weights),
           named = json_object_size(json_object_get(config, "id2label"));
    cz_weights_close(weights);
    if (!count || count > LABELS_MOST || count == named || (!named && count == 2))
        return CLOZE_OK;
    return put_labels(config, count) ? CLOZE_OK : cz_fail_memory(error, "labels", count);
}

/* The base's, for the head that the task has. */
static cloze_status change(json_t *config, const char *adapter, const char *task,
                           cloze_error *error)
{
    static const struct {
        const char *task, *ending;
        bool labels;
    } tasks[] = { { "SEQ_CLS", "ForSequenceClassification", true },
                  { "TOKEN_CLS", "ForTokenClassification", true },
                  { "QUESTION_ANS", "ForQuestionAnswering", false },
                  { "FEATURE_EXTRACTION", "Model", false } };
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        if (strcmp(task, tasks[i].task) != 0)
            continue;
        if (!cz_architecture_put(config, tasks[i].ending))
            return cz_fail_memory(error, "config.json", 0);
        return tasks[i].labels ? name_labels(config, adapter, error) : CLOZE_OK;
    }
    return CLOZE_OK;
}

cloze_status cz_adapter_config(json_t **out, const char *adapter, const char *base,
                               const char *task, const cloze_allocator *allocator,
                               cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    cloze_status status = cz_path_join(path, sizeof path, adapter, "config.json", error);
    if (!status && cz_path_is_file(path))
        return cz_json_load(out, path, SETTINGS_LIMIT, allocator, error);
    if (!status)
        status = cz_path_join(path, sizeof path, base, "config.json", error);
    if (!status)
        status = cz_json_load(out, path, SETTINGS_LIMIT, allocator, error);
    return !status && json_is_object(*out) ? change(*out, adapter, task, error) : status;
}
