/*
 * vocabulary_json.c - the vocabulary of a tokenizer.json, read straight from the text.
 *
 * A tree of 30,000 members costs a general parser most of the start-up time, so the one large
 * value, model.vocab, is read here, strictly, and a copy of the document with an empty one in its
 * place goes to the JSON library. It is an object of ids, or an array of tokens with scores
 * (Unigram), whose ids are their places. Whole numbers of more than 18 digits (a model_max_length of
 * 1e30 written out) get an exponent in the copy, because the library refuses them as integers.
 */
#include "text/loaders.h"

enum { LEVELS = 3, DIGITS = 18 };

typedef struct vocabulary_reader {
    const char *json;
    size_t size, at;
    const char *name;
    cz_vocabulary *vocabulary;
    const cloze_allocator *allocator;
    bool seen; /* the vocabulary */
    char *rest;
    size_t rest_size, rest_capacity, copied;
} vocabulary_reader;

static cloze_status wrong(const vocabulary_reader *reader, const char *what, cloze_error *error)
{
    return cz_fail_at(error, CLOZE_ERROR_FORMAT, reader->at, "%.200s: %s at byte %zu", reader->name,
                      what, reader->at);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(vocabulary_reader *reader)
{
    while (reader->at < reader->size && is_blank(reader->json[reader->at]))
        reader->at++;
}

/* Takes `c` after blanks; false if something else is there. */
static bool take(vocabulary_reader *reader, char c)
{
    skip_blanks(reader);
    if (reader->at >= reader->size || reader->json[reader->at] != c)
        return false;
    reader->at++;
    return true;
}

/* Four hex digits at `at`; false if they are not. */
static bool read_hex(const vocabulary_reader *reader, size_t at, uint32_t *out)
{
    uint32_t value = 0;
    if (reader->size - at < 4 || at > reader->size)
        return false;
    for (size_t i = 0; i < 4; i++) {
        char c = reader->json[at + i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit > 15)
            return false;
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

/* The character of "\uXXXX" (or of a pair of them), reader->at behind the 'u'; 0 if it is wrong. */
static uint32_t read_escaped(vocabulary_reader *reader)
{
    uint32_t high, low;
    if (!read_hex(reader, reader->at, &high))
        return 0;
    reader->at += 4;
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    if (high > 0xDBFF || reader->size - reader->at < 6 || reader->json[reader->at] != '\\' ||
        reader->json[reader->at + 1] != 'u' || !read_hex(reader, reader->at + 2, &low) ||
        low < 0xDC00 || low > 0xDFFF)
        return 0;
    reader->at += 6;
    return 0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00);
}

/* The rest of a string with escapes into `out`; reader->at is at the first backslash. */
static cloze_status read_with_escapes(vocabulary_reader *reader, char out[CZ_TOKEN_LIMIT + 4],
                                      size_t *size, cloze_error *error)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    while (reader->at < reader->size && *size <= CZ_TOKEN_LIMIT) {
        char c = reader->json[reader->at++];
        const char *letter;
        uint32_t code;
        if (c == '"')
            return CLOZE_OK;
        if ((unsigned char)c < 0x20)
            break;
        if (c != '\\') {
            out[(*size)++] = c;
            continue;
        }
        c = reader->at < reader->size ? reader->json[reader->at++] : 0;
        letter = c ? strchr(letters, c) : NULL;
        if (letter) {
            out[(*size)++] = values[letter - letters];
            continue;
        }
        code = c == 'u' ? read_escaped(reader) : 0;
        if (!code)
            break;
        *size += cz_utf8_put(out + *size, code);
    }
    return wrong(reader, "the vocabulary has a damaged or overlong token", error);
}

/* A string after its opening quote: borrowed from the text, or unescaped into `buffer`. */
static cloze_status read_token(vocabulary_reader *reader, char buffer[CZ_TOKEN_LIMIT + 4],
                               cloze_text *token, cloze_error *error)
{
    const char *begin = reader->json + reader->at;
    size_t size = 0, left = reader->size - reader->at;
    while (size < left && begin[size] != '"' && begin[size] != '\\' &&
           (unsigned char)begin[size] >= 0x20)
        size++;
    if (size > CZ_TOKEN_LIMIT)
        return wrong(reader, "a token of the vocabulary is longer than 1024 bytes", error);
    reader->at += size;
    *token = (cloze_text){ begin, size };
    if (size < left && begin[size] == '"') {
        reader->at++;
        return CLOZE_OK;
    }
    memcpy(buffer, begin, size);
    token->data = buffer;
    token->size = size;
    return read_with_escapes(reader, buffer, &token->size, error);
}

/* A whole number from 0. */
static bool read_id(vocabulary_reader *reader, uint32_t *id)
{
    uint64_t value = 0;
    size_t begin;
    skip_blanks(reader);
    begin = reader->at;
    while (reader->at < reader->size && reader->json[reader->at] >= '0' &&
           reader->json[reader->at] <= '9' && reader->at - begin < 10)
        value = value * 10 + (uint64_t)(reader->json[reader->at++] - '0');
    if (reader->at == begin || (reader->json[begin] == '0' && reader->at - begin > 1) ||
        value > UINT32_MAX)
        return false;
    *id = (uint32_t)value;
    return true;
}

static cloze_status read_entry(vocabulary_reader *reader, cloze_error *error)
{
    char buffer[CZ_TOKEN_LIMIT + 4];
    size_t most = reader->size / 5 * 2 + 256; /* an entry has five bytes or more */
    bool existed;
    uint32_t id;
    cloze_text token = { NULL, 0 };
    cloze_status status;
    if (!take(reader, '"'))
        return wrong(reader, "the vocabulary needs a token in quotes", error);
    status = read_token(reader, buffer, &token, error);
    if (status)
        return status;
    if (!take(reader, ':') || !read_id(reader, &id))
        return wrong(reader, "the vocabulary needs a whole number as id", error);
    if (id >= most || id >= CZ_VOCABULARY_LIMIT)
        return wrong(reader, "an id of the vocabulary is far larger than the vocabulary", error);
    if (cz_vocabulary_token_of(reader->vocabulary, id).data)
        return wrong(reader, "two tokens of the vocabulary have the same id", error);
    if (!cz_vocabulary_put(reader->vocabulary, token.data, token.size, id, &existed))
        return cz_text_memory(error);
    return existed ? wrong(reader, "the vocabulary has a token twice", error) : CLOZE_OK;
}

static bool read_score(vocabulary_reader *reader, double *score)
{
    skip_blanks(reader);
    return cz_read_score(reader->json, reader->size, &reader->at, score);
}

static cloze_status read_scored(vocabulary_reader *reader, cloze_error *error)
{
    char buffer[CZ_TOKEN_LIMIT + 4];
    cz_vocabulary *vocabulary = reader->vocabulary;
    size_t id = vocabulary->scored;
    cloze_text token = { NULL, 0 };
    cloze_status status;
    bool existed;
    if (!take(reader, '[') || !take(reader, '"'))
        return wrong(reader, "the vocabulary needs pairs of a token and its score", error);
    status = read_token(reader, buffer, &token, error);
    if (status)
        return status;
    if (id >= CZ_VOCABULARY_LIMIT)
        return wrong(reader, "the vocabulary has too many tokens", error);
    if (!cz_grow(reader->allocator, (void **)&vocabulary->scores, &vocabulary->scores_capacity,
                 id + 1, sizeof *vocabulary->scores))
        return cz_text_memory(error);
    if (!take(reader, ',') || !read_score(reader, &vocabulary->scores[id]) || !take(reader, ']'))
        return wrong(reader, "the vocabulary needs a finite number as score", error);
    vocabulary->scored++;
    return cz_vocabulary_put(vocabulary, token.data, token.size, (uint32_t)id, &existed)
               ? CLOZE_OK
               : cz_text_memory(error);
}

/* The array whose '[' is at reader->at; a token may be there twice, the last counts. */
static cloze_status read_scores(vocabulary_reader *reader, cloze_error *error)
{
    size_t left = reader->size - reader->at;
    if (reader->seen)
        return wrong(reader, "a second vocabulary", error);
    reader->seen = true;
    reader->at++;
    if (!cz_vocabulary_init(reader->vocabulary, reader->allocator, left / 24, left / 2 + 16))
        return cz_text_memory(error);
    if (take(reader, ']'))
        return CLOZE_OK;
    do {
        cloze_status status = read_scored(reader, error);
        if (status)
            return status;
    } while (take(reader, ','));
    return take(reader, ']')
               ? CLOZE_OK
               : wrong(reader, "the vocabulary needs a comma or a closing bracket", error);
}

/* The object whose '{' is at reader->at. */
static cloze_status read_vocabulary(vocabulary_reader *reader, cloze_error *error)
{
    size_t left = reader->size - reader->at;
    cloze_status status;
    if (reader->seen)
        return wrong(reader, "a second vocabulary", error);
    reader->seen = true;
    reader->at++;
    if (!cz_vocabulary_init(reader->vocabulary, reader->allocator, left / 14, left / 2 + 16))
        return cz_text_memory(error);
    if (take(reader, '}'))
        return CLOZE_OK;
    do {
        status = read_entry(reader, error);
        if (status)
            return status;
    } while (take(reader, ','));
    if (!take(reader, '}'))
        return wrong(reader, "the vocabulary needs a comma or a closing brace", error);
    if (reader->vocabulary->limit > 2 * reader->vocabulary->count + 256)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "%.200s: the largest id is %zu, but there are only %zu tokens", reader->name,
                       reader->vocabulary->limit - 1, reader->vocabulary->count);
    return CLOZE_OK;
}

/* Copies what was passed over up to `end`, then `more`, and goes on behind reader->at. */
static bool copy_until(vocabulary_reader *reader, size_t end, const char *more)
{
    size_t size = end - reader->copied, more_size = strlen(more);
    if (!cz_grow(reader->allocator, (void **)&reader->rest, &reader->rest_capacity,
                 reader->rest_size + size + more_size + 1, 1))
        return false;
    memcpy(reader->rest + reader->rest_size, reader->json + reader->copied, size);
    memcpy(reader->rest + reader->rest_size + size, more, more_size + 1);
    reader->rest_size += size + more_size;
    reader->copied = reader->at;
    return true;
}

/* reader->at is at a digit: passes the number, marking a long whole one as a real. */
static bool pass_number(vocabulary_reader *reader)
{
    size_t begin = reader->at;
    bool whole = true;
    for (; reader->at < reader->size; reader->at++) {
        char c = reader->json[reader->at];
        if (c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-')
            whole = false;
        else if (c < '0' || c > '9')
            break;
    }
    return !whole || reader->at - begin <= DIGITS || copy_until(reader, reader->at, "e0");
}

/* reader->at is behind an opening quote: passes the string. */
static void pass_string(vocabulary_reader *reader)
{
    while (reader->at < reader->size && reader->json[reader->at] != '"')
        reader->at += reader->json[reader->at] == '\\' ? 2 : 1;
    if (reader->at < reader->size)
        reader->at++;
    else
        reader->at = reader->size;
}

static bool equals(const vocabulary_reader *reader, cz_span span, const char *name)
{
    return span.end - span.begin == strlen(name) &&
           !memcmp(reader->json + span.begin, name, span.end - span.begin);
}

static cloze_status walk(vocabulary_reader *reader, cloze_error *error)
{
    cz_span keys[LEVELS] = { { 0, 0 } }, last = { 0, 0 };
    size_t depth = 0;
    while (reader->at < reader->size) {
        char c = reader->json[reader->at];
        if ((c == '{' || c == '[') && depth == 2 && equals(reader, keys[1], "model") &&
            equals(reader, keys[2], "vocab") && reader->vocabulary) {
            size_t begin = reader->at;
            cloze_status status =
                c == '{' ? read_vocabulary(reader, error) : read_scores(reader, error);
            if (status)
                return status;
            if (!copy_until(reader, begin, c == '{' ? "{}" : "[]"))
                return cz_text_memory(error);
            continue;
        }
        if (c >= '0' && c <= '9') {
            if (!pass_number(reader))
                return cz_text_memory(error);
            continue;
        }
        reader->at++;
        if (c == '"') {
            last.begin = reader->at;
            pass_string(reader);
            last.end = reader->at - 1;
        } else if (c == ':' && depth < LEVELS) {
            keys[depth] = last;
        } else if (c == '{' || c == '[') {
            depth++;
            if (depth < LEVELS)
                keys[depth] = (cz_span){ 0, 0 };
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    return copy_until(reader, reader->size, "") ? CLOZE_OK : cz_text_memory(error);
}

cloze_status cz_cut_vocabulary(cz_vocabulary *vocabulary, const cloze_allocator *allocator,
                               const char *json, size_t size, const char *name, char **rest,
                               size_t *rest_size, cloze_error *error)
{
    vocabulary_reader reader = {
        .json = json, .size = size, .name = name, .vocabulary = vocabulary, .allocator = allocator
    };
    cloze_status status = CLOZE_OK;
    reader.at = cz_utf8_check(json, size);
    if (reader.at < size)
        status = wrong(&reader, "a byte that is not UTF-8", error);
    reader.at = 0;
    if (!status)
        status = walk(&reader, error);
    if (status) {
        cz_release(allocator, reader.rest);
        return status;
    }
    *rest = reader.rest;
    *rest_size = reader.rest_size;
    return CLOZE_OK;
}

cloze_status cz_read_vocabulary(cz_vocabulary *vocabulary, const cloze_allocator *allocator,
                                const char *json, size_t size, const char *name, cloze_error *error)
{
    vocabulary_reader reader = {
        .json = json, .size = size, .name = name, .vocabulary = vocabulary, .allocator = allocator
    };
    cloze_status status;
    reader.at = cz_utf8_check(json, size);
    if (reader.at < size)
        return wrong(&reader, "a byte that is not UTF-8", error);
    reader.at = 0;
    skip_blanks(&reader);
    if (reader.at == size || json[reader.at] != '{')
        return wrong(&reader, "an object of tokens and their ids is needed", error);
    status = read_vocabulary(&reader, error);
    skip_blanks(&reader);
    if (!status && reader.at < size)
        status = wrong(&reader, "something behind the vocabulary", error);
    return status;
}
