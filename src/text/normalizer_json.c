/* normalizer_json.c - what a tokenizer.json says of normalizing, as steps in the order of the file. */
#include "text/charsmap.h"
#include "text/loaders.h"

static cloze_status load_map(cz_normalizer *normalizer, const cloze_allocator *allocator,
                             const json_t *object, cloze_error *error)
{
    const json_t *map = json_object_get(object, "precompiled_charsmap");
    if (!json_is_string(map))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "a Precompiled normalizer needs a string \"precompiled_charsmap\"");
    if (normalizer->map)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "a second Precompiled normalizer is not supported");
    normalizer->map = cz_allocate_zero(allocator, 1, sizeof *normalizer->map);
    if (!normalizer->map)
        return cz_fail_memory(error, "a character map", sizeof *normalizer->map);
    normalizer->steps[normalizer->count++] = CZ_STEP_MAP;
    normalizer->whole = true;
    return cz_charsmap_decode(normalizer->map, allocator, json_string_value(map),
                              json_string_length(map), error);
}

/* The next edit, with the text at `key`. */
static cloze_status begin_edit(cloze_tokenizer *tokenizer, const json_t *object, const char *key,
                               cz_step step, cz_edit **edit, cloze_error *error)
{
    cz_normalizer *normalizer = &tokenizer->normalizer;
    if (normalizer->edit_count == CZ_EDIT_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT,
                       "the normalizer has more than %d replacements and prefixes",
                       (int)CZ_EDIT_LIMIT);
    *edit = &normalizer->edits[normalizer->edit_count++];
    normalizer->steps[normalizer->count++] = step;
    normalizer->whole = true;
    return cz_part_text(tokenizer, object, key, &(*edit)->to, &(*edit)->to_size, error);
}

static cloze_status load_replace(cloze_tokenizer *tokenizer, const json_t *object,
                                 cloze_error *error)
{
    cz_edit *edit = NULL;
    cloze_status status = begin_edit(tokenizer, object, "content", CZ_STEP_REPLACE, &edit, error);
    return status ? status
                  : cz_load_finder(&edit->finder, &tokenizer->hooks.allocator,
                                   json_object_get(object, "pattern"), error);
}

/* `stated` is what a configuration beside the file says, or NULL. */
static cloze_status load_bert_normalizer(cz_normalizer *normalizer, const json_t *object,
                                         const cz_stated *stated, cloze_error *error)
{
    bool clean = true, chinese = true, lower = true, strip;
    bool automatic = json_is_null(json_object_get(object, "strip_accents")) ||
                     !json_object_get(object, "strip_accents");
    cloze_status status = cz_json_flag(object, "clean_text", &clean, error);
    if (!status)
        status = cz_json_flag(object, "handle_chinese_chars", &chinese, error);
    if (!status)
        status = cz_json_flag(object, "lowercase", &lower, error);
    strip = lower;
    if (!status)
        status = cz_json_flag(object, "strip_accents", &strip, error);
    if (status)
        return status;
    if (stated && stated->has_lower)
        lower = stated->lower;
    if (stated && stated->has_chinese)
        chinese = stated->chinese;
    if (stated && stated->has_strip) {
        strip = stated->strip;
        automatic = stated->strip_as_lower;
    }
    cz_normalizer_bert(normalizer, clean, chinese, automatic ? lower : strip, lower);
    return status;
}

static cloze_status load_strip(cz_normalizer *normalizer, const json_t *object, cloze_error *error)
{
    bool left = true, right = true;
    cloze_status status = cz_json_flag(object, "strip_left", &left, error);
    if (!status)
        status = cz_json_flag(object, "strip_right", &right, error);
    if (left)
        normalizer->steps[normalizer->count++] = CZ_STEP_TRIM_LEFT;
    if (right)
        normalizer->steps[normalizer->count++] = CZ_STEP_TRIM_RIGHT;
    normalizer->whole = normalizer->whole || left || right;
    return status;
}

/* A normalizer without settings; false if `type` names none. */
static bool load_plain(cz_normalizer *normalizer, const char *type)
{
    static const struct {
        const char *type;
        cz_step step;
        bool whole;
    } plain[] = { { "Lowercase", CZ_STEP_LOWER, false },
                  { "NFD", CZ_STEP_DECOMPOSE, false },
                  { "NFKD", CZ_STEP_DECOMPOSE_COMPATIBLY, true },
                  { "NFC", CZ_STEP_COMPOSE, true },
                  { "NFKC", CZ_STEP_COMPOSE_COMPATIBLY, true },
                  { "StripAccents", CZ_STEP_STRIP_MARKS, false },
                  { "Nmt", CZ_STEP_NMT, true },
                  { "ByteLevel", CZ_STEP_BYTES, true } };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!strcmp(type, plain[i].type)) {
            normalizer->steps[normalizer->count++] = plain[i].step;
            normalizer->whole = normalizer->whole || plain[i].whole;
            return true;
        }
    return false;
}

/* `depth`: Sequences around it. */
static cloze_status load_step(cloze_tokenizer *tokenizer, const json_t *object, size_t depth,
                              cloze_error *error)
{
    cz_normalizer *normalizer = &tokenizer->normalizer;
    const json_t *members;
    cz_edit *edit;
    const char *type;
    cloze_status status = cz_part_type(object, "normalizer", NULL, &type, error);
    if (status)
        return status;
    if (normalizer->count + 4 > CZ_STEP_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the normalizer has too many steps");
    if (!strcmp(type, "BertNormalizer"))
        return load_bert_normalizer(normalizer, object, depth ? NULL : &tokenizer->stated, error);
    if (!strcmp(type, "Strip"))
        return load_strip(normalizer, object, error);
    if (!strcmp(type, "Precompiled"))
        return load_map(normalizer, &tokenizer->hooks.allocator, object, error);
    if (!strcmp(type, "Replace"))
        return load_replace(tokenizer, object, error);
    if (!strcmp(type, "Prepend"))
        return begin_edit(tokenizer, object, "prepend", CZ_STEP_PREPEND, &edit, error);
    if (!strcmp(type, "Sequence") && depth < CZ_SEQUENCE_LIMIT) {
        status = cz_part_members(object, "normalizers", "normalizer", &members, error);
        for (size_t i = 0; !status && i < json_array_size(members); i++)
            status = load_step(tokenizer, json_array_get(members, i), depth + 1, error);
        return status;
    }
    if (load_plain(normalizer, type))
        return CLOZE_OK;
    return cz_part_unsupported(error, "normalizer", type,
                               "BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, "
                               "Precompiled, Prepend, Replace, Strip, StripAccents, Sequence");
}

cloze_status cz_load_normalizer(cloze_tokenizer *tokenizer, const json_t *object,
                                cloze_error *error)
{
    if (!object || json_is_null(object))
        return CLOZE_OK;
    return load_step(tokenizer, object, 0, error);
}
