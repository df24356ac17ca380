/*
 * tokenizer.c - the door of the room: puts the parts together, and answers questions about the
 * vocabulary.
 */
#include "base/random.h"
#include "text/loaders.h"

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
    cz_normalizer_clear(&tokenizer->normalizer, &allocator);
    cz_release(&allocator, tokenizer->unigram);
    cz_release(&allocator, tokenizer->model.prefix);
    cz_release(&allocator, tokenizer->model.unknown);
    cz_decoder_clear(&tokenizer->decoder, &allocator);
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

cloze_status cz_tokenizer_from_files(cloze_tokenizer **out, const cz_tokenizer_files *files,
                                     const cloze_hooks *hooks, cloze_error *error)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_status status = cz_tokenizer_new(&tokenizer, hooks, error);
    if (status)
        return status;
    status = cz_load_old(tokenizer, files, error);
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
    cz_tokenizer_files files = { .lines = { text, size }, .config = { config, config_size } };
    return cz_tokenizer_from_files(out, &files, hooks, error);
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
    status = cz_load_path(tokenizer, path, options ? options->tokenizer_class : NULL, error);
    if (!status) {
        status = cz_tokenizer_finish(tokenizer, error);
        if (!status)
            status = cz_find_roles(tokenizer, path, error);
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
    bytes += cz_normalizer_bytes(&tokenizer->normalizer);
    for (size_t i = 0; i < tokenizer->cuts.count; i++)
        bytes += cz_finder_bytes(&tokenizer->cuts.items[i].finder);
    bytes += tokenizer->bpe.capacity * sizeof *tokenizer->bpe.merges;
    bytes += tokenizer->model.prefix ? tokenizer->model.prefix_size + 1 : 0;
    bytes += tokenizer->model.unknown ? tokenizer->model.unknown_size + 1 : 0;
    bytes += tokenizer->bpe.suffix ? tokenizer->bpe.suffix_size + 1 : 0;
    bytes += cz_decoder_bytes(&tokenizer->decoder);
    bytes += added->capacity * sizeof *added->tokens + added->count * sizeof *added->by_id;
    bytes += added->by_id && !added->count; /* a block of nothing has a byte */
    bytes += 2 * added->count * sizeof *added->raw.patterns;
    bytes += added->by_text.capacity * sizeof *added->by_text.entries;
    for (size_t i = 0; i < added->count; i++)
        bytes += (size_t)added->tokens[i].size + added->tokens[i].pattern_size + 2;
    return bytes;
}
