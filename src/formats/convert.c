/*
 * convert.c - see <cloze/convert.h>: which folders and files of a model make up the new one. All is
 * written into a temporary folder, which takes its name at the very end.
 */
#include "formats/convert.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "formats/adapter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SETTINGS_LIMIT = 16 << 20, COPY_LIMIT = 1 << 30, FILES_MOST = 10000, MODULES_MOST = 16 };

typedef struct conversion {
    const char *folder, *out;                  /* of the model */
    char from[CZ_PATH_SIZE], to[CZ_PATH_SIZE]; /* the part that is worked at */
    const cloze_convert_options *options;
    const cloze_allocator *allocator;
    cloze_convert_report report;
} conversion;

static bool ends_with(const char *name, const char *tail)
{
    size_t length = strlen(name), size = strlen(tail);
    return length >= size && !strcmp(name + length - size, tail);
}

/* ---- settings and tokenizer ---- */

static bool is_wanted(const char *name)
{
    if (name[0] == '.' || ends_with(name, ".index.json") || !strcmp(name, "adapter_config.json"))
        return false;
    return ends_with(name, ".json") || ends_with(name, ".txt") || ends_with(name, ".model") ||
           !strcmp(name, "README.md");
}

typedef struct copying {
    const char *root, *from, *to;
    const cloze_allocator *allocator;
    bool card;
    size_t *files;
} copying;

static cloze_status copy_file(void *context, const char *name, cloze_error *error)
{
    copying *c = context;
    char from[CZ_PATH_SIZE], to[CZ_PATH_SIZE];
    cz_mapping mapping;
    cloze_status status;
    if (!is_wanted(name) || (!c->card && !strcmp(name, "README.md")))
        return CLOZE_OK;
    if ((status = cz_path_below(from, sizeof from, c->from, name, error)) ||
        (status = cz_path_join(to, sizeof to, c->to, name, error)))
        return status;
    if (!cz_path_is_file(from) || cz_path_is_file(to))
        return CLOZE_OK;
    if ((status = cz_path_stays(c->root, from, error)) ||
        (status = cz_file_open(&mapping, from, COPY_LIMIT, true, c->allocator, error)))
        return status;
    status = cz_file_write(to, mapping.data, mapping.size, error);
    cz_file_close(&mapping);
    *c->files += !status;
    return status;
}

cloze_status cz_settings_copy(const char *root, const char *from, const char *to, bool card,
                              const cloze_allocator *allocator, size_t *files, cloze_error *error)
{
    copying c = { root, from, to, allocator, card, files };
    return cz_folder_each(from, FILES_MOST, copy_file, &c, error);
}

void cz_modules_drop(const char *folder)
{
    static const char *const names[] = { "modules.json", "sentence_bert_config.json",
                                         "config_sentence_transformers.json" };
    char path[CZ_PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!cz_path_join(path, sizeof path, folder, names[i], NULL))
            unlink(path);
}

static cloze_status copy_settings(conversion *c, cloze_error *error)
{
    return cz_settings_copy(c->folder, c->from, c->to, true, c->allocator, &c->report.files, error);
}

/* What an adapter's folder lacks: the tokenizer, most of the time. */
static cloze_status copy_base(conversion *c, const char *base, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    bool modules =
        !cz_path_join(path, sizeof path, c->from, "modules.json", NULL) && cz_path_is_file(path);
    cloze_status status =
        cz_settings_copy(base, base, c->to, false, c->allocator, &c->report.files, error);
    if (!status && !modules)
        cz_modules_drop(c->to);
    return status;
}

static cloze_status write_json(json_t *root, const char *path, cloze_error *error)
{
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    if (!text)
        return cz_fail_memory(error, path, 0);
    cloze_status status = cz_file_write(path, text, strlen(text), error);
    free(text);
    return status;
}

/* config.json, if it is anew, and says the type of the numbers if that is another. */
static cloze_status write_config(conversion *c, json_t *root, bool anew, cloze_error *error)
{
    static const char *const names[] = { NULL, "float32", "float16", "bfloat16" };
    cloze_number_type numbers = c->options ? c->options->numbers : CLOZE_NUMBERS_AS_STORED;
    const char *key = json_object_get(root, "dtype") ? "dtype" : "torch_dtype";
    char path[CZ_PATH_SIZE];
    cloze_status status;
    if (!numbers && !anew)
        return CLOZE_OK; /* it is copied with the others */
    if ((status = cz_path_join(path, sizeof path, c->to, "config.json", error)))
        return status;
    if (numbers && json_object_set_new(root, key, json_string(names[numbers])))
        return cz_fail_memory(error, path, 0);
    status = write_json(root, path, error);
    c->report.files += !status;
    return status;
}

static cloze_status load(const conversion *c, const char *name, json_t **out, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    cloze_status status = cz_path_join(path, sizeof path, c->from, name, error);
    return status ? status : cz_json_load(out, path, SETTINGS_LIMIT, c->allocator, error);
}

/* ---- the parts of a folder ---- */

/* config.json and weights; those of an adapter are merged into its base's. */
static cloze_status convert_encoder(conversion *c, cloze_error *error)
{
    const cloze_hooks *hooks = c->options ? c->options->hooks : NULL;
    bool adapted = cz_adapter_is_in(c->from), tied = true;
    char base[CZ_PATH_SIZE], task[CZ_ADAPTER_TASK];
    json_t *config = NULL;
    cloze_status status = CLOZE_OK;
    if (adapted && !(status = cz_adapter_base(base, task, c->from, hooks, error)))
        status = cz_adapter_config(&config, c->from, base, task, c->allocator, error);
    else if (!adapted)
        status = load(c, "config.json", &config, error);
    if (!status && !json_is_object(config))
        status = cz_fail(error, CLOZE_ERROR_FORMAT, "%.300s/config.json: not an object", c->from);
    if (!status)
        status = cz_json_flag(config, "tie_word_embeddings", &tied, error);
    if (!status)
        status = cz_convert_weights(adapted ? base : c->from, adapted ? c->from : NULL, c->to, tied,
                                    c->options, &c->report, error);
    if (!status)
        status = write_config(c, config, adapted, error);
    json_decref(config);
    if (!status)
        status = copy_settings(c, error);
    return status || !adapted ? status : copy_base(c, base, error);
}

/* A module after the encoder: its weights if it has any, and its settings. */
static cloze_status convert_module(conversion *c, cloze_error *error)
{
    cloze_status status;
    if (!cz_path_is_folder(c->from))
        return CLOZE_OK; /* Normalize has no folder in many repositories */
    if ((status = cz_folder_make(c->to, error)))
        return status;
    if (cz_weights_are_in(c->from) &&
        (status = cz_convert_weights(c->from, NULL, c->to, false, c->options, &c->report, error)))
        return status;
    return copy_settings(c, error);
}

static cloze_status go_to(conversion *c, const char *part, cloze_error *error)
{
    cloze_status status;
    if (!*part) {
        snprintf(c->from, sizeof c->from, "%s", c->folder);
        snprintf(c->to, sizeof c->to, "%s", c->out);
        return CLOZE_OK;
    }
    if ((status = cz_path_below(c->from, sizeof c->from, c->folder, part, error)) ||
        (status = cz_path_below(c->to, sizeof c->to, c->out, part, error)))
        return status;
    return cz_path_is_folder(c->from) ? cz_path_stays(c->folder, c->from, error) : CLOZE_OK;
}

static cloze_status convert_modules(conversion *c, const json_t *modules, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    if (!json_is_array(modules) || !json_array_size(modules) ||
        json_array_size(modules) > MODULES_MOST)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "%.300s/modules.json is not an array of at most %d modules", c->folder,
                       (int)MODULES_MOST);
    for (size_t i = 0; i < json_array_size(modules) && !status; i++) {
        const char *part = "";
        if ((status = cz_json_string(json_array_get(modules, i), "path", &part, error)) ||
            (status = go_to(c, part, error)))
            return status;
        if (!i && *part && (status = cz_folder_make(c->to, error)))
            return status;
        if (!i)
            status = convert_encoder(c, error);
        else if (*part)
            status = convert_module(c, error);
    }
    return status;
}

static cloze_status convert_all(conversion *c, cloze_error *error)
{
    json_t *modules = NULL;
    char path[CZ_PATH_SIZE];
    cloze_status status = go_to(c, "", error);
    if (status || (status = cz_path_join(path, sizeof path, c->folder, "modules.json", error)))
        return status;
    if (!cz_path_is_file(path))
        return convert_encoder(c, error);
    if ((status = load(c, "modules.json", &modules, error)))
        return status;
    status = convert_modules(c, modules, error);
    json_decref(modules);
    if (status || (status = go_to(c, "", error)))
        return status;
    return copy_settings(c, error);
}

cloze_status cloze_convert(const char *folder, const char *out,
                           const cloze_convert_options *options, cloze_convert_report *report,
                           cloze_error *error)
{
    cz_folder_output output;
    cloze_status status;
    if (!folder || !out)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "convert needs a folder and a new one");
    if (options && options->numbers > CLOZE_NUMBERS_BF16)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the type of the numbers is not known");
    if (!cz_path_is_folder(folder))
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND, "there is no folder %.300s", folder);
    if ((status = cz_folder_begin(&output, out, error)))
        return status;
    conversion c = { .folder = folder,
                     .out = output.temporary,
                     .options = options,
                     .allocator = options && options->hooks ? &options->hooks->allocator : NULL };
    status = cz_folder_finish(&output, convert_all(&c, error), error);
    if (!status && report)
        *report = c.report;
    return status;
}
