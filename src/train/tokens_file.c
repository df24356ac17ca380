/* tokens_file.c - see tokens_file.h. A file that lies on a disk is a stranger's file. */
#include "train/tokens_file.h"

#include "base/error.h"

#include <string.h>

const char cz_tokens_name[CZ_TOKENS_NAME] = "cloze tokens 1\n";

static cloze_status refuse(const char *path, const char *why, cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_FORMAT, "%.300s is no file of tokens, or damaged: %s", path,
                   why);
}

static cloze_status read_facts(cz_tokens_file *file, const char *path, cloze_error *error)
{
    const cz_mapping *mapping = &file->mapping;
    size_t frame = CZ_TOKENS_NAME + sizeof file->facts;
    if (mapping->size < frame || memcmp(mapping->data, cz_tokens_name, CZ_TOKENS_NAME) != 0)
        return refuse(path, "it does not begin as one", error);
    memcpy(&file->facts, mapping->data + mapping->size - sizeof file->facts, sizeof file->facts);
    size_t bytes = mapping->size - frame;
    if (bytes % sizeof *file->token || file->facts.tokens != bytes / sizeof *file->token)
        return refuse(path, "its size is not what it says", error);
    file->token = (const uint32_t *)(const void *)(mapping->data + CZ_TOKENS_NAME);
    return CLOZE_OK;
}

static cloze_status check_contents(const cz_tokens_file *file, const char *path, cloze_error *error)
{
    char hex[CZ_DIGEST_HEX];
    cz_digest digest;
    cz_digest_begin(&digest, CZ_SHA256);
    cz_digest_add(&digest, file->mapping.data,
                  CZ_TOKENS_NAME + (size_t)file->facts.tokens * sizeof *file->token);
    cz_digest_end(&digest, hex);
    return memcmp(hex, file->facts.contents, sizeof file->facts.contents) != 0
               ? refuse(path, "its contents have changed", error)
               : CLOZE_OK;
}

/* A document begins a sentence, and a sentence begins a word. */
static bool is_sound(uint32_t token, bool first)
{
    const uint32_t all = CZ_BEGINS_WORD | CZ_BEGINS_SENTENCE | CZ_BEGINS_DOCUMENT;
    uint32_t begins = token & all;
    return first ? begins == all
                 : begins == all || begins == (CZ_BEGINS_WORD | CZ_BEGINS_SENTENCE) ||
                       begins == CZ_BEGINS_WORD || !begins;
}

static cloze_status check_tokens(const cz_tokens_file *file, const char *path, size_t ids,
                                 cloze_error *error)
{
    const cz_tokens_facts *facts = &file->facts;
    uint64_t sentences = 0, documents = 0, most = 0;
    for (size_t i = 0; i < facts->tokens; i++) {
        uint32_t token = file->token[i], id = token & CZ_TOKEN_ID;
        if (!is_sound(token, !i))
            return refuse(path, "what begins where cannot be", error);
        sentences += (token & CZ_BEGINS_SENTENCE) != 0;
        documents += (token & CZ_BEGINS_DOCUMENT) != 0;
        most = id + (uint64_t)1 > most ? id + (uint64_t)1 : most;
    }
    if (sentences != facts->sentences || documents != facts->documents || most != facts->ids)
        return refuse(path, "it counts wrongly", error);
    return most <= ids ? CLOZE_OK
                       : cz_fail(error, CLOZE_ERROR_ARGUMENT,
                                 "%.300s has ids up to %llu, which the model's table of %zu lacks",
                                 path, (unsigned long long)most - 1, ids);
}

cloze_status cz_tokens_open(cz_tokens_file *out, const char *path, size_t ids,
                            const cloze_allocator *allocator, cloze_error *error)
{
    *out = (cz_tokens_file){ 0 };
    cloze_status status = cz_file_open(&out->mapping, path, SIZE_MAX / 2, false, allocator, error);
    if (status)
        return status;
    status = read_facts(out, path, error);
    if (!status)
        status = check_contents(out, path, error);
    if (!status)
        status = check_tokens(out, path, ids, error);
    if (status)
        cz_tokens_close(out);
    return status;
}

void cz_tokens_close(cz_tokens_file *file)
{
    if (file->mapping.data)
        cz_file_close(&file->mapping);
    *file = (cz_tokens_file){ 0 };
}
