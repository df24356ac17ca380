/* folder.c - see folder.h. */
#include "folder.h"

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const char *golden_path(char *out, size_t size, const char *name)
{
    const char *data = getenv("CLOZE_TEST_DATA");
    assert_non_null(data);
    snprintf(out, size, "%s/golden/%s", data, name);
    return out;
}

enum { PATH_MOST = 2400 };

void link_golden(const char *name, const char *const *files, size_t count,
                 char folder[TEMPORARY_SIZE])
{
    char from[2200], source[PATH_MOST], target[PATH_MOST];
    temporary_name(folder);
    assert_non_null(mkdtemp(folder));
    golden_path(from, sizeof from, name);
    for (size_t i = 0; i < count; i++) {
        snprintf(source, sizeof source, "%s/%s", from, files[i]);
        snprintf(target, sizeof target, "%s/%s", folder, files[i]);
        assert_int_equal(symlink(source, target), 0);
    }
}

void remove_linked(const char *folder, const char *const *files, size_t count, const char *made)
{
    char path[PATH_MOST];
    for (size_t i = 0; i <= count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, i < count ? files[i] : made);
        unlink(path);
    }
    rmdir(folder);
}

cloze_text *golden_texts(size_t *count)
{
    char path[2048];
    cloze_error error;
    json_t *root = NULL;
    if (cz_json_load(&root, golden_path(path, sizeof path, "sentence/texts.json"), 1 << 20, NULL,
                     &error))
        fail_msg("%s", error.message);
    *count = json_array_size(root);
    cloze_text *texts = calloc(*count, sizeof *texts);
    for (size_t i = 0; i < *count; i++) {
        const json_t *text = json_array_get(root, i);
        char *copy = malloc(json_string_length(text) + 1);
        memcpy(copy, json_string_value(text), json_string_length(text) + 1);
        texts[i] = (cloze_text){ copy, json_string_length(text) };
    }
    json_decref(root);
    return texts;
}

void free_texts(cloze_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)texts[i].data);
    free(texts);
}

void open_model(opened *o, const char *path, const open_options *options)
{
    cloze_error error = { 0 };
    cloze_engine_options engine = { options->threads, options->precision, options->isa,
                                    options->hooks };
    cloze_session_options session = { options->batch_tokens, options->progress };
    *o = (opened){ NULL, NULL, NULL };
    if (cloze_engine_new(&o->engine, &engine, &error))
        fail_msg("%s", error.message);
    cloze_model_options model = { .engine = o->engine, .packing = options->packing };
    if (cloze_model_open(&o->model, path, &model, &error) ||
        cloze_session_new(&o->session, o->model, &session, &error))
        fail_msg("%s", error.message);
}

void close_model(opened *o)
{
    cloze_session_free(o->session);
    cloze_model_free(o->model);
    cloze_engine_free(o->engine);
}

bool real_model(char *out, size_t size)
{
    const char *named = getenv("CLOZE_MODEL");
    if (named && *named) {
        snprintf(out, size, "%s", named);
        return true;
    }
    return !cloze_hub_find("sentence-transformers/all-MiniLM-L6-v2", NULL, out, size, NULL);
}

const char *data_folder(void)
{
    const char *data = getenv("CLOZE_DATA");
    return data && *data ? data : NULL;
}
