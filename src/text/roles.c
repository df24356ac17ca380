/*
 * roles.c - which token is the mask, which stands for what is not known, and so on, as transformers
 * finds them in a folder; and text decoded as transformers hands it out.
 */
#include "text/parts.h"

static const char *const role_keys[CZ_ROLES] = {
    [CLOZE_TOKEN_UNKNOWN] = "unk_token", [CLOZE_TOKEN_SEPARATOR] = "sep_token",
    [CLOZE_TOKEN_PADDING] = "pad_token", [CLOZE_TOKEN_CLASS] = "cls_token",
    [CLOZE_TOKEN_MASK] = "mask_token",
};

static const char *const usual_names[CZ_ROLES][2] = {
    [CLOZE_TOKEN_UNKNOWN] = { "[UNK]", "<unk>" }, [CLOZE_TOKEN_SEPARATOR] = { "[SEP]", "</s>" },
    [CLOZE_TOKEN_PADDING] = { "[PAD]", "<pad>" }, [CLOZE_TOKEN_CLASS] = { "[CLS]", "<s>" },
    [CLOZE_TOKEN_MASK] = { "[MASK]", "<mask>" },
};

/* A string, or an object with a string "content"; *known only if the vocabulary has it. */
static cloze_status read_role(cloze_tokenizer *tokenizer, const json_t *file, int role, bool *known,
                              cloze_error *error)
{
    const json_t *value = json_object_get(file, role_keys[role]);
    const json_t *content = json_is_object(value) ? json_object_get(value, "content") : value;
    if (*known || !value || json_is_null(value))
        return CLOZE_OK;
    if (!json_is_string(content))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "\"%s\" must be a string or an object with a string \"content\"",
                       role_keys[role]);
    cloze_text text = { json_string_value(content), json_string_length(content) };
    *known = cloze_tokenizer_id(tokenizer, text, &tokenizer->role[role]);
    return CLOZE_OK;
}

cloze_status cz_roles_read(cloze_tokenizer *tokenizer, const json_t *config, const json_t *special,
                           cloze_error *error)
{
    cloze_status status =
        cz_json_flag(config, "clean_up_tokenization_spaces", &tokenizer->cleans, error);
    for (int role = 0; role < CZ_ROLES && !status; role++) {
        bool known = false;
        tokenizer->role[role] = UINT32_MAX;
        status = read_role(tokenizer, config, role, &known, error);
        if (!status)
            status = read_role(tokenizer, special, role, &known, error);
        for (int i = 0; i < 2 && !known; i++) {
            cloze_text name = { usual_names[role][i], strlen(usual_names[role][i]) };
            known = cloze_tokenizer_id(tokenizer, name, &tokenizer->role[role]);
        }
        if (!known)
            tokenizer->role[role] = UINT32_MAX;
    }
    return status;
}

bool cloze_tokenizer_role(const cloze_tokenizer *tokenizer, cloze_token_role role, uint32_t *id)
{
    if ((size_t)role >= CZ_ROLES || tokenizer->role[role] == UINT32_MAX)
        return false;
    *id = tokenizer->role[role];
    return true;
}

bool cz_tokenizer_marks_words(const cloze_tokenizer *tokenizer)
{
    return !tokenizer->unigram && !tokenizer->model.whole && tokenizer->model.prefix_size > 0;
}

cloze_status cz_tokenizer_decode_clean(const cloze_tokenizer *tokenizer, const uint32_t *ids,
                                       size_t count, bool skip_special, char **out, size_t *size,
                                       cloze_error *error)
{
    /* In this order, each over the whole text. */
    static const char *const pairs[][2] = {
        { " .", "." },     { " ?", "?" },   { " !", "!" },   { " ,", "," },     { " ' ", "'" },
        { " n't", "n't" }, { " 'm", "'m" }, { " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" },
    };
    cloze_status status =
        cloze_tokenizer_decode(tokenizer, ids, count, skip_special, out, size, error);
    if (status || !tokenizer->cleans)
        return status;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        *size = cz_replace_text(*out, 0, *size, pairs[i][0], pairs[i][1]);
    (*out)[*size] = 0;
    return CLOZE_OK;
}
