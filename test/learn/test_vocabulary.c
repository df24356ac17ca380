/*
 * test_vocabulary.c - what a trained vocabulary is good for, what training refuses, and that it
 * survives every failed allocation.
 */
#include "../formats/scratch.h"

#include <cloze/tokenizer.h>
#include <cloze/vocabulary.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { KINDS = CLOZE_VOCABULARY_UNIGRAM + 1 };

static const char *const lines[] = {
    "the cat sat on the mat with the other cats",
    "the dog sat on the log, the frog in the bog",
    "cats and dogs and frogs; caf\xC3\xA9s and mats and logs and bogs",
    "the the the cat cat",
};
enum { LINES = sizeof lines / sizeof *lines };

static cloze_text as_text(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static cloze_vocabulary *open_with(const cloze_vocabulary_options *options)
{
    cloze_vocabulary *vocabulary = NULL;
    cloze_error error;
    if (cloze_vocabulary_new(&vocabulary, options, &error))
        fail_msg("%s", error.message);
    return vocabulary;
}

/* Adds the lines, from the first on or from the last back. */
static cloze_status add_lines(cloze_vocabulary *vocabulary, bool backwards)
{
    cloze_text texts[LINES];
    for (size_t i = 0; i < LINES; i++)
        texts[i] = as_text(lines[backwards ? LINES - 1 - i : i]);
    return cloze_vocabulary_add(vocabulary, texts, LINES, NULL);
}

static cloze_vocabulary *train(const cloze_vocabulary_options *options, bool backwards)
{
    cloze_vocabulary *vocabulary = open_with(options);
    cloze_error error;
    assert_int_equal(add_lines(vocabulary, backwards), CLOZE_OK);
    if (cloze_vocabulary_train(vocabulary, &error))
        fail_msg("%s", error.message);
    return vocabulary;
}

static void the_order_of_texts_does_not_matter(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        cloze_vocabulary_options options = { .kind = (cloze_vocabulary_kind)kind, .size = 340 };
        cloze_vocabulary *one = train(&options, false), *other = train(&options, true);
        assert_int_equal(cloze_vocabulary_size(one), cloze_vocabulary_size(other));
        assert_int_equal(cloze_vocabulary_counted(one).texts, LINES);
        for (size_t i = 0; i < cloze_vocabulary_size(one); i++) {
            cloze_text a = cloze_vocabulary_token(one, i), b = cloze_vocabulary_token(other, i);
            assert_int_equal(a.size, b.size);
            assert_memory_equal(a.data, b.data, a.size);
        }
        cloze_vocabulary_free(one);
        cloze_vocabulary_free(other);
    }
}

/* The folder's tokens are those of the vocabulary, and decode to the text. */
static void check_folder(const cloze_vocabulary *vocabulary, const char *folder, const char *line)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    cloze_text none = { NULL, 0 };
    cloze_error error;
    cloze_tokens tokens;
    char *text;
    size_t size;
    if (cloze_tokenizer_open(&tokenizer, folder, NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(cloze_tokenizer_size(tokenizer), cloze_vocabulary_size(vocabulary));
    for (uint32_t i = 0; i < cloze_vocabulary_size(vocabulary); i++) {
        uint32_t id = 0;
        assert_true(cloze_tokenizer_id(tokenizer, cloze_vocabulary_token(vocabulary, i), &id));
        assert_int_equal(id, i);
    }
    assert_int_equal(cloze_encoding_new(&encoding, NULL, NULL), CLOZE_OK);
    assert_int_equal(cloze_tokenize(tokenizer, as_text(line), none, NULL, encoding, NULL),
                     CLOZE_OK);
    tokens = cloze_encoding_tokens(encoding, 0);
    assert_true(tokens.length > 2 && tokens.length < 12);
    assert_int_equal(tokens.special[0], 1);
    assert_int_equal(tokens.special[tokens.length - 1], 1);
    assert_int_equal(
        cloze_tokenizer_decode(tokenizer, tokens.ids, tokens.length, true, &text, &size, NULL),
        CLOZE_OK);
    assert_string_equal(text, line);
    cloze_tokenizer_release_text(tokenizer, text);
    cloze_encoding_free(encoding);
    cloze_tokenizer_free(tokenizer);
}

static void a_saved_vocabulary_opens_and_cuts_text(void **state)
{
    cloze_text special[] = { as_text("<sum>"), as_text("[a \"b\\]") };
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        cloze_vocabulary_options options = {
            .kind = (cloze_vocabulary_kind)kind, .size = 340, .special = special, .special_count = 2
        };
        cloze_vocabulary *vocabulary = train(&options, false);
        char name[32];
        snprintf(name, sizeof name, "deep/kind%d", kind);
        assert_int_equal(cloze_vocabulary_save(vocabulary, inside(name), NULL), CLOZE_OK);
        check_folder(vocabulary, inside(name), "the cats sat on");
        cloze_vocabulary_free(vocabulary);
    }
}

static void a_vocab_txt_alone_is_the_same_tokenizer(void **state)
{
    cloze_vocabulary_options options = { .size = 200 };
    cloze_vocabulary *vocabulary = train(&options, false);
    (void)state;
    assert_int_equal(cloze_vocabulary_save(vocabulary, inside("plain"), NULL), CLOZE_OK);
    assert_int_equal(remove(inside("plain/tokenizer.json")), 0);
    check_folder(vocabulary, inside("plain"), "the cats sat on");
    cloze_vocabulary_free(vocabulary);
}

static void refuse_options(const cloze_vocabulary_options *options, const char *words)
{
    cloze_vocabulary *vocabulary = NULL;
    cloze_error error = { 0 };
    assert_int_equal(cloze_vocabulary_new(&vocabulary, options, &error), CLOZE_ERROR_ARGUMENT);
    assert_null(vocabulary);
    if (!strstr(error.message, words))
        fail_msg("\"%s\" lacks \"%s\"", error.message, words);
}

static void options_that_cannot_be_are_refused(void **state)
{
    cloze_text empty = { "", 0 }, broken = { "a\xFF", 2 }, line = as_text("a\nb");
    char many[600];
    cloze_text long_one = { many, sizeof many };
    (void)state;
    memset(many, 'a', sizeof many);
    refuse_options(&(cloze_vocabulary_options){ .kind = (cloze_vocabulary_kind)99 }, "no kind 99");
    refuse_options(&(cloze_vocabulary_options){ .size = SIZE_MAX }, "at most 16777216 tokens");
    refuse_options(&(cloze_vocabulary_options){ .size = 5 }, "no room beside 5");
    refuse_options(&(cloze_vocabulary_options){ .longest = 257 }, "at most 256");
    refuse_options(&(cloze_vocabulary_options){ .characters = broken }, "not UTF-8");
    refuse_options(&(cloze_vocabulary_options){ .special_count = 1 }, "special");
    refuse_options(&(cloze_vocabulary_options){ .special = &empty, .special_count = 1 },
                   "cannot be a special token");
    refuse_options(&(cloze_vocabulary_options){ .special = &broken, .special_count = 1 }, "a\\xff");
    refuse_options(&(cloze_vocabulary_options){ .special = &line, .special_count = 1 }, "control");
    refuse_options(&(cloze_vocabulary_options){ .special = &long_one, .special_count = 1 },
                   "512 bytes");
}

static void steps_out_of_order_are_refused(void **state)
{
    cloze_vocabulary *vocabulary = open_with(NULL);
    cloze_text good = as_text("a word");
    cloze_error error;
    (void)state;
    assert_int_equal(cloze_vocabulary_train(vocabulary, &error), CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "no word"));
    assert_int_equal(cloze_vocabulary_save(vocabulary, inside("none"), &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_vocabulary_size(vocabulary), 0);
    assert_null(cloze_vocabulary_token(vocabulary, 0).data);
    assert_int_equal(cloze_vocabulary_add(vocabulary, &good, 1, &error), CLOZE_OK);
    assert_int_equal(cloze_vocabulary_train(vocabulary, &error), CLOZE_OK);
    assert_int_equal(cloze_vocabulary_train(vocabulary, &error), CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_vocabulary_add(vocabulary, &good, 1, &error), CLOZE_ERROR_ARGUMENT);
    cloze_vocabulary_free(vocabulary);
}

static void a_text_that_is_not_utf8_is_named(void **state)
{
    cloze_vocabulary *vocabulary = open_with(NULL);
    cloze_text texts[] = { as_text("good"), as_text("b\xC3("), as_text("good") };
    cloze_error error;
    (void)state;
    assert_int_equal(cloze_vocabulary_add(vocabulary, texts, 3, &error), CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "text 2: "));
    assert_int_equal(cloze_vocabulary_counted(vocabulary).texts, 1);
    cloze_vocabulary_free(vocabulary);
}

/* What has a zero byte in its text must open, or is not learned from. */
static void a_zero_byte_is_learned_where_a_token_can_hold_it(void **state)
{
    const cloze_text text = { "the c\0at sat on the c\0at", 23 };
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        cloze_vocabulary_options options = { .kind = (cloze_vocabulary_kind)kind,
                                             .size = 400,
                                             .min_frequency = 1 };
        cloze_vocabulary *vocabulary = open_with(&options);
        bool characters = kind == CLOZE_VOCABULARY_BPE || kind == CLOZE_VOCABULARY_UNIGRAM;
        cloze_tokenizer *tokenizer = NULL;
        cloze_error error;
        char name[32];
        assert_int_equal(cloze_vocabulary_add(vocabulary, &text, 1, &error),
                         characters ? CLOZE_ERROR_TEXT : CLOZE_OK);
        if (characters) {
            assert_non_null(strstr(error.message, "text 1: byte 5 is zero"));
        } else {
            assert_int_equal(cloze_vocabulary_train(vocabulary, &error), CLOZE_OK);
            snprintf(name, sizeof name, "zero%d", kind);
            assert_int_equal(cloze_vocabulary_save(vocabulary, inside(name), &error), CLOZE_OK);
            assert_int_equal(cloze_tokenizer_open(&tokenizer, inside(name), NULL, &error),
                             CLOZE_OK);
            cloze_tokenizer_free(tokenizer);
        }
        cloze_vocabulary_free(vocabulary);
    }
}

/* Words of thousands of characters, and a token that could grow without end. */
static void a_long_word_is_counted_and_no_token_is_too_long_to_load(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        cloze_vocabulary_options options = {
            .kind = (cloze_vocabulary_kind)kind, .size = 2000, .min_frequency = 1, .longest = 256
        };
        cloze_vocabulary *vocabulary = open_with(&options);
        size_t size = 20000, longest = 0;
        char *word = malloc(size + 1), name[32];
        cloze_tokenizer *tokenizer = NULL;
        cloze_text text = { word, size };
        assert_non_null(word);
        for (size_t i = 0; i < size; i++)
            word[i] = i < size / 2 ? 'x' : (char)('a' + i * i % 7);
        assert_int_equal(cloze_vocabulary_add(vocabulary, &text, 1, NULL), CLOZE_OK);
        free(word);
        assert_int_equal(cloze_vocabulary_train(vocabulary, NULL), CLOZE_OK);
        for (size_t i = 0; i < cloze_vocabulary_size(vocabulary); i++)
            if (cloze_vocabulary_token(vocabulary, i).size > longest)
                longest = cloze_vocabulary_token(vocabulary, i).size;
        assert_true(longest > 100 && longest < 258);
        snprintf(name, sizeof name, "long%d", kind);
        assert_int_equal(cloze_vocabulary_save(vocabulary, inside(name), NULL), CLOZE_OK);
        assert_int_equal(cloze_tokenizer_open(&tokenizer, inside(name), NULL, NULL), CLOZE_OK);
        cloze_tokenizer_free(tokenizer);
        cloze_vocabulary_free(vocabulary);
    }
}

static bool stop(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    return done < total / 2;
}

static void training_stops_when_asked(void **state)
{
    static const size_t sizes[KINDS] = { 60, 300, 40, 40 };
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        cloze_vocabulary_options options = { .kind = (cloze_vocabulary_kind)kind,
                                             .size = 30,
                                             .min_frequency = 1,
                                             .progress = { stop, NULL } };
        cloze_vocabulary *vocabulary;
        cloze_error error;
        options.size = sizes[kind];
        vocabulary = open_with(&options);
        assert_int_equal(add_lines(vocabulary, false), CLOZE_OK);
        assert_int_equal(cloze_vocabulary_train(vocabulary, &error), CLOZE_ERROR_CANCELLED);
        assert_int_equal(cloze_vocabulary_size(vocabulary), 0);
        cloze_vocabulary_free(vocabulary);
    }
}

typedef struct counter {
    long calls, fail_at, held;
} counter;

static bool fails(counter *count)
{
    return ++count->calls >= count->fail_at && count->fail_at;
}

static void *allocate(void *context, size_t size)
{
    counter *count = context;
    void *block = fails(count) ? NULL : malloc(size);
    count->held += block != NULL;
    return block;
}

static void *resize(void *context, void *block, size_t size)
{
    return fails(context) ? NULL : realloc(block, size);
}

static void release(void *context, void *block)
{
    ((counter *)context)->held--;
    free(block);
}

static cloze_status whole_way(cloze_vocabulary_options *options, cloze_error *error)
{
    cloze_vocabulary *vocabulary = NULL;
    cloze_status status = cloze_vocabulary_new(&vocabulary, options, error);
    if (!status)
        status = add_lines(vocabulary, false);
    if (!status)
        status = cloze_vocabulary_train(vocabulary, error);
    if (!status)
        status = cloze_vocabulary_save(vocabulary, inside("failing"), error);
    cloze_vocabulary_free(vocabulary);
    return status;
}

static void every_failed_allocation_is_survived(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        cloze_status status = CLOZE_ERROR_MEMORY;
        long n = 1;
        for (; status; n++) {
            counter count = { .fail_at = n };
            cloze_hooks hooks = { .allocator = { allocate, resize, release, &count } };
            cloze_vocabulary_options options = { .kind = (cloze_vocabulary_kind)kind,
                                                 .size = 340,
                                                 .hooks = &hooks };
            status = whole_way(&options, NULL);
            assert_true(status == CLOZE_OK || status == CLOZE_ERROR_MEMORY);
            assert_int_equal(count.held, 0);
            assert_true(n < 2000);
        }
        assert_true(n > 30);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_texts_does_not_matter),
        cmocka_unit_test(a_saved_vocabulary_opens_and_cuts_text),
        cmocka_unit_test(a_vocab_txt_alone_is_the_same_tokenizer),
        cmocka_unit_test(options_that_cannot_be_are_refused),
        cmocka_unit_test(steps_out_of_order_are_refused),
        cmocka_unit_test(a_text_that_is_not_utf8_is_named),
        cmocka_unit_test(a_zero_byte_is_learned_where_a_token_can_hold_it),
        cmocka_unit_test(a_long_word_is_counted_and_no_token_is_too_long_to_load),
        cmocka_unit_test(training_stops_when_asked),
        cmocka_unit_test(every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
