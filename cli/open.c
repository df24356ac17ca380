/* open.c - see open.h. */
#include "open.h"

#include "interrupt.h"
#include "say.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *name;
    unsigned bit;
} poolings[] = {
    /* short names first, which are printed; then sentence-transformers' */
    { "cls", CLOZE_POOLING_CLS },
    { "max", CLOZE_POOLING_MAX },
    { "mean", CLOZE_POOLING_MEAN },
    { "mean_sqrt", CLOZE_POOLING_MEAN_SQRT },
    { "weighted", CLOZE_POOLING_WEIGHTED },
    { "last", CLOZE_POOLING_LAST },
    { "mean_sqrt_len_tokens", CLOZE_POOLING_MEAN_SQRT },
    { "weightedmean", CLOZE_POOLING_WEIGHTED },
    { "lasttoken", CLOZE_POOLING_LAST },
};
enum { POOLINGS_PRINTED = 6 };

static void write_log(void *context, cloze_log_level level, const char *message)
{
    const cli_settings *settings = context;
    (void)level;
    say_note(settings->quiet, "%s", message);
}

static cloze_hooks hooks_of(const cli_settings *settings)
{
    return (cloze_hooks){ .log = { write_log, (void *)(uintptr_t)settings } };
}

const char *model_name(const cli_settings *settings)
{
    const char *variable = getenv("CLOZE_MODEL");
    if (settings->model)
        return settings->model;
    return variable && *variable ? variable : "sentence-transformers/all-MiniLM-L6-v2";
}

typedef struct pull_report {
    cli_progress progress;
    size_t file;
} pull_report;

static bool report_pull(void *context, const cloze_pull_progress *now)
{
    pull_report *report = context;
    char name[160];
    if (now->file_number != report->file) { /* each file has its own rate */
        report->file = now->file_number;
        report->progress.begun = seconds_now();
        report->progress.counting = false;
    }
    if (now->files > 1)
        snprintf(name, sizeof name, "%zu/%zu %.120s", now->file_number, now->files, now->file);
    else
        snprintf(name, sizeof name, "%.150s", now->file);
    progress_show(&report->progress, name, now->done, now->total, NULL);
    return !interrupted();
}

int model_pull(const cli_settings *settings, const char *name, char *path, size_t size)
{
    char bare[512];
    const char *at = strchr(name, '@');
    cloze_hooks hooks = hooks_of(settings);
    cloze_error error;
    pull_report report = { .file = 0 };
    cloze_hub_options options = { .revision = at ? at + 1 : settings->revision,
                                  .cache = settings->cache,
                                  .endpoint = settings->endpoint,
                                  .report = report_pull,
                                  .context = &report,
                                  .hooks = &hooks };
    size_t length = at ? (size_t)(at - name) : strlen(name);
    if (length >= sizeof bare)
        return say_failure(CLOZE_ERROR_ARGUMENT, "the name of the model is too long");
    memcpy(bare, name, length);
    bare[length] = 0;
    progress_begin(&report.progress, settings->quiet);
    cloze_status status = cloze_hub_pull(bare, &options, path, size, &error);
    progress_end(&report.progress);
    return status ? say_error(&error, NULL) : 0;
}

static bool exists(const char *path)
{
    struct stat there;
    return !stat(path, &there);
}

/* A name that is no folder and not in the cache: what to do depends on how it looks. */
static int say_absent(const char *name, const char *revision, cloze_status status)
{
    static const char hub[] = "https://huggingface.co/";
    if (strstr(name, "://") && strncmp(name, hub, sizeof hub - 1))
        return say_failure((int)status, "%s: a model is a folder, or a name like ORG/NAME", name);
    if (!strchr(name, '/'))
        return say_failure((int)status,
                           "%s is neither a folder nor a model in the cache; a name on the hub has "
                           "an owner, as in sentence-transformers/%s",
                           name, name);
    if (!strncmp(name, hub, sizeof hub - 1))
        return say_failure((int)status, "a model of the hub goes by its name: -m %s",
                           name + sizeof hub - 1);
    return say_failure((int)status,
                       "%s is neither a folder nor a model in the cache; `cloze pull %s%s%s` "
                       "downloads it, and so does --pull",
                       name, name, revision ? "@" : "", revision ? revision : "");
}

int model_find(const cli_settings *settings, char *path, size_t size)
{
    const char *name = model_name(settings);
    cloze_hooks hooks = hooks_of(settings);
    const char *slash = strchr(name, '/'), *at = strchr(name, '@');
    const char *revision = at ? at + 1 : settings->revision;
    cloze_hub_options options = { .revision = at ? NULL : revision, .hooks = &hooks };
    cloze_error error;
    cloze_status status;
    if (exists(name)) {
        if (settings->revision)
            return say_failure(CLOZE_ERROR_ARGUMENT,
                               "%s is here already; --revision is for models of the hub", name);
        if ((size_t)snprintf(path, size, "%s", name) < size)
            return 0;
        return say_failure(CLOZE_ERROR_LIMIT, "the path of the model is too long");
    }
    if (strstr(name, "://"))
        return say_absent(name, NULL, CLOZE_ERROR_ARGUMENT);
    if (*name == '/' || *name == '.' || (slash && strchr(slash + 1, '/')))
        return say_failure(CLOZE_ERROR_NOT_FOUND, "there is no folder %s", name);
    status = cloze_hub_find(name, &options, path, size, &error);
    if (!status)
        return 0;
    if (status != CLOZE_ERROR_NOT_FOUND && status != CLOZE_ERROR_OFFLINE)
        return say_error(&error, NULL);
    if (settings->pull)
        return model_pull(settings, name, path, size);
    return say_absent(name, at ? NULL : revision, status);
}

static bool report_texts(void *context, uint64_t done, uint64_t total)
{
    cli_opened *opened = context;
    (void)total;
    progress_show(&opened->progress, "computing", opened->done + done, opened->total, "texts");
    return !interrupted();
}

int open_engine(cli_opened *out, const cli_settings *settings)
{
    cloze_hooks hooks = hooks_of(settings);
    cloze_engine_options options = { .precision = settings->precision == 2 ? CLOZE_PRECISION_F64
                                                                           : CLOZE_PRECISION_F32,
                                     .isa = settings->isa,
                                     .hooks = &hooks };
    cloze_error error;
    if (settings->threads > UINT_MAX)
        return say_failure(CLOZE_ERROR_ARGUMENT, "%zu threads are too many", settings->threads);
    options.threads = (unsigned)settings->threads;
    return cloze_engine_new(&out->engine, &options, &error) ? say_error(&error, NULL) : 0;
}

static bool report_packing(void *context, uint64_t done, uint64_t total)
{
    cli_opened *opened = context;
    progress_show(&opened->progress, "packing", done, total, NULL);
    return !interrupted();
}

int open_model(cli_opened *out, const cli_settings *settings, bool single_batch)
{
    char path[PATH_SIZE];
    cloze_error error;
    cloze_model_options options = { .engine = out->engine,
                                    .no_mmap = settings->no_mmap,
                                    .revision = settings->revision,
                                    .max_tokens = settings->max_tokens,
                                    .progress = { report_packing, out } };
    struct stat there;
    int packing = settings->packing ? settings->packing : PACKING_AUTO;
    int code = model_find(settings, path, sizeof path);
    if (code)
        return code;
    if (!stat(path, &there) && !S_ISDIR(there.st_mode))
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "%s is a file; a model is a folder with config.json, model.safetensors "
                           "and tokenizer.json (GGUF and ONNX files are not read)",
                           path);
    if (packing == PACKING_BF16)
        options.packing = CLOZE_PACK_KEPT_BF16;
    else if (packing == PACKING_AT_USE || (packing == PACKING_AUTO && single_batch))
        options.packing = CLOZE_PACK_AT_USE;
    progress_begin(&out->progress, settings->quiet);
    cloze_status status = cloze_model_open(&out->model, path, &options, &error);
    progress_end(&out->progress);
    return status ? say_error(&error, NULL) : 0;
}

int open_session(cli_opened *out, const cli_settings *settings)
{
    cloze_session_options options = { .batch_tokens = settings->batch_tokens,
                                      .progress = { report_texts, out } };
    cloze_error error;
    progress_begin(&out->progress, settings->quiet);
    return cloze_session_new(&out->session, out->model, &options, &error) ? say_error(&error, NULL)
                                                                          : 0;
}

int open_all(cli_opened *out, const cli_settings *settings, bool single_batch)
{
    int code;
    *out = (cli_opened){ 0 };
    code = open_engine(out, settings);
    if (!code)
        code = open_model(out, settings, single_batch);
    if (!code)
        code = open_session(out, settings);
    return code;
}

void close_all(cli_opened *opened)
{
    progress_end(&opened->progress);
    cloze_session_free(opened->session);
    cloze_model_free(opened->model);
    cloze_engine_free(opened->engine);
    opened->session = NULL;
    opened->model = NULL;
    opened->engine = NULL;
}

static int parse_pooling(const char *text, unsigned *out)
{
    *out = 0;
    while (text) {
        const char *end = strchr(text, '+');
        size_t size = end ? (size_t)(end - text) : strlen(text);
        unsigned bit = 0;
        for (size_t i = 0; i < sizeof poolings / sizeof *poolings; i++)
            if (strlen(poolings[i].name) == size && !memcmp(poolings[i].name, text, size))
                bit = poolings[i].bit;
        if (!bit)
            return say_failure(CLOZE_ERROR_ARGUMENT,
                               "--pooling knows cls, mean, max, mean_sqrt, weighted, last, and "
                               "several joined by +; not \"%.*s\"",
                               (int)size, text);
        *out |= bit;
        text = end ? end + 1 : NULL;
    }
    return 0;
}

const char *pooling_name(unsigned pooling, char *out, size_t size)
{
    size_t used = 0;
    *out = 0;
    for (size_t i = 0; i < POOLINGS_PRINTED; i++)
        if ((pooling & poolings[i].bit) && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "+" : "",
                                     poolings[i].name);
    return out;
}

int prompt_exists(const cloze_model *model, const char *name)
{
    char known[400] = "";
    size_t count = cloze_model_describe(model).prompts, used = 0;
    for (size_t i = 0; i < count; i++)
        if (!strcmp(cloze_model_prompt_name(model, i), name))
            return 0;
    for (size_t i = 0; i < count && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 cloze_model_prompt_name(model, i));
    if (!count)
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "the model has no prompts; --prompt-text \"...\" gives one in full");
    return say_failure(CLOZE_ERROR_NOT_FOUND,
                       "the model has no prompt \"%s\", but: %s; --prompt-text gives one in full",
                       name, known);
}

int embed_options(const cli_settings *settings, const cloze_model *model, cloze_embed_options *out)
{
    cloze_model_info info = cloze_model_describe(model);
    int code = 0;
    *out = (cloze_embed_options){
        .normalize = settings->no_normalize ? CLOZE_NO : CLOZE_DEFAULT,
        .prompt_name = settings->prompt,
        .prompt = settings->prompt_text,
        .long_text =
            settings->long_text ? (cloze_long_text)(settings->long_text - 1) : CLOZE_LONG_TRUNCATE,
        .max_tokens = settings->max_tokens,
        .layer = settings->layer,
    };
    if (settings->layer > info.layers)
        return say_failure(CLOZE_ERROR_ARGUMENT, "the model has %zu layers; --layer %zu is none",
                           info.layers, settings->layer);
    if (settings->pooling)
        code = parse_pooling(settings->pooling, &out->pooling);
    if (!code && settings->truncate_dimension > cloze_embed_dimension(model, out))
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "the vectors have %zu components; --truncate-dim %zu is more",
                           cloze_embed_dimension(model, out), settings->truncate_dimension);
    out->truncate_dimension = settings->truncate_dimension;
    if (!code && settings->prompt && !settings->prompt_text)
        code = prompt_exists(model, settings->prompt);
    return code;
}

int say_embed_error(cli_opened *opened, const cli_input *input, const cloze_embed_options *options,
                    float *row, const cloze_error *error)
{
    static const char subject[] = "text 1 ";
    const cloze_text *texts = input_texts(input);
    cloze_error one;
    char where[PATH_SIZE + 32];
    if (error->status != CLOZE_ERROR_TEXT)
        return say_error(error, NULL);
    for (size_t i = 0; i < input_count(input); i++) {
        if (cloze_embed(opened->session, &texts[i], 1, options, row, NULL, NULL, &one) !=
            CLOZE_ERROR_TEXT)
            continue;
        input_where(input, i, where, sizeof where);
        if (!strncmp(one.message, subject, sizeof subject - 1))
            return say_failure(CLOZE_ERROR_TEXT, "%s: the text %s", where,
                               one.message + sizeof subject - 1);
        return say_error(&one, where);
    }
    return say_error(error, NULL);
}

void say_truncated(const cloze_embed_report *report, const char *option, bool quiet)
{
    if (report->truncated_texts)
        say_note(quiet, "%zu of %zu texts %s longer than the limit; %zu token%s cut off (see %s)",
                 report->truncated_texts, report->texts,
                 report->truncated_texts == 1 ? "is" : "are", report->truncated_tokens,
                 report->truncated_tokens == 1 ? " was" : "s were", option);
}
