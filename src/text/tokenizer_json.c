/*
 * tokenizer_json.c - the parts that a tokenizer.json names. What is not known here is refused by
 * name; what the package ignores (stored truncation and padding) is ignored, too.
 */
#include "text/loaders.h"

enum { PARTS_LIMIT = 16 }; /* members of a Sequence */

cloze_status cz_part_unsupported(cloze_error *error, const char *part, const char *type,
                                 const char *known)
{
    char shown[80];
    return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "the %s \"%s\" is not supported; known are %s",
                   part, cz_printable(shown, sizeof shown, type, strlen(type)), known);
}

cloze_status cz_part_type(const json_t *object, const char *part, const char *fallback,
                          const char **type, cloze_error *error)
{
    cloze_status status;
    *type = fallback;
    if (!json_is_object(object))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the %s must be an object", part);
    status = cz_json_string(object, "type", type, error);
    if (!status && !*type)
        status = cz_fail(error, CLOZE_ERROR_FORMAT, "the %s has no \"type\"", part);
    return status;
}

cloze_status cz_part_members(const json_t *object, const char *key, const char *part,
                             const json_t **members, cloze_error *error)
{
    *members = json_object_get(object, key);
    if (!json_is_array(*members))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "a %s Sequence needs an array \"%s\"", part, key);
    if (json_array_size(*members) > PARTS_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "a %s Sequence has more than %d parts", part,
                       (int)PARTS_LIMIT);
    return CLOZE_OK;
}

cloze_status cz_part_text(const cloze_tokenizer *tokenizer, const json_t *object, const char *key,
                          char **out, size_t *size, cloze_error *error)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" must be a string", key);
    if (json_string_length(value) > CZ_TOKEN_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "\"%s\" has more than %d bytes", key,
                       (int)CZ_TOKEN_LIMIT);
    return cz_set_text(tokenizer, out, size,
                       (cloze_text){ json_string_value(value), json_string_length(value) }, error);
}

static cloze_status load_model(cloze_tokenizer *tokenizer, const json_t *object, cloze_error *error)
{
    cz_wordpiece *model = &tokenizer->model;
    const json_t *vocabulary = json_object_get(object, "vocab");
    const char *type;
    /* Old files do not name the type; a model with merges is a BPE then, as in the package. */
    const char *fallback = json_object_get(object, "merges") ? "BPE"
                           : json_is_array(vocabulary)       ? "Unigram"
                                                             : "WordPiece";
    cloze_status status = cz_part_type(object, "model", fallback, &type, error);
    bool bpe;
    if (status)
        return status;
    if (!strcmp(type, "Unigram"))
        return cz_load_unigram(tokenizer, object, error);
    bpe = !strcmp(type, "BPE");
    model->whole = !strcmp(type, "WordLevel");
    if (!bpe && !model->whole && strcmp(type, "WordPiece"))
        return cz_part_unsupported(error, "model", type, "WordPiece, WordLevel, BPE, Unigram");
    if (!json_is_object(vocabulary))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the model needs an object \"vocab\"");
    if (json_object_size(vocabulary) || !model->vocabulary.slots_capacity)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the keys \"model\" and \"vocab\" must be written without escapes");
    if (bpe)
        return cz_load_bpe(tokenizer, object, error);
    model->word_limit = SIZE_MAX;
    if (model->whole)
        return cz_part_text(tokenizer, object, "unk_token", &model->unknown, &model->unknown_size,
                            error);
    if (!json_is_integer(json_object_get(object, "max_input_chars_per_word")))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the model needs a whole number \"max_input_chars_per_word\"");
    status =
        cz_json_size(object, "max_input_chars_per_word", 0, SIZE_MAX, &model->word_limit, error);
    if (!status)
        status = cz_part_text(tokenizer, object, "unk_token", &model->unknown, &model->unknown_size,
                              error);
    if (!status)
        status = cz_part_text(tokenizer, object, "continuing_subword_prefix", &model->prefix,
                              &model->prefix_size, error);
    return status;
}

static cloze_status load_added_token(cloze_tokenizer *tokenizer, const json_t *object,
                                     cloze_error *error)
{
    const json_t *content = json_object_get(object, "content");
    cz_added_spec spec = { .normalized = true };
    size_t stated = SIZE_MAX;
    uint32_t id;
    cloze_status status;
    if (!json_is_string(content))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "an added token needs a string \"content\"");
    spec.text = (cloze_text){ json_string_value(content), json_string_length(content) };
    status = cz_json_flag(object, "single_word", &spec.single_word, error);
    if (!status)
        status = cz_json_flag(object, "lstrip", &spec.strip_left, error);
    if (!status)
        status = cz_json_flag(object, "rstrip", &spec.strip_right, error);
    if (!status)
        status = cz_json_flag(object, "normalized", &spec.normalized, error);
    if (!status)
        status = cz_json_flag(object, "special", &spec.special, error);
    if (!status)
        status = cz_json_size(object, "id", 0, UINT32_MAX, &stated, error);
    if (!status)
        status = cz_added_put(tokenizer, &spec, error);
    if (!status && stated != SIZE_MAX && cloze_tokenizer_id(tokenizer, spec.text, &id) &&
        id != stated)
        cz_log(&tokenizer->hooks, CLOZE_LOG_WARNING,
               "the added token \"%.80s\" is stated to be %zu but has the id %u",
               json_string_value(content), stated, (unsigned)id);
    return status;
}

static cloze_status load_added(cloze_tokenizer *tokenizer, const json_t *tokens, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    if (!tokens || json_is_null(tokens))
        return CLOZE_OK;
    if (!json_is_array(tokens))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"added_tokens\" must be an array");
    cz_added_begin(tokenizer);
    for (size_t i = 0; !status && i < json_array_size(tokens); i++)
        status = load_added_token(tokenizer, json_array_get(tokens, i), error);
    return status;
}

static cloze_status check_kept_apart(const json_t *root, const char *key, cloze_error *error)
{
    const json_t *value = json_object_get(root, key);
    if (value && !json_is_null(value) && !json_is_object(value))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" must be an object or null", key);
    return CLOZE_OK;
}

static cloze_status load_root(cloze_tokenizer *tokenizer, const json_t *root, cloze_error *error)
{
    const char *version = "1.0";
    cloze_status status;
    if (!json_is_object(root))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "a JSON object is needed");
    status = cz_json_string(root, "version", &version, error);
    if (!status && strcmp(version, "1.0"))
        return cz_part_unsupported(error, "version", version, "1.0");
    if (!status)
        status = check_kept_apart(root, "truncation", error);
    if (!status)
        status = check_kept_apart(root, "padding", error);
    if (!status)
        status = load_model(tokenizer, json_object_get(root, "model"), error);
    if (!status)
        status = cz_load_normalizer(tokenizer, json_object_get(root, "normalizer"), error);
    if (!status)
        status = cz_load_splitter(tokenizer, json_object_get(root, "pre_tokenizer"), error);
    if (!status)
        status = load_added(tokenizer, json_object_get(root, "added_tokens"), error);
    if (!status)
        status = cz_load_template(tokenizer, json_object_get(root, "post_processor"), error);
    if (status)
        return status;
    cz_settle_splitter(tokenizer);
    return cz_load_decoder(tokenizer, json_object_get(root, "decoder"), error);
}

cloze_status cz_load_json(cloze_tokenizer *tokenizer, const char *json, size_t size,
                          const char *name, cloze_error *error)
{
    const cloze_allocator *allocator = &tokenizer->hooks.allocator;
    json_t *root = NULL;
    char *rest;
    size_t rest_size;
    cloze_status status = cz_cut_vocabulary(&tokenizer->model.vocabulary, allocator, json, size,
                                            name, &rest, &rest_size, error);
    if (status)
        return status;
    status = cz_json_parse(&root, rest, rest_size, name, error);
    cz_release(allocator, rest);
    if (status)
        return status;
    status = load_root(tokenizer, root, error);
    json_decref(root);
    if (status)
        cz_error_prefix(error, "%.300s", name);
    return status;
}

cloze_status cz_parse_config(json_t **out, const char *json, size_t size, const char *name,
                             cloze_error *error)
{
    char *rest;
    size_t rest_size;
    json_t *parsed;
    cloze_status status = cz_cut_vocabulary(NULL, NULL, json, size, name, &rest, &rest_size, error);
    if (status)
        return status;
    status = cz_json_parse(&parsed, rest, rest_size, name, error);
    cz_release(NULL, rest);
    if (status)
        return status;
    if (!json_is_object(parsed)) {
        json_decref(parsed);
        return cz_fail(error, CLOZE_ERROR_FORMAT, "%.300s: a JSON object is needed", name);
    }
    *out = parsed;
    return CLOZE_OK;
}
