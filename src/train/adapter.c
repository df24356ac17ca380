/* adapter.c - what peft is told of an adapter: adapter_config.json. */
#include "train/trainer.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cz_saves_adapter(const cloze_trainer *trainer)
{
    return trainer->options.lora.rank && !trainer->options.lora.merge;
}

static bool has(const json_t *list, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!strcmp(json_string_value(json_array_get(list, i)), name))
            return true;
    return false;
}

static bool add(json_t *list, const char *name)
{
    return has(list, name) || !json_array_append_new(list, json_string(name));
}

/* The modules of what learned as a whole, by the first part of their names behind the prefix. */
static json_t *whole_modules(const cloze_trainer *trainer)
{
    const cz_network *network = trainer->model->network;
    const char *prefix = cz_config_prefix(&network->config);
    json_t *list = json_array();
    bool good = list;
    if (trainer->options.learning <= CLOZE_LEARN_TAGS) /* as peft does by itself */
        good = good && add(list, "classifier") && add(list, "score");
    for (size_t i = 0; i < trainer->learner.count && good; i++) {
        const cz_parameter *parameter = trainer->learner.parameter[i];
        char name[CZ_SAVED_NAME];
        if (parameter->of_adapter || parameter->of_lesson)
            continue;
        cz_saved_name(trainer, parameter, name);
        char *begin = strncmp(name, prefix, strlen(prefix)) ? name : name + strlen(prefix);
        begin[strcspn(begin, ".")] = '\0';
        good = add(list, begin);
    }
    if (good)
        return list;
    json_decref(list);
    return NULL;
}

/* The names that were asked for where peft understands them alike, else each map's own. */
static json_t *target_modules(const cloze_trainer *trainer)
{
    const cz_network *network = trainer->model->network;
    const cloze_lora *lora = &trainer->options.lora;
    json_t *list = json_array();
    bool good = list, all = false;
    for (size_t i = 0; i < lora->target_count && good; i++) {
        all = all || !strcmp(trainer->targets[i], "all-linear");
        good = add(list, trainer->targets[i]);
    }
    if (good && all)
        json_array_clear(list);
    for (size_t i = 0; i < network->adapter_count && good; i++) {
        char name[CZ_SAVED_NAME];
        cz_saved_name(trainer, network->adapters[i].beside, name);
        if (strlen(name) > strlen(".weight"))
            name[strlen(name) - strlen(".weight")] = '\0';
        const char *end = strrchr(name, '.');
        if (!lora->target_count || all)
            good = add(list, all || !end ? name : end + 1);
    }
    if (good)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *task_type(const cloze_trainer *trainer)
{
    switch (trainer->options.learning) {
    case CLOZE_LEARN_LABELS:
    case CLOZE_LEARN_LABEL_SETS:
    case CLOZE_LEARN_NUMBERS:
        return json_string("SEQ_CLS");
    case CLOZE_LEARN_TAGS:
        return json_string("TOKEN_CLS");
    case CLOZE_LEARN_ANSWERS:
        return json_string("QUESTION_ANS");
    case CLOZE_LEARN_RANKING:
    case CLOZE_LEARN_SIMILARITY:
    case CLOZE_LEARN_VECTORS:
        return json_string("FEATURE_EXTRACTION");
    case CLOZE_LEARN_WORDS:
    case CLOZE_LEARN_REPLACED:
        break;
    }
    return json_null();
}

/* peft writes whole numbers for what is whole. */
static json_t *number(double value)
{
    json_int_t whole = (json_int_t)value;
    return value < (double)whole || value > (double)whole ? json_real(value) : json_integer(whole);
}

/* The model's name; where it keeps its encoder in a folder of its own, that. */
static json_t *base_name(const cloze_trainer *trainer)
{
    const char *encoder = trainer->model->pipeline.transformer;
    const char *model = cz_path_is_folder(trainer->name) ? trainer->name : trainer->source;
    char path[2 * CZ_PATH_SIZE];
    snprintf(path, sizeof path, "%s%s%s", *encoder ? model : trainer->name, *encoder ? "/" : "",
             encoder);
    return json_string(path);
}

static json_t *settings_of(const cloze_trainer *trainer)
{
    const cloze_lora *lora = &trainer->options.lora;
    const char *revision = trainer->options.revision;
    json_t *whole = whole_modules(trainer);
    if (whole && !json_array_size(whole)) {
        json_decref(whole);
        whole = json_null();
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:b, s:s, s:I, s:o, s:f, s:o, s:o, s:b, s:b, s:b, s:b}",
                     "peft_type", "LORA", "task_type", task_type(trainer),
                     "base_model_name_or_path", base_name(trainer), "revision",
                     revision ? json_string(revision) : json_null(), "inference_mode", 1, "bias",
                     "none", "r", (json_int_t)lora->rank, "lora_alpha", number(lora->alpha),
                     "lora_dropout", lora->dropout, "target_modules", target_modules(trainer),
                     "modules_to_save", whole, "use_rslora", (int)lora->stabilized, "use_dora", 0,
                     "fan_in_fan_out", 0, "init_lora_weights", 1);
}

cloze_status cz_adapter_config_write(const cloze_trainer *trainer, const char *folder,
                                     cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    json_t *settings = settings_of(trainer);
    char *text = settings ? json_dumps(settings, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
    cloze_status status =
        text ? cz_path_join(path, sizeof path, folder, "adapter_config.json", error)
             : cz_fail_memory(error, "adapter_config.json", 0);
    if (!status)
        status = cz_file_write(path, text, strlen(text), error);
    free(text);
    json_decref(settings);
    return status;
}
