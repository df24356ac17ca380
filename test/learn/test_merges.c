/*
 * test_merges.c - tokens and merges beside those of the tokenizers package's trainers
 * (tools/golden/make_vocabularies.py).
 */
#include "base/digest.h"

#include <cloze/vocabulary.h>

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_IN_LINE = 8, LINE = 1024 };

static size_t number(const json_t *object, const char *key, size_t otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (size_t)json_integer_value(value) : otherwise;
}

static cloze_text text_of(const json_t *value)
{
    assert_true(json_is_string(value));
    return (cloze_text){ json_string_value(value), json_string_length(value) };
}

static void add(cloze_vocabulary *vocabulary, cloze_text text)
{
    cloze_error error;
    if (cloze_vocabulary_add(vocabulary, &text, 1, &error))
        fail_msg("%s", error.message);
}

static size_t draw(uint64_t *state, size_t limit)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((*state >> 33) % limit);
}

/* The made-up words of the script. */
static void add_made_up(cloze_vocabulary *vocabulary, const json_t *wanted)
{
    const json_t *letters = json_object_get(wanted, "letters");
    size_t count = json_array_size(letters), words = number(wanted, "words", 0), used = 0;
    uint64_t state = number(wanted, "seed", 0);
    char line[LINE];
    for (size_t i = 0; i < words; i++) {
        size_t size = 1 + draw(&state, number(wanted, "most", 1));
        if (used)
            line[used++] = ' ';
        for (size_t k = 0; k < size; k++) {
            size_t a = draw(&state, count), b = draw(&state, count);
            cloze_text letter = text_of(json_array_get(letters, a < b ? a : b));
            memcpy(line + used, letter.data, letter.size);
            used += letter.size;
        }
        if (i % WORDS_IN_LINE == WORDS_IN_LINE - 1) {
            add(vocabulary, (cloze_text){ line, used });
            used = 0;
        }
    }
}

/* Lines of a file of the shared data; false if there is none. */
static bool add_file(cloze_vocabulary *vocabulary, const char *name)
{
    const char *data = getenv("CLOZE_DATA");
    char path[2200], *line = NULL;
    size_t room = 0;
    ssize_t size;
    FILE *file;
    if (!data)
        return false;
    snprintf(path, sizeof path, "%s/%s", data, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    while ((size = getline(&line, &room, file)) >= 0) {
        while (size && (line[size - 1] == '\n' || line[size - 1] == '\r'))
            size--;
        add(vocabulary, (cloze_text){ line, (size_t)size });
    }
    free(line);
    fclose(file);
    return true;
}

static bool fill(cloze_vocabulary *vocabulary, const json_t *wanted)
{
    const json_t *texts = json_object_get(wanted, "texts"), *file = json_object_get(wanted, "file");
    if (file)
        return add_file(vocabulary, json_string_value(file));
    if (!texts)
        add_made_up(vocabulary, wanted);
    for (size_t i = 0; i < json_array_size(texts); i++)
        add(vocabulary, text_of(json_array_get(texts, i)));
    return true;
}

static cloze_vocabulary_kind kind_of(const json_t *wanted)
{
    static const char *const names[] = { "wordpiece", "byte-level" };
    const char *name = json_string_value(json_object_get(wanted, "kind"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return (cloze_vocabulary_kind)i;
    fail_msg("there is no kind %s", name);
    return CLOZE_VOCABULARY_WORDPIECE;
}

static cloze_vocabulary *open_case(const json_t *wanted)
{
    const json_t *characters = json_object_get(wanted, "characters");
    const json_t *special = json_object_get(wanted, "special");
    cloze_text extra[256];
    cloze_vocabulary_options options = { .kind = kind_of(wanted),
                                         .lower = json_is_true(json_object_get(wanted, "lower")),
                                         .size = number(wanted, "size", 0),
                                         .min_frequency = number(wanted, "min_frequency", 0),
                                         .alphabet = number(wanted, "alphabet", 0),
                                         .longest = number(wanted, "longest", 0),
                                         .special = extra,
                                         .special_count = json_array_size(special) };
    cloze_vocabulary *vocabulary = NULL;
    cloze_error error;
    assert_true(options.special_count <= 256);
    for (size_t i = 0; i < options.special_count; i++)
        extra[i] = text_of(json_array_get(special, i));
    if (characters)
        options.characters = text_of(characters);
    if (cloze_vocabulary_new(&vocabulary, &options, &error))
        fail_msg("%s", error.message);
    return vocabulary;
}

static void add_token(cz_digest *digest, const cloze_vocabulary *vocabulary, size_t id,
                      const char *end)
{
    cloze_text token = cloze_vocabulary_token(vocabulary, id);
    cz_digest_add(digest, token.data, token.size);
    cz_digest_add(digest, end, 1);
}

static void same_digest(cz_digest *digest, const json_t *wanted, const char *key)
{
    char found[CZ_DIGEST_HEX];
    cz_digest_end(digest, found);
    assert_string_equal(found, json_string_value(json_object_get(wanted, key)));
}

static void same_token(const cloze_vocabulary *vocabulary, size_t id, const json_t *wanted)
{
    cloze_text token = cloze_vocabulary_token(vocabulary, id), text = text_of(wanted);
    if (token.size != text.size || memcmp(token.data, text.data, token.size))
        fail_msg("\"%.*s\" instead of \"%s\"", (int)token.size, token.data, text.data);
}

static void hold_merges(const cloze_vocabulary *vocabulary, const json_t *wanted)
{
    const json_t *merges = json_object_get(wanted, "merges");
    size_t count = cloze_vocabulary_merges(vocabulary);
    uint32_t left, right;
    cz_digest digest;
    cz_digest_begin(&digest, CZ_SHA256);
    for (size_t i = 0; i < count; i++) {
        assert_true(cloze_vocabulary_merge(vocabulary, i, &left, &right));
        if (i < json_array_size(merges)) {
            same_token(vocabulary, left, json_array_get(json_array_get(merges, i), 0));
            same_token(vocabulary, right, json_array_get(json_array_get(merges, i), 1));
        }
        add_token(&digest, vocabulary, left, " ");
        add_token(&digest, vocabulary, right, "\n");
    }
    assert_false(cloze_vocabulary_merge(vocabulary, count, &left, &right));
    assert_int_equal(count, number(wanted, "merge_count", 0));
    same_digest(&digest, wanted, "merge_digest");
}

static void hold(const cloze_vocabulary *vocabulary, const json_t *wanted)
{
    cz_digest digest;
    cz_digest_begin(&digest, CZ_SHA256);
    assert_int_equal(cloze_vocabulary_size(vocabulary), number(wanted, "token_count", 0));
    for (size_t i = 0; i < cloze_vocabulary_size(vocabulary); i++)
        add_token(&digest, vocabulary, i, "\n");
    same_digest(&digest, wanted, "token_digest");
    if (kind_of(wanted) != CLOZE_VOCABULARY_WORDPIECE)
        hold_merges(vocabulary, wanted);
}

static void tokens_and_merges_are_those_of_the_package(void **state)
{
    const char *data = getenv("CLOZE_TEST_DATA");
    char path[2200];
    json_t *cases;
    size_t held = 0;
    (void)state;
    assert_non_null(data);
    snprintf(path, sizeof path, "%s/golden/vocabulary/merges.json", data);
    cases = json_load_file(path, 0, NULL);
    assert_true(json_array_size(cases) > 20);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *wanted = json_array_get(cases, i);
        cloze_vocabulary *vocabulary = open_case(wanted);
        cloze_error error;
        print_message("%s, %s\n", json_string_value(json_object_get(wanted, "name")),
                      json_string_value(json_object_get(wanted, "kind")));
        if (fill(vocabulary, wanted)) {
            if (cloze_vocabulary_train(vocabulary, &error))
                fail_msg("%s", error.message);
            hold(vocabulary, wanted);
            held++;
        } else {
            print_message("  left out: CLOZE_DATA is not set\n");
        }
        cloze_vocabulary_free(vocabulary);
    }
    assert_true(held > 20);
    json_decref(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_and_merges_are_those_of_the_package),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
