/*
 * unigram_json.c - what a tokenizer.json says of SentencePiece's parts: the Unigram model and
 * the marks of spaces.
 */
#include "text/loaders.h"

static const char default_mark[] = "\xE2\x96\x81";

/* A token that was given another id later keeps its score, but no text. */
static cloze_status build(cloze_tokenizer *tokenizer, int64_t unknown, bool fallback,
                          cloze_error *error)
{
    const cz_vocabulary *vocabulary = &tokenizer->model.vocabulary;
    const cloze_allocator *allocator = &tokenizer->hooks.allocator;
    cz_unigram_token *tokens = cz_allocate(allocator, vocabulary->scored, sizeof *tokens);
    cloze_status status;
    if (!tokens)
        return cz_fail_memory(error, "a vocabulary", vocabulary->scored * sizeof *tokens);
    for (size_t i = 0; i < vocabulary->scored; i++)
        tokens[i] = (cz_unigram_token){ cz_vocabulary_token_of(vocabulary, (uint32_t)i),
                                        vocabulary->scores[i] };
    status = cz_unigram_init(tokenizer->unigram, allocator, tokens, vocabulary->scored, unknown,
                             fallback, error);
    cz_release(allocator, tokens);
    return status;
}

cloze_status cz_unigram_from_vocabulary(cloze_tokenizer *tokenizer, int64_t unknown, bool fallback,
                                        cloze_error *error)
{
    tokenizer->unigram = cz_allocate_zero(&tokenizer->hooks.allocator, 1, sizeof(cz_unigram));
    if (!tokenizer->unigram)
        return cz_fail_memory(error, "a Unigram", sizeof(cz_unigram));
    return build(tokenizer, unknown, fallback, error);
}

cloze_status cz_load_unigram(cloze_tokenizer *tokenizer, const json_t *object, cloze_error *error)
{
    const cz_vocabulary *vocabulary = &tokenizer->model.vocabulary;
    int64_t unknown = CZ_UNIGRAM_NONE;
    bool fallback = false;
    cloze_status status;
    if (!json_is_array(json_object_get(object, "vocab")))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "a Unigram needs an array \"vocab\"");
    if (json_array_size(json_object_get(object, "vocab")) || !vocabulary->slots_capacity)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the keys \"model\" and \"vocab\" must be written without escapes");
    status = cz_json_integer(object, "unk_id", 0, UINT32_MAX, &unknown, error);
    if (!status)
        status = cz_json_flag(object, "byte_fallback", &fallback, error);
    if (status)
        return status;
    return cz_unigram_from_vocabulary(tokenizer, unknown, fallback, error);
}

/* One character, or an empty text. */
static cloze_status load_replacement(const json_t *object, uint32_t *mark, cloze_error *error)
{
    const char *text = default_mark;
    size_t at = 0;
    cloze_status status = cz_json_string(object, "replacement", &text, error);
    if (status)
        return status;
    *mark = *text ? cz_utf8_read(text, &at) : 0;
    if (!*mark || text[at])
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the \"replacement\" of a Metaspace must be one character");
    return CLOZE_OK;
}

/* "prepend_scheme", or "add_prefix_space" of older files. */
static cloze_status load_prepend(const json_t *object, cz_prepend *prepend, cloze_error *error)
{
    static const char *const names[] = { "always", "first", "never" };
    const char *scheme = NULL;
    bool space = true;
    char shown[80];
    cloze_status status = cz_json_flag(object, "add_prefix_space", &space, error);
    if (!status)
        status = cz_json_string(object, "prepend_scheme", &scheme, error);
    if (status)
        return status;
    if (!scheme) {
        *prepend = space ? CZ_PREPEND_ALWAYS : CZ_PREPEND_NEVER;
        return CLOZE_OK;
    }
    for (int i = 0; i < 3; i++)
        if (!strcmp(scheme, names[i])) {
            *prepend = (cz_prepend)i;
            if (!space && i != CZ_PREPEND_NEVER)
                return cz_fail(error, CLOZE_ERROR_FORMAT,
                               "the \"add_prefix_space\" of a Metaspace contradicts its "
                               "\"prepend_scheme\"");
            return CLOZE_OK;
        }
    return cz_fail(error, CLOZE_ERROR_FORMAT,
                   "the prepend_scheme \"%s\" is not known; known are always, first, never",
                   cz_printable(shown, sizeof shown, scheme, strlen(scheme)));
}

cloze_status cz_load_mark(const json_t *object, uint32_t *mark, cz_prepend *prepend,
                          cloze_error *error)
{
    cloze_status status = load_replacement(object, mark, error);
    return status ? status : load_prepend(object, prepend, error);
}
