/*
 * tokenizer_config.c - tokenizer_config.json, special_tokens_map.json and added_tokens.json, read
 * as transformers' BertTokenizerFast reads them.
 */
#include "text/loaders.h"

#include <stdlib.h>

enum { SPECIAL_KINDS = 5, LISTED_LIMIT = 1 << 16 };

typedef enum special_kind { UNKNOWN, SEPARATOR, PADDING, CLASS, MASK } special_kind;

static const char *const kind_names[SPECIAL_KINDS] = { "unk_token", "sep_token", "pad_token",
                                                       "cls_token", "mask_token" };
static const char *const kind_defaults[SPECIAL_KINDS] = { "[UNK]", "[SEP]", "[PAD]", "[CLS]",
                                                          "[MASK]" };

/* Tokenizer classes that are BERT's with other defaults at most. */
static bool is_bert_class(const char *name)
{
    static const char *const names[] = {
        "Bert",           "BasicTokenizer", "ConvBert",  "DistilBert",         "Electra",
        "Funnel",         "LayoutLM",       "Lxmert",    "MobileBert",         "Retribert",
        "SqueezeBert",    "BertGeneration", "DPRReader", "DPRQuestionEncoder", "DPRContextEncoder",
        "RealmRetriever", "Realm",
    };
    size_t size = strlen(name);
    if (size > 4 && !strcmp(name + size - 4, "Fast"))
        size -= 4;
    if (size < 9 || memcmp(name + size - 9, "Tokenizer", 9))
        return false;
    size -= 9;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == size && !memcmp(names[i], name, size))
            return true;
    return false;
}

static cloze_status class_of(const json_t *config, const char **name, cloze_error *error)
{
    *name = NULL;
    return cz_json_string(config, "tokenizer_class", name, error);
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
    if (status || (name && !is_bert_class(name)))
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
    for (size_t i = 0; i < SPECIAL_KINDS; i++)
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

/* unk_token and so on: the default, what the configuration says, what the special map says;
 * detailed: with flags, which then win over those of an added token of that text. */
static cloze_status read_specials(const json_t *config, const json_t *special,
                                  cz_added_spec specs[SPECIAL_KINDS], bool detailed[SPECIAL_KINDS],
                                  cloze_error *error)
{
    for (size_t i = 0; i < SPECIAL_KINDS; i++) {
        const json_t *sources[] = { config, special };
        specs[i] = (cz_added_spec){ .text = { kind_defaults[i], strlen(kind_defaults[i]) },
                                    .special = true };
        detailed[i] = false;
        for (size_t k = 0; k < 2; k++) {
            const json_t *value = json_object_get(sources[k], kind_names[i]);
            cz_added_spec spec;
            bool present;
            cloze_status status = read_token(value, kind_names[i], true, &present, &spec, error);
            if (status)
                return status;
            if (present) {
                specs[i] = spec;
                detailed[i] = json_is_object(value);
            }
        }
    }
    return CLOZE_OK;
}

static cloze_status add_all_tokens(cloze_tokenizer *tokenizer, const json_t *config,
                                   const json_t *special, const json_t *added,
                                   cz_added_spec specs[SPECIAL_KINDS], cloze_error *error)
{
    const json_t *decoder = json_object_get(config, "added_tokens_decoder");
    bool has_list = json_is_object(decoder), detailed[SPECIAL_KINDS];
    cloze_status status;
    if (has_list)
        special = added = NULL;
    status = read_specials(config, special, specs, detailed, error);
    cz_added_begin(tokenizer);
    if (!status && has_list)
        status = add_decoder_tokens(tokenizer, decoder, error);
    if (!status && added)
        status = add_plain_tokens(tokenizer, added, config, special, error);
    for (size_t i = 0; i < SPECIAL_KINDS && !status; i++)
        status = detailed[i] && !has_list ? cz_added_put(tokenizer, &specs[i], error)
                                          : add_new(tokenizer, &specs[i], error);
    if (!status)
        status = add_additional(tokenizer, config, error);
    return status ? status : add_additional(tokenizer, special, error);
}

static cloze_status read_normalizer(cloze_tokenizer *tokenizer, const json_t *config,
                                    cloze_error *error)
{
    bool lower = true, chinese = true, strip;
    cloze_status status = cz_json_flag(config, "do_lower_case", &lower, error);
    if (!status)
        status = cz_json_flag(config, "tokenize_chinese_chars", &chinese, error);
    strip = lower;
    if (!status)
        status = cz_json_flag(config, "strip_accents", &strip, error);
    if (!status)
        cz_normalizer_bert(&tokenizer->normalizer, true, chinese, strip, lower);
    return status;
}

static cloze_status load(cloze_tokenizer *tokenizer, const json_t *config, const json_t *special,
                         const json_t *added, cloze_error *error)
{
    cz_added_spec specs[SPECIAL_KINDS];
    const char *name;
    uint32_t cls, sep;
    cloze_status status = class_of(config, &name, error);
    if (!status && name && !is_bert_class(name) && strcmp(name, "PreTrainedTokenizerFast")) {
        char shown[80];
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "the tokenizer class \"%s\" with a vocab.txt is not supported; known are "
                       "BertTokenizer and its like",
                       cz_printable(shown, sizeof shown, name, strlen(name)));
    }
    if (!status)
        status = read_max_length(tokenizer, config, error);
    if (!status)
        status = read_normalizer(tokenizer, config, error);
    if (!status)
        status = add_all_tokens(tokenizer, config, special, added, specs, error);
    if (!status)
        status = cz_set_text(tokenizer, &tokenizer->model.unknown, &tokenizer->model.unknown_size,
                             specs[UNKNOWN].text, error);
    if (status)
        return status;
    if (!cloze_tokenizer_id(tokenizer, specs[CLASS].text, &cls) ||
        !cloze_tokenizer_id(tokenizer, specs[SEPARATOR].text, &sep))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "cls_token or sep_token is empty");
    cz_template_bert(tokenizer, cls, sep);
    return CLOZE_OK;
}

cloze_status cz_load_config(cloze_tokenizer *tokenizer, const json_t *config, const json_t *special,
                            const json_t *added, const char *name, cloze_error *error)
{
    cloze_status status = load(tokenizer, config, special, added, error);
    if (status)
        cz_error_prefix(error, "%.300s", name);
    return status;
}
