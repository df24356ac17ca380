/* fuzz_merges.c - tokenizer_config.json, vocab.json and merges.txt, with a zero byte between them. */
#include "tokenize_some.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cloze_text parts[3] = { { NULL, 0 }, { "", 0 }, { "", 0 } };
    const char *at = (const char *)data, *end = at + size;
    cz_tokenizer_files files = { .class_name = "RobertaTokenizer" };
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    for (size_t i = 0; i < 3 && size && at <= end; i++) {
        const char *zero = i < 2 && at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;
        parts[i] = (cloze_text){ at, (size_t)((zero ? zero : end) - at) };
        at = (zero ? zero : end) + 1;
    }
    if (parts[0].size)
        files.config = parts[0];
    files.vocabulary = parts[1];
    files.merges = parts[2];
    if (cz_tokenizer_from_files(&tokenizer, &files, NULL, &error))
        return 0;
    tokenize_some(tokenizer);
    cloze_tokenizer_free(tokenizer);
    return 0;
}
