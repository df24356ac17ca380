/*
 * test_unigram.c - pieces and scores beside those of the tokenizers package's UnigramTrainer
 * (tools/golden/make_vocabularies.py), and what they are good for.
 */
#include "cases.h"

#include "base/digest.h"

#include <math.h>

enum { SPECIAL = 5 };

static int by_bytes(const void *left, const void *right)
{
    const cloze_text *a = left, *b = right;
    int order = memcmp(a->data, b->data, a->size < b->size ? a->size : b->size);
    return order ? order : a->size < b->size ? -1 : a->size > b->size;
}

/* The set of tokens, which are in an order of chance where the package gives scores by chance. */
static void same_tokens(const cloze_vocabulary *vocabulary, const json_t *wanted)
{
    size_t count = cloze_vocabulary_size(vocabulary);
    cloze_text *tokens = malloc(count * sizeof *tokens);
    char found[CZ_DIGEST_HEX];
    cz_digest digest;
    assert_non_null(tokens);
    for (size_t i = 0; i < count; i++)
        tokens[i] = cloze_vocabulary_token(vocabulary, i);
    qsort(tokens, count, sizeof *tokens, by_bytes);
    cz_digest_begin(&digest, CZ_SHA256);
    for (size_t i = 0; i < count; i++) {
        cz_digest_add(&digest, tokens[i].data, tokens[i].size);
        cz_digest_add(&digest, "\n", 1);
    }
    cz_digest_end(&digest, found);
    free(tokens);
    assert_string_equal(found, json_string_value(json_object_get(wanted, "token_digest")));
}

static double score_of(const cloze_vocabulary *vocabulary, cloze_text token)
{
    for (size_t i = 0; i < cloze_vocabulary_size(vocabulary); i++) {
        cloze_text text = cloze_vocabulary_token(vocabulary, i);
        if (text.size == token.size && !memcmp(text.data, token.data, text.size))
            return cloze_vocabulary_score(vocabulary, i);
    }
    fail_msg("there is no token \"%.*s\"", (int)token.size, token.data);
    return 0.0;
}

static void hold(const cloze_vocabulary *vocabulary, const json_t *wanted)
{
    const json_t *scores = json_object_get(wanted, "scores");
    size_t count = cloze_vocabulary_size(vocabulary);
    double sum = 0.0, before = 0.0;
    assert_int_equal(count, number(wanted, "token_count", 0));
    same_tokens(vocabulary, wanted);
    for (size_t i = 0; i < count; i++) {
        double score = cloze_vocabulary_score(vocabulary, i);
        assert_true(score <= before);
        before = score;
        sum += score;
    }
    if (fabs(sum / json_real_value(json_object_get(wanted, "score_sum")) - 1.0) > 1e-9)
        fail_msg("the sum of the scores is %.17g", sum);
    assert_true(json_array_size(scores) > 10);
    for (size_t i = 0; i < json_array_size(scores); i++) {
        const json_t *pair = json_array_get(scores, i);
        double score = json_real_value(json_array_get(pair, 1));
        double found = score_of(vocabulary, text_of(json_array_get(pair, 0)));
        if (fabs(found - score) > 1e-9 * fabs(score))
            fail_msg("\"%s\" has the score %.17g instead of %.17g",
                     json_string_value(json_array_get(pair, 0)), found, score);
    }
}

static void pieces_and_scores_are_those_of_the_package(void **state)
{
    (void)state;
    hold_cases("unigram.json", 15, hold);
}

static cloze_vocabulary *train(const cloze_vocabulary_options *options, const char *text,
                               size_t size)
{
    cloze_vocabulary *vocabulary = NULL;
    cloze_error error;
    if (cloze_vocabulary_new(&vocabulary, options, &error))
        fail_msg("%s", error.message);
    add(vocabulary, (cloze_text){ text, size });
    if (cloze_vocabulary_train(vocabulary, &error))
        fail_msg("%s", error.message);
    return vocabulary;
}

/* A word whose likelihood is far below what a double can hold: nothing becomes 0 or infinite. */
static void a_word_of_a_hundred_thousand_characters_is_summed_like_a_short_one(void **state)
{
    enum { SIZE = 100000 };
    cloze_vocabulary_options options = { .kind = CLOZE_VOCABULARY_UNIGRAM, .size = 200 };
    char *text = malloc(SIZE);
    uint64_t seed = 1;
    cloze_vocabulary *vocabulary;
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = (char)('a' + draw(&seed, 20));
    vocabulary = train(&options, text, SIZE);
    assert_int_equal(cloze_vocabulary_size(vocabulary), 200);
    for (size_t i = SPECIAL; i < 200; i++) {
        double score = cloze_vocabulary_score(vocabulary, i);
        assert_true(isfinite(score) && score < 0.0 && score > -20.0);
    }
    cloze_vocabulary_free(vocabulary);
    free(text);
}

static bool has(const cloze_vocabulary *vocabulary, const char *token)
{
    for (size_t i = 0; i < cloze_vocabulary_size(vocabulary); i++) {
        cloze_text text = cloze_vocabulary_token(vocabulary, i);
        if (text.size == strlen(token) && !memcmp(text.data, token, text.size))
            return true;
    }
    return false;
}

static void characters_are_kept_or_left_out_as_asked(void **state)
{
    static const char text[] = "aab aab aabb aabbc ab abab babab cab qab";
    cloze_vocabulary_options options = { .kind = CLOZE_VOCABULARY_UNIGRAM, .size = 30 };
    cloze_vocabulary *vocabulary = train(&options, text, strlen(text));
    (void)state;
    assert_true(has(vocabulary, "q") && has(vocabulary, "c") && !has(vocabulary, "z"));
    cloze_vocabulary_free(vocabulary);
    options.alphabet = 4;
    options.characters = (cloze_text){ "z", 1 };
    vocabulary = train(&options, text, strlen(text));
    assert_true(has(vocabulary, "z") && has(vocabulary, "a") && has(vocabulary, "b"));
    assert_false(has(vocabulary, "q") || has(vocabulary, "c"));
    for (size_t i = SPECIAL; i < cloze_vocabulary_size(vocabulary); i++) {
        cloze_text token = cloze_vocabulary_token(vocabulary, i);
        assert_null(memchr(token.data, 'c', token.size));
    }
    cloze_vocabulary_free(vocabulary);
}

/* A special token that the texts hold as a word must not get a second id. */
static void a_special_token_is_no_piece(void **state)
{
    static const char text[] = "abc abcd abc dabc abcabc abc";
    cloze_text special = { "abc", 3 };
    cloze_vocabulary_options options = {
        .kind = CLOZE_VOCABULARY_UNIGRAM, .size = 30, .special = &special, .special_count = 1
    };
    cloze_vocabulary *vocabulary = train(&options, text, strlen(text));
    size_t found = 0;
    (void)state;
    for (size_t i = 0; i < cloze_vocabulary_size(vocabulary); i++) {
        cloze_text token = cloze_vocabulary_token(vocabulary, i);
        found += token.size == 3 && !memcmp(token.data, "abc", 3);
    }
    assert_int_equal(found, 1);
    cloze_vocabulary_free(vocabulary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_and_scores_are_those_of_the_package),
        cmocka_unit_test(a_word_of_a_hundred_thousand_characters_is_summed_like_a_short_one),
        cmocka_unit_test(characters_are_kept_or_left_out_as_asked),
        cmocka_unit_test(a_special_token_is_no_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
