/* labels.c - what config.json calls the labels of a classification head, and what they are for. */
#include "task/engine.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

#include <cloze/classify.h>

#include <stdio.h>
#include <string.h>

enum { CONFIG_LIMIT = 16 << 20, LABEL_LIMIT = 4096 };

static cloze_status copy_label(cz_labels *labels, const json_t *names, size_t i,
                               const cloze_allocator *allocator, cloze_error *error)
{
    char key[24], usual[32];
    const char *name = usual;
    cloze_status status;
    snprintf(key, sizeof key, "%zu", i);
    snprintf(usual, sizeof usual, "LABEL_%zu", i);
    if ((status = cz_json_string(names, key, &name, error)))
        return status;
    if (strlen(name) > LABEL_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the name of label %zu has more than %d bytes", i,
                       (int)LABEL_LIMIT);
    labels->names[i] = cz_copy_text(allocator, name, strlen(name));
    return labels->names[i] ? CLOZE_OK : cz_fail_memory(error, "the name of a label", strlen(name));
}

static cloze_status read_problem(cz_labels *labels, const json_t *root, cloze_error *error)
{
    const char *problem = "";
    cloze_status status = cz_json_string(root, "problem_type", &problem, error);
    bool sigmoid = !strcmp(problem, "multi_label_classification") || labels->count == 1;
    labels->function = !strcmp(problem, "regression") ? CLOZE_SCORE_NONE
                       : sigmoid                      ? CLOZE_SCORE_SIGMOID
                                                      : CLOZE_SCORE_SOFTMAX;
    return status;
}

/* sentence-transformers' rule for cross-encoders; a class is known by the last part of its name. */
static cloze_status read_activation(cz_labels *labels, const json_t *root, cloze_error *error)
{
    const json_t *settings = json_object_get(root, "sentence_transformers");
    const char *named = NULL, *dot;
    cloze_status status = json_is_object(settings)
                              ? cz_json_string(settings, "activation_fn", &named, error)
                              : CLOZE_OK;
    if (!status && !named)
        status = cz_json_string(root, "sbert_ce_default_activation_function", &named, error);
    labels->rerank_function = labels->count == 1 ? CLOZE_SCORE_SIGMOID : CLOZE_SCORE_NONE;
    if (status || !named)
        return status;
    dot = strrchr(named, '.');
    named = dot ? dot + 1 : named;
    labels->rerank_function = !strcmp(named, "Sigmoid")    ? CLOZE_SCORE_SIGMOID
                              : !strcmp(named, "Identity") ? CLOZE_SCORE_NONE
                                                           : CLOZE_SCORE_DEFAULT;
    return CLOZE_OK;
}

cloze_status cz_labels_load(cz_labels *labels, const char *folder, size_t count,
                            const cloze_allocator *allocator, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    json_t *root = NULL;
    const json_t *names;
    cloze_status status = cz_path_join(path, sizeof path, folder, "config.json", error);
    if (status || (status = cz_json_load(&root, path, CONFIG_LIMIT, allocator, error)))
        return status;
    names = json_object_get(root, "id2label");
    labels->names = cz_allocate_zero(allocator, count, sizeof *labels->names);
    if (!labels->names)
        status = cz_fail_memory(error, "labels", count * sizeof *labels->names);
    else if (names && !json_is_null(names) && !json_is_object(names))
        status = cz_fail(error, CLOZE_ERROR_FORMAT, "\"id2label\" must be an object");
    else {
        labels->count = count;
        labels->named = json_object_size(names);
    }
    for (size_t i = 0; i < count && !status; i++)
        status = copy_label(labels, names, i, allocator, error);
    if (!status)
        status = read_problem(labels, root, error);
    if (!status)
        status = read_activation(labels, root, error);
    json_decref(root);
    if (status)
        cz_error_prefix(error, "%.300s", path);
    return status;
}

cloze_status cz_labels_check(const cz_labels *labels, const cloze_model *model, cloze_error *error)
{
    if (!labels->named || labels->named == labels->count)
        return CLOZE_OK;
    return cz_fail(
        error, CLOZE_ERROR_FORMAT,
        "%.200s: config.json names %zu labels (id2label), but the head has %zu: it belongs "
        "to another checkpoint",
        model->path, labels->named, labels->count);
}

void cz_labels_clear(cz_labels *labels, const cloze_allocator *allocator)
{
    for (size_t i = 0; i < labels->count; i++)
        cz_release(allocator, labels->names[i]);
    cz_release(allocator, labels->names);
}

size_t cloze_model_labels(const cloze_model *model)
{
    return model->labels.count;
}

const char *cloze_model_label(const cloze_model *model, size_t index)
{
    return index < model->labels.count ? model->labels.names[index] : NULL;
}
