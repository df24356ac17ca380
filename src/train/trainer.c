/* trainer.c - the public handle: what is opened, freed and saved. The loop is in learn.c. */
#include "train/trainer.h"
#include "train/lesson.h"

#include "base/error.h"
#include "base/file.h"
#include "formats/adapter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_texts(const cloze_trainer *trainer, char **texts, size_t count)
{
    for (size_t i = 0; texts && i < count; i++)
        cz_release(&trainer->hooks.allocator, texts[i]);
    cz_release(&trainer->hooks.allocator, texts);
}

/* NULL: no memory. */
static char **copy_texts(const cloze_trainer *trainer, const char *const *texts, size_t count)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    char **copies = cz_allocate_zero(allocator, count, sizeof *copies);
    for (size_t i = 0; i < count && copies; i++) {
        const char *text = texts && texts[i] ? texts[i] : "";
        if (!(copies[i] = cz_copy_text(allocator, text, strlen(text)))) {
            free_texts(trainer, copies, i);
            return NULL;
        }
    }
    return copies;
}

static cloze_status copy_labels(cloze_trainer *trainer, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    size_t count = options->label_count, size = count * sizeof *options->label_weights;
    if (!(trainer->labels = copy_texts(trainer, options->labels, count)) ||
        !(trainer->targets =
              copy_texts(trainer, options->lora.targets, options->lora.target_count)))
        return cz_fail_memory(error, "labels", count * sizeof *trainer->labels);
    if (options->label_weights) {
        if (!(trainer->label_weights = cz_allocate(&trainer->hooks.allocator, size, 1)))
            return cz_fail_memory(error, "labels", size);
        memcpy(trainer->label_weights, options->label_weights, size);
    }
    for (size_t i = 0; i < count; i++)
        if (!*trainer->labels[i])
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "label %zu has no name", i);
    return CLOZE_OK;
}

/* ---- opening ---- */

/* To resume is no leave to write over a model that no run in this folder made. */
static cloze_status check_run(const cloze_trainer *trainer, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    cloze_status status = cz_path_join(path, sizeof path, trainer->folder, "training.state", error);
    if (status || cz_path_is_file(path) ||
        !(cz_weights_are_in(trainer->folder) || cz_adapter_is_in(trainer->folder)))
        return status;
    return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                   "%.300s has a model, but no run that could be resumed: take another folder",
                   trainer->folder);
}

/* Is it a run that can be resumed, or nothing yet? */
static cloze_status check_folder(const cloze_trainer *trainer, cloze_error *error)
{
    static const char *const ours[] = { "model.safetensors", "adapter_model.safetensors",
                                        "config.json", "training.state" };
    char path[CZ_PATH_SIZE];
    if (!trainer->folder)
        return CLOZE_OK;
    if (trainer->options.resume)
        return check_run(trainer, error);
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        cloze_status status = cz_path_join(path, sizeof path, trainer->folder, ours[i], error);
        if (status)
            return status;
        if (cz_path_is_file(path))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "%.300s has a model or a run already: resume it, or take another folder",
                           trainer->folder);
    }
    return CLOZE_OK;
}

static bool stored_labels_are(const cloze_trainer *trainer, const char *folder)
{
    const cloze_train_options *options = &trainer->options;
    cz_labels labels = { 0 };
    bool same =
        !cz_labels_load(&labels, folder, options->label_count, &trainer->hooks.allocator, NULL) &&
        (!labels.named || labels.named == options->label_count);
    for (size_t i = 0; i < options->label_count && same; i++)
        same = !strcmp(labels.names[i], trainer->labels[i]);
    cz_labels_clear(&labels, &trainer->hooks.allocator);
    return same;
}

/* Heads that learn, as bits 1 << kind. */
static unsigned heads_of(const cloze_trainer *trainer)
{
    return (trainer->objective->has_head ? 1u << trainer->objective->head : 0) |
           (trainer->options.following ? 1u << trainer->beside->head : 0);
}

static bool has_heads(const cloze_trainer *trainer, unsigned heads)
{
    for (int kind = 0; kind < CZ_HEADS; kind++)
        if ((heads >> kind & 1) && !cz_head_columns(trainer->model->network, (cz_head_kind)kind))
            return false;
    return true;
}

static double scale_of(const cloze_lora *lora)
{
    double rank = (double)lora->rank;
    return !lora->rank ? 0 : lora->alpha / (lora->stabilized ? sqrt(rank) : rank);
}

static cloze_status open_model(cloze_trainer *trainer, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    const cloze_model_options how = { .engine = trainer->engine };
    cz_learning learning = {
        .weights = trainer->source,
        .anew = { .heads = heads_of(trainer),
                  .columns = options->label_count,
                  .replace = cz_has_labels(options->learning) &&
                             !stored_labels_are(trainer, trainer->source),
                  .all = options->config,
                  .adapters = { .rank = options->lora.rank,
                                .scale = scale_of(&options->lora),
                                .dropout = options->lora.dropout,
                                .targets = (const char *const *)trainer->targets,
                                .target_count = options->lora.target_count },
                  .lesson_width = cz_lesson_width(options),
                  .seed = options->seed },
    };
    cloze_status status =
        cz_model_open_to_learn(&trainer->model, trainer->settings, &learning, &how, error);
    if (status)
        return status;
    if (!has_heads(trainer, heads_of(trainer)))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "models of the family %s have no head that could learn this",
                       cz_config_family_name(&trainer->model->network->config));
    unsigned pooling = trainer->model->pipeline.pooling;
    if (!trainer->objective->has_head && (pooling & (pooling - 1)))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "embeddings that join several poolings cannot be learned yet");
    uint32_t mask;
    if ((options->learning == CLOZE_LEARN_WORDS || options->learning == CLOZE_LEARN_REPLACED) &&
        !cloze_tokenizer_role(trainer->model->tokenizer, CLOZE_TOKEN_MASK, &mask))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "the tokenizer has no mask token");
    return CLOZE_OK;
}

/* Other numbers than the model's, though names are the same. */
static cloze_status open_generator(cloze_trainer *trainer, cloze_error *error)
{
    const cloze_model_options how = { .engine = trainer->engine };
    char folder[CZ_PATH_SIZE], weights[CZ_PATH_SIZE];
    const cz_learning learning = { .weights = weights,
                                   .anew = { .heads = 1u << CZ_HEAD_WORDS,
                                             .all = trainer->options.config,
                                             .seed = trainer->options.seed + 1 } };
    if (trainer->options.learning != CLOZE_LEARN_REPLACED)
        return CLOZE_OK;
    cloze_status status =
        cz_path_join(folder, sizeof folder, trainer->settings, "generator", error);
    if (!status)
        status = cz_path_join(weights, sizeof weights, trainer->source, "generator", error);
    if (!status)
        status = cz_model_open_to_learn(&trainer->generator, folder, &learning, &how, error);
    if (status)
        return status;
    const cz_config *own = &trainer->model->network->config;
    const cz_config *other = &trainer->generator->network->config;
    if (own->vocabulary != other->vocabulary || own->embedding != other->embedding ||
        own->positions != other->positions || own->types != other->types)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the embeddings of the generator are of another size than the model's");
    return CLOZE_OK;
}

static cloze_status make_learner(cloze_trainer *trainer, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    const cz_config *config = &trainer->model->network->config;
    unsigned heads = heads_of(trainer);
    bool pools = false;
    for (int kind = 0; kind < CZ_HEADS; kind++)
        pools |= (heads >> kind & 1) && cz_config_pools(config, (cz_head_kind)kind);
    const cz_learner_options how = {
        .second = trainer->generator ? trainer->generator->network : NULL,
        .second_heads = 1u << CZ_HEAD_WORDS,
        .heads = heads,
        .pooler = pools,
        .freeze_embeddings = options->freeze_embeddings,
        .freeze_layers = options->freeze_layers,
        .freeze_body = options->freeze_body,
        .adapters = options->lora.rank,
        .rounds = options->bf16,
        .layer_decay = options->layer_decay,
        .shards = options->shards,
    };
    size_t layers = config->layers;
    if (options->freeze_layers > layers)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "%zu layers cannot be frozen: the model has %zu", options->freeze_layers,
                       layers);
    if (options->freeze_layers && !cz_config_layers_stand_alone(config))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "layers of the family %s share their weights: none stays without the "
                       "others; freeze the embeddings, or all but the head",
                       cz_config_family_name(config));
    cloze_status status =
        cz_learner_init(&trainer->learner, trainer->model->network, trainer->engine->backend, &how,
                        &trainer->hooks.allocator, error);
    trainer->memory += cz_learner_bytes(&trainer->learner);
    if (!status)
        cz_state_know_still(trainer);
    return status;
}

static bool copy_word(const cloze_trainer *trainer, const char *word, char **out)
{
    return !word || (*out = cz_copy_text(&trainer->hooks.allocator, word, strlen(word)));
}

static cloze_status find_source(cloze_trainer *trainer, const char *model,
                                const cloze_model_options *how, cloze_error *error)
{
    cloze_status status = cz_model_find(trainer->source, model, how, error);
    if (status)
        return status;
    if (cz_adapter_is_in(trainer->source))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "%.300s is an adapter: what it makes of its model can learn once it is "
                       "converted into a folder of its own",
                       model);
    if (!cz_path_is_folder(model) || !realpath(model, trainer->name))
        snprintf(trainer->name, sizeof trainer->name, "%s", model);
    return CLOZE_OK;
}

static cloze_status open_parts(cloze_trainer *trainer, const char *model, cloze_error *error)
{
    const cloze_model_options how = { .engine = trainer->engine,
                                      .revision = trainer->options.revision };
    cloze_status status = cz_ranks_init(trainer, trainer->options.ranks, error);
    if (!status)
        status = copy_labels(trainer, error);
    if (!status && !(copy_word(trainer, trainer->options.config, &trainer->config) &&
                     copy_word(trainer, trainer->options.generator, &trainer->generator_config) &&
                     copy_word(trainer, cz_ranks_leads(trainer) ? trainer->options.folder : NULL,
                               &trainer->folder)))
        status = cz_fail_memory(error, "a path", 0);
    trainer->options.config = trainer->config;
    trainer->options.generator = trainer->generator_config;
    if (!status)
        status = check_folder(trainer, error);
    if (!status)
        status = find_source(trainer, model, &how, error);
    if (!status)
        status = cz_settings_prepare(trainer, error);
    if (!status)
        status = open_model(trainer, error);
    if (!status)
        status = open_generator(trainer, error);
    if (!status)
        status = cloze_encoding_new(&trainer->encoding, &trainer->hooks, error);
    if (!status)
        status = make_learner(trainer, error);
    return status ? status : cz_lesson_begin(trainer, error);
}

cloze_status cloze_trainer_new(cloze_trainer **out, const char *model,
                               const cloze_train_options *options, cloze_error *error)
{
    static const cloze_train_options usual;
    options = options ? options : &usual;
    const cloze_model *teacher = options->teacher.model;
    cloze_engine *engine = options->engine || !teacher ? options->engine : teacher->engine;
    const cloze_hooks *hooks = engine ? &engine->hooks : NULL;
    cloze_trainer *made = cz_allocate_zero(hooks ? &hooks->allocator : NULL, 1, sizeof *made);
    cloze_status status = CLOZE_OK;
    if (!made)
        return cz_fail_memory(error, "a trainer", sizeof *made);
    if (hooks)
        made->hooks = *hooks;
    made->options = *options;
    made->objective = cz_objective_of(options->learning);
    made->beside = cz_objective_beside(options);
    made->engine = engine;
    made->owns_engine = !engine;
    for (size_t i = 0; i < CZ_SPLITS; i++)
        made->split[i].allocator = &made->hooks.allocator;
    made->learner.allocator = made->plan.allocator = &made->hooks.allocator;
    cloze_train_options_fill(&made->options);
    if (!made->objective)
        status = cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no such thing to learn");
    if (!status)
        status = cz_options_check(&made->options, error);
    if (!status && made->owns_engine)
        status = cloze_engine_new(&made->engine, NULL, error);
    if (!status)
        status = open_parts(made, model, error);
    if (status) {
        cloze_trainer_free(made);
        return status;
    }
    *out = made;
    return CLOZE_OK;
}

void cloze_trainer_free(cloze_trainer *trainer)
{
    if (!trainer)
        return;
    cloze_allocator allocator = trainer->hooks.allocator;
    cz_settings_forget(trainer);
    cz_ranks_clear(trainer);
    for (size_t i = 0; i < CZ_SPLITS; i++)
        cz_dataset_clear(&trainer->split[i]);
    cz_workspace_clear(&trainer->workspace, &allocator);
    cz_lesson_clear(trainer);
    cz_part_clear(&trainer->part, &allocator);
    if (trainer->passage)
        cz_passage_clear(trainer->passage, &allocator);
    cz_release(&allocator, trainer->passage);
    cz_plan_clear(&trainer->plan);
    cz_learner_clear(&trainer->learner);
    cz_block_release(&allocator, &trainer->best);
    cz_release(&allocator, trainer->everything);
    cloze_encoding_free(trainer->encoding);
    cloze_model_free(trainer->model);
    cloze_model_free(trainer->generator);
    if (trainer->owns_engine)
        cloze_engine_free(trainer->engine);
    free_texts(trainer, trainer->labels, trainer->options.label_count);
    free_texts(trainer, trainer->targets, trainer->options.lora.target_count);
    cz_release(&allocator, trainer->label_weights);
    cz_release(&allocator, trainer->folder);
    cz_release(&allocator, trainer->config);
    cz_release(&allocator, trainer->generator_config);
    cz_release(&allocator, trainer);
}

const cloze_model *cloze_trainer_model(const cloze_trainer *trainer)
{
    return trainer->model;
}

/* The model's weights still come last. */
static cloze_status save_generator(const cloze_trainer *trainer, const char *folder,
                                   cloze_error *error)
{
    const cloze_trainer other = cz_generator_as_trainer(trainer);
    char path[CZ_PATH_SIZE];
    cloze_status status = cz_path_join(path, sizeof path, folder, "generator", error);
    return status ? status : cz_save_weights(&other, path, error);
}

cloze_status cloze_trainer_save(cloze_trainer *trainer, const char *folder, cloze_error *error)
{
    bool own = !folder || (trainer->folder && !strcmp(folder, trainer->folder));
    if (!cz_ranks_leads(trainer))
        return CLOZE_OK;
    if (!folder && !trainer->folder)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "no folder was named to save into");
    folder = own ? trainer->folder : folder;
    cloze_status status = own ? CLOZE_OK : cz_settings_write(trainer, folder, error);
    if (!status && trainer->generator)
        status = save_generator(trainer, folder, error);
    return status ? status : cz_save_weights(trainer, folder, error);
}
