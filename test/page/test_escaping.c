/*
 * test_escaping.c - no text can become markup or script: the page of hostile texts has the same tags
 * as the page of harmless ones, and its data are those texts again.
 */
#include "html.h"
#include "sample.h"
#include "written.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof literal - 1                                                                \
    }

static const cloze_text hostile[] = {
    TEXT("</script><img src=x onerror=alert(1)>"),
    TEXT("</SCRIPT\n><svg/onload=alert(1)>"),
    TEXT("<!--<script>"),
    TEXT("--><script>alert(1)</script>"),
    TEXT("</title></style></noscript><iframe src=//a>"),
    TEXT("\" onmouseover=\"alert(1)"),
    TEXT("' onmouseover='alert(1)"),
    TEXT("]]>\\u003c/script\\x3e${alert(1)}`"),
    TEXT("{{script}}{{data}}{{title}}"),
    TEXT("&lt;script&gt;&amp;&#60;"),
    TEXT("a\0b<\0/script>"),
    TEXT(
        "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae<b>\xe2\x80\x8f"), /* separators, marks of direction */
    TEXT("\xef\xbb\xbf\xf0\x9f\x99\x82<\x7f\x1b[31m\r\n\t"),
};

/* The tags of two pages, one by one. */
static void check_same_tags(const char *page, size_t size, const char *other, size_t other_size)
{
    const char *at = page, *other_at = other;
    tag one, two;
    while (html_next(&at, page + size, &one)) {
        assert_true(html_next(&other_at, other + other_size, &two));
        assert_int_equal(one.name.size, two.name.size);
        assert_memory_equal(one.name.at, two.name.at, one.name.size);
        assert_int_equal(one.attributes.size, two.attributes.size);
        assert_memory_equal(one.attributes.at, two.attributes.at, one.attributes.size);
    }
    assert_false(html_next(&other_at, other + other_size, &two));
}

static piece data_of(const char *page, size_t size)
{
    tag found;
    for (const char *at = page; html_next(&at, page + size, &found);)
        if (piece_is(found.name, "script") && piece_has(found.attributes, "id=\"data\""))
            return found.raw;
    fail_msg("the page has no data");
    return (piece){ NULL, 0 };
}

static void check_string(const json_t *value, cloze_text expected)
{
    assert_true(json_is_string(value));
    assert_int_equal(json_string_length(value), expected.size);
    assert_memory_equal(json_string_value(value), expected.data, expected.size);
}

static json_t *member(json_t *of, const char *list, const char *name)
{
    return json_object_get(json_array_get(json_object_get(of, list), 0), name);
}

/* The data hold nothing that ends a script, and all texts as they were given. */
static void check_data(piece data, cloze_text text)
{
    json_t *all;
    for (size_t i = 0; i < data.size; i++)
        assert_true(data.at[i] >= ' ' && data.at[i] <= 127 && !strchr("<>&", data.at[i]));
    all = json_loadb(data.at, data.size, JSON_ALLOW_NUL, NULL);
    assert_non_null(all);
    check_string(json_object_get(all, "title"), text);
    check_string(json_array_get(json_object_get(all, "texts"), 0), text);
    check_string(json_array_get(json_object_get(all, "texts"), 1), text);
    check_string(member(all, "methods", "name"), text);
    check_string(member(all, "methods", "note"), text);
    check_string(member(all, "figures", "name"), text);
    check_string(member(all, "tables", "title"), text);
    json_decref(all);
}

static void no_text_becomes_markup(void **state)
{
    static sample harmless, other;
    char *page, *other_page;
    size_t size, other_size;
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        /* As many words each, so that nothing but the texts differs. */
        sample_make(&other, hostile[i], hostile[i], hostile[i]);
        sample_make(&harmless, hostile[i], hostile[i], (cloze_text){ "plain", 5 });
        harmless.page.texts[0] = harmless.page.texts[1] = (cloze_text){ NULL, 0 };
        harmless.page.unit_count = harmless.page.token_count = harmless.page.layer_count = 0;
        other.page.layer_count = 0;
        page = page_bytes(&other.page, &size);
        other_page = page_bytes(&harmless.page, &other_size);
        check_same_tags(page, size, other_page, other_size);
        check_data(data_of(page, size), hostile[i]);
        free(page);
        free(other_page);
        sample_free(&other);
        sample_free(&harmless);
    }
}

/* The oracle itself: what it must see where nothing is escaped. */
static void the_oracle_sees_what_escapes(void **state)
{
    static const struct {
        const char *page;
        const char *tags;
    } cases[] = {
        { "<p>a < b</p>", "p /p " },
        { "<script>var a = '<b>';</script><img src=x>", "script /script img " },
        { "<title>x</title ><svg/onload=a>", "title /title svg " },
        { "<p title=\"a>b\">c<!-- <i> --></p>", "p /p " },
        { "<p title='a>b' x>c<!x><b></p>", "p b /p " },
        { "<style></styles></style><a>", "style /style a " },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char seen[100] = "";
        tag found;
        for (const char *at = cases[i].page, *end = at + strlen(at); html_next(&at, end, &found);) {
            strncat(seen, found.name.at, found.name.size);
            strcat(seen, " ");
        }
        assert_string_equal(seen, cases[i].tags);
    }
}

/* Nothing is fetched: no element names an address, and the page's policy forbids it, too. */
static void a_page_asks_nobody(void **state)
{
    static const char *const names[] = { " src",    " href", " action", " data=",
                                         " srcset", " ping", " style=" };
    static sample made;
    size_t size, policies = 0;
    char *page;
    tag found;
    (void)state;
    sample_make(&made, hostile[0], hostile[1], hostile[2]);
    page = page_bytes(&made.page, &size);
    for (const char *at = page; html_next(&at, page + size, &found);) {
        assert_false(piece_is(found.name, "link") || piece_is(found.name, "base") ||
                     piece_is(found.name, "img") || piece_is(found.name, "iframe"));
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            assert_false(piece_has(found.attributes, names[i]));
        if (piece_has(found.attributes, "Content-Security-Policy")) {
            policies++;
            assert_true(piece_has(found.attributes, "default-src 'none'; script-src 'sha256-"));
            assert_false(piece_has(found.attributes, "unsafe"));
            assert_false(piece_has(found.attributes, "://"));
        }
    }
    assert_int_equal(policies, 1);
    free(page);
    sample_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_text_becomes_markup),
        cmocka_unit_test(the_oracle_sees_what_escapes),
        cmocka_unit_test(a_page_asks_nobody),
    };
    return cmocka_run_group_tests(tests, pages_begin, pages_end);
}
