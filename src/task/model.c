/* model.c - opening a folder or a cached hub name, and telling what it is. */
#include "task/engine.h"

#include "base/error.h"
#include "base/file.h"
#include "formats/adapter.h"

#include <cloze/hub.h>

#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = CZ_PATH_SIZE };

static cloze_status find_folder(char *out, const char *path, const cloze_model_options *options,
                                const cloze_hooks *hooks, cloze_error *error)
{
    cloze_hub_options hub = { .revision = options ? options->revision : NULL, .hooks = hooks };
    const char *slash = strchr(path, '/');
    if (cz_path_is_folder(path)) {
        if ((size_t)snprintf(out, PATH_SIZE, "%s", path) >= PATH_SIZE)
            return cz_fail(error, CLOZE_ERROR_LIMIT, "path is too long: %.200s...", path);
        return CLOZE_OK;
    }
    if (path[0] == '/' || path[0] == '.' || (slash && strchr(slash + 1, '/')))
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND, "there is no folder %.300s", path);
    return cloze_hub_find(path, &hub, out, PATH_SIZE, error);
}

static size_t smaller_unless_zero(size_t a, size_t b)
{
    return !b ? a : !a || b < a ? b : a;
}

/* sentence-transformers' rule: what the caller asks for or its own setting, else the tokenizer's
 * and the table's. */
static cloze_status set_limit(cloze_model *model, size_t asked, cloze_error *error)
{
    size_t positions = model->network->config.longest;
    size_t limit = asked ? asked : model->pipeline.max_tokens;
    if (positions && asked > positions)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a limit of %zu tokens is more than the %zu positions of the model", asked,
                       positions);
    if (!limit)
        limit = cloze_tokenizer_max_length(model->tokenizer);
    model->max_tokens = smaller_unless_zero(positions, limit);
    return CLOZE_OK;
}

static cloze_status load_labels(const cloze_model *model, cz_labels *labels, cz_head_kind head,
                                const char *folder, cloze_error *error)
{
    size_t count = cz_head_columns(model->network, head);
    return count ? cz_labels_load(labels, folder, count, &model->hooks.allocator, error) : CLOZE_OK;
}

/* The encoder's folder below one of the model's. */
static cloze_status find_encoder(const cloze_model *model, const char *folder, char *out,
                                 cloze_error *error)
{
    if (*model->pipeline.transformer)
        return cz_path_below(out, PATH_SIZE, folder, model->pipeline.transformer, error);
    snprintf(out, PATH_SIZE, "%s", folder);
    return CLOZE_OK;
}

/* An adapter's folder that tells nothing else is opened as the model that it belongs to. */
static cloze_status find_settings(const cloze_model *model, const char *folder, char *out,
                                  cloze_error *error)
{
    char config[PATH_SIZE];
    cloze_status status = cz_path_join(config, sizeof config, folder, "config.json", error);
    snprintf(out, PATH_SIZE, "%s", folder);
    if (status || !cz_adapter_is_in(folder) || cz_path_is_file(config))
        return status;
    return cz_adapter_base(out, NULL, folder, &model->hooks, error);
}

/* `folder` is where the settings of `path` are; `how` gets an adapter, if there is one, and the folder of
 * the weights that it belongs to. */
static cloze_status find_weights(const cloze_model *model, const char *path, const char *folder,
                                 const char *encoder, cz_network_options *how, char *weights,
                                 cloze_error *error)
{
    if (strcmp(path, folder) != 0) {
        how->adapter = path;
        return CLOZE_OK;
    }
    if (!cz_adapter_is_in(encoder))
        return CLOZE_OK;
    how->adapter = encoder;
    how->weights = weights;
    return cz_adapter_base(weights, NULL, encoder, &model->hooks, error);
}

static cloze_status open_parts(cloze_model *model, const char *path, const cz_learning *learning,
                               const cloze_model_options *options, cloze_error *error)
{
    char folder[PATH_SIZE], encoder[PATH_SIZE], weights[PATH_SIZE];
    cloze_packing packing = options ? options->packing : CLOZE_PACK_KEPT;
    cz_network_options how = {
        .backend = model->engine->backend,
        .place = &model->engine->place,
        .pack = packing != CLOZE_PACK_AT_USE,
        .bf16 = packing == CLOZE_PACK_KEPT_BF16,
        .read_instead = options && options->no_mmap,
        .progress = options ? options->progress : (cloze_progress){ 0 },
        .hooks = &model->hooks,
    };
    cloze_tokenizer_options text = { .hooks = &model->hooks };
    cloze_status status = find_settings(model, path, folder, error);
    if (status || (status = cz_pipeline_load(&model->pipeline, folder, &model->hooks, error)) ||
        (status = find_encoder(model, folder, encoder, error)))
        return status;
    how.weights = learning ? weights : NULL;
    status = learning ? find_encoder(model, learning->weights, weights, error)
                      : find_weights(model, path, folder, encoder, &how, weights, error);
    if (status)
        return status;
    how.anew = learning ? &learning->anew : NULL;
    if ((status = cz_network_open(&model->network, encoder, &how, error)) ||
        (status = cloze_tokenizer_open(&model->tokenizer, encoder, &text, error)))
        return status;
    if (cloze_tokenizer_size(model->tokenizer) > model->network->config.vocabulary)
        cz_log(&model->hooks, CLOZE_LOG_WARNING,
               "the tokenizer knows %zu ids, the model %zu: texts that use the others fail",
               cloze_tokenizer_size(model->tokenizer), model->network->config.vocabulary);
    if ((status = set_limit(model, options ? options->max_tokens : 0, error)))
        return status;
    if ((status = load_labels(model, &model->labels, CZ_HEAD_LABELS, encoder, error)) ||
        (status = load_labels(model, &model->tags, CZ_HEAD_TAGS, encoder, error)))
        return status;
    return cz_pipeline_bind(&model->pipeline, folder,
                            cz_pooled_width(model->pipeline.pooling, model->network->config.hidden),
                            &how, error);
}

static cloze_status open_folder(cloze_model **out, const char *folder, const cz_learning *learning,
                                const cloze_model_options *options, cloze_error *error)
{
    cloze_engine *engine = options ? options->engine : NULL;
    const cloze_hooks *hooks = engine ? &engine->hooks : NULL;
    cloze_model *model = NULL;
    cloze_status status;
    model = cz_allocate_zero(hooks ? &hooks->allocator : NULL, 1, sizeof *model);
    if (!model)
        return cz_fail_memory(error, "a model", sizeof *model);
    if (hooks)
        model->hooks = *hooks;
    model->engine = engine;
    model->owns_engine = !engine;
    status = engine ? CLOZE_OK : cloze_engine_new(&model->engine, NULL, error);
    if (!status && !(model->path = cz_copy_text(&model->hooks.allocator, folder, strlen(folder))))
        status = cz_fail_memory(error, "a path", strlen(folder));
    if (!status)
        status = open_parts(model, folder, learning, options, error);
    if (status) {
        cloze_model_free(model);
        return status;
    }
    *out = model;
    return CLOZE_OK;
}

cloze_status cz_model_find(char *out, const char *path, const cloze_model_options *options,
                           cloze_error *error)
{
    const cloze_engine *engine = options ? options->engine : NULL;
    if (!path)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "no model was named");
    return find_folder(out, path, options, engine ? &engine->hooks : NULL, error);
}

cloze_status cloze_model_open(cloze_model **out, const char *path,
                              const cloze_model_options *options, cloze_error *error)
{
    char folder[PATH_SIZE];
    cloze_status status = cz_model_find(folder, path, options, error);
    return status ? status : open_folder(out, folder, NULL, options, error);
}

cloze_status cz_model_open_to_learn(cloze_model **out, const char *folder,
                                    const cz_learning *learning, const cloze_model_options *options,
                                    cloze_error *error)
{
    cloze_model_options how = options ? *options : (cloze_model_options){ 0 };
    how.packing = CLOZE_PACK_AT_USE; /* the numbers change */
    return open_folder(out, folder, learning, &how, error);
}

void cloze_model_free(cloze_model *model)
{
    if (!model)
        return;
    cloze_allocator allocator = model->hooks.allocator;
    cz_pipeline_clear(&model->pipeline, &allocator);
    cz_labels_clear(&model->labels, &allocator);
    cz_labels_clear(&model->tags, &allocator);
    cz_network_free(model->network);
    cloze_tokenizer_free(model->tokenizer);
    if (model->owns_engine)
        cloze_engine_free(model->engine);
    cz_release(&allocator, model->path);
    cz_release(&allocator, model);
}

static bool normalizes(const cloze_model *model)
{
    for (size_t i = 0; i < model->pipeline.module_count; i++)
        if (model->pipeline.modules[i].kind == CZ_MODULE_NORMALIZE)
            return true;
    return false;
}

double cloze_model_work(const cloze_model *model, const size_t *lengths, size_t count)
{
    return cz_network_work(model->network, lengths, count);
}

cloze_model_info cloze_model_describe(const cloze_model *model)
{
    const cz_config *config = &model->network->config;
    cz_type stored = model->network->embeddings.table[0]->value.type;
    return (cloze_model_info){
        .path = model->path,
        .family = cz_config_family_name(config),
        .architecture = config->architecture,
        .layers = config->layers,
        .hidden = config->hidden,
        .heads = config->heads,
        .intermediate = config->intermediate,
        .vocabulary = config->vocabulary,
        .max_tokens = model->max_tokens,
        .parameters = model->network->elements,
        .dimension = cloze_embed_dimension(model, NULL),
        .pooling = model->pipeline.pooling,
        .normalizes = normalizes(model),
        .weights_type = cz_type_name(stored),
        .prompts = model->pipeline.prompt_count,
    };
}

const cloze_tokenizer *cloze_model_tokenizer(const cloze_model *model)
{
    return model->tokenizer;
}

const char *cloze_model_prompt_name(const cloze_model *model, size_t index)
{
    return index < model->pipeline.prompt_count ? model->pipeline.prompts[index].name : NULL;
}

const char *cloze_model_prompt_text(const cloze_model *model, size_t index)
{
    return index < model->pipeline.prompt_count ? model->pipeline.prompts[index].text : NULL;
}

cloze_memory cloze_model_memory(const cloze_model *model, size_t batch_tokens)
{
    cloze_memory memory = {
        .mapped_weights = model->network->mapped,
        .packed_weights = model->network->pack_used,
        .tokenizer = cz_tokenizer_bytes(model->tokenizer),
    };
    cz_session_bytes(model, batch_tokens, &memory.arena, &memory.other);
    return memory;
}
