/* decoder_json.c - what a tokenizer.json says of turning tokens into text. */
#include "text/loaders.h"

static cloze_status load_text(const cloze_tokenizer *tokenizer, const json_t *object,
                              const char *key, cz_decode_step *step, size_t index,
                              cloze_error *error)
{
    return cz_part_text(tokenizer, object, key, &step->text[index].data, &step->text[index].size,
                        error);
}

static cloze_status load_strip(const json_t *object, cz_decode_step *step, cloze_error *error)
{
    const char *content = "";
    size_t at = 0;
    cloze_status status = cz_json_string(object, "content", &content, error);
    if (!status)
        status = cz_json_size(object, "start", 0, SIZE_MAX, &step->start, error);
    if (!status)
        status = cz_json_size(object, "stop", 0, SIZE_MAX, &step->stop, error);
    if (status)
        return status;
    step->code = *content ? cz_utf8_read(content, &at) : 0;
    return step->code && !content[at]
               ? CLOZE_OK
               : cz_fail(error, CLOZE_ERROR_FORMAT,
                         "the \"content\" of the decoder Strip must be one character");
}

static cloze_status load_suffix(const cloze_tokenizer *tokenizer, const json_t *object,
                                cz_decode_step *step, cloze_error *error)
{
    cloze_status status = load_text(tokenizer, object, "suffix", step, 0, error);
    if (!status && !step->text[0].size)
        status = cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                         "a BPEDecoder without a \"suffix\" is not supported");
    return status;
}

static cloze_status load_edit(const cloze_tokenizer *tokenizer, const json_t *object,
                              cz_decode_step *step, cloze_error *error)
{
    cloze_status status =
        cz_part_text(tokenizer, object, "content", &step->edit.to, &step->edit.to_size, error);
    return status ? status
                  : cz_load_finder(&step->edit.finder, &tokenizer->hooks.allocator,
                                   json_object_get(object, "pattern"), error);
}

static cloze_status load_ctc(const cloze_tokenizer *tokenizer, const json_t *object,
                             cz_decode_step *step, cloze_error *error)
{
    cloze_status status = load_text(tokenizer, object, "pad_token", step, 0, error);
    if (!status)
        status = load_text(tokenizer, object, "word_delimiter_token", step, 1, error);
    step->cleanup = true;
    return status ? status : cz_json_flag(object, "cleanup", &step->cleanup, error);
}

/* What the kind needs besides. */
static cloze_status load_settings(const cloze_tokenizer *tokenizer, const json_t *object,
                                  cz_decode_step *step, cloze_error *error)
{
    cloze_status status;
    switch (step->kind) {
    case CZ_DECODE_WORDPIECE:
        step->cleanup = true;
        status = cz_json_flag(object, "cleanup", &step->cleanup, error);
        return status ? status : load_text(tokenizer, object, "prefix", step, 0, error);
    case CZ_DECODE_MARKS:
        return cz_load_mark(object, &step->code, &step->prepend, error);
    case CZ_DECODE_SUFFIX:
        return load_suffix(tokenizer, object, step, error);
    case CZ_DECODE_STRIP:
        return load_strip(object, step, error);
    case CZ_DECODE_REPLACE:
        return load_edit(tokenizer, object, step, error);
    case CZ_DECODE_CTC:
        return load_ctc(tokenizer, object, step, error);
    default:
        return CLOZE_OK;
    }
}

/* `depth`: Sequences around it. */
static cloze_status load_step(cloze_tokenizer *tokenizer, const json_t *object, size_t depth,
                              cloze_error *error)
{
    static const char *const names[] = { "WordPiece",  "ByteLevel",    "Metaspace",
                                         "BPEDecoder", "ByteFallback", "Fuse",
                                         "Strip",      "Replace",      "CTC" };
    cz_decoder *decoder = &tokenizer->decoder;
    const json_t *members;
    const char *type;
    cloze_status status = cz_part_type(object, "decoder", NULL, &type, error);
    if (status)
        return status;
    if (!strcmp(type, "Sequence") && depth < CZ_SEQUENCE_LIMIT) {
        status = cz_part_members(object, "decoders", "decoder", &members, error);
        for (size_t i = 0; !status && i < json_array_size(members); i++)
            status = load_step(tokenizer, json_array_get(members, i), depth + 1, error);
        return status;
    }
    if (decoder->count == CZ_DECODE_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the decoder has more than %d steps",
                       (int)CZ_DECODE_LIMIT);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(type, names[i])) {
            cz_decode_step *step = &decoder->steps[decoder->count++];
            step->kind = (cz_decode_kind)i;
            return load_settings(tokenizer, object, step, error);
        }
    return cz_part_unsupported(error, "decoder", type,
                               "BPEDecoder, ByteFallback, ByteLevel, CTC, Fuse, Metaspace, "
                               "Replace, Sequence, Strip, WordPiece");
}

cloze_status cz_load_decoder(cloze_tokenizer *tokenizer, const json_t *object, cloze_error *error)
{
    cz_decoder *decoder = &tokenizer->decoder;
    cloze_status status;
    if (!object || json_is_null(object))
        return CLOZE_OK;
    status = load_step(tokenizer, object, 0, error);
    if (!status && !decoder->count) /* an empty Sequence: no spaces between tokens */
        decoder->steps[decoder->count++].kind = CZ_DECODE_FUSE;
    return status;
}
