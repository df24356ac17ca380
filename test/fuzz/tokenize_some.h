/* tokenize_some.h - a tokenizer that was accepted must tokenize and decode without trouble. */
#ifndef CZ_FUZZ_TOKENIZE_SOME_H
#define CZ_FUZZ_TOKENIZE_SOME_H

#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

static void tokenize_one(const cloze_tokenizer *tokenizer, const char *text, size_t size,
                         const cloze_tokenize_options *options)
{
    cloze_encoding *encoding = NULL;
    cloze_text given = { text, size }, nothing = { NULL, 0 };
    char *decoded = NULL;
    size_t decoded_size = 0;
    if (cloze_encoding_new(&encoding, NULL, NULL))
        return;
    if (!cloze_tokenize(tokenizer, given, nothing, options, encoding, NULL)) {
        size_t windows = cloze_encoding_windows(encoding);
        for (size_t w = 0; w < windows; w++) {
            cloze_tokens tokens = cloze_encoding_tokens(encoding, w);
            for (size_t i = 0; i < tokens.length; i++)
                if (tokens.ids[i] >= cloze_tokenizer_size(tokenizer) ||
                    (tokens.offsets && (tokens.offsets[i].begin > tokens.offsets[i].end ||
                                        tokens.offsets[i].end > size)))
                    abort();
            if (!cloze_tokenizer_decode(tokenizer, tokens.ids, tokens.length, w & 1, &decoded,
                                        &decoded_size, NULL))
                cloze_tokenizer_release_text(tokenizer, decoded);
        }
    }
    cloze_encoding_free(encoding);
}

static inline void tokenize_some(const cloze_tokenizer *tokenizer)
{
    static const char *const texts[] = { "", "Hello, world! the cats",
                                         "caf\xc3\xa9 \xe4\xb8\xad\xe6\x96\x87 e\xcc\x81 [MASK]" };
    const cloze_tokenize_options plain = { 0 }, tight = { .max_length = 5, .stride = 1,
                                                          .overflow = true };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tokenize_one(tokenizer, texts[i], strlen(texts[i]), &plain);
        tokenize_one(tokenizer, texts[i], strlen(texts[i]), &tight);
    }
}

#endif
