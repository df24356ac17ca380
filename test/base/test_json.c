/* Hostile JSON is refused with a place; what is written reads back. */
#include "base/json.h"

#include "base/error.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cloze_status parse(const char *text, size_t size, cloze_error *error)
{
    json_t *value = NULL;
    cloze_status status = cz_json_parse(&value, text, size, "a.json", error);
    json_decref(value);
    return status;
}

static void well_formed_json_is_read(void **state)
{
    static const char *const good[] = { "{}", "[]", " {\"a\": [1, -2.5e3, true, null]} \n",
                                        "{\"\\u00e4\\ud83d\\ude00\":\"\xc3\xa4\"}" };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(parse(good[i], strlen(good[i]), NULL), CLOZE_OK);
}

static void hostile_json_is_refused(void **state)
{
    static const struct {
        const char *text;
        size_t size;
    } bad[] = {
#define TEXT(literal) { literal, sizeof literal - 1 }
        TEXT(""),
        TEXT(" "),
        TEXT("{"),
        TEXT("{}}"),
        TEXT("{} x"),
        TEXT("3"),
        TEXT("\"a\""),
        TEXT("{\"a\":1,}"),
        TEXT("{\"a\":1,\"a\":2}"),
        TEXT("{\"a\":1,\"\\u0061\":2}"),
        TEXT("{a:1}"),
        TEXT("{'a':1}"),
        TEXT("[01]"),
        TEXT("[1e]"),
        TEXT("[NaN]"),
        TEXT("[Infinity]"),
        TEXT("[1e999]"),
        TEXT("[99999999999999999999]"),
        TEXT("[\"\\u0000\"]"),
        TEXT("[\"\\ud800\"]"),
        TEXT("[\"\\udc00\"]"),
        TEXT("[\"\0\"]"),
        TEXT("{}\0"),
        TEXT("[\"\x01\"]"),
        TEXT("[\"\xff\"]"),
        TEXT("[\"\xc0\x80\"]"),
        TEXT("[\"\xed\xa0\x80\"]"),
        TEXT("[\"\xf4\x90\x80\x80\"]"),
        TEXT("[\"\xe2\x82\"]"),
        TEXT("[\"\\"),
        TEXT("[\"\\\""),
        TEXT("[/*c*/]"),
        TEXT("\xef\xbb\xbf{}"),
#undef TEXT
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cloze_error error = { CLOZE_OK, 0, "" };
        char *exact = malloc(bad[i].size + 1);
        memcpy(exact, bad[i].text, bad[i].size);
        assert_int_equal(parse(exact, bad[i].size, &error), CLOZE_ERROR_FORMAT);
        assert_int_equal(error.status, CLOZE_ERROR_FORMAT);
        assert_non_null(strstr(error.message, "a.json"));
        assert_true(error.position <= bad[i].size);
        free(exact);
    }
}

static void sixty_four_levels_are_read_and_one_more_is_not(void **state)
{
    enum { DEEP = 100000 };
    char *text = malloc(2 * DEEP);
    cloze_error error;
    (void)state;
    for (size_t depth = 64; depth <= 65; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(parse(text, 2 * depth, &error),
                         depth == 64 ? CLOZE_OK : CLOZE_ERROR_FORMAT);
    }
    assert_int_equal(error.position, 64);
    memset(text, '[', DEEP);
    memset(text + DEEP, ']', DEEP);
    assert_int_equal(parse(text, 2 * DEEP, NULL), CLOZE_ERROR_FORMAT);
    memset(text, '[', 2 * DEEP);
    text[0] = '"';
    assert_int_equal(parse(text, 2 * DEEP, NULL), CLOZE_ERROR_FORMAT);
    free(text);
}

/* What jansson would need for so many takes gigabytes. */
static void eight_million_values_are_the_most(void **state)
{
    enum { MANY = CZ_JSON_VALUES };
    char *text = malloc(3 * (size_t)MANY);
    cloze_error error;
    size_t size = 0;
    (void)state;
    assert_non_null(text);
    text[size++] = '[';
    for (size_t i = 0; i < MANY; i++) {
        memcpy(text + size, i ? ",0" : "0", 2);
        size += i ? 2 : 1;
    }
    text[size++] = ']';
    assert_int_equal(parse(text, size, &error), CLOZE_ERROR_LIMIT);
    assert_non_null(strstr(error.message, "a.json"));
    free(text);
}

static void brackets_inside_strings_are_not_levels(void **state)
{
    char text[300] = "[\"\\\"";
    size_t length = strlen(text);
    (void)state;
    memset(text + length, '[', 200);
    memcpy(text + length + 200, "\"]", 3);
    assert_int_equal(parse(text, strlen(text), NULL), CLOZE_OK);
}

static void an_error_tells_the_byte(void **state)
{
    cloze_error error;
    (void)state;
    assert_int_equal(parse("{\"a\": tru}", 10, &error), CLOZE_ERROR_FORMAT);
    assert_in_range(error.position, 6, 10);
    assert_non_null(strstr(error.message, "byte"));
}

static json_t *example(void)
{
    static const char text[] =
        "{\"n\":12,\"minus\":-1,\"real\":0.5,\"yes\":true,\"no\":null,\"s\":\"x\",\"o\":{}}";
    json_t *value = NULL;
    assert_int_equal(cz_json_parse(&value, text, sizeof text - 1, "x", NULL), CLOZE_OK);
    return value;
}

static void getters_tell_absent_from_wrong(void **state)
{
    json_t *o = example();
    size_t size = 99;
    int64_t integer = 99;
    double real = 99;
    bool flag = true;
    const char *string = "kept";
    cloze_error error;
    (void)state;
    assert_int_equal(cz_json_size(o, "absent", 0, 10, &size, NULL), CLOZE_OK);
    assert_int_equal(cz_json_size(o, "no", 0, 10, &size, NULL), CLOZE_OK);
    assert_int_equal(cz_json_real(o, "absent", &real, NULL), CLOZE_OK);
    assert_int_equal(cz_json_flag(o, "no", &flag, NULL), CLOZE_OK);
    assert_int_equal(cz_json_string(o, "no", &string, NULL), CLOZE_OK);
    assert_true(size == 99 && real == 99 && flag && !strcmp(string, "kept"));

    assert_int_equal(cz_json_size(o, "n", 0, 11, &size, &error), CLOZE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "\"n\""));
    assert_int_equal(cz_json_size(o, "n", 13, SIZE_MAX, &size, NULL), CLOZE_ERROR_FORMAT);
    assert_int_equal(cz_json_size(o, "minus", 0, SIZE_MAX, &size, NULL), CLOZE_ERROR_FORMAT);
    assert_int_equal(cz_json_size(o, "real", 0, 10, &size, NULL), CLOZE_ERROR_FORMAT);
    assert_int_equal(cz_json_size(o, "s", 0, 10, &size, NULL), CLOZE_ERROR_FORMAT);
    assert_int_equal(cz_json_real(o, "s", &real, NULL), CLOZE_ERROR_FORMAT);
    assert_int_equal(cz_json_flag(o, "n", &flag, NULL), CLOZE_ERROR_FORMAT);
    assert_int_equal(cz_json_string(o, "o", &string, NULL), CLOZE_ERROR_FORMAT);
    assert_true(size == 99 && real == 99 && flag && !strcmp(string, "kept"));

    assert_int_equal(cz_json_size(o, "n", 0, SIZE_MAX, &size, NULL), CLOZE_OK);
    assert_int_equal(cz_json_integer(o, "minus", -5, 5, &integer, NULL), CLOZE_OK);
    assert_int_equal(cz_json_real(o, "n", &real, NULL), CLOZE_OK);
    assert_true(size == 12 && integer == -1 && real == 12);
    json_decref(o);
}

static void a_missing_file_is_not_found(void **state)
{
    json_t *value;
    (void)state;
    assert_int_equal(cz_json_load(&value, "/nonexistent/a.json", 100, NULL, NULL),
                     CLOZE_ERROR_NOT_FOUND);
}

/* What cz_json_write_string prints, zero-terminated; the caller frees it. */
static char *printed_string(const char *string, size_t string_size)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    cz_json_write_string(out, string, string_size);
    fclose(out);
    return text;
}

static void strings_are_escaped_and_broken_utf8_is_replaced(void **state)
{
    char *text = printed_string("a\"\\\n\t\r\x01\x7f\0\xff\xc3\xa4/", 13);
    (void)state;
    assert_string_equal(text, "\"a\\\"\\\\\\n\\t\\r\\u0001\\u007f\\u0000\xef\xbf\xbd\xc3\xa4/\"");
    free(text);
    text = printed_string("", 0);
    assert_string_equal(text, "\"\"");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_json_is_read),
        cmocka_unit_test(hostile_json_is_refused),
        cmocka_unit_test(sixty_four_levels_are_read_and_one_more_is_not),
        cmocka_unit_test(eight_million_values_are_the_most),
        cmocka_unit_test(brackets_inside_strings_are_not_levels),
        cmocka_unit_test(an_error_tells_the_byte),
        cmocka_unit_test(getters_tell_absent_from_wrong),
        cmocka_unit_test(a_missing_file_is_not_found),
        cmocka_unit_test(strings_are_escaped_and_broken_utf8_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
