/*
 * test_write.c - what is written: the same bytes each time, attention that inflates to what was given
 * and stays small however it lies; and what is refused leaves no file.
 */
#include "html.h"
#include "sample.h"
#include "written.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static const cloze_text text = { "It was not bad at all", 21 };
static const cloze_text nothing = { NULL, 0 };

static void the_same_page_is_the_same_file(void **state)
{
    static sample made;
    size_t size, again_size;
    char *bytes, *again;
    (void)state;
    sample_make(&made, text, text, nothing);
    bytes = page_bytes(&made.page, &size);
    again = page_bytes(&made.page, &again_size);
    assert_int_equal(size, again_size);
    assert_memory_equal(bytes, again, size);
    free(bytes);
    free(again);
    sample_free(&made);
}

static int digit_of(char c)
{
    const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Returns the bytes written; fails for what is no base64. */
static size_t from_base64(piece from, uint8_t *out)
{
    size_t used = 0;
    assert_int_equal(from.size % 4, 0);
    for (size_t i = 0; i < from.size; i += 4) {
        int digits[4], padding = 0;
        for (int k = 0; k < 4; k++) {
            padding += from.at[i + (size_t)k] == '=';
            digits[k] = padding ? 0 : digit_of(from.at[i + (size_t)k]);
            assert_true(digits[k] >= 0);
        }
        for (int k = 0; k < 3 - padding; k++)
            out[used++] =
                (uint8_t)((digits[0] << 18 | digits[1] << 12 | digits[2] << 6 | digits[3]) >>
                          (16 - 8 * k));
    }
    return used;
}

static void check_layer(piece packed, const uint8_t *shades, size_t size)
{
    uint8_t *deflated = malloc(packed.size + 1), *inflated = malloc(size);
    uLongf inflated_size = size;
    size_t deflated_size;
    assert_non_null(deflated);
    assert_non_null(inflated);
    deflated_size = from_base64(packed, deflated);
    assert_int_equal(uncompress(inflated, &inflated_size, deflated, deflated_size), Z_OK);
    assert_int_equal(inflated_size, size);
    assert_memory_equal(inflated, shades, size);
    free(deflated);
    free(inflated);
}

static void attention_inflates_to_what_was_given(void **state)
{
    static sample made;
    size_t size, layers = 0, shades;
    char *bytes;
    tag found;
    (void)state;
    sample_make(&made, text, nothing, nothing);
    shades = SAMPLE_HEADS * made.page.token_count * made.page.token_count;
    for (size_t i = 0; i < shades; i++) /* nothing of the last layer can be deflated */
        made.shades[(SAMPLE_LAYERS - 1) * shades + i] = (uint8_t)((i * i * 2654435761u) >> 13);
    bytes = page_bytes(&made.page, &size);
    for (const char *at = bytes; html_next(&at, bytes + size, &found);)
        if (piece_has(found.attributes, "class=\"layer\"")) {
            assert_true(layers < SAMPLE_LAYERS);
            check_layer(found.raw, made.layers[layers++].shades, shades);
        }
    assert_int_equal(layers, SAMPLE_LAYERS);
    free(bytes);
    sample_free(&made);
}

static void shades_keep_weights(void **state)
{
    enum { STEPS = 20000 };
    const float odd[] = { NAN, -1, 2, INFINITY, 0, 1 };
    uint8_t shades[6];
    (void)state;
    cloze_page_shades(odd, 6, shades);
    assert_memory_equal(shades, ((uint8_t[]){ 0, 0, 255, 255, 0, 255 }), 6);
    for (int i = 0; i <= STEPS; i++) {
        float weight = (float)i / STEPS;
        double kept;
        cloze_page_shades(&weight, 1, shades);
        kept = shades[0] / 255.0;
        assert_true(fabs(kept * kept - (double)weight) <= 1.0 / 255);
    }
}

/* Rows whose shades have the highest entropy that a row of weights can have (half of a normal
 * distribution, whose squares sum to 255^2): 512 tokens x 144 heads of them stay below 30 MB. */
static void the_worst_attention_stays_small(void **state)
{
    enum { TOKENS = 512, HEADS = 2, ALL_HEADS = 144 };
    const size_t limit = (size_t)30e6 / ALL_HEADS * HEADS;
    cloze_page_token *tokens = calloc(TOKENS, sizeof *tokens);
    uint8_t *shades = malloc(HEADS * TOKENS * TOKENS);
    cloze_page_layer layer = { 1, shades };
    cloze_page page = { .tokens = tokens, .token_count = TOKENS, .heads = HEADS, .layers = &layer };
    uint32_t random = 1;
    size_t size, without;
    (void)state;
    assert_non_null(tokens);
    assert_non_null(shades);
    for (size_t i = 0; i < TOKENS; i++)
        tokens[i] = (cloze_page_token){ .name = { "a", 1 }, .side = -1, .unit = -1 };
    for (size_t i = 0; i < HEADS * TOKENS * TOKENS; i++) {
        double sum = 0; /* of twelve: normal */
        for (int k = 0; k < 12; k++)
            sum += (double)((random = random * 1664525 + 1013904223) >> 8) / (1 << 24);
        shades[i] = (uint8_t)lround(fabs(sum - 6) * 255 / sqrt(TOKENS));
    }
    free(page_bytes(&page, &without));
    page.layer_count = 1;
    free(page_bytes(&page, &size));
    assert_true(size - without > limit / 10 * 9); /* it is as bad as it is meant to be */
    assert_true(size - without < limit);
    free(shades);
    free(tokens);
}

static cloze_status refused(const cloze_page *page)
{
    cloze_error error = { 0 };
    cloze_status status;
    unlink(page_path());
    status = cloze_page_write(page, page_path(), &error);
    assert_int_equal(status, error.status);
    assert_true(status == CLOZE_OK || error.message[0]);
    assert_int_equal(page_exists(), !status);
    return status;
}

static void what_is_off_is_refused(void **state)
{
    static sample made;
    cloze_page *page = &made.page, good;
    (void)state;
    sample_make(&made, text, nothing, nothing);
    good = *page;
    assert_int_equal(refused(page), CLOZE_OK);
    made.units[1] = (cloze_page_unit){ 0, 8, 9 }; /* the next begins at 7 */
    assert_int_equal(refused(page), CLOZE_ERROR_ARGUMENT);
    made.units[1].begin = 3;
    made.units[1].end = 22;
    assert_int_equal(refused(page), CLOZE_ERROR_ARGUMENT);
    made.units[1].end = 6;
    made.units[1].side = 2;
    assert_int_equal(refused(page), CLOZE_ERROR_ARGUMENT);
    made.units[1].side = 0;
    made.tokens[1].unit = 6;
    assert_int_equal(refused(page), CLOZE_ERROR_ARGUMENT);
    made.tokens[1].unit = 0;
    made.tokens[1].end = 22;
    assert_int_equal(refused(page), CLOZE_ERROR_ARGUMENT);
    made.tokens[1].end = 2;
    made.layers[2].layer = 2;
    assert_int_equal(refused(page), CLOZE_ERROR_ARGUMENT);
    made.layers[2].layer = 3;
    page->method_shown = page->method_count;
    assert_int_equal(refused(page), CLOZE_ERROR_ARGUMENT);
    page->method_shown = page->method_count - 1;
    assert_int_equal(refused(page), CLOZE_OK);
    page->heads = 0;
    assert_int_equal(refused(page), CLOZE_ERROR_ARGUMENT);
    page->heads = 257;
    assert_int_equal(refused(page), CLOZE_ERROR_LIMIT);
    *page = good;
    assert_int_equal(refused(page), CLOZE_OK);
    sample_free(&made);
}

static void texts_and_audits_are_checked(void **state)
{
    static const char *const audits[] = { "[1]", "1", "{", "{\"a\":1}x", "{\"a\":1,\"a\":2}" };
    static sample made;
    cloze_page *page = &made.page, good;
    (void)state;
    sample_make(&made, text, nothing, nothing);
    good = *page;
    for (size_t i = 0; i < sizeof audits / sizeof *audits; i++) {
        page->audit = (cloze_text){ audits[i], strlen(audits[i]) };
        assert_int_equal(refused(page), CLOZE_ERROR_ARGUMENT);
    }
    *page = good;
    page->audit = nothing;
    assert_int_equal(refused(page), CLOZE_OK);
    page->title = (cloze_text){ "a\xff", 2 };
    assert_int_equal(refused(page), CLOZE_ERROR_TEXT);
    *page = good;
    made.methods[1].note = (cloze_text){ "\xed\xa0\x80", 3 }; /* half of a pair */
    assert_int_equal(refused(page), CLOZE_ERROR_TEXT);
    made.methods[1].note = nothing;
    made.table.rows = 257;
    assert_int_equal(refused(page), CLOZE_ERROR_LIMIT);
    sample_free(&made);
}

/* Tokens are many, but their attention would be more: nothing of it is read. */
static void too_much_attention_is_refused(void **state)
{
    enum { TOKENS = 4096 };
    cloze_page_token *tokens = calloc(TOKENS, sizeof *tokens);
    uint8_t none = 0;
    cloze_page_layer layer = { 1, &none };
    cloze_page page = {
        .tokens = tokens, .token_count = TOKENS, .heads = 12, .layers = &layer, .layer_count = 1
    };
    cloze_error error;
    (void)state;
    assert_non_null(tokens);
    for (size_t i = 0; i < TOKENS; i++)
        tokens[i] = (cloze_page_token){ .side = -1, .unit = -1 };
    assert_int_equal(cloze_page_write(&page, page_path(), &error), CLOZE_ERROR_LIMIT);
    assert_non_null(strstr(error.message, "fewer layers"));
    free(tokens);
}

static void an_empty_page_is_a_page(void **state)
{
    const cloze_page page = { .title = { "nothing", 7 } };
    cloze_error error;
    (void)state;
    assert_int_equal(refused(&page), CLOZE_OK);
    assert_int_equal(cloze_page_write(&page, "/nowhere/at/all.html", &error),
                     CLOZE_ERROR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_page_is_the_same_file),
        cmocka_unit_test(attention_inflates_to_what_was_given),
        cmocka_unit_test(shades_keep_weights),
        cmocka_unit_test(the_worst_attention_stays_small),
        cmocka_unit_test(what_is_off_is_refused),
        cmocka_unit_test(texts_and_audits_are_checked),
        cmocka_unit_test(too_much_attention_is_refused),
        cmocka_unit_test(an_empty_page_is_a_page),
    };
    return cmocka_run_group_tests(tests, pages_begin, pages_end);
}
