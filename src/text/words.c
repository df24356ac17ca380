/*
 * words.c - the words of a text as the model would get them, given out instead of being cut. They
 * go the whole way of the tokenizer, so that what a vocabulary is trained on is what it will meet.
 */
#include "text/parts.h"

static cloze_status give(cloze_encoding *encoding, const char *word, size_t size,
                         cloze_error *error)
{
    if (!size || encoding->take(encoding->take_context, word, size))
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory for the words of a text");
}

cloze_status cz_give_word(cloze_encoding *encoding, const char *word, size_t size,
                          cz_word_pieces *out, cloze_error *error)
{
    *out = (cz_word_pieces){ NULL, NULL, 0 };
    return give(encoding, word, size, error);
}

cloze_status cz_give_ascii(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                           cloze_text text, size_t begin, size_t end, cloze_error *error)
{
    const char *word = text.data + begin;
    if (tokenizer->lower_mask) {
        if (!cz_grow(&encoding->hooks.allocator, (void **)&encoding->bytes,
                     &encoding->bytes_capacity, end - begin, 1))
            return cz_text_memory(error);
        for (size_t i = begin; i < end; i++) {
            char c = text.data[i];
            encoding->bytes[i - begin] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
        word = encoding->bytes;
    }
    return give(encoding, word, end - begin, error);
}

cloze_status cz_tokenizer_words(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                cloze_text text, cz_take_word *take, void *context,
                                cloze_error *error)
{
    cloze_status status;
    encoding->take = take;
    encoding->take_context = context;
    encoding->windows = 0;
    encoding->parts[0].count = encoding->parts[1].count = 0;
    encoding->words = 0;
    encoding->allowance = cz_allowance_at_first();
    status = cz_tokenize_text(tokenizer, encoding, text, &encoding->parts[0], error);
    encoding->take = NULL;
    return status;
}
