/* fuzz_merges.c - tokenizer_config.json, vocab.json, merges.txt, special_tokens_map.json and
 * added_tokens.json, with a zero byte between them; the last ones may be missing. */
#include "tokenize_some.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { PARTS = 5 };
    cloze_text parts[PARTS] = { [1] = { "", 0 }, [2] = { "", 0 } };
    const char *at = (const char *)data, *end = at + size;
    cz_tokenizer_files files = { .class_name = "RobertaTokenizer" };
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    for (size_t i = 0; i < PARTS && size && at <= end; i++) {
        const char *zero = i < PARTS - 1 && at < end ? memchr(at, 0, (size_t)(end - at)) : NULL;
        parts[i] = (cloze_text){ at, (size_t)((zero ? zero : end) - at) };
        at = (zero ? zero : end) + 1;
    }
    if (parts[0].size)
        files.config = parts[0];
    files.vocabulary = parts[1];
    files.merges = parts[2];
    files.special = parts[3];
    files.added = parts[4];
    if (cz_tokenizer_from_files(&tokenizer, &files, NULL, &error))
        return 0;
    tokenize_some(tokenizer);
    cloze_tokenizer_free(tokenizer);
    return 0;
}
