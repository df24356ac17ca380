/*
 * decode.c - ids to text: the texts of the tokens go through the decoder's steps (decode_steps.c),
 * and what is left of them is joined.
 */
#include "text/parts.h"

#include "text/decode.h"

static cloze_status no_memory(size_t count, cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory while decoding %zu ids", count);
}

/* Hands out what the steps leave of `strings`, which it clears. Without a decoder a space stands
 * between tokens. */
static cloze_status hand_out(const cloze_tokenizer *tokenizer, cz_strings *strings, bool made,
                             char **out, size_t *size, cloze_error *error)
{
    const cz_decoder *decoder = &tokenizer->decoder;
    const cloze_allocator *allocator = &tokenizer->hooks.allocator;
    size_t count = strings->count;
    cz_allowance allowance = cz_allowance_at_first();
    cloze_status status = made ? CLOZE_OK : no_memory(count, error);
    if (!status && strings->size > CZ_TEXT_LIMIT)
        status = cz_fail(error, CLOZE_ERROR_LIMIT, "%zu ids are a text of more than %d bytes",
                         count, (int)CZ_TEXT_LIMIT);
    if (!status)
        cz_allowance_add(&allowance, strings->size);
    for (size_t i = 0; !status && i < decoder->count; i++)
        status = cz_decode_step_apply(&decoder->steps[i], strings, allocator, &allowance, error);
    if (!status && !decoder->count && !cz_strings_space(strings, allocator))
        status = no_memory(count, error);
    if (!status && !cz_strings_append(strings, allocator, "", 1))
        status = no_memory(count, error);
    if (!status) {
        *out = strings->data;
        *size = strings->size - 1;
        strings->data = NULL;
    }
    cz_strings_clear(strings, allocator);
    return status;
}

cloze_status cloze_tokenizer_decode(const cloze_tokenizer *tokenizer, const uint32_t *ids,
                                    size_t count, bool skip_special, char **out, size_t *size,
                                    cloze_error *error)
{
    cz_strings strings = { 0 };
    bool made = true;
    for (size_t i = 0; i < count && made; i++) {
        cloze_text piece = cloze_tokenizer_token(tokenizer, ids[i]);
        const cz_added_token *added =
            piece.data ? cz_added_by_text(&tokenizer->added, piece) : NULL;
        if (!piece.data || (skip_special && added && added->special))
            continue;
        made = cz_strings_put(&strings, &tokenizer->hooks.allocator, piece.data, piece.size);
    }
    return hand_out(tokenizer, &strings, made, out, size, error);
}

cloze_status cz_tokenizer_join(const cloze_tokenizer *tokenizer, const cloze_text *pieces,
                               size_t count, char **out, size_t *size, cloze_error *error)
{
    cz_strings strings = { 0 };
    bool made = true;
    for (size_t i = 0; i < count && made; i++)
        made =
            cz_strings_put(&strings, &tokenizer->hooks.allocator, pieces[i].data, pieces[i].size);
    return hand_out(tokenizer, &strings, made, out, size, error);
}

void cloze_tokenizer_release_text(const cloze_tokenizer *tokenizer, char *text)
{
    cz_release(&tokenizer->hooks.allocator, text);
}
