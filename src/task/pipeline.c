/*
 * pipeline.c - what a sentence-transformers folder says beside the encoder: modules.json in order,
 * pooling, Dense, LayerNorm, Normalize, prompts. Classes are matched by the last part of their
 * name, since their paths moved between versions.
 */
#include "task/engine.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

enum { SETTINGS_LIMIT = 16 << 20, PATH_SIZE = CZ_PATH_SIZE, WIDTH_LIMIT = CZ_WIDTH_MOST * 8 };

static const char *last_part(const char *class_name)
{
    const char *dot = strrchr(class_name, '.');
    return dot ? dot + 1 : class_name;
}

/* FOLDER/PART/NAME as JSON; *out stays NULL when there is no such file. */
static cloze_status load_part(json_t **out, const char *folder, const char *part, const char *name,
                              const cloze_allocator *allocator, cloze_error *error)
{
    char below[PATH_SIZE], path[PATH_SIZE];
    cloze_status status = *part ? cz_path_below(below, sizeof below, folder, part, error)
                                : (cloze_status)(snprintf(below, sizeof below, "%s", folder) < 0);
    if (status || (status = cz_path_join(path, sizeof path, below, name, error)))
        return status;
    if (!cz_path_is_file(path))
        return CLOZE_OK;
    status = cz_json_load(out, path, SETTINGS_LIMIT, allocator, error);
    if (!status && !json_is_object(*out) && !json_is_array(*out)) {
        json_decref(*out);
        *out = NULL;
        status = cz_fail(error, CLOZE_ERROR_FORMAT, "%.300s: not an object", path);
    }
    return status;
}

static cloze_status read_pooling(cz_pipeline *pipeline, const char *folder, const char *part,
                                 const cloze_allocator *allocator, cloze_error *error)
{
    static const struct {
        const char *key, *mode;
        unsigned bit;
        bool fallback;
    } modes[] = {
        { "pooling_mode_cls_token", "cls", CLOZE_POOLING_CLS, false },
        { "pooling_mode_max_tokens", "max", CLOZE_POOLING_MAX, false },
        { "pooling_mode_mean_tokens", "mean", CLOZE_POOLING_MEAN, true },
        { "pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", CLOZE_POOLING_MEAN_SQRT,
          false },
        { "pooling_mode_weightedmean_tokens", "weightedmean", CLOZE_POOLING_WEIGHTED, false },
        { "pooling_mode_lasttoken", "lasttoken", CLOZE_POOLING_LAST, false },
    };
    json_t *root = NULL;
    const char *mode = NULL;
    bool include_prompt = true;
    cloze_status status = load_part(&root, folder, part, "config.json", allocator, error);
    if (status || !root)
        return status ? status
                      : cz_fail(error, CLOZE_ERROR_NOT_FOUND, "%.200s/%.100s lacks config.json",
                                folder, part);
    pipeline->pooling = 0;
    status = cz_json_flag(root, "include_prompt", &include_prompt, error);
    if (!status)
        status = cz_json_string(root, "pooling_mode", &mode, error);
    for (size_t i = 0; i < sizeof modes / sizeof *modes && !status; i++) {
        bool on = mode ? !strcmp(mode, modes[i].mode) : modes[i].fallback;
        if (!mode)
            status = cz_json_flag(root, modes[i].key, &on, error);
        if (on)
            pipeline->pooling |= modes[i].bit;
    }
    if (!status && !pipeline->pooling)
        status =
            cz_fail(error, CLOZE_ERROR_FORMAT, "%.200s/%.100s chooses no pooling", folder, part);
    pipeline->exclude_prompt = !include_prompt;
    json_decref(root);
    return status;
}

static cloze_status read_transformer(cz_pipeline *pipeline, const char *folder, const char *part,
                                     const cloze_allocator *allocator, cloze_error *error)
{
    json_t *root = NULL;
    cloze_status status =
        load_part(&root, folder, part, "sentence_bert_config.json", allocator, error);
    if (status || !root)
        return status;
    status = cz_json_size(root, "max_seq_length", 1, CZ_ROWS_MOST, &pipeline->max_tokens, error);
    if (!status)
        status = cz_json_flag(root, "do_lower_case", &pipeline->lower_case, error);
    json_decref(root);
    return status;
}

/* ---- Dense and LayerNorm ---- */

static cloze_status bind_tensor(cz_module *module, size_t number, const char *const *names,
                                size_t rows, size_t columns, cloze_error *error)
{
    const cz_stored_tensor *stored = NULL;
    for (size_t i = 0; i < 2 && !stored; i++)
        stored = cz_weights_find(module->weights, names[i]);
    if (!stored)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND, "the module lacks the tensor \"%s\"",
                       names[0]);
    bool fits = stored->rank == 1
                    ? rows == 1 && stored->shape[0] == columns
                    : stored->rank == 2 && stored->shape[0] == rows && stored->shape[1] == columns;
    bool is_number = stored->type == CZ_F32 || stored->type == CZ_F16 || stored->type == CZ_BF16 ||
                     stored->type == CZ_F64;
    if (!fits || !is_number)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the module's tensor \"%s\" is not a tensor of numbers [%zu, %zu]", names[0],
                       rows, columns);
    module->parameters[number] = (cz_parameter){
        .value = { (void *)(uintptr_t)stored->data, rows, columns, columns, stored->type, false,
                   NULL },
        .index = number,
        .name = stored->name,
    };
    return CLOZE_OK;
}

static cloze_status bind_dense(cz_module *module, const json_t *settings, size_t width,
                               cloze_error *error)
{
    static const char *const weight[] = { "linear.weight", "weight" }, *const bias_names[] = {
        "linear.bias", "bias"
    };
    const char *activation = "torch.nn.modules.activation.Tanh", *last;
    size_t in = 0, out = 0;
    bool bias = true;
    char lower[64];
    cloze_status status;
    if ((status = cz_json_size(settings, "in_features", 1, WIDTH_LIMIT, &in, error)) ||
        (status = cz_json_size(settings, "out_features", 1, WIDTH_LIMIT, &out, error)) ||
        (status = cz_json_flag(settings, "bias", &bias, error)) ||
        (status = cz_json_string(settings, "activation_function", &activation, error)))
        return status;
    if (in != width || !out)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "a Dense module wants %zu columns and gets %zu",
                       in, width);
    last = last_part(activation);
    snprintf(lower, sizeof lower, "%s", last);
    for (char *c = lower; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    if (!strcmp(lower, "identity"))
        module->activation = CZ_IDENTITY;
    else if (!cz_activation_named(lower, &module->activation))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "a Dense module's activation \"%.60s\" is not known", lower);
    if ((status = bind_tensor(module, 0, weight, out, in, error)) ||
        (bias && (status = bind_tensor(module, 1, bias_names, 1, out, error))))
        return status;
    module->dense = (cz_linear_weights){ .part = { &module->parameters[0] },
                                         .bias = { bias ? &module->parameters[1] : NULL },
                                         .weight = { .in = in, .out = out, .parts = 1 } };
    module->dense.weight.part[0] = &module->parameters[0].value;
    module->dense.weight.bias[0] = bias ? &module->parameters[1].value : NULL;
    return CLOZE_OK;
}

static cloze_status bind_norm(cz_module *module, size_t width, cloze_error *error)
{
    static const char *const gain[] = { "norm.weight", "weight" }, *const shift[] = { "norm.bias",
                                                                                      "bias" };
    cloze_status status;
    if ((status = bind_tensor(module, 0, gain, 1, width, error)) ||
        (status = bind_tensor(module, 1, shift, 1, width, error)))
        return status;
    module->norm = (cz_norm_weights){ &module->parameters[0], &module->parameters[1], 1e-5, false };
    return CLOZE_OK;
}

static cloze_status bind_module(cz_module *module, const char *folder, const char *part,
                                size_t width, const cz_network_options *options, cloze_error *error)
{
    const cloze_allocator *allocator = &options->hooks->allocator;
    char path[PATH_SIZE];
    json_t *settings = NULL;
    cz_weights_options how = { options->read_instead, allocator };
    cloze_status status = cz_path_below(path, sizeof path, folder, part, error);
    if (status || (status = cz_path_stays(folder, path, error)) ||
        (status = cz_weights_open_folder(&module->weights, path, &how, error)) ||
        (status = load_part(&settings, folder, part, "config.json", allocator, error)))
        return status;
    if (module->kind == CZ_MODULE_DENSE)
        status = bind_dense(module, settings, width, error);
    else
        status = bind_norm(module, width, error);
    json_decref(settings);
    if (!status)
        status = cz_vectors_convert(module->parameters, 2, options->backend->type, allocator,
                                    &module->vectors, error);
    if (status)
        cz_error_prefix(error, "%.200s", path);
    return status;
}

size_t cz_pooled_width(unsigned pooling, size_t hidden)
{
    size_t kinds = 0;
    for (; pooling; pooling &= pooling - 1)
        kinds++;
    return kinds * hidden;
}

size_t cz_pipeline_width(const cz_pipeline *pipeline, size_t pooled)
{
    for (size_t i = 0; i < pipeline->module_count; i++)
        if (pipeline->modules[i].kind == CZ_MODULE_DENSE)
            pooled = pipeline->modules[i].dense.weight.out;
    return pooled;
}

size_t cz_pipeline_widest(const cz_pipeline *pipeline, size_t pooled)
{
    size_t widest = pooled;
    for (size_t i = 0; i < pipeline->module_count; i++) {
        const cz_module *module = &pipeline->modules[i];
        size_t out = module->kind == CZ_MODULE_DENSE ? module->dense.weight.out : 0;
        widest = out > widest ? out : widest;
    }
    return widest;
}

/* ---- modules.json ---- */

static cloze_status read_module(cz_pipeline *pipeline, const char *folder, const json_t *entry,
                                size_t number, const cloze_allocator *allocator, cloze_error *error)
{
    const char *class_name = NULL, *part = "", *last;
    char shown[96];
    cloze_status status;
    if ((status = cz_json_string(entry, "type", &class_name, error)) ||
        (status = cz_json_string(entry, "path", &part, error)))
        return status;
    if (!class_name)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "module %zu has no \"type\"", number);
    last = last_part(class_name);
    if (!number != !strcmp(last, "Transformer"))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "the first module, and only it, must be a Transformer");
    if (!number) {
        if (strlen(part) >= sizeof pipeline->transformer)
            return cz_fail(error, CLOZE_ERROR_LIMIT, "the path of module 0 is too long");
        snprintf(pipeline->transformer, sizeof pipeline->transformer, "%s", part);
        return read_transformer(pipeline, folder, part, allocator, error);
    }
    if (!strcmp(last, "Pooling"))
        return read_pooling(pipeline, folder, part, allocator, error);
    if (!strcmp(last, "Dropout"))
        return CLOZE_OK;
    if (pipeline->module_count == CZ_MODULES_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "more than %d modules", CZ_MODULES_MOST);
    cz_module *module = &pipeline->modules[pipeline->module_count++];
    if (!strcmp(last, "Normalize"))
        module->kind = CZ_MODULE_NORMALIZE;
    else if (!strcmp(last, "Dense"))
        module->kind = CZ_MODULE_DENSE;
    else if (!strcmp(last, "LayerNorm"))
        module->kind = CZ_MODULE_NORM;
    else
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "modules of the kind \"%s\" cannot be run",
                       cz_printable(shown, sizeof shown, last, strlen(last)));
    return CLOZE_OK;
}

static cloze_status read_prompts(cz_pipeline *pipeline, const json_t *root,
                                 const cloze_allocator *allocator, cloze_error *error)
{
    const json_t *prompts = json_object_get(root, "prompts");
    const char *wanted = NULL, *key;
    json_t *value;
    cloze_status status = cz_json_string(root, "default_prompt_name", &wanted, error);
    if (status || !json_is_object(prompts))
        return status;
    if (json_object_size(prompts) > CZ_PROMPTS_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "more than %d prompts", CZ_PROMPTS_MOST);
    pipeline->prompts =
        cz_allocate_zero(allocator, json_object_size(prompts), sizeof *pipeline->prompts);
    if (!pipeline->prompts)
        return cz_fail_memory(error, "prompts", json_object_size(prompts));
    pipeline->default_prompt = SIZE_MAX;
    json_object_foreach((json_t *)(uintptr_t)prompts, key, value)
    {
        cz_prompt *prompt = &pipeline->prompts[pipeline->prompt_count++];
        if (!json_is_string(value))
            return cz_fail(error, CLOZE_ERROR_FORMAT, "the prompt \"%.100s\" is not a string", key);
        prompt->name = cz_copy_text(allocator, key, strlen(key));
        prompt->text = cz_copy_text(allocator, json_string_value(value), json_string_length(value));
        if (!prompt->name || !prompt->text)
            return cz_fail_memory(error, "prompts", strlen(key));
        if (wanted && !strcmp(wanted, key))
            pipeline->default_prompt = pipeline->prompt_count - 1;
    }
    if (wanted && pipeline->default_prompt == SIZE_MAX)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the default prompt \"%.100s\" is not there",
                       wanted);
    if (pipeline->default_prompt == SIZE_MAX)
        pipeline->default_prompt = pipeline->prompt_count;
    return CLOZE_OK;
}

cloze_status cz_pipeline_load(cz_pipeline *out, const char *folder, const cloze_hooks *hooks,
                              cloze_error *error)
{
    json_t *modules = NULL, *settings = NULL;
    cloze_status status;
    *out = (cz_pipeline){ .pooling = CLOZE_POOLING_MEAN };
    if ((status = load_part(&modules, folder, "", "modules.json", &hooks->allocator, error)))
        return status;
    if (!modules)
        return read_transformer(out, folder, "", &hooks->allocator, error);
    if (!json_is_array(modules))
        status = cz_fail(error, CLOZE_ERROR_FORMAT, "modules.json is not an array");
    for (size_t i = 0; i < json_array_size(modules) && !status; i++)
        status = read_module(out, folder, json_array_get(modules, i), i, &hooks->allocator, error);
    json_decref(modules);
    if (status) {
        cz_error_prefix(error, "%.200s/modules.json", folder);
        return status;
    }
    status = load_part(&settings, folder, "", "config_sentence_transformers.json",
                       &hooks->allocator, error);
    if (!status && settings) {
        status = read_prompts(out, settings, &hooks->allocator, error);
        json_decref(settings);
        if (status)
            cz_error_prefix(error, "%.200s/config_sentence_transformers.json", folder);
    }
    return status;
}

cloze_status cz_pipeline_bind(cz_pipeline *pipeline, const char *folder, size_t width,
                              const cz_network_options *options, cloze_error *error)
{
    json_t *modules = NULL;
    size_t number = 0;
    cloze_status status =
        load_part(&modules, folder, "", "modules.json", &options->hooks->allocator, error);
    for (size_t i = 1; i < json_array_size(modules) && !status; i++) {
        const json_t *entry = json_array_get(modules, i);
        const char *part = "", *class_name = "", *last;
        (void)cz_json_string(entry, "path", &part, NULL);
        (void)cz_json_string(entry, "type", &class_name, NULL);
        last = last_part(class_name);
        if (!strcmp(last, "Pooling") || !strcmp(last, "Dropout"))
            continue;
        if (number == pipeline->module_count) {
            status = cz_fail(error, CLOZE_ERROR_IO,
                             "%.200s/modules.json was written to while it was read", folder);
            break;
        }
        cz_module *module = &pipeline->modules[number++];
        if (module->kind == CZ_MODULE_NORMALIZE)
            continue;
        status = bind_module(module, folder, part, width, options, error);
        if (!status && module->kind == CZ_MODULE_DENSE)
            width = module->dense.weight.out;
    }
    json_decref(modules);
    return status;
}

void cz_pipeline_clear(cz_pipeline *pipeline, const cloze_allocator *allocator)
{
    for (size_t i = 0; i < pipeline->module_count; i++) {
        cz_weights_close(pipeline->modules[i].weights);
        cz_block_release(allocator, &pipeline->modules[i].vectors);
    }
    for (size_t i = 0; i < pipeline->prompt_count; i++) {
        cz_release(allocator, pipeline->prompts[i].name);
        cz_release(allocator, pipeline->prompts[i].text);
    }
    cz_release(allocator, pipeline->prompts);
    *pipeline = (cz_pipeline){ 0 };
}
