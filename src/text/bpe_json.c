/*
 * bpe_json.c - the parts of a tokenizer.json with a BPE: the model with its merges, and what a
 * post-processor says of offsets.
 */
#include "text/loaders.h"

enum { MERGES_LIMIT = 1 << 24 };

static cloze_status wrong(cloze_error *error, size_t number, const char *what)
{
    return cz_fail(error, CLOZE_ERROR_FORMAT, "merge %zu of the model %s", number + 1, what);
}

/* Both halves of "a b" or ["a", "b"]. */
static bool halves_of(const json_t *merge, cloze_text half[2])
{
    if (json_is_string(merge)) {
        const char *text = json_string_value(merge), *space = strchr(text, ' ');
        size_t size = json_string_length(merge);
        if (!space || strchr(space + 1, ' '))
            return false;
        half[0] = (cloze_text){ text, (size_t)(space - text) };
        half[1] = (cloze_text){ space + 1, size - half[0].size - 1 };
        return true;
    }
    for (size_t i = 0; i < 2; i++) {
        const json_t *word = json_array_get(merge, i);
        if (json_array_size(merge) != 2 || !json_is_string(word))
            return false;
        half[i] = (cloze_text){ json_string_value(word), json_string_length(word) };
    }
    return true;
}

cloze_status cz_bpe_add_merge(cloze_tokenizer *tokenizer, const cloze_text half[2], size_t number,
                              bool first_counts, cloze_error *error)
{
    const cz_vocabulary *vocabulary = &tokenizer->model.vocabulary;
    size_t prefix = tokenizer->model.prefix_size;
    char both[2 * CZ_TOKEN_LIMIT];
    uint32_t id[2], joined;
    if (half[0].size > CZ_TOKEN_LIMIT || half[1].size > CZ_TOKEN_LIMIT)
        return wrong(error, number, "is too long");
    if (half[1].size < prefix)
        return wrong(error, number, "does not go on with the prefix of pieces inside words");
    memcpy(both, half[0].data, half[0].size);
    memcpy(both + half[0].size, half[1].data + prefix, half[1].size - prefix);
    if (!cz_vocabulary_get(vocabulary, half[0].data, half[0].size, &id[0]) ||
        !cz_vocabulary_get(vocabulary, half[1].data, half[1].size, &id[1]) ||
        !cz_vocabulary_get(vocabulary, both, half[0].size + half[1].size - prefix, &joined))
        return wrong(error, number, "speaks of a token that the vocabulary lacks");
    cz_bpe_put(&tokenizer->bpe, id[0], id[1],
               (cz_merge_place){ (uint32_t)number, joined, first_counts });
    return CLOZE_OK;
}

cloze_status cz_bpe_begin(cloze_tokenizer *tokenizer, size_t merges, cloze_error *error)
{
    cz_bpe *bpe = &tokenizer->bpe;
    if (merges > MERGES_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the model has more than %d merges",
                       (int)MERGES_LIMIT);
    if (!cz_bpe_init(bpe, &tokenizer->hooks.allocator, merges))
        return cz_fail_memory(error, "merges", merges * sizeof *bpe->merges);
    bpe->used = true;
    bpe->by_bytes = !tokenizer->model.prefix_size && !bpe->suffix_size;
    for (unsigned byte = 0; byte < 256; byte++) {
        char letter[8];
        bpe->letter[byte] = cz_byte_letter((unsigned char)byte);
        size_t size = cz_utf8_put(letter, bpe->letter[byte]);
        if (!cz_vocabulary_get(&tokenizer->model.vocabulary, letter, size, &bpe->byte_id[byte]))
            bpe->by_bytes = false;
        snprintf(letter, sizeof letter, "<0x%02X>", byte);
        if (!cz_vocabulary_get(&tokenizer->model.vocabulary, letter, 6, &bpe->byte_token[byte]))
            bpe->byte_token[byte] = UINT32_MAX;
    }
    return CLOZE_OK;
}

/* A text that may be missing or null; an empty one is none. */
static cloze_status load_text(const cloze_tokenizer *tokenizer, const json_t *object,
                              const char *key, char **out, size_t *size, cloze_error *error)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value) || (json_is_string(value) && !json_string_length(value)))
        return CLOZE_OK;
    return cz_part_text(tokenizer, object, key, out, size, error);
}

static cloze_status load_dropout(cz_bpe *bpe, const json_t *object, cloze_error *error)
{
    double dropout = 0;
    cloze_status status = cz_json_real(object, "dropout", &dropout, error);
    if (!status && !(dropout >= 0 && dropout <= 1))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the \"dropout\" of a BPE must lie in 0 to 1");
    bpe->dropout = (float)dropout;
    return status;
}

/* All but the merges. */
static cloze_status load_settings(cloze_tokenizer *tokenizer, const json_t *object,
                                  cloze_error *error)
{
    cz_bpe *bpe = &tokenizer->bpe;
    cz_wordpiece *model = &tokenizer->model;
    cloze_status status = load_dropout(bpe, object, error);
    if (!status)
        status = cz_json_flag(object, "ignore_merges", &bpe->whole, error);
    if (!status)
        status = cz_json_flag(object, "fuse_unk", &bpe->fuses, error);
    if (!status)
        status = cz_json_flag(object, "byte_fallback", &bpe->fallback, error);
    if (!status)
        status =
            load_text(tokenizer, object, "unk_token", &model->unknown, &model->unknown_size, error);
    if (!status)
        status = load_text(tokenizer, object, "continuing_subword_prefix", &model->prefix,
                           &model->prefix_size, error);
    if (!status)
        status = load_text(tokenizer, object, "end_of_word_suffix", &bpe->suffix, &bpe->suffix_size,
                           error);
    if (!status && bpe->fallback && (model->prefix_size || bpe->suffix_size))
        status = cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                         "a BPE that has \"byte_fallback\" with \"%s\" is not supported",
                         model->prefix_size ? "continuing_subword_prefix" : "end_of_word_suffix");
    return status;
}

cloze_status cz_load_bpe(cloze_tokenizer *tokenizer, const json_t *object, cloze_error *error)
{
    const json_t *merges = json_object_get(object, "merges");
    cloze_text half[2];
    cloze_status status = load_settings(tokenizer, object, error);
    if (!status && !json_is_array(merges))
        status = cz_fail(error, CLOZE_ERROR_FORMAT, "the model needs an array \"merges\"");
    if (!status)
        status = cz_bpe_begin(tokenizer, json_array_size(merges), error);
    for (size_t i = 0; !status && i < json_array_size(merges); i++)
        status = halves_of(json_array_get(merges, i), half)
                     ? cz_bpe_add_merge(tokenizer, half, i, false, error)
                     : wrong(error, i, "is not two tokens");
    return status;
}

cloze_status cz_load_trim(cloze_tokenizer *tokenizer, const json_t *processor, cloze_error *error)
{
    cz_byte_level *bytes = &tokenizer->bytes;
    bool trims = true, prefix = true;
    cloze_status status = cz_json_flag(processor, "trim_offsets", &trims, error);
    if (!status)
        status = cz_json_flag(processor, "add_prefix_space", &prefix, error);
    bytes->trims = tokenizer->stated.has_trim ? tokenizer->stated.trim : trims;
    bytes->trims_prefix =
        tokenizer->stated.has_prefix_space ? tokenizer->stated.prefix_space : prefix;
    return status;
}
