/*
 * prepare.c - see prepare.h. As sentence-transformers does it: prompt and text joined, lower-cased
 * if the folder says so, stripped as Python strips.
 */
#include "task/prepare.h"

#include "base/error.h"
#include "base/utf8.h"
#include "text/unicode.h"

#include <string.h>

static bool is_space(uint32_t c)
{
    /* Python's str.strip knows four separators beside White_Space. */
    return (c >= 0x1c && c <= 0x1f) || c == 0x85 || (c >= 9 && c <= 13) ||
           (cz_unicode_flags_of(c) & CZ_UNICODE_SPACE);
}

cloze_text cz_text_strip(cloze_text text)
{
    size_t begin = 0, end = text.size, at = 0;
    while (begin < end && is_space(cz_utf8_read(text.data, &at)))
        begin = at;
    while (end > begin && is_space(cz_utf8_before(text.data, end)))
        do
            end--;
        while (end > begin && ((unsigned char)text.data[end] & 0xc0) == 0x80);
    return (cloze_text){ text.data + begin, end - begin };
}

static size_t put_lower(char *out, cloze_text text)
{
    size_t used = 0;
    for (size_t at = 0; at < text.size;) {
        uint32_t letters[CZ_UNICODE_LONGEST];
        size_t count = cz_unicode_lower_of(cz_utf8_read(text.data, &at), letters);
        for (size_t i = 0; i < count; i++)
            used += cz_utf8_write(out + used, letters[i]);
    }
    return used;
}

static size_t put(char *out, cloze_text text, bool lower)
{
    if (lower)
        return put_lower(out, text);
    memcpy(out, text.data, text.size);
    return text.size;
}

/* Both parts are well-formed. */
static cloze_status join(cloze_session *session, cloze_text prompt, cloze_text text,
                         cloze_text *out, cloze_error *error)
{
    bool lower = session->model->pipeline.lower_case;
    size_t room;
    if (!prompt.size && !lower) {
        *out = cz_text_strip(text);
        return CLOZE_OK;
    }
    if (!cz_add(prompt.size, text.size, &room) || !cz_multiply(room, lower ? 4 : 1, &room) ||
        !cz_add(room, 1, &room) ||
        !cz_grow(&session->hooks.allocator, (void **)&session->text, &session->text_capacity, room,
                 1))
        return cz_fail_memory(error, "a text", text.size);
    size_t used = put(session->text, prompt, lower);
    if (text.size)
        used += put(session->text + used, text, lower);
    *out = cz_text_strip((cloze_text){ session->text, used });
    return CLOZE_OK;
}

static cloze_status choose(const cloze_model *model, const cloze_embed_options *options,
                           const char **out, cloze_error *error)
{
    const cz_pipeline *pipeline = &model->pipeline;
    *out = options->prompt ? options->prompt : "";
    if (options->prompt)
        return CLOZE_OK;
    if (!options->prompt_name) {
        if (pipeline->default_prompt < pipeline->prompt_count)
            *out = pipeline->prompts[pipeline->default_prompt].text;
        return CLOZE_OK;
    }
    for (size_t i = 0; i < pipeline->prompt_count; i++)
        if (!strcmp(pipeline->prompts[i].name, options->prompt_name)) {
            *out = pipeline->prompts[i].text;
            return CLOZE_OK;
        }
    return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                   "the model has no prompt named \"%.100s\"; cloze info lists those it has",
                   options->prompt_name);
}

/* Rows that the prompt takes at the beginning: its tokens without the closing special one. */
static cloze_status count_rows(cloze_session *session, cloze_text prompt, size_t *out,
                               cloze_error *error)
{
    cloze_tokenize_options how = { .max_length = 0 };
    cloze_text nothing = { "", 0 }, ready;
    cloze_status status = join(session, prompt, nothing, &ready, error);
    if (!status)
        status = cloze_tokenize(session->model->tokenizer, ready, (cloze_text){ NULL, 0 }, &how,
                                session->encoding, error);
    if (status)
        return status;
    cloze_tokens tokens = cloze_encoding_tokens(session->encoding, 0);
    *out = tokens.length - (tokens.length && tokens.special[tokens.length - 1]);
    return CLOZE_OK;
}

cloze_status cz_choose_prompt(cloze_session *session, const cloze_embed_options *options,
                              cz_chosen_prompt *out, cloze_error *error)
{
    const char *text;
    cloze_status status = choose(session->model, options, &text, error);
    if (status)
        return status;
    *out = (cz_chosen_prompt){ { text, strlen(text) }, 0 };
    size_t bad = cz_utf8_check(text, out->text.size);
    if (bad < out->text.size)
        return cz_fail_at(error, CLOZE_ERROR_ARGUMENT, bad, "the prompt is not UTF-8 at byte %zu",
                          bad);
    return out->text.size && session->model->pipeline.exclude_prompt
               ? count_rows(session, out->text, &out->rows, error)
               : CLOZE_OK;
}

cloze_status cz_tokenize_prepared(cloze_session *session, const cz_chosen_prompt *prompt,
                                  cloze_text text, const cloze_tokenize_options *how,
                                  cloze_encoding *encoding, cloze_error *error)
{
    cloze_text ready;
    size_t bad = cz_utf8_check(text.data, text.size);
    if (bad < text.size)
        return cz_fail_at(error, CLOZE_ERROR_TEXT, bad, "not UTF-8 at byte %zu", bad);
    cloze_status status = join(session, prompt->text, text, &ready, error);
    return status ? status
                  : cloze_tokenize(session->model->tokenizer, ready, (cloze_text){ NULL, 0 }, how,
                                   encoding, error);
}

size_t cz_token_limit(const cloze_session *session, const cloze_embed_options *options)
{
    size_t limit = session->model->max_tokens;
    return options->max_tokens && options->max_tokens < limit ? options->max_tokens : limit;
}

cloze_status cloze_embed_tokenize(cloze_session *session, cloze_text text,
                                  const cloze_embed_options *options, cloze_encoding *encoding,
                                  cloze_error *error)
{
    static const cloze_embed_options defaults = { 0 };
    cz_chosen_prompt prompt;
    options = options ? options : &defaults;
    cloze_tokenize_options how = { .max_length = cz_token_limit(session, options),
                                   .overflow = options->long_text == CLOZE_LONG_CHUNK };
    cloze_status status = cz_choose_prompt(session, options, &prompt, error);
    return status ? status : cz_tokenize_prepared(session, &prompt, text, &how, encoding, error);
}
