/*
 * tokenizer_config.c - what tokenizer_config.json says beside its tokens: limits, and what it changes
 * in a tokenizer.json, as transformers has it.
 */
#include "text/loaders.h"

static cloze_status class_of(const json_t *config, const char **name, cloze_error *error)
{
    *name = NULL;
    return cz_json_string(config, "tokenizer_class", name, error);
}

/* Whether the class has a BertNormalizer. */
static bool is_of_lines(const char *name)
{
    const cz_tokenizer_class *class = cz_tokenizer_class_named(name);
    return class && class->files == CZ_OLD_LINES;
}

static cloze_status read_flag(const json_t *config, const char *key, bool *out, bool *stated,
                              cloze_error *error)
{
    *stated = json_object_get(config, key) != NULL;
    return cz_json_flag(config, key, out, error);
}

/* A model_max_length of 1e30 is transformers' way to say that there is none. */
static cloze_status read_max_length(cloze_tokenizer *tokenizer, const json_t *config,
                                    cloze_error *error)
{
    double length = 0;
    cloze_status status = cz_json_real(config, "model_max_length", &length, error);
    if (status)
        return status;
    if (!(length >= 0))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"model_max_length\" is negative");
    tokenizer->max_length = length < 1e9 ? (size_t)length : 0;
    return CLOZE_OK;
}

cloze_status cz_adjust_by_config(cloze_tokenizer *tokenizer, const json_t *config,
                                 cloze_error *error)
{
    cz_stated *stated = &tokenizer->stated;
    const char *name;
    cloze_status status = read_max_length(tokenizer, config, error);
    if (!status)
        status = class_of(config, &name, error);
    if (!status)
        status = read_flag(config, "add_prefix_space", &stated->prefix_space,
                           &stated->has_prefix_space, error);
    if (!status)
        status = read_flag(config, "trim_offsets", &stated->trim, &stated->has_trim, error);
    if (status || (name && !is_of_lines(name)))
        return status;
    stated->lower = true;
    stated->chinese = true;
    status = read_flag(config, "do_lower_case", &stated->lower, &stated->has_lower, error);
    if (!status)
        status = read_flag(config, "tokenize_chinese_chars", &stated->chinese, &stated->has_chinese,
                           error);
    if (!status)
        status = read_flag(config, "strip_accents", &stated->strip, &stated->has_strip, error);
    stated->strip_as_lower = json_is_null(json_object_get(config, "strip_accents"));
    return status;
}
