/*
 * folder.c - which files a folder has of a tokenizer: a tokenizer.json, which wins, or those older
 * than it with the configurations beside them.
 */
#include "base/file.h"
#include "text/loaders.h"

enum {
    JSON_LIMIT = 512 << 20, /* bytes of a tokenizer.json or of a vocabulary */
    CONFIG_LIMIT = 16 << 20 /* bytes of a file beside it */
};

/* The files of a folder in memory. */
typedef struct opened {
    cz_tokenizer_files files;
    cz_mapping mappings[16];
    size_t count;
    const cloze_allocator *allocator;
    const char *folder;
} opened;

static cloze_status open_file(opened *in, const char *path, size_t limit, cloze_text *out,
                              cloze_error *error)
{
    cz_mapping *file = &in->mappings[in->count];
    cloze_status status =
        cz_file_open(file, path, limit, limit == CONFIG_LIMIT, in->allocator, error);
    if (status)
        return status;
    in->count++;
    *out = (cloze_text){ file->data ? file->data : "", file->size };
    return CLOZE_OK;
}

/* A file of the folder, if it is there. */
static cloze_status open_beside(opened *in, const char *name, size_t limit, cloze_text *out,
                                cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    cloze_status status = cz_path_join(path, sizeof path, in->folder, name, error);
    if (status || !cz_path_is_file(path))
        return status;
    return open_file(in, path, limit, out, error);
}

static void close_all(opened *in)
{
    while (in->count)
        cz_file_close(&in->mappings[--in->count]);
}

static cloze_status open_configs(opened *in, cloze_error *error)
{
    cz_tokenizer_files *files = &in->files;
    cloze_status status =
        open_beside(in, "tokenizer_config.json", CONFIG_LIMIT, &files->config, error);
    if (!status)
        status = open_beside(in, "special_tokens_map.json", CONFIG_LIMIT, &files->special, error);
    if (!status)
        status = open_beside(in, "added_tokens.json", CONFIG_LIMIT, &files->added, error);
    return status ? status : open_beside(in, "config.json", CONFIG_LIMIT, &files->model, error);
}

static cloze_status open_vocabularies(opened *in, cloze_error *error)
{
    static const char *const models[] = { "spiece.model", "sentencepiece.bpe.model", "spm.model",
                                          "sentencepiece.model", "tokenizer.model" };
    cz_tokenizer_files *files = &in->files;
    cloze_status status = open_beside(in, "vocab.txt", JSON_LIMIT, &files->lines, error);
    if (!status)
        status = open_beside(in, "vocab.json", JSON_LIMIT, &files->vocabulary, error);
    if (!status)
        status = open_beside(in, "merges.txt", JSON_LIMIT, &files->merges, error);
    for (size_t i = 0; i < sizeof models / sizeof *models && !status && !files->pieces.data; i++)
        status = open_beside(in, models[i], JSON_LIMIT, &files->pieces, error);
    return status;
}

static cloze_status load_old(cloze_tokenizer *tokenizer, opened *in, cloze_error *error)
{
    const cz_tokenizer_files *files = &in->files;
    cloze_status status = open_vocabularies(in, error);
    if (status)
        return status;
    if (!files->lines.data && !(files->vocabulary.data && files->merges.data) &&
        !files->pieces.data)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.300s holds no tokenizer: neither tokenizer.json nor vocab.txt, nor "
                       "vocab.json with merges.txt, nor a SentencePiece model is there",
                       in->folder);
    status = open_configs(in, error);
    if (!status)
        status = cz_load_old(tokenizer, files, error);
    if (status)
        cz_error_prefix(error, "%.300s", in->folder);
    return status;
}

/* A configuration of the folder; *out stays NULL if it is not there. */
static cloze_status parse_beside(opened *in, const char *name, json_t **out, cloze_error *error)
{
    cloze_text text = { NULL, 0 };
    cloze_status status = open_beside(in, name, CONFIG_LIMIT, &text, error);
    if (!status && text.data)
        status = cz_parse_config(out, text.data, text.size, name, error);
    return status;
}

static cloze_status adjust(cloze_tokenizer *tokenizer, opened *in, cloze_error *error)
{
    json_t *config = NULL;
    cloze_status status = parse_beside(in, "tokenizer_config.json", &config, error);
    if (!status && config)
        status = cz_adjust_by_config(tokenizer, config, error);
    if (status)
        cz_error_prefix(error, "%.300s", in->folder);
    json_decref(config);
    return status;
}

static cloze_status load_json(cloze_tokenizer *tokenizer, opened *in, const char *path,
                              cloze_error *error)
{
    cloze_text text = { NULL, 0 };
    cloze_status status = open_file(in, path, JSON_LIMIT, &text, error);
    return status ? status : cz_load_json(tokenizer, text.data, text.size, path, error);
}

static cloze_status load_folder(cloze_tokenizer *tokenizer, opened *in, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    cloze_status status = cz_path_join(path, sizeof path, in->folder, "tokenizer.json", error);
    if (status)
        return status;
    if (!cz_path_is_file(path))
        return load_old(tokenizer, in, error);
    status = adjust(tokenizer, in, error);
    return status ? status : load_json(tokenizer, in, path, error);
}

/* A file that is named itself: nothing beside it is read. */
static cloze_status load_file(cloze_tokenizer *tokenizer, opened *in, const char *path,
                              cloze_error *error)
{
    const char *name = strrchr(path, '/'), *ending = strrchr(name ? name + 1 : path, '.');
    cloze_status status;
    if (ending && !strcmp(ending, ".json"))
        return load_json(tokenizer, in, path, error);
    status = open_file(in, path, JSON_LIMIT,
                       ending && !strcmp(ending, ".model") ? &in->files.pieces : &in->files.lines,
                       error);
    if (!status)
        status = cz_load_old(tokenizer, &in->files, error);
    if (status)
        cz_error_prefix(error, "%.300s", path);
    return status;
}

cloze_status cz_load_path(cloze_tokenizer *tokenizer, const char *path, const char *class_name,
                          cloze_error *error)
{
    opened in = { .files = { .class_name = class_name },
                  .allocator = &tokenizer->hooks.allocator,
                  .folder = path };
    cloze_status status = cz_path_is_folder(path) ? load_folder(tokenizer, &in, error)
                                                  : load_file(tokenizer, &in, path, error);
    close_all(&in);
    return status;
}

cloze_status cz_find_roles(cloze_tokenizer *tokenizer, const char *path, cloze_error *error)
{
    opened in = { .allocator = &tokenizer->hooks.allocator, .folder = path };
    json_t *config = NULL, *special = NULL;
    cloze_status status = CLOZE_OK;
    if (cz_path_is_folder(path)) {
        status = parse_beside(&in, "tokenizer_config.json", &config, error);
        if (!status)
            status = parse_beside(&in, "special_tokens_map.json", &special, error);
    }
    if (!status)
        status = cz_roles_read(tokenizer, config, special, error);
    json_decref(config);
    json_decref(special);
    close_all(&in);
    return status;
}
