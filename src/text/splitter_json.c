/* splitter_json.c - what a tokenizer.json says of splitting into words. */
#include "text/loaders.h"

static cloze_status load_one_splitter(cloze_tokenizer *tokenizer, const json_t *object,
                                      cloze_error *error)
{
    cz_splitter *splitter = &tokenizer->splitter;
    const char *type, *behavior = "Isolated";
    cloze_status status = cz_part_type(object, "pre_tokenizer", NULL, &type, error);
    if (status)
        return status;
    if (tokenizer->metaspace.used)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "a pre_tokenizer behind a Metaspace is not supported");
    if (!strcmp(type, "ByteLevel")) {
        status = cz_load_byte_level(tokenizer, object, error);
    } else if (!strcmp(type, "Metaspace")) {
        status = cz_load_metaspace(tokenizer, object, error);
    } else if (!strcmp(type, "BertPreTokenizer")) {
        splitter->spaces = splitter->punctuation = true;
    } else if (!strcmp(type, "WhitespaceSplit")) {
        splitter->spaces = true;
    } else if (!strcmp(type, "Whitespace")) {
        splitter->spaces = splitter->groups = true;
    } else if (!strcmp(type, "Punctuation")) {
        status = cz_json_string(object, "behavior", &behavior, error);
        if (!status && strcmp(behavior, "Isolated"))
            return cz_part_unsupported(error, "behavior of the pre_tokenizer Punctuation", behavior,
                                       "Isolated");
        splitter->punctuation = true;
    } else {
        return cz_part_unsupported(
            error, "pre_tokenizer", type,
            "BertPreTokenizer, ByteLevel, Metaspace, Whitespace, WhitespaceSplit, "
            "Punctuation, Sequence");
    }
    return status;
}

/* Byte-level BPE and its pre-tokenizer go together, and alone; marks of spaces need a Unigram. */
cloze_status cz_check_splitter(const cloze_tokenizer *tokenizer, cloze_error *error)
{
    const cz_splitter *splitter = &tokenizer->splitter;
    if (tokenizer->metaspace.used && !tokenizer->unigram)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "the pre_tokenizer Metaspace is supported with the model Unigram only");
    if (tokenizer->bpe.used == tokenizer->bytes.used &&
        !(tokenizer->bytes.used && (splitter->spaces || splitter->punctuation || splitter->groups)))
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                   "the model %s is supported with the pre_tokenizer ByteLevel %s",
                   tokenizer->bpe.used  ? "BPE"
                   : tokenizer->unigram ? "Unigram"
                                        : "WordPiece",
                   tokenizer->bpe.used ? "alone" : "not at all");
}

cloze_status cz_load_splitter(cloze_tokenizer *tokenizer, const json_t *object, cloze_error *error)
{
    const json_t *members;
    const char *type;
    cloze_status status;
    if (!object || json_is_null(object))
        return CLOZE_OK;
    status = cz_part_type(object, "pre_tokenizer", NULL, &type, error);
    if (status)
        return status;
    if (strcmp(type, "Sequence"))
        return load_one_splitter(tokenizer, object, error);
    status = cz_part_members(object, "pretokenizers", "pre_tokenizer", &members, error);
    for (size_t i = 0; !status && i < json_array_size(members); i++)
        status = load_one_splitter(tokenizer, json_array_get(members, i), error);
    return status;
}
