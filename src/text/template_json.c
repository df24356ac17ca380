/* template_json.c - the post-processor of a tokenizer.json: a template of special tokens. */
#include "text/loaders.h"

static cloze_status damaged(cloze_error *error, const char *what)
{
    return cz_fail(error, CLOZE_ERROR_FORMAT, "the post-processor's template %s", what);
}

static cloze_status add_slot(cz_template *template, cz_slot slot, cloze_error *error)
{
    if (template->count == CZ_TEMPLATE_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT,
                       "the post-processor's template has more than %d tokens",
                       (int)CZ_TEMPLATE_LIMIT);
    for (size_t i = 0; i < template->count && slot.kind != CZ_SLOT_TOKEN; i++)
        if (template->slots[i].kind == slot.kind)
            return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                           "the post-processor's template uses a text twice");
    template->slots[template->count++] = slot;
    template->added += slot.kind == CZ_SLOT_TOKEN;
    return CLOZE_OK;
}

/* All ids of the special token that a piece names. */
static cloze_status add_tokens(cz_template *template, const json_t *tokens, const char *name,
                               uint32_t type_id, cloze_error *error)
{
    const json_t *ids = json_object_get(json_object_get(tokens, name), "ids");
    cloze_status status = CLOZE_OK;
    if (!json_is_array(ids))
        return damaged(error, "names a special token without \"ids\"");
    for (size_t i = 0; !status && i < json_array_size(ids); i++) {
        const json_t *id = json_array_get(ids, i);
        if (!json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) >= CZ_VOCABULARY_LIMIT + CZ_ADDED_LIMIT)
            return damaged(error, "has an id that is no id");
        status = add_slot(
            template, (cz_slot){ CZ_SLOT_TOKEN, (uint32_t)json_integer_value(id), type_id }, error);
    }
    return status;
}

static cloze_status add_piece(cz_template *template, const json_t *piece, const json_t *tokens,
                              cloze_error *error)
{
    const json_t *sequence = json_object_get(piece, "Sequence");
    const json_t *special = json_object_get(piece, "SpecialToken");
    const json_t *inner = sequence ? sequence : special;
    const char *name = NULL;
    size_t type_id = 0;
    cloze_status status;
    if (!json_is_object(inner) || json_object_size(piece) != 1)
        return damaged(error, "needs pieces of one \"Sequence\" or \"SpecialToken\"");
    status = cz_json_string(inner, "id", &name, error);
    if (!status)
        status = cz_json_size(inner, "type_id", 0, INT32_MAX, &type_id, error);
    if (status)
        return status;
    if (!name)
        return damaged(error, "has a piece without \"id\"");
    if (special)
        return add_tokens(template, tokens, name, (uint32_t)type_id, error);
    if (strcmp(name, "A") && strcmp(name, "B"))
        return damaged(error, "has a Sequence that is neither A nor B");
    return add_slot(
        template, (cz_slot){ *name == 'A' ? CZ_SLOT_FIRST : CZ_SLOT_SECOND, 0, (uint32_t)type_id },
        error);
}

static cloze_status load_pieces(cz_template *template, const json_t *pieces, const json_t *tokens,
                                size_t texts, cloze_error *error)
{
    size_t found = 0;
    cloze_status status = CLOZE_OK;
    if (!json_is_array(pieces))
        return damaged(error, "needs the arrays \"single\" and \"pair\"");
    for (size_t i = 0; !status && i < json_array_size(pieces); i++)
        status = add_piece(template, json_array_get(pieces, i), tokens, error);
    for (size_t i = 0; i < template->count; i++)
        found |= template->slots[i].kind == CZ_SLOT_FIRST    ? 1u
                 : template->slots[i].kind == CZ_SLOT_SECOND ? 2u
                                                             : 0u;
    if (!status && found != (texts == 1 ? 1u : 3u))
        return damaged(error, texts == 1 ? "for one text must use A, and A only"
                                         : "for two texts must use A and B");
    return status;
}

static cloze_status load_template(cloze_tokenizer *tokenizer, const json_t *processor,
                                  cloze_error *error)
{
    const json_t *tokens = json_object_get(processor, "special_tokens");
    cloze_status status =
        load_pieces(&tokenizer->single, json_object_get(processor, "single"), tokens, 1, error);
    if (!status)
        status =
            load_pieces(&tokenizer->pair, json_object_get(processor, "pair"), tokens, 2, error);
    tokenizer->has_template = true;
    return status;
}

/* "sep" and "cls" of BertProcessing and RobertaProcessing: ["[SEP]", 102]. */
static cloze_status load_special(const json_t *processor, const char *key, uint32_t *id,
                                 cloze_error *error)
{
    const json_t *pair = json_object_get(processor, key), *number = json_array_get(pair, 1);
    if (json_array_size(pair) != 2 || !json_is_string(json_array_get(pair, 0)) ||
        !json_is_integer(number) || json_integer_value(number) < 0 ||
        json_integer_value(number) >= CZ_VOCABULARY_LIMIT + CZ_ADDED_LIMIT)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the post-processor needs \"%s\": a token and its id", key);
    *id = (uint32_t)json_integer_value(number);
    return CLOZE_OK;
}

static cloze_status load_fixed(cloze_tokenizer *tokenizer, const json_t *processor, bool roberta,
                               cloze_error *error)
{
    uint32_t cls, sep;
    cloze_status status = load_special(processor, "cls", &cls, error);
    if (!status)
        status = load_special(processor, "sep", &sep, error);
    if (!status && roberta)
        status = cz_load_trim(tokenizer, processor, error);
    if (status)
        return status;
    if (roberta)
        cz_template_roberta(tokenizer, cls, sep);
    else
        cz_template_bert(tokenizer, cls, sep);
    return CLOZE_OK;
}

static cloze_status load_one(cloze_tokenizer *tokenizer, const json_t *processor,
                             cloze_error *error)
{
    const char *type = "";
    char shown[80];
    cloze_status status;
    if (!json_is_object(processor))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the post_processor must be an object");
    status = cz_json_string(processor, "type", &type, error);
    if (status)
        return status;
    if (!strcmp(type, "ByteLevel"))
        return cz_load_trim(tokenizer, processor, error);
    if (tokenizer->has_template)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "the post_processor puts special tokens in twice");
    if (!strcmp(type, "TemplateProcessing"))
        return load_template(tokenizer, processor, error);
    if (!strcmp(type, "BertProcessing") || !strcmp(type, "RobertaProcessing"))
        return load_fixed(tokenizer, processor, *type == 'R', error);
    return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                   "the post_processor \"%s\" is not supported; known are TemplateProcessing, "
                   "BertProcessing, RobertaProcessing, ByteLevel, Sequence",
                   cz_printable(shown, sizeof shown, type, strlen(type)));
}

cloze_status cz_load_template(cloze_tokenizer *tokenizer, const json_t *processor,
                              cloze_error *error)
{
    const json_t *members = json_object_get(processor, "processors");
    const json_t *type = json_object_get(processor, "type");
    cloze_status status = CLOZE_OK;
    if (!processor || json_is_null(processor))
        return CLOZE_OK;
    if (!json_is_string(type) || strcmp(json_string_value(type), "Sequence"))
        return load_one(tokenizer, processor, error);
    if (!json_is_array(members) || json_array_size(members) > CZ_PROCESSORS_LIMIT)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "a post_processor Sequence needs an array \"processors\" of at most %d",
                       (int)CZ_PROCESSORS_LIMIT);
    for (size_t i = 0; !status && i < json_array_size(members); i++)
        status = load_one(tokenizer, json_array_get(members, i), error);
    return status;
}
