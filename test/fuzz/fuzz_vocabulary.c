/* fuzz_vocabulary.c - vocab.txt, up to the first zero byte; a tokenizer_config.json after it. */
#include "tokenize_some.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *config = size ? memchr(text, 0, size) : NULL;
    size_t first = config ? (size_t)(config - text) : size;
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    if (cz_tokenizer_from_vocabulary(&tokenizer, text, first, config ? config + 1 : NULL,
                                     config ? size - first - 1 : 0, NULL, &error))
        return 0;
    tokenize_some(tokenizer);
    cloze_tokenizer_free(tokenizer);
    return 0;
}
