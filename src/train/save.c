/*
 * save.c - the weights of now as model.safetensors, under the names that transformers gives them; or what
 * learned alone as adapter_model.safetensors, under those of peft.
 */
#include "train/trainer.h"

#include "base/error.h"
#include "base/file.h"
#include "formats/adapter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = CZ_SAVED_NAME + 20 };

typedef struct writing {
    const cloze_trainer *trainer;
    cz_stored_tensor *tensors;
    const cz_parameter **sources; /* [count] */
    char (*names)[NAME_SIZE];
    size_t count;
    float *row;
} writing;

static bool ends_with(const char *name, const char *tail)
{
    size_t length = strlen(name), size = strlen(tail);
    return length >= size && !strcmp(name + length - size, tail);
}

static bool begins_with(const char *name, const char *head)
{
    return !strncmp(name, head, strlen(head));
}

/* Norms go by their names of today. */
void cz_saved_name(const cloze_trainer *trainer, const cz_parameter *parameter,
                   char out[CZ_SAVED_NAME])
{
    const char *prefix = cz_config_prefix(&trainer->model->network->config);
    bool lacks = trainer->objective->has_head && !parameter->of_head &&
                 !begins_with(parameter->name, prefix);
    snprintf(out, CZ_SAVED_NAME, "%s%s", lacks ? prefix : "", parameter->name);
    if (ends_with(out, "LayerNorm.gamma"))
        memcpy(out + strlen(out) - strlen("gamma"), "weight", sizeof "weight");
    else if (ends_with(out, "LayerNorm.beta"))
        memcpy(out + strlen(out) - strlen("beta"), "bias", sizeof "bias");
}

static void add_tensor(writing *w, const cz_parameter *parameter)
{
    const cz_tensor *value = &parameter->value;
    size_t turns = parameter->turns ? parameter->turns : 1;
    cz_stored_tensor *tensor = &w->tensors[w->count];
    char name[CZ_SAVED_NAME];
    cz_saved_name(w->trainer, parameter, name);
    snprintf(w->names[w->count], NAME_SIZE, "%s%s",
             cz_saves_adapter(w->trainer) ? "base_model.model." : "", name);
    *tensor = (cz_stored_tensor){ .name = w->names[w->count],
                                  .type = CZ_F32,
                                  .type_name = cz_type_name(CZ_F32),
                                  .rank = parameter->kernel      ? 3
                                          : parameter->is_matrix ? 2
                                                                 : 1,
                                  .size = turns * value->rows * value->columns * sizeof(float) };
    tensor->shape[0] = parameter->is_matrix ? turns * value->rows : value->columns;
    tensor->shape[1] = value->columns / (parameter->kernel ? parameter->kernel : 1);
    tensor->shape[2] = parameter->kernel;
    w->sources[w->count++] = parameter;
}

/* An adapter's file has what learned; a model's has all but adapters, which are merged. */
static bool is_saved(const cloze_trainer *trainer, const cz_parameter *parameter)
{
    if (parameter->of_lesson)
        return false;
    if (cz_saves_adapter(trainer))
        return trainer->learner.level[0].list[parameter->index];
    return !parameter->of_adapter && !parameter->turn; /* written with the first of its turns */
}

static cloze_status list_tensors(writing *w, cloze_error *error)
{
    const cz_network *network = w->trainer->model->network;
    const cloze_allocator *allocator = &w->trainer->hooks.allocator;
    size_t widest = 0;
    w->tensors = cz_allocate_zero(allocator, network->parameter_count, sizeof *w->tensors);
    w->sources = cz_allocate(allocator, network->parameter_count, sizeof *w->sources);
    w->names = cz_allocate(allocator, network->parameter_count, sizeof *w->names);
    if (!w->tensors || !w->sources || !w->names)
        return cz_fail_memory(error, "a list of weights", network->parameter_count * NAME_SIZE);
    for (size_t i = 0; i < network->parameter_count; i++) {
        const cz_parameter *parameter = &network->parameters[i];
        if (!is_saved(w->trainer, parameter))
            continue;
        add_tensor(w, parameter);
        widest = parameter->value.columns > widest ? parameter->value.columns : widest;
    }
    w->row = cz_allocate(allocator, widest, sizeof *w->row);
    return w->row ? CLOZE_OK : cz_fail_memory(error, "a row of weights", widest * sizeof(float));
}

static cloze_status put_row(writing *w, cz_output *output, const cz_tensor *value, size_t row,
                            cloze_error *error)
{
    for (size_t c = 0; c < value->columns; c++)
        w->row[c] = (float)cz_tensor_at(value, row, c);
    return cz_output_put(output, w->row, value->columns * sizeof(float), error);
}

static const cz_adapter *adapter_beside(const cz_network *network, const cz_parameter *parameter)
{
    for (size_t i = 0; i < network->adapter_count; i++)
        if (network->adapters[i].beside == parameter)
            return &network->adapters[i];
    return NULL;
}

static cloze_status put_merged(writing *w, cz_output *output, const cz_adapter *adapter,
                               cloze_error *error)
{
    const cz_tensor *value = &adapter->beside->value;
    cloze_status status = CLOZE_OK;
    for (size_t row = 0; row < value->rows && !status; row++) {
        cz_adapter_row(w->row, value, row, &adapter->up.part[0]->value,
                       &adapter->down.part[0]->value, adapter->scale);
        status = cz_output_put(output, w->row, value->columns * sizeof(float), error);
    }
    return status;
}

/* Where the file weaves, blocks of the parts take turns. */
static cloze_status put_tensor(writing *w, cz_output *output, const cz_parameter *parameter,
                               cloze_error *error)
{
    const cz_tensor *value = &parameter->value;
    size_t turns = parameter->turns ? parameter->turns : 1;
    const cz_adapter *adapter = adapter_beside(w->trainer->model->network, parameter);
    cloze_status status = CLOZE_OK;
    if (adapter)
        return put_merged(w, output, adapter, error);
    if (turns == 1 && value->type == CZ_F32 && value->stride == value->columns)
        return cz_output_put(output, value->data, value->rows * value->columns * sizeof(float),
                             error);
    const cz_parameter *parts = w->trainer->model->network->parameters;
    for (size_t row = 0; row < turns * value->rows && !status; row++) {
        size_t block = parameter->turns ? parameter->block : value->rows;
        size_t turn = row / block % turns, own = row / block / turns * block + row % block;
        const cz_parameter *part = parameter;
        for (size_t i = 0; turn && i < w->trainer->model->network->parameter_count; i++)
            if (parts[i].turns && parts[i].turn == turn && !strcmp(parts[i].name, parameter->name))
                part = &parts[i];
        status = put_row(w, output, &part->value, own, error);
    }
    return status;
}

static cloze_status write_weights(writing *w, const char *path, cloze_error *error)
{
    cz_output output;
    cloze_status status = cz_safetensors_begin(&output, path, w->tensors, w->count, error);
    if (status)
        return status;
    for (size_t i = 0; i < w->count && !status; i++)
        status = put_tensor(w, &output, w->sources[i], error);
    return cz_output_finish(&output, status, error);
}

cloze_status cz_save_weights(const cloze_trainer *trainer, const char *folder, cloze_error *error)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    const char *encoder = trainer->objective->has_head ? "" : trainer->model->pipeline.transformer;
    char inside[CZ_PATH_SIZE], path[CZ_PATH_SIZE];
    writing w = { .trainer = trainer };
    cloze_status status = CLOZE_OK;
    snprintf(inside, sizeof inside, "%s", folder);
    if (*encoder)
        status = cz_path_below(inside, sizeof inside, folder, encoder, error);
    if (!status)
        status = cz_path_join(
            path, sizeof path, inside,
            cz_saves_adapter(trainer) ? "adapter_model.safetensors" : "model.safetensors", error);
    if (!status && cz_saves_adapter(trainer))
        status = cz_adapter_config_write(trainer, inside, error);
    if (!status)
        status = list_tensors(&w, error);
    if (!status)
        status = write_weights(&w, path, error);
    cz_release(allocator, w.tensors);
    cz_release(allocator, w.sources);
    cz_release(allocator, w.names);
    cz_release(allocator, w.row);
    return status;
}
