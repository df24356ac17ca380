/*
 * test_trained.c - small tokenizers that the package's own trainers made, each with rare options
 * (tools/golden/make_tokenizers.py): every token, offset, word and decoded text of some cases, and
 * hashes over the lines of text files in many languages.
 */
#include "encoding_hash.h"
#include "text/tokenizer.h"
#include "vocabularies.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char *read_named(const char *variable, const char *folder, const char *name, size_t *size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", getenv(variable), folder, name);
    return read_whole(path, size);
}

static cloze_tokenizer *open_named(const char *name)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    char file[256], *text;
    size_t size;
    snprintf(file, sizeof file, "%s.json", name);
    text = read_named("CLOZE_TEST_DATA", "golden/tokenizers/", file, &size);
    assert_non_null(text);
    if (cz_tokenizer_from_json(&tokenizer, text, size, NULL, &error))
        fail_msg("%s: %s", name, error.message);
    free(text);
    return tokenizer;
}

/* The names in lines.txt, each once, in its order. */
static size_t read_names(char names[32][64])
{
    char path[4096], name[64];
    size_t count = 0;
    FILE *golden;
    snprintf(path, sizeof path, "%s/golden/tokenizers/lines.txt", getenv("CLOZE_TEST_DATA"));
    golden = fopen(path, "r");
    assert_non_null(golden);
    assert_int_equal(fscanf(golden, "#%*[^\n]\n"), 0);
    while (fscanf(golden, "%63s %*s %*s %*s", name) == 1)
        if (!count || strcmp(name, names[count - 1])) {
            assert_true(count < 32);
            memcpy(names[count++], name, sizeof name);
        }
    fclose(golden);
    return count;
}

static long long number_at(const json_t *list, size_t index)
{
    const json_t *value = json_array_get(list, index);
    return json_is_null(value) ? -1 : json_integer_value(value);
}

static bool same_tokens(const json_t *wanted, const cloze_encoding *encoding, cloze_text text)
{
    cloze_tokens tokens = cloze_encoding_tokens(encoding, 0);
    if (json_array_size(json_array_get(wanted, 1)) != tokens.length)
        return false;
    cloze_offsets_to_code_points(text, (cloze_token_offset *)(uintptr_t)tokens.offsets,
                                 tokens.length);
    for (size_t i = 0; i < tokens.length; i++)
        if (number_at(json_array_get(wanted, 1), i) != tokens.ids[i] ||
            number_at(json_array_get(wanted, 2), 2 * i) != (long long)tokens.offsets[i].begin ||
            number_at(json_array_get(wanted, 2), 2 * i + 1) != (long long)tokens.offsets[i].end ||
            number_at(json_array_get(wanted, 3), i) != tokens.words[i])
            return false;
    return true;
}

static bool same_text(const json_t *wanted, const cloze_tokenizer *tokenizer,
                      const cloze_encoding *encoding, bool skip)
{
    cloze_tokens tokens = cloze_encoding_tokens(encoding, 0);
    char *text;
    size_t size;
    bool same;
    assert_int_equal(
        cloze_tokenizer_decode(tokenizer, tokens.ids, tokens.length, skip, &text, &size, NULL),
        CLOZE_OK);
    same = size == json_string_length(wanted) && !memcmp(text, json_string_value(wanted), size);
    cloze_tokenizer_release_text(tokenizer, text);
    return same;
}

static unsigned check_cases(const char *name, const cloze_tokenizer *tokenizer,
                            cloze_encoding *encoding)
{
    char file[256], *data;
    size_t size;
    unsigned wrong = 0;
    json_t *cases;
    snprintf(file, sizeof file, "%s.cases.json", name);
    data = read_named("CLOZE_TEST_DATA", "golden/tokenizers/", file, &size);
    assert_non_null(data);
    cases = json_loadb(data, size, JSON_ALLOW_NUL, NULL);
    free(data);
    assert_true(json_array_size(cases) > 100);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *wanted = json_array_get(cases, i), *first = json_array_get(wanted, 0);
        cloze_text text = { json_string_value(first), json_string_length(first) };
        cloze_text none = { NULL, 0 };
        cloze_error error;
        if (cloze_tokenize(tokenizer, text, none, NULL, encoding, &error))
            fail_msg("%s, case %zu: %s", name, i, error.message);
        if (!same_tokens(wanted, encoding, text) ||
            !same_text(json_array_get(wanted, 4), tokenizer, encoding, false) ||
            !same_text(json_array_get(wanted, 5), tokenizer, encoding, true)) {
            print_error("%s: case %zu differs from the package\n", name, i);
            wrong++;
        }
    }
    json_decref(cases);
    return wrong;
}

static void every_case_is_as_the_package_has_it(void **state)
{
    char names[32][64];
    size_t count = read_names(names);
    cloze_encoding *encoding = NULL;
    unsigned wrong = 0;
    (void)state;
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    for (size_t i = 0; i < count; i++) {
        cloze_tokenizer *tokenizer = open_named(names[i]);
        wrong += check_cases(names[i], tokenizer, encoding);
        cloze_tokenizer_free(tokenizer);
    }
    cloze_encoding_free(encoding);
    assert_int_equal(wrong, 0);
    assert_true(count >= 10);
}

static uint32_t crc32_of(const char *data, size_t size)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < size; i++) {
        crc ^= (unsigned char)data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

typedef struct hashes {
    encoding_hash tokens, decoded;
} hashes;

static void add_line(hashes *sums, const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                     cloze_text line)
{
    cloze_text none = { NULL, 0 };
    cloze_tokens tokens;
    cloze_error error;
    char *text;
    size_t size;
    cloze_status status = cloze_tokenize(tokenizer, line, none, NULL, encoding, &error);
    if (status == CLOZE_ERROR_TEXT)
        return; /* not UTF-8 */
    if (status)
        fail_msg("%s", error.message);
    hash_encoding(&sums->tokens, encoding, line);
    tokens = cloze_encoding_tokens(encoding, 0);
    assert_int_equal(
        cloze_tokenizer_decode(tokenizer, tokens.ids, tokens.length, false, &text, &size, NULL),
        CLOZE_OK);
    hash_value(&sums->decoded, crc32_of(text, size));
    cloze_tokenizer_release_text(tokenizer, text);
}

static hashes hash_lines(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                         const char *data, size_t size)
{
    hashes sums = { { 0, 0 }, { 0, 0 } };
    for (size_t at = 0; at <= size;) {
        const char *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
        cloze_text line = { data + at, end ? (size_t)(end - data) - at : size - at };
        add_line(&sums, tokenizer, encoding, line);
        at += line.size + 1;
    }
    return sums;
}

static void every_line_is_as_the_package_has_it(void **state)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    char path[4096], opened[64] = "", name[64], source[256];
    unsigned long long tokens, decoded;
    unsigned checked = 0, wrong = 0;
    FILE *golden;
    (void)state;
    if (!getenv("CLOZE_DATA") || !*getenv("CLOZE_DATA")) {
        printf("skipped: CLOZE_DATA is not set\n");
        skip();
    }
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    snprintf(path, sizeof path, "%s/golden/tokenizers/lines.txt", getenv("CLOZE_TEST_DATA"));
    golden = fopen(path, "r");
    assert_non_null(golden);
    assert_int_equal(fscanf(golden, "#%*[^\n]\n"), 0);
    while (fscanf(golden, "%63s %255s %llx %llx", name, source, &tokens, &decoded) == 4) {
        size_t size;
        char *data = read_named("CLOZE_DATA", "", source, &size);
        hashes sums;
        assert_non_null(data);
        if (strcmp(name, opened)) {
            cloze_tokenizer_free(tokenizer);
            tokenizer = open_named(name);
            snprintf(opened, sizeof opened, "%s", name);
        }
        sums = hash_lines(tokenizer, encoding, data, size);
        if ((sums.tokens.sum != tokens || sums.decoded.sum != decoded) && wrong++ < 20)
            print_error("%s: %s of %s differs from the package\n", name,
                        sums.tokens.sum == tokens ? "decoded text" : "a token", source);
        checked++;
        free(data);
    }
    fclose(golden);
    cloze_tokenizer_free(tokenizer);
    cloze_encoding_free(encoding);
    assert_int_equal(wrong, 0);
    assert_true(checked >= 400);
}

/* The tokens of the word with this seed, spaces between them. */
static void cut_with(const cloze_tokenizer *tokenizer, cloze_encoding *encoding, cloze_text word,
                     uint64_t seed, char out[256])
{
    cloze_tokenize_options options = { .seed = seed };
    cloze_text none = { NULL, 0 };
    size_t used = 0;
    assert_int_equal(cloze_tokenize(tokenizer, word, none, &options, encoding, NULL), CLOZE_OK);
    for (size_t i = 0; i < cloze_encoding_tokens(encoding, 0).length; i++) {
        cloze_text token =
            cloze_tokenizer_token(tokenizer, cloze_encoding_tokens(encoding, 0).ids[i]);
        used += (size_t)snprintf(out + used, 256 - used, "%s%.*s", i ? " " : "", (int)token.size,
                                 token.data);
    }
}

static void dropout_cuts_as_often_as_the_package(void **state)
{
    enum { DRAWS = 40000 };
    cloze_tokenizer *tokenizer = open_named("dropout");
    cloze_encoding *encoding = NULL;
    char *text, cut[256], again[256];
    size_t size;
    json_t *golden, *counts = json_object();
    const char *key;
    json_t *share;
    (void)state;
    text = read_named("CLOZE_TEST_DATA", "golden/tokenizers/", "dropout.shares.json", &size);
    assert_non_null(text);
    golden = json_loadb(text, size, 0, NULL);
    free(text);
    const json_t *word = json_object_get(golden, "word");
    cloze_text given = { json_string_value(word), json_string_length(word) };
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        cut_with(tokenizer, encoding, given, seed, cut);
        json_object_set_new(counts, cut,
                            json_integer(json_integer_value(json_object_get(counts, cut)) + 1));
    }
    cut_with(tokenizer, encoding, given, DRAWS - 1, again);
    assert_string_equal(cut, again);
    assert_true(json_object_size(json_object_get(golden, "shares")) > 10);
    json_object_foreach(json_object_get(golden, "shares"), key, share)
    {
        double expected = json_number_value(share);
        double found = (double)json_integer_value(json_object_get(counts, key)) / DRAWS;
        /* Five standard errors of both. */
        double error = 5 * sqrt(expected * (1 - expected) * 1.1 / DRAWS);
        if (!(fabs(found - expected) < error))
            fail_msg("\"%s\": %g of all, the package %g", key, found, expected);
    }
    json_decref(golden);
    json_decref(counts);
    cloze_encoding_free(encoding);
    cloze_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_as_the_package_has_it),
        cmocka_unit_test(every_line_is_as_the_package_has_it),
        cmocka_unit_test(dropout_cuts_as_often_as_the_package),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
