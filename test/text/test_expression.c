/*
 * test_expression.c - expressions of tokenizer.json: what is translated and what is refused, that
 * windows change no match, and that no expression takes long over any text.
 */
#include "text/find.h"
#include "text/translate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

/* Words of letters and the like keep their places; sets are too long to be shown here. */
static void what_is_understood_gets_the_other_spelling(void **state)
{
    static const char *const cases[][2] = {
        { "ab", "ab" },
        { "(a|b)c", "(?:a|b)c" },
        { "a*?b++", "a*?b++" },
        { "a{2}", "a{2,2}" },
        { "a{,3}", "a{0,3}" },
        { "a{1,2}+", "(?:a{1,2})+" },
        { "a{2}?", "(?:a{2,2})?" },
        { "a{x}", "a\\x{7b}x\\x{7d}" },
        { ".", "[^\\n]" },
        { "^a$", "(?m:^)a(?m:$)" },
        { "\\h", "[0-9a-fA-F]" },
        { "\\v", "\\x{b}" },
        { "\\u00e9\\x41\\x{4e2d}", "\\x{e9}A\\x{4e2d}" },
        { "[a-c\\-]", "[a-c\\x{2d}]" },
        { "[^ab]", "[^ab]" },
        { "[a[bc]]", "(?:[a]|[bc])" },
        { "[a&&[^b]]", "(?:(?=[a])[^b])" },
        { "[^a&&b]", "(?:(?!(?:(?=[a])[b]))[\\x{0}-\\x{10ffff}])" },
        { "[\\Ha]", "(?:[^0-9a-fA-F]|[a])" },
        { "\\p{Lt}\\P{Zs}", "[\\p{Lt}][^\\p{Zs}]" },
        { "\\p{^Zs}", "[^\\p{Zs}]" },
        { "(?i)ab", "(?i)ab" },
        { "(?<=a)(?!b)(?>c)", "(?<=a)(?!b)(?>c)" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cloze_text out;
        cloze_error error;
        if (cz_translate(text_of(cases[i][0]), NULL, &out, &error))
            fail_msg("%s", error.message);
        assert_string_equal(out.data, cases[i][1]);
        free((char *)(uintptr_t)out.data);
    }
}

static void what_is_not_understood_is_refused(void **state)
{
    static const char *const cases[][2] = {
        { "(a", "closing parenthesis" },
        { "a)", "too many" },
        { "[a", "closing bracket" },
        { "[]", "without members" },
        { "[b-a]", "ends before it begins" },
        { "[a-\\d]", "does not end with a character" },
        { "*a", "repeats nothing" },
        { "^*", "no length" },
        { "a{1001}", "1000 times" },
        { "a{3,2}", "1000 times" },
        { "(a)\\1", "escape" },
        { "(?<n>a)", "group" },
        { "(?x: a)", "group" },
        { "a(?i)b", "group" },
        { "\\G", "escape" },
        { "\\K", "escape" },
        { "\\X", "escape" },
        { "\\xff", "escape" },
        { "\\p{Klingon}", "not known" },
        { "\\pL", "braces" },
        { "\\p{L", "without an end" },
        { "[[:cntrl:]]", "not known" },
        { "(?i:\xC3\xA9)", "ASCII" },
        { "(?i:ss)", "pair" },
        { "(?i:\\p{Lu})", "upper or lower" },
        { "(?<=a+)b", "cannot be used" }, /* PCRE2 says so */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cz_expression *expression = NULL;
        cloze_error error = { 0 };
        assert_int_equal(cz_expression_new(&expression, NULL, text_of(cases[i][0]), &error),
                         CLOZE_ERROR_UNSUPPORTED);
        if (!strstr(error.message, cases[i][1]))
            fail_msg("%s", error.message);
        assert_null(expression);
    }
}

static void groups_in_groups_have_an_end(void **state)
{
    char deep[20001];
    cz_expression *expression = NULL;
    (void)state;
    memset(deep, '(', 10000);
    memset(deep + 10000, ')', 10000);
    deep[20000] = 0;
    assert_int_equal(cz_expression_new(&expression, NULL, text_of(deep), NULL),
                     CLOZE_ERROR_UNSUPPORTED);
    memset(deep, '[', 20000);
    assert_int_equal(cz_expression_new(&expression, NULL, text_of(deep), NULL),
                     CLOZE_ERROR_UNSUPPORTED);
}

typedef struct walked {
    cloze_status status;
    size_t matches, bytes, first, last;
} walked;

static walked walk(const char *pattern, const char *data, size_t size)
{
    cz_finder finder = { .kind = CZ_FIND_EXPRESSION };
    cz_matching matching = { 0 };
    cz_allowance allowance = cz_allowance_at_first();
    cz_search search = cz_search_of((cloze_text){ data, size }, &matching, NULL, &allowance.steps);
    walked seen = { .first = SIZE_MAX };
    size_t begin, end;
    bool found;
    cz_allowance_add(&allowance, size);
    assert_int_equal(cz_expression_new(&finder.expression, NULL, text_of(pattern), NULL), CLOZE_OK);
    while (!(seen.status = cz_find_next(&finder, &search, &begin, &end, &found, NULL)) && found) {
        seen.matches++;
        seen.bytes += end - begin;
        seen.first = seen.first == SIZE_MAX ? begin : seen.first;
        seen.last = end;
    }
    cz_finder_clear(&finder, NULL);
    cz_matching_clear(&matching);
    return seen;
}

static void the_end_of_a_window_is_not_the_end_of_a_text(void **state)
{
    char text[3000];
    (void)state;
    for (size_t n = 200; n < 1100; n++) {
        walked seen;
        memset(text, 'a', n);
        memcpy(text + n, "b c", 3);
        seen = walk("a+(?=b)", text, n + 3);
        assert_int_equal(seen.matches, 1);
        assert_int_equal(seen.bytes, n);
        assert_int_equal(walk("a+$", text, n + 3).matches, 0);
        assert_int_equal(walk("a+\\z", text, n + 3).matches, 0);
        assert_int_equal(walk("a\\b", text, n + 3).matches, 0);
        assert_int_equal(walk("(?<=a{4})b", text, n + 3).first, n);
        assert_int_equal(walk("b c\\z", text, n + 3).first, n);
        assert_int_equal(walk("a(?!a)", text, n + 3).first, n - 1);
        memset(text, ' ', n);
        seen = walk("\\s+(?!\\S)|\\s+", text, n + 3);
        assert_int_equal(seen.matches, 3); /* all but one, that one, and the one before the c */
        memset(text, 0xE4, n);
        for (size_t i = 0; i + 3 <= n; i += 3)
            memcpy(text + i, "\xE4\xB8\x80", 3);
        seen = walk("\\p{Han}+", text, n / 3 * 3);
        assert_int_equal(seen.matches, 1);
        assert_int_equal(seen.bytes, n / 3 * 3);
    }
}

static void an_empty_match_never_stands_behind_another(void **state)
{
    walked seen;
    (void)state;
    seen = walk("b*", "abbcbd", 6);
    assert_int_equal(seen.matches, 4); /* before the a, bb, b, and at the end */
    seen = walk("(?=b)", "abb", 3);
    assert_int_equal(seen.matches, 2);
    seen = walk("", "\xC3\xA9\xC3\xA9", 4);
    assert_int_equal(seen.matches, 3);
}

/* A million of the same, then something else. */
static walked walk_run(const char *pattern, const char *one, const char *behind)
{
    size_t unit = strlen(one), count = 1000000 / unit, more = strlen(behind);
    char *text = malloc(count * unit + more);
    walked seen;
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * unit, one, unit);
    memcpy(text + count * unit, behind, more);
    seen = walk(pattern, text, count * unit + more);
    free(text);
    return seen;
}

static void hard_expressions_are_stopped(void **state)
{
    (void)state;
    assert_int_equal(walk_run("(a+)+$", "a", "!").status, CLOZE_ERROR_LIMIT);
    assert_int_equal(walk_run("(x+x+)+y", "x", "").status, CLOZE_ERROR_LIMIT);
    assert_int_equal(walk_run("(?:a|a|a|a)*b", "a", "").status, CLOZE_ERROR_LIMIT);
    assert_int_equal(walk_run("\\s+x", " ", "y").status, CLOZE_ERROR_LIMIT);
    assert_int_equal(walk_run("(?=(a|aa)+$)a", "a", "!").status, CLOZE_ERROR_LIMIT);
}

static void a_million_of_each_kind_are_easy(void **state)
{
    static const char *const ones[] = { "a", "A",        " ",        "\n", "'",  "1",
                                        "!", "\xC3\xA9", "\xCC\x81", "a ", "A1", "\xE4\xB8\x80" };
    static const char newest[] =
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
        "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}|"
        " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    (void)state;
    for (size_t i = 0; i < sizeof ones / sizeof *ones; i++) {
        size_t unit = strlen(ones[i]);
        walked seen = walk_run(newest, ones[i], "?");
        assert_int_equal(seen.status, CLOZE_OK);
        assert_int_equal(seen.bytes, 1000000 / unit * unit + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_understood_gets_the_other_spelling),
        cmocka_unit_test(what_is_not_understood_is_refused),
        cmocka_unit_test(groups_in_groups_have_an_end),
        cmocka_unit_test(the_end_of_a_window_is_not_the_end_of_a_text),
        cmocka_unit_test(an_empty_match_never_stands_behind_another),
        cmocka_unit_test(hard_expressions_are_stopped),
        cmocka_unit_test(a_million_of_each_kind_are_easy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
