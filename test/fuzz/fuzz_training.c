/*
 * fuzz_training.c - any bytes as texts to train a vocabulary on, one a line; the first bytes choose
 * the options. What is trained must open, and hold every token under its id.
 */
#include "base/error.h"
#include "learn/writing.h"
#include "tokenize_some.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_trained(const cloze_vocabulary *vocabulary)
{
    cz_buffer json = { NULL, NULL, 0, 0, false };
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    cz_vocabulary_json(vocabulary, &json);
    if (cz_tokenizer_from_json(&tokenizer, json.data, json.size, NULL, &error))
        abort();
    for (uint32_t i = 0; i < cloze_vocabulary_size(vocabulary); i++) {
        uint32_t id = UINT32_MAX;
        if (!cloze_tokenizer_id(tokenizer, cloze_vocabulary_token(vocabulary, i), &id) || id != i)
            abort();
    }
    tokenize_some(tokenizer);
    cloze_tokenizer_free(tokenizer);
    cz_buffer_clear(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cloze_vocabulary *vocabulary = NULL;
    cloze_status status = CLOZE_OK;
    if (size < 4 || size > 4096)
        return 0;
    const char *line = (const char *)data + 4, *end = (const char *)data + size;
    cloze_text special = { line, data[3] & 7u };
    if (special.size > size - 4)
        special.size = size - 4;
    cloze_vocabulary_options options = {
        .kind = (cloze_vocabulary_kind)(data[0] & 3),
        .lower = data[0] & 4,
        .size = 10 + data[1] * 4u,
        .min_frequency = data[2] & 7u,
        .longest = data[0] & 8 ? 1 + (data[0] >> 5) : 0,
        .alphabet = data[0] & 16 ? 1 + (data[2] >> 3) : 0,
        .special = &special,
        .special_count = data[3] >> 7,
    };
    if (cloze_vocabulary_new(&vocabulary, &options, NULL))
        return 0;
    while (!status && line < end) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        cloze_text text = { line, (size_t)((next ? next : end) - line) };
        status = cloze_vocabulary_add(vocabulary, &text, 1, NULL);
        line = next ? next + 1 : end;
    }
    if (!cloze_vocabulary_train(vocabulary, NULL))
        open_trained(vocabulary);
    cloze_vocabulary_free(vocabulary);
    return 0;
}
