/*
 * tokenizer.c - the door of the room: opens files, puts the parts together, and answers questions
 * about the vocabulary.
 */
#include "base/file.h"
#include "base/random.h"
#include "text/charsmap.h"
#include "text/loaders.h"

enum {
    PATH_SIZE = CZ_PATH_SIZE,
    JSON_LIMIT = 512 << 20, /* bytes of a tokenizer.json or vocab.txt */
    CONFIG_LIMIT = 16 << 20 /* bytes of a file beside it */
};

cloze_status cz_tokenizer_new(cloze_tokenizer **out, const cloze_hooks *hooks, cloze_error *error)
{
    const cloze_allocator *allocator = hooks ? &hooks->allocator : NULL;
    cloze_tokenizer *tokenizer = cz_allocate_zero(allocator, 1, sizeof *tokenizer);
    if (!tokenizer)
        return cz_fail_memory(error, "a tokenizer", sizeof *tokenizer);
    if (hooks)
        tokenizer->hooks = *hooks;
    tokenizer->identity = cz_system_seed();
    tokenizer->model.vocabulary.allocator = &tokenizer->hooks.allocator;
    *out = tokenizer;
    return CLOZE_OK;
}

void cloze_tokenizer_free(cloze_tokenizer *tokenizer)
{
    cloze_allocator allocator;
    if (!tokenizer)
        return;
    allocator = tokenizer->hooks.allocator;
    cz_added_clear(&tokenizer->added, &allocator);
    cz_vocabulary_clear(&tokenizer->model.vocabulary);
    cz_bpe_clear(&tokenizer->bpe, &allocator);
    cz_cuts_clear(&tokenizer->cuts, &allocator);
    if (tokenizer->unigram)
        cz_unigram_clear(tokenizer->unigram);
    if (tokenizer->normalizer.map)
        cz_charsmap_clear(tokenizer->normalizer.map);
    cz_release(&allocator, tokenizer->unigram);
    cz_release(&allocator, tokenizer->normalizer.map);
    cz_release(&allocator, tokenizer->model.prefix);
    cz_release(&allocator, tokenizer->model.unknown);
    cz_release(&allocator, tokenizer->decoder.prefix);
    cz_release(&allocator, tokenizer);
}

cloze_status cz_set_text(const cloze_tokenizer *tokenizer, char **out, size_t *out_size,
                         cloze_text text, cloze_error *error)
{
    char *copy = cz_copy_text(&tokenizer->hooks.allocator, text.data, text.size);
    if (!copy)
        return cz_fail_memory(error, "a name", text.size);
    cz_release(&tokenizer->hooks.allocator, *out);
    *out = copy;
    *out_size = text.size;
    return CLOZE_OK;
}

static cloze_status check_template(const cloze_tokenizer *tokenizer, const cz_template *template,
                                   cloze_error *error)
{
    for (size_t i = 0; i < template->count; i++)
        if (template->slots[i].kind == CZ_SLOT_TOKEN &&
            !cloze_tokenizer_token(tokenizer, template->slots[i].id).data)
            return cz_fail(error, CLOZE_ERROR_FORMAT,
                           "the post-processor puts in the id %u, which no token has",
                           (unsigned)template->slots[i].id);
    return CLOZE_OK;
}

cloze_status cz_tokenizer_finish(cloze_tokenizer *tokenizer, cloze_error *error)
{
    cloze_status status = cz_added_finish(tokenizer, error);
    if (!status)
        status = check_template(tokenizer, &tokenizer->single, error);
    if (!status)
        status = check_template(tokenizer, &tokenizer->pair, error);
    memset(tokenizer->byte_class, CZ_BYTE_SLOW, sizeof tokenizer->byte_class);
    tokenizer->lower_mask = 0;
    cz_scan_prepare(tokenizer);
    for (int role = 0; role < CZ_ROLES; role++)
        tokenizer->role[role] = UINT32_MAX;
    return status;
}

cloze_status cz_tokenizer_from_json(cloze_tokenizer **out, const char *json, size_t size,
                                    const cloze_hooks *hooks, cloze_error *error)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_status status = cz_tokenizer_new(&tokenizer, hooks, error);
    if (status)
        return status;
    status = cz_load_json(tokenizer, json, size, "tokenizer.json", error);
    if (!status)
        status = cz_tokenizer_finish(tokenizer, error);
    if (status)
        cloze_tokenizer_free(tokenizer);
    else
        *out = tokenizer;
    return status;
}

cloze_status cz_tokenizer_from_vocabulary(cloze_tokenizer **out, const char *text, size_t size,
                                          const char *config, size_t config_size,
                                          const cloze_hooks *hooks, cloze_error *error)
{
    cloze_tokenizer *tokenizer = NULL;
    json_t *parsed = NULL;
    cloze_status status = cz_tokenizer_new(&tokenizer, hooks, error);
    if (status)
        return status;
    status = cz_load_vocabulary(tokenizer, text, size, "vocab.txt", error);
    if (!status && config)
        status = cz_parse_config(&parsed, config, config_size, "tokenizer_config.json", error);
    if (!status)
        status = cz_load_config(tokenizer, parsed, NULL, NULL, "tokenizer_config.json", error);
    json_decref(parsed);
    if (!status)
        status = cz_tokenizer_finish(tokenizer, error);
    if (status)
        cloze_tokenizer_free(tokenizer);
    else
        *out = tokenizer;
    return status;
}

/* A file beside the main one, if it is there. */
static cloze_status read_beside(const cloze_tokenizer *tokenizer, json_t **out, const char *folder,
                                const char *name, cloze_error *error)
{
    char path[PATH_SIZE];
    cz_mapping file;
    cloze_status status = cz_path_join(path, sizeof path, folder, name, error);
    if (status || !cz_path_is_file(path))
        return status;
    status = cz_file_open(&file, path, CONFIG_LIMIT, true, &tokenizer->hooks.allocator, error);
    if (status)
        return status;
    status = cz_parse_config(out, file.data, file.size, path, error);
    cz_file_close(&file);
    return status;
}

static cloze_status load_configs(cloze_tokenizer *tokenizer, const char *folder, cloze_error *error)
{
    json_t *config = NULL, *special = NULL, *added = NULL;
    cloze_status status = read_beside(tokenizer, &config, folder, "tokenizer_config.json", error);
    if (!status)
        status = read_beside(tokenizer, &special, folder, "special_tokens_map.json", error);
    if (!status)
        status = read_beside(tokenizer, &added, folder, "added_tokens.json", error);
    if (!status)
        status = cz_load_config(tokenizer, config, special, added, folder, error);
    json_decref(config);
    json_decref(special);
    json_decref(added);
    return status;
}

static cloze_status adjust(cloze_tokenizer *tokenizer, const char *folder, cloze_error *error)
{
    json_t *config = NULL;
    cloze_status status = read_beside(tokenizer, &config, folder, "tokenizer_config.json", error);
    if (!status && config)
        status = cz_adjust_by_config(tokenizer, config, error);
    json_decref(config);
    return status;
}

/* `folder` is NULL when the file itself was named: then nothing beside tokenizer.json is read. */
static cloze_status load_file(cloze_tokenizer *tokenizer, const char *path, bool json,
                              const char *folder, cloze_error *error)
{
    cz_mapping file;
    cloze_status status =
        cz_file_open(&file, path, JSON_LIMIT, false, &tokenizer->hooks.allocator, error);
    if (status)
        return status;
    if (json && folder)
        status = adjust(tokenizer, folder, error);
    if (!status && json)
        status = cz_load_json(tokenizer, file.data, file.size, path, error);
    else if (!status)
        status = cz_load_vocabulary(tokenizer, file.data, file.size, path, error);
    cz_file_close(&file);
    if (status || json)
        return status;
    if (folder)
        return load_configs(tokenizer, folder, error);
    return cz_load_config(tokenizer, NULL, NULL, NULL, path, error);
}

static cloze_status load_folder(cloze_tokenizer *tokenizer, const char *folder, cloze_error *error)
{
    char path[PATH_SIZE];
    cloze_status status = cz_path_join(path, sizeof path, folder, "tokenizer.json", error);
    if (status)
        return status;
    if (cz_path_is_file(path))
        return load_file(tokenizer, path, true, folder, error);
    status = cz_path_join(path, sizeof path, folder, "vocab.txt", error);
    if (status)
        return status;
    if (cz_path_is_file(path))
        return load_file(tokenizer, path, false, folder, error);
    return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                   "%.300s holds no tokenizer: neither tokenizer.json nor vocab.txt is there",
                   folder);
}

/* `path` is a folder, or a file, beside which nothing is read. */
static cloze_status find_roles(cloze_tokenizer *tokenizer, const char *path, cloze_error *error)
{
    json_t *config = NULL, *special = NULL;
    cloze_status status = CLOZE_OK;
    if (cz_path_is_folder(path)) {
        status = read_beside(tokenizer, &config, path, "tokenizer_config.json", error);
        if (!status)
            status = read_beside(tokenizer, &special, path, "special_tokens_map.json", error);
    }
    if (!status)
        status = cz_roles_read(tokenizer, config, special, error);
    json_decref(config);
    json_decref(special);
    return status;
}

static cloze_status load_path(cloze_tokenizer *tokenizer, const char *path, cloze_error *error)
{
    const char *name = strrchr(path, '/'), *ending;
    if (cz_path_is_folder(path))
        return load_folder(tokenizer, path, error);
    name = name ? name + 1 : path;
    ending = strrchr(name, '.');
    return load_file(tokenizer, path, ending && !strcmp(ending, ".json"), NULL, error);
}

cloze_status cloze_tokenizer_open(cloze_tokenizer **out, const char *path,
                                  const cloze_tokenizer_options *options, cloze_error *error)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_status status;
    if (!path)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "no path of a tokenizer was given");
    status = cz_tokenizer_new(&tokenizer, options ? options->hooks : NULL, error);
    if (status)
        return status;
    status = load_path(tokenizer, path, error);
    if (!status) {
        status = cz_tokenizer_finish(tokenizer, error);
        if (!status)
            status = find_roles(tokenizer, path, error);
        if (status)
            cz_error_prefix(error, "%.300s", path);
    }
    if (status)
        cloze_tokenizer_free(tokenizer);
    else
        *out = tokenizer;
    return status;
}

size_t cloze_tokenizer_size(const cloze_tokenizer *tokenizer)
{
    size_t size = tokenizer->model.vocabulary.limit;
    for (size_t i = 0; i < tokenizer->added.count; i++)
        if (tokenizer->added.tokens[i].id >= size)
            size = (size_t)tokenizer->added.tokens[i].id + 1;
    return size;
}

cloze_text cloze_tokenizer_token(const cloze_tokenizer *tokenizer, uint32_t id)
{
    const cz_added_token *added = cz_added_by_id(&tokenizer->added, id);
    if (added)
        return (cloze_text){ added->pattern, added->pattern_size };
    return cz_vocabulary_token_of(&tokenizer->model.vocabulary, id);
}

bool cloze_tokenizer_id(const cloze_tokenizer *tokenizer, cloze_text token, uint32_t *id)
{
    const cz_added_token *added = cz_added_by_text(&tokenizer->added, token);
    if (!added)
        return cz_vocabulary_get(&tokenizer->model.vocabulary, token.data, token.size, id);
    *id = added->id;
    return true;
}

size_t cloze_tokenizer_max_length(const cloze_tokenizer *tokenizer)
{
    return tokenizer->max_length;
}

size_t cz_tokenizer_bytes(const cloze_tokenizer *tokenizer)
{
    const cz_vocabulary *vocabulary = &tokenizer->model.vocabulary;
    const cz_added *added = &tokenizer->added;
    size_t bytes = sizeof *tokenizer + vocabulary->text_capacity;
    bytes += vocabulary->tokens_capacity * sizeof *vocabulary->tokens;
    bytes += vocabulary->slots_capacity * sizeof *vocabulary->slots;
    bytes += vocabulary->scores_capacity * sizeof *vocabulary->scores;
    if (tokenizer->unigram)
        bytes += sizeof *tokenizer->unigram + cz_unigram_bytes(tokenizer->unigram);
    if (tokenizer->normalizer.map)
        bytes += sizeof *tokenizer->normalizer.map + cz_charsmap_bytes(tokenizer->normalizer.map);
    for (size_t i = 0; i < tokenizer->cuts.count; i++)
        bytes += cz_finder_bytes(&tokenizer->cuts.items[i].finder);
    bytes += tokenizer->bpe.capacity * sizeof *tokenizer->bpe.merges;
    bytes += tokenizer->model.prefix_size + tokenizer->model.unknown_size +
             tokenizer->decoder.prefix_size + 3;
    bytes += added->capacity * sizeof *added->tokens + added->count * sizeof *added->by_id;
    bytes += 2 * added->count * sizeof *added->raw.patterns;
    bytes += added->by_text.capacity * sizeof *added->by_text.entries;
    for (size_t i = 0; i < added->count; i++)
        bytes += (size_t)added->tokens[i].size + added->tokens[i].pattern_size + 2;
    return bytes;
}
