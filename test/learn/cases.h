/*
 * cases.h - the corpora and options of the goldens of tools/golden/make_vocabularies.py.
 */
#ifndef CZ_TEST_LEARN_CASES_H
#define CZ_TEST_LEARN_CASES_H

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
    static const char *const names[] = { "wordpiece", "byte-level", "bpe", "unigram" };
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

/* Trains every case of a golden, and gives it to `hold`; those of files only where the data is. */
static void hold_cases(const char *name, size_t least,
                       void (*hold)(const cloze_vocabulary *, const json_t *))
{
    const char *data = getenv("CLOZE_TEST_DATA");
    char path[2200];
    json_t *cases;
    size_t held = 0;
    assert_non_null(data);
    snprintf(path, sizeof path, "%s/golden/vocabulary/%s", data, name);
    cases = json_load_file(path, 0, NULL);
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
    assert_true(held >= least);
    json_decref(cases);
}

#endif
