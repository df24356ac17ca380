/*
 * settings.c - the folder of the model that is being made: config.json as it shall be, the tokenizer's
 * files, and the modules after the encoder where embeddings are learned. The weights come last.
 */
#include "train/trainer.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "formats/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONFIG_LIMIT = 16 << 20, FILES_MOST = 10000, DIGITS = 15 };

/* ---- config.json ---- */

static const char *const endings[CZ_HEADS] = {
    [CZ_HEAD_LABELS] = "ForSequenceClassification", [CZ_HEAD_CHOICE] = "ForMultipleChoice",
    [CZ_HEAD_ORDER] = "ForNextSentencePrediction",  [CZ_HEAD_TAGS] = "ForTokenClassification",
    [CZ_HEAD_SPANS] = "ForQuestionAnswering",       [CZ_HEAD_WORDS] = "ForMaskedLM",
    [CZ_HEAD_REPLACED] = "ForPreTraining",
};

static bool put(json_t *object, const char *key, json_t *value)
{
    return !json_object_set_new(object, key, value);
}

static bool put_labels(const cloze_trainer *trainer, json_t *config)
{
    static const char *const problems[] = { [CLOZE_LEARN_LABELS] = "single_label_classification",
                                            [CLOZE_LEARN_LABEL_SETS] = "multi_label_classification",
                                            [CLOZE_LEARN_NUMBERS] = "regression" };
    cloze_learning learning = trainer->options.learning;
    json_t *names = json_object(), *numbers = json_object();
    bool good = names && numbers;
    for (size_t i = 0; i < trainer->options.label_count && good; i++) {
        char key[24];
        snprintf(key, sizeof key, "%zu", i);
        good = put(names, key, json_string(trainer->labels[i])) &&
               put(numbers, trainer->labels[i], json_integer((json_int_t)i));
    }
    good = put(config, "id2label", names) && put(config, "label2id", numbers) && good;
    json_object_del(config, "num_labels");
    if (learning <= CLOZE_LEARN_NUMBERS)
        good = put(config, "problem_type", json_string(problems[learning])) && good;
    return good;
}

static bool put_dropout(json_t *config, const char *key, double p)
{
    return !key || !(p < 0 || p > 0) || put(config, key, json_real(p > 0 ? p : 0));
}

/* A dropout that was asked for and is nowhere would be passed over in silence. */
static cloze_status check_dropouts(const cloze_trainer *trainer, const cz_config *config,
                                   const cz_dropout_keys *keys, cloze_error *error)
{
    const cloze_train_options *options = &trainer->options;
    const struct {
        const char *what, *key;
        double asked;
    } all[] = { { "of hidden states", keys->hidden, options->dropout },
                { "of attention", keys->attention, options->attention_dropout },
                { "of what such a head reads", keys->classifier, options->classifier_dropout } };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].asked > 0 && !all[i].key)
            return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                           "models of the family %s have no dropout %s",
                           cz_config_family_name(config), all[i].what);
    return CLOZE_OK;
}

static bool change_config(const cloze_trainer *trainer, const cz_dropout_keys *keys, json_t *config)
{
    const cloze_train_options *options = &trainer->options;
    bool labels = trainer->objective->has_head && (trainer->objective->head == CZ_HEAD_LABELS ||
                                                   trainer->objective->head == CZ_HEAD_TAGS);
    json_object_del(config, "torch_dtype");
    return (!trainer->objective->has_head ||
            cz_architecture_put(config, trainer->beside ? "ForPreTraining"
                                                        : endings[trainer->objective->head])) &&
           (!labels || put_labels(trainer, config)) &&
           put_dropout(config, keys->hidden, options->dropout) &&
           put_dropout(config, keys->attention, options->attention_dropout) &&
           put_dropout(config, keys->classifier, options->classifier_dropout) &&
           put(config, "dtype", json_string("float32"));
}

/* What was begun with: a text of the caller, or a file. */
static cloze_status read_config(const cloze_trainer *trainer, const char *from, cz_config *parsed,
                                json_t **config, cloze_error *error)
{
    const char *text = trainer->options.config;
    char path[CZ_PATH_SIZE];
    cloze_status status;
    if (text) {
        status = cz_config_parse(parsed, text, strlen(text), "the settings of the model", error);
        return status ? status : cz_json_parse(config, text, strlen(text), "the settings", error);
    }
    status = cz_config_load(parsed, from, &trainer->hooks.allocator, error);
    if (!status)
        status = cz_path_join(path, sizeof path, from, "config.json", error);
    return status ? status
                  : cz_json_load(config, path, CONFIG_LIMIT, &trainer->hooks.allocator, error);
}

static cloze_status write_config(const cloze_trainer *trainer, const char *from, const char *to,
                                 cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    json_t *config = NULL;
    cz_config parsed;
    char *text = NULL;
    cz_dropout_keys keys = { NULL, NULL, NULL };
    cloze_status status = read_config(trainer, from, &parsed, &config, error);
    if (!status) {
        keys = cz_config_dropout_keys(
            &parsed, trainer->objective->has_head ? &trainer->objective->head : NULL);
        status = check_dropouts(trainer, &parsed, &keys, error);
    }
    if (!status && (!change_config(trainer, &keys, config) ||
                    !(text = json_dumps(config, JSON_INDENT(2) | JSON_ENSURE_ASCII |
                                                    JSON_REAL_PRECISION(DIGITS)))))
        status = cz_fail_memory(error, "config.json", 0);
    if (!status)
        status = cz_path_join(path, sizeof path, to, "config.json", error);
    if (!status)
        status = cz_file_write(path, text, strlen(text), error);
    free(text);
    json_decref(config);
    return status;
}

/* ---- the files beside it ---- */

static cloze_status copy_beside(const cloze_trainer *trainer, const char *from, const char *to,
                                cloze_error *error)
{
    size_t files = 0;
    return cz_settings_copy(trainer->source, from, to, false, &trainer->hooks.allocator, &files,
                            error);
}

/* A module's folder: its settings and its weights, which do not learn. */
static cloze_status copy_module(const cloze_trainer *trainer, const char *target, const char *part,
                                cloze_error *error)
{
    char from[CZ_PATH_SIZE], to[CZ_PATH_SIZE];
    cloze_convert_report report = { 0 };
    cloze_status status = cz_path_below(from, sizeof from, trainer->source, part, error);
    if (!status)
        status = cz_path_below(to, sizeof to, target, part, error);
    if (status || !cz_path_is_folder(from))
        return status;
    if ((status = cz_path_stays(trainer->source, from, error)) ||
        (status = cz_folder_make(to, error)))
        return status;
    if (cz_weights_are_in(from))
        status = cz_convert_weights(from, NULL, to, false, NULL, &report, error);
    return status ? status : copy_beside(trainer, from, to, error);
}

/* modules.json was checked when the folder was opened as a pipeline. */
static cloze_status copy_modules(const cloze_trainer *trainer, const char *target,
                                 const char *encoder, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    json_t *modules = NULL;
    cloze_status status = cz_path_join(path, sizeof path, trainer->source, "modules.json", error);
    if (status || !cz_path_is_file(path))
        return status;
    status = cz_json_load(&modules, path, CONFIG_LIMIT, &trainer->hooks.allocator, error);
    for (size_t i = 0; !status && i < json_array_size(modules); i++) {
        const char *part = "";
        status = cz_json_string(json_array_get(modules, i), "path", &part, error);
        if (!status && *part && strcmp(part, encoder) != 0)
            status = copy_module(trainer, target, part, error);
    }
    json_decref(modules);
    return status;
}

static cloze_status fill(const cloze_trainer *trainer, const char *target, const char *encoder,
                         cloze_error *error)
{
    char from[CZ_PATH_SIZE], to[CZ_PATH_SIZE];
    bool flat = trainer->objective->has_head || !*encoder;
    cloze_status status = CLOZE_OK;
    snprintf(from, sizeof from, "%s", trainer->source);
    snprintf(to, sizeof to, "%s", target);
    if (*encoder)
        status = cz_path_below(from, sizeof from, trainer->source, encoder, error);
    if (!flat && !status)
        status = cz_path_below(to, sizeof to, target, encoder, error);
    if (!flat && !status)
        status = cz_folder_make(to, error);
    if (!status)
        status = write_config(trainer, from, to, error);
    if (!status)
        status = copy_beside(trainer, from, to, error);
    if (!status && !trainer->objective->has_head)
        status = copy_modules(trainer, target, encoder, error);
    if (!status && !flat)
        status = copy_beside(trainer, trainer->source, target, error);
    return status;
}

/* What belongs to sentence embeddings alone would be taken for settings of the new model. */
static void drop_modules(const cloze_trainer *trainer, const char *target)
{
    static const char *const names[] = { "modules.json", "sentence_bert_config.json",
                                         "config_sentence_transformers.json" };
    char path[CZ_PATH_SIZE];
    for (size_t i = 0; trainer->objective->has_head && i < sizeof names / sizeof *names; i++)
        if (!cz_path_join(path, sizeof path, target, names[i], NULL))
            unlink(path);
}

static cloze_status make_folder(cloze_trainer *trainer, cloze_error *error)
{
    const char *place = getenv("TMPDIR");
    if (trainer->folder) {
        snprintf(trainer->settings, sizeof trainer->settings, "%s", trainer->folder);
        return cz_folder_make(trainer->folder, error);
    }
    place = place && *place ? place : "/tmp";
    if ((size_t)snprintf(trainer->settings, sizeof trainer->settings, "%s/cloze-train-XXXXXX",
                         place) >= sizeof trainer->settings ||
        !mkdtemp(trainer->settings)) {
        trainer->settings[0] = '\0';
        return cz_fail(error, CLOZE_ERROR_IO, "no temporary folder can be made in %.200s", place);
    }
    trainer->settings_are_ours = true;
    return CLOZE_OK;
}

cloze_trainer cz_generator_as_trainer(const cloze_trainer *trainer)
{
    cloze_trainer other = *trainer;
    other.model = trainer->generator;
    other.objective = trainer->beside;
    other.beside = NULL;
    other.options.config = trainer->options.generator;
    return other;
}

/* It has the model's tokenizer. */
static cloze_status write_generator(const cloze_trainer *trainer, const char *folder,
                                    cloze_error *error)
{
    cloze_trainer other = cz_generator_as_trainer(trainer);
    char path[CZ_PATH_SIZE];
    cloze_status status = cz_path_join(path, sizeof path, folder, "generator", error);
    if (!status)
        status = cz_folder_make(path, error);
    if (!status && !other.options.config)
        status =
            cz_path_join(other.source, sizeof other.source, trainer->source, "generator", error);
    if (!status)
        status = write_config(&other, other.source, path, error);
    return status ? status : copy_beside(trainer, trainer->source, path, error);
}

cloze_status cz_settings_write(const cloze_trainer *trainer, const char *folder, cloze_error *error)
{
    cz_pipeline pipeline = { 0 };
    cloze_status status = cz_pipeline_load(&pipeline, trainer->source, &trainer->hooks, error);
    if (!status)
        status = cz_folder_make(folder, error);
    if (!status)
        status = fill(trainer, folder, pipeline.transformer, error);
    if (!status && trainer->options.learning == CLOZE_LEARN_REPLACED)
        status = write_generator(trainer, folder, error);
    if (!status)
        drop_modules(trainer, folder);
    cz_pipeline_clear(&pipeline, &trainer->hooks.allocator);
    return status;
}

cloze_status cz_settings_prepare(cloze_trainer *trainer, cloze_error *error)
{
    cloze_status status = make_folder(trainer, error);
    return status ? status : cz_settings_write(trainer, trainer->settings, error);
}

/* ---- a temporary folder goes ---- */

static cloze_status remove_one(void *context, const char *name, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    if (cz_path_join(path, sizeof path, context, name, error))
        return CLOZE_OK;
    if (cz_path_is_folder(path)) {
        cz_folder_each(path, FILES_MOST, remove_one, path, NULL);
        rmdir(path);
    } else {
        unlink(path);
    }
    return CLOZE_OK;
}

void cz_settings_forget(cloze_trainer *trainer)
{
    if (!trainer->settings_are_ours)
        return;
    cz_folder_each(trainer->settings, FILES_MOST, remove_one, trainer->settings, NULL);
    rmdir(trainer->settings);
    trainer->settings_are_ours = false;
}
