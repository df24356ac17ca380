/*
 * fuzz_text.c - any bytes as a text. The first byte chooses the options. What is accepted is
 * tokenized twice, with and without offsets: the ids must be the same.
 */
#include "tokenize_some.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char vocabulary[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\n##s\nhello\nworld\n"
    "a\nb\nc\n##a\n##b\n##c\n,\n.\n!\ncafe\n\xe4\xb8\xad\n##\xcc\x81\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *whole = NULL, *ids = NULL;
    cloze_text nothing = { NULL, 0 };
    if (!size)
        return 0;
    cloze_tokenize_options options = {
        .max_length = data[0] & 1 ? 3 + (data[0] >> 4) : 0,
        .truncate_left = data[0] & 2,
        .overflow = data[0] & 4,
        .no_special_tokens = data[0] & 8,
    };
    cloze_text text = { (const char *)data + 1, size - 1 };
    if (!cz_tokenizer_from_vocabulary(&tokenizer, vocabulary, sizeof vocabulary - 1, NULL, 0, NULL,
                                      NULL) &&
        !cloze_encoding_new(&whole, NULL, NULL) && !cloze_encoding_new(&ids, NULL, NULL)) {
        cloze_status first = cloze_tokenize(tokenizer, text, nothing, &options, whole, NULL);
        options.ids_only = true;
        cloze_status second = cloze_tokenize(tokenizer, text, nothing, &options, ids, NULL);
        if (first != second ||
            (!first && cloze_encoding_windows(whole) != cloze_encoding_windows(ids)))
            abort();
        for (size_t w = 0; !first && w < cloze_encoding_windows(whole); w++) {
            cloze_tokens a = cloze_encoding_tokens(whole, w), b = cloze_encoding_tokens(ids, w);
            if (a.length != b.length ||
                (a.length && memcmp(a.ids, b.ids, a.length * sizeof *a.ids)))
                abort();
        }
        options.ids_only = false;
        tokenize_one(tokenizer, text.data, text.size, &options);
    }
    cloze_encoding_free(whole);
    cloze_encoding_free(ids);
    cloze_tokenizer_free(tokenizer);
    return 0;
}
