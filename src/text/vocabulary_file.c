/* vocabulary_file.c - vocab.txt: one token a line, its number is the id; of equal lines the last
 * counts, as for the package. Lines end with LF, CR LF or CR. */
#include "text/loaders.h"

static size_t line_size(const char *text, size_t size)
{
    size_t i = 0;
    while (i < size && text[i] != '\n' && text[i] != '\r')
        i++;
    return i;
}

static size_t ending_size(const char *text, size_t size)
{
    return size > 1 && text[0] == '\r' && text[1] == '\n' ? 2 : size > 0;
}

static cloze_status add_lines(cloze_tokenizer *tokenizer, const char *text, size_t size,
                              const char *name, cloze_error *error)
{
    cz_vocabulary *vocabulary = &tokenizer->model.vocabulary;
    uint32_t id = 0;
    for (size_t at = 0; at < size; id++) {
        size_t length = line_size(text + at, size - at);
        bool existed;
        if (length > CZ_TOKEN_LIMIT)
            return cz_fail_at(error, CLOZE_ERROR_LIMIT, at,
                              "%.300s: line %u has %zu bytes, at most %d are allowed", name,
                              (unsigned)id + 1, length, (int)CZ_TOKEN_LIMIT);
        if (id == CZ_VOCABULARY_LIMIT)
            return cz_fail_at(error, CLOZE_ERROR_LIMIT, at, "%.300s: more than %d lines", name,
                              (int)CZ_VOCABULARY_LIMIT);
        if (!cz_vocabulary_put(vocabulary, text + at, length, id, &existed))
            return cz_text_memory(error);
        if (existed)
            cz_log(&tokenizer->hooks, CLOZE_LOG_NOTE, "%.300s: line %u repeats a token", name,
                   (unsigned)id + 1);
        at += length;
        at += ending_size(text + at, size - at);
    }
    return CLOZE_OK;
}

cloze_status cz_load_vocabulary(cloze_tokenizer *tokenizer, const char *text, size_t size,
                                const char *name, cloze_error *error)
{
    cz_wordpiece *model = &tokenizer->model;
    cz_decode_step *step = &tokenizer->decoder.steps[0];
    size_t good = cz_utf8_check(text, size);
    cloze_status status;
    if (good < size)
        return cz_fail_at(error, CLOZE_ERROR_FORMAT, good, "%.300s: not UTF-8 at byte %zu", name,
                          good);
    if (!size)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "%.300s: the vocabulary is empty", name);
    if (!cz_vocabulary_init(&model->vocabulary, &tokenizer->hooks.allocator, size / 7, size))
        return cz_text_memory(error);
    status = add_lines(tokenizer, text, size, name, error);
    model->word_limit = 100;
    if (!status)
        status = cz_set_text(tokenizer, &model->prefix, &model->prefix_size,
                             (cloze_text){ "##", 2 }, error);
    if (!status)
        status = cz_set_text(tokenizer, &step->text[0].data, &step->text[0].size,
                             (cloze_text){ "##", 2 }, error);
    step->cleanup = true; /* it is a CZ_DECODE_WORDPIECE */
    tokenizer->decoder.count = 1;
    tokenizer->splitter = (cz_splitter){ .spaces = true, .punctuation = true };
    return status;
}
