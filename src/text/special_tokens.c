/*
 * special_tokens.c - added and special tokens that tokenizer_config.json, special_tokens_map.json and
 * added_tokens.json state, or the class of the tokenizer has; read as transformers reads them.
 */
#include "text/loaders.h"

#include <stdlib.h>

enum { LISTED_LIMIT = 1 << 16 };

static const char *const kind_names[CZ_SPECIALS] = { "bos_token", "eos_token", "unk_token",
                                                     "sep_token", "pad_token", "cls_token",
                                                     "mask_token" };

/* A token as text or as an object with "content". False: the member is absent. */
static cloze_status read_token(const json_t *value, const char *where, bool special, bool *present,
                               cz_added_spec *spec, cloze_error *error)
{
    const json_t *content = json_is_object(value) ? json_object_get(value, "content") : value;
    cloze_status status;
    *present = value && !json_is_null(value);
    if (!*present)
        return CLOZE_OK;
    if (!json_is_string(content))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "\"%s\" must be a string or an object with a string \"content\"", where);
    *spec = (cz_added_spec){ .special = special, .normalized = !special };
    spec->text = (cloze_text){ json_string_value(content), json_string_length(content) };
    if (!json_is_object(value))
        return CLOZE_OK;
    status = cz_json_flag(value, "special", &spec->special, error);
    spec->special = spec->special || special;
    spec->normalized = !spec->special;
    if (!status)
        status = cz_json_flag(value, "single_word", &spec->single_word, error);
    if (!status)
        status = cz_json_flag(value, "lstrip", &spec->strip_left, error);
    if (!status)
        status = cz_json_flag(value, "rstrip", &spec->strip_right, error);
    if (!status)
        status = cz_json_flag(value, "normalized", &spec->normalized, error);
    return status;
}

/* Adds the token unless one of that text is there. */
static cloze_status add_new(cloze_tokenizer *tokenizer, const cz_added_spec *spec,
                            cloze_error *error)
{
    if (cz_added_by_text(&tokenizer->added, spec->text))
        return CLOZE_OK;
    return cz_added_put(tokenizer, spec, error);
}

typedef struct listed {
    long id;
    const char *key;
    const json_t *value;
} listed;

static int compare_listed(const void *left, const void *right)
{
    const listed *a = left, *b = right;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Members of an object in the order of their ids; `ids_are_keys`: {"5": token}, else {token: 5}. */
static cloze_status list_by_id(const cloze_tokenizer *tokenizer, const json_t *object,
                               bool ids_are_keys, listed **out, size_t *count, cloze_error *error)
{
    size_t size = json_object_size(object), used = 0;
    const char *key;
    json_t *value;
    listed *list;
    if (size > LISTED_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "more than %d added tokens", (int)LISTED_LIMIT);
    list = cz_allocate(&tokenizer->hooks.allocator, size, sizeof *list);
    if (!list)
        return cz_text_memory(error);
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        char *end = NULL;
        long id = ids_are_keys ? strtol(key, &end, 10) : (long)json_integer_value(value);
        bool good = ids_are_keys ? end != key && !*end : json_is_integer(value);
        if (!good || id < 0) {
            cz_release(&tokenizer->hooks.allocator, list);
            return cz_fail(error, CLOZE_ERROR_FORMAT, "an added token has an id that is no number");
        }
        list[used++] = (listed){ id, key, value };
    }
    if (used)
        qsort(list, used, sizeof *list, compare_listed);
    *out = list;
    *count = used;
    return CLOZE_OK;
}

/* "added_tokens_decoder" of newer files. */
static cloze_status add_decoder_tokens(cloze_tokenizer *tokenizer, const json_t *object,
                                       cloze_error *error)
{
    listed *list;
    size_t count;
    cloze_status status = list_by_id(tokenizer, object, true, &list, &count, error);
    if (status)
        return status;
    for (size_t i = 0; i < count && !status; i++) {
        cz_added_spec spec;
        bool present;
        status = read_token(list[i].value, "added_tokens_decoder", false, &present, &spec, error);
        if (!status && present)
            status = add_new(tokenizer, &spec, error);
    }
    cz_release(&tokenizer->hooks.allocator, list);
    return status;
}

static bool is_text(const json_t *value, const char *text)
{
    const json_t *content = json_is_object(value) ? json_object_get(value, "content") : value;
    return json_is_string(content) && !strcmp(json_string_value(content), text);
}

/* Whether a configuration names the token as one of its special tokens. */
static bool is_stated_special(const json_t *source, const char *text)
{
    const json_t *additional = json_object_get(source, "additional_special_tokens");
    for (size_t i = 0; i < CZ_SPECIALS; i++)
        if (is_text(json_object_get(source, kind_names[i]), text))
            return true;
    for (size_t i = 0; i < json_array_size(additional); i++)
        if (is_text(json_array_get(additional, i), text))
            return true;
    return false;
}

/* added_tokens.json of older models. */
static cloze_status add_plain_tokens(cloze_tokenizer *tokenizer, const json_t *object,
                                     const json_t *config, const json_t *special,
                                     cloze_error *error)
{
    listed *list;
    size_t count;
    cloze_status status = list_by_id(tokenizer, object, false, &list, &count, error);
    if (status)
        return status;
    for (size_t i = 0; i < count && !status; i++) {
        const char *text = list[i].key;
        cz_added_spec spec = { .text = { text, strlen(text) } };
        spec.special = is_stated_special(config, text) || is_stated_special(special, text);
        spec.normalized = !spec.special;
        status = add_new(tokenizer, &spec, error);
    }
    cz_release(&tokenizer->hooks.allocator, list);
    return status;
}

static cloze_status add_additional(cloze_tokenizer *tokenizer, const json_t *source,
                                   cloze_error *error)
{
    const json_t *list = json_object_get(source, "additional_special_tokens");
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < json_array_size(list) && !status; i++) {
        cz_added_spec spec;
        bool present;
        status = read_token(json_array_get(list, i), "additional_special_tokens", true, &present,
                            &spec, error);
        if (!status && present)
            status = add_new(tokenizer, &spec, error);
    }
    return status;
}

/* One of the class's special tokens. */
typedef struct stated_special {
    cz_added_spec spec;
    bool stated;
    bool wins; /* over the settings of a listed token of the same text */
} stated_special;

/* The default, what the configuration says, what the special map says. */
static cloze_status read_special(const cz_tokenizer_class *class, const cz_configs *files,
                                 cz_special kind, stated_special *out, cloze_error *error)
{
    const json_t *sources[] = { files->config, files->special };
    const char *text = class->specials[kind];
    bool object = class->objects >> kind & 1;
    *out = (stated_special){ .wins = object };
    if (text)
        out->spec.text = (cloze_text){ text, strlen(text) };
    for (size_t k = 0; k < 2; k++) {
        const json_t *value = json_object_get(sources[k], kind_names[kind]);
        cz_added_spec spec;
        bool present;
        cloze_status status = read_token(value, kind_names[kind], true, &present, &spec, error);
        if (status)
            return status;
        if (!present)
            continue;
        out->spec = spec;
        out->stated = true;
        out->wins = object || json_is_object(value);
        if (json_is_object(value))
            text = NULL;
        else
            text = spec.text.data;
    }
    out->spec.special = true;
    if (!text)
        return CLOZE_OK;
    out->spec.normalized = class->normalized >> kind & 1;
    out->spec.strip_left = class->mask_strips && kind == CZ_SPECIAL_MASK;
    return CLOZE_OK;
}

/* Adds a special token; one of the same text that was listed stays as it is, but is special. */
static cloze_status add_special(cloze_tokenizer *tokenizer, const stated_special *token,
                                bool has_list, cloze_error *error)
{
    const cz_added_token *known = cz_added_by_text(&tokenizer->added, token->spec.text);
    cz_added_spec spec = token->spec;
    if (!spec.text.size || (known && known->special && !token->wins))
        return CLOZE_OK;
    if (known && (!token->wins || (has_list && token->stated))) {
        spec.single_word = known->single_word;
        spec.strip_left = known->strip_left;
        spec.strip_right = known->strip_right;
        spec.normalized = known->normalized;
    }
    return cz_added_put(tokenizer, &spec, error);
}

static bool has_additional(const json_t *source)
{
    return json_is_array(json_object_get(source, "additional_special_tokens"));
}

/* What the class adds by itself behind its special tokens; `others`: some are stated. */
static cloze_status add_extras(cloze_tokenizer *tokenizer, const cz_tokenizer_class *class,
                               size_t extras, bool others, cloze_error *error)
{
    static const char *const unused[] = { "<s>NOTUSED", "</s>NOTUSED", "<unk>NOTUSED" };
    cloze_status status = CLOZE_OK;
    char name[32];
    cz_added_spec spec = { .text = { name, 0 }, .special = true };
    size_t count = class->layout == CZ_PIECES_BEHIND_FIVE && !others ? 3 : extras;
    for (size_t i = 0; i < count && !status; i++) {
        if (class->layout == CZ_PIECES_BEHIND_FIVE)
            snprintf(name, sizeof name, "%s", unused[i]);
        else
            snprintf(name, sizeof name, "<extra_id_%zu>", i);
        spec.text.size = strlen(name);
        status = add_new(tokenizer, &spec, error);
    }
    return status;
}

cloze_status cz_load_specials(cloze_tokenizer *tokenizer, const cz_tokenizer_class *class,
                              const cz_configs *files, size_t extras,
                              cloze_text specials[CZ_SPECIALS], cloze_error *error)
{
    const json_t *decoder = json_object_get(files->config, "added_tokens_decoder");
    bool has_list = json_is_object(decoder);
    cz_configs used = *files;
    cloze_status status = CLOZE_OK;
    if (has_list)
        used.special = used.added = NULL;
    if (has_list)
        status = add_decoder_tokens(tokenizer, decoder, error);
    else if (used.added)
        status = add_plain_tokens(tokenizer, used.added, used.config, used.special, error);
    for (unsigned i = 0; i < CZ_SPECIALS && !status; i++) {
        stated_special token;
        status = read_special(class, &used, (cz_special)i, &token, error);
        if (status)
            return status;
        specials[i] = token.spec.text;
        status = add_special(tokenizer, &token, has_list, error);
    }
    if (!status)
        status = add_additional(tokenizer, used.config, error);
    if (!status)
        status = add_additional(tokenizer, used.special, error);
    return status ? status
                  : add_extras(tokenizer, class, extras,
                               has_additional(used.config) || has_additional(used.special), error);
}
