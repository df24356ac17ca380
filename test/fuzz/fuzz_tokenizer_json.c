/* fuzz_tokenizer_json.c - tokenizer.json; one that is accepted is used. */
#include "tokenize_some.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    if (cz_tokenizer_from_json(&tokenizer, (const char *)data, size, NULL, &error))
        return 0;
    tokenize_some(tokenizer);
    cloze_tokenizer_free(tokenizer);
    return 0;
}
