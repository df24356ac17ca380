/*
 * test_features.c - pairs, added tokens, truncation, windows with stride, split words and decoding,
 * against what the package made with the same small tokenizers, WordPiece and byte-level BPE
 * (test/golden/text/features.py).
 */
#include "text/tokenizer.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_LIMIT = 16 };

typedef struct inputs {
    cloze_text texts[WORDS_LIMIT];
    size_t count;
    bool present, split;
} inputs;

static json_t *load_golden(const char *name)
{
    char path[4096];
    json_error_t error;
    json_t *root;
    snprintf(path, sizeof path, "%s/golden/text/%s", getenv("CLOZE_TEST_DATA"), name);
    root = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (!root)
        fail_msg("%s: %s", path, error.text);
    return root;
}

/* Tokenizer number `index`, whose model all of them share, but for "ignore_merges". */
static cloze_tokenizer *open_document(const json_t *root, size_t index)
{
    json_t *document = json_copy(json_array_get(json_object_get(root, "tokenizers"), index));
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    char *text;
    json_t *whole = json_object_get(document, "ignore_merges");
    json_t *model = json_copy(json_object_get(root, "model"));
    if (whole)
        json_object_set(model, "ignore_merges", whole);
    json_object_set_new(document, "model", model);
    text = json_dumps(document, 0);
    assert_non_null(text);
    if (cz_tokenizer_from_json(&tokenizer, text, strlen(text), NULL, &error))
        fail_msg("tokenizer %zu: %s", index, error.message);
    free(text);
    json_decref(document);
    return tokenizer;
}

static cloze_text text_of(const json_t *value)
{
    return (cloze_text){ json_string_value(value), json_string_length(value) };
}

static inputs read_inputs(const json_t *value)
{
    inputs read = { .present = value != NULL, .split = json_is_array(value), .count = 1 };
    if (!value)
        return read;
    if (!read.split) {
        read.texts[0] = text_of(value);
        return read;
    }
    read.count = json_array_size(value);
    assert_true(read.count <= WORDS_LIMIT);
    for (size_t i = 0; i < read.count; i++)
        read.texts[i] = text_of(json_array_get(value, i));
    return read;
}

static cloze_tokenize_options read_options(const json_t *test)
{
    cloze_tokenize_options options = { .overflow = true };
    const char *strategy = json_string_value(json_object_get(test, "truncation"));
    const char *direction = json_string_value(json_object_get(test, "direction"));
    options.no_special_tokens = json_is_true(json_object_get(test, "no_special_tokens"));
    options.max_length = (size_t)json_integer_value(json_object_get(test, "max_length"));
    options.stride = (size_t)json_integer_value(json_object_get(test, "stride"));
    if (strategy)
        options.truncation = !strcmp(strategy, "only_first")    ? CLOZE_TRUNCATE_ONLY_FIRST
                             : !strcmp(strategy, "only_second") ? CLOZE_TRUNCATE_ONLY_SECOND
                                                                : CLOZE_TRUNCATE_LONGEST_FIRST;
    options.truncate_left = direction && !strcmp(direction, "left");
    return options;
}

static cloze_status tokenize(const cloze_tokenizer *tokenizer, const inputs *first,
                             const inputs *second, const cloze_tokenize_options *options,
                             cloze_encoding *encoding)
{
    if (first->split)
        return cloze_tokenize_words(tokenizer, first->texts, first->count,
                                    second->present ? second->texts : NULL, second->count, options,
                                    encoding, NULL);
    return cloze_tokenize(tokenizer, first->texts[0],
                          second->present ? second->texts[0] : (cloze_text){ NULL, 0 }, options,
                          encoding, NULL);
}

static long long number_at(const json_t *list, size_t index)
{
    return json_integer_value(json_array_get(list, index));
}

static bool same_window(const json_t *wanted, const cloze_tokens *tokens, const inputs *texts[2])
{
    const json_t *offsets = json_array_get(wanted, 3);
    if (json_array_size(json_array_get(wanted, 0)) != tokens->length)
        return false;
    for (size_t i = 0; i < tokens->length; i++) {
        cloze_token_offset offset = tokens->offsets[i];
        int32_t sequence = tokens->sequences[i];
        int64_t word = tokens->words[i];
        if (sequence >= 0)
            cloze_offsets_to_code_points(texts[sequence]->texts[texts[sequence]->split ? word : 0],
                                         &offset, 1);
        if (number_at(json_array_get(wanted, 0), i) != tokens->ids[i] ||
            number_at(json_array_get(wanted, 1), i) != tokens->type_ids[i] ||
            number_at(json_array_get(wanted, 2), i) != tokens->special[i] ||
            number_at(offsets, 2 * i) != (long long)offset.begin ||
            number_at(offsets, 2 * i + 1) != (long long)offset.end ||
            number_at(json_array_get(wanted, 4), i) != word)
            return false;
    }
    return true;
}

static bool same_text(const cloze_tokenizer *tokenizer, const json_t *decode)
{
    const json_t *list = json_array_get(decode, 0);
    cloze_text wanted = text_of(json_array_get(decode, 2));
    uint32_t ids[16];
    size_t count = json_array_size(list), size = 0;
    char *text = NULL;
    bool same;
    assert_true(count <= 16);
    for (size_t i = 0; i < count; i++)
        ids[i] = (uint32_t)number_at(list, i);
    assert_int_equal(cloze_tokenizer_decode(tokenizer, ids, count,
                                            json_is_true(json_array_get(decode, 1)), &text, &size,
                                            NULL),
                     CLOZE_OK);
    same = size == wanted.size && !memcmp(text, wanted.data, size) && !text[size];
    cloze_tokenizer_release_text(tokenizer, text);
    return same;
}

static bool passes(const cloze_tokenizer *tokenizer, const json_t *test, cloze_encoding *encoding)
{
    inputs first = read_inputs(json_object_get(test, "text"));
    inputs second = read_inputs(json_object_get(test, "pair"));
    const inputs *texts[2] = { &first, &second };
    cloze_tokenize_options options = read_options(test);
    const json_t *windows = json_object_get(test, "windows");
    cloze_status status = tokenize(tokenizer, &first, &second, &options, encoding);
    if (json_is_true(json_object_get(test, "error")))
        return status != CLOZE_OK;
    if (status || cloze_encoding_windows(encoding) != json_array_size(windows))
        return false;
    for (size_t i = 0; i < json_array_size(windows); i++) {
        cloze_tokens tokens = cloze_encoding_tokens(encoding, i);
        if (!same_window(json_array_get(windows, i), &tokens, texts))
            return false;
    }
    return same_text(tokenizer, json_object_get(test, "decode"));
}

static void check_all(const char *name)
{
    json_t *root = load_golden(name);
    const json_t *tests = json_object_get(root, "cases");
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    size_t open = SIZE_MAX, wrong = 0;
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    for (size_t i = 0; i < json_array_size(tests); i++) {
        const json_t *test = json_array_get(tests, i);
        size_t wanted = (size_t)json_integer_value(json_object_get(test, "tokenizer"));
        if (wanted != open) {
            cloze_tokenizer_free(tokenizer);
            tokenizer = open_document(root, wanted);
            open = wanted;
        }
        if (!passes(tokenizer, test, encoding) && wrong++ < 5) {
            char *shown = json_dumps(test, JSON_COMPACT);
            print_error("case %zu differs from the package: %s\n", i, shown);
            free(shown);
        }
    }
    assert_true(json_array_size(tests) >= 1000);
    assert_int_equal(wrong, 0);
    cloze_tokenizer_free(tokenizer);
    cloze_encoding_free(encoding);
    json_decref(root);
}

static void small_tokenizers_do_what_the_package_does(void **state)
{
    (void)state;
    check_all("features.json");
}

static void small_byte_level_tokenizers_do_what_the_package_does(void **state)
{
    (void)state;
    check_all("byte_level.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_tokenizers_do_what_the_package_does),
        cmocka_unit_test(small_byte_level_tokenizers_do_what_the_package_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
