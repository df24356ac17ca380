/*
 * test_browser.c - pages as readers meet them, in Chromium, where one is installed: what keys and the
 * mouse do, that hostile texts do nothing, that all can be read in the light and in the dark.
 */
#include "browser.h"
#include "sample.h"
#include "written.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT(literal) ((cloze_text){ literal, sizeof literal - 1 })

static const cloze_text nothing = { NULL, 0 };
static browser *shown;

/* Writes the page and opens it; skips the test, with a word, where there is no browser: the project needs
 * none, and what the file holds is tested without one. */
static void show(const sample *made, const char *fragment)
{
    char url[4200];
    const char *why;
    size_t size;
    free(page_bytes(&made->page, &size));
    snprintf(url, sizeof url, "%s%s", page_path(), fragment);
    shown = browser_open(url, 1200, 1000, &why);
    if (!shown) {
        print_message("skipped: %s\n", why);
        skip();
    }
}

static int end_show(void **state)
{
    (void)state;
    browser_close(shown);
    shown = NULL;
    return 0;
}

static void check_awaited(const char *expression)
{
    if (!browser_awaits(shown, expression))
        fail_msg("never: %s", expression);
}

static void check_ready(const char *view)
{
    char expression[200];
    snprintf(expression, sizeof expression, "document.documentElement.dataset.ready === '%s'",
             view);
    check_awaited(expression);
}

static void check_that(const char *expression)
{
    json_t *value = browser_evaluate(shown, expression);
    bool holds = json_is_true(value);
    json_decref(value);
    if (!holds)
        fail_msg("not so: %s", expression);
}

static void run(const char *statement)
{
    char expression[1000];
    snprintf(expression, sizeof expression, "%s; true", statement);
    check_that(expression);
}

static void press(const char *key, bool shifted)
{
    assert_true(browser_press(shown, key, shifted));
}

/* The middle of what a selector finds, and from there. */
static void click_on(const char *selector, double right, double down)
{
    char expression[400];
    json_t *place;
    snprintf(
        expression, sizeof expression,
        "(() => { const e = document.querySelector('%s'); e.scrollIntoView({ block: 'center' });"
        "const b = e.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()",
        selector);
    place = browser_evaluate(shown, expression);
    assert_int_equal(json_array_size(place), 4);
    assert_true(browser_click(shown, json_number_value(json_array_get(place, 0)) + right,
                              json_number_value(json_array_get(place, 1)) + down));
    json_decref(place);
}

static void keys_and_mouse_choose(void **state)
{
    static sample made;
    (void)state;
    sample_make(&made, TEXT("It was not bad at all"), TEXT("They say"), nothing);
    made.page.method_shown = made.page.method_count - 1;
    show(&made, "#layer=2&head=1");
    check_ready("Layer 2, head 1, matrix");
    check_that("state.method === page.methods.length - 1 &&"
               " [...document.querySelectorAll('#methods input')].at(-1).checked");
    press("2", false);
    check_that("state.method === 1 && document.querySelectorAll('#methods input')[1].checked");
    check_that("byId('announce').textContent === 'shapley'");
    press("a", false);
    check_that("document.activeElement.id === 'picture-frame'");
    press("ArrowDown", false);
    check_ready("Layer 3, head 1, matrix");
    press("ArrowRight", false);
    check_ready("Layer 3, head 2, matrix");
    press("m", false);
    check_ready("Layer 3, head 2, lines");
    press("h", false);
    check_ready("Layer 3, mean of all heads, lines");
    press("m", false);
    press("ArrowRight", true);
    check_that("state.cell.from === 0 && state.cell.to === 0");
    press("ArrowDown", true);
    press("Enter", false);
    check_that("state.token === 1 && byId('attention-detail').textContent.includes('It')");
    press("Escape", false);
    check_that("state.token === -1");
    press("s", false);
    check_awaited("!currentView.tokens.includes(0) && currentView.tokens.length === 8");
    check_awaited("document.documentElement.dataset.filled === 'yes'");
    click_on("#sheet canvas", 26 + 3.5 * 48, 20 + 0.5 * 48);
    check_ready("Layer 1, head 3, matrix");
    click_on(".unit:nth-of-type(3)", 4, 4);
    check_that("state.unit === 2 && state.token === 3");
    press("ArrowRight", false);
    check_that("document.activeElement === unitElements[3] && !byId('tip').hidden");
    check_that("location.hash.includes('head=3') && location.hash.includes('special=no')");
    sample_free(&made);
}

static void weights_are_those_given(void **state)
{
    static sample made;
    char expression[300];
    size_t tokens;
    (void)state;
    sample_make(&made, TEXT("It was not bad at all"), nothing, nothing);
    tokens = made.page.token_count;
    show(&made, "#layer=4&head=2");
    check_ready("Layer 4, head 2, matrix");
    for (size_t from = 0; from < tokens; from += 3)
        for (size_t to = 0; to < tokens; to++) {
            snprintf(expression, sizeof expression, "shadeAt(currentView, %zu, %zu) === %d", from,
                     to, made.layers[3].shades[(2 * tokens + from) * tokens + to]);
            check_that(expression);
        }
    check_that(
        "Math.abs(strongest(3, 'from').reduce((sum, { weight }) => sum + weight, 0) - 1) < .05");
    check_that("Math.abs(weightOf[headShades(3, 'mean')[5]] -"
               "[0, 1, 2, 3].reduce((sum, head) => sum + weightOf[headShades(3, head)[5]] / 4, 0)) "
               "< .004");
    check_that("headShades(3, 'max')[5] === Math.max(...[0, 1, 2, 3].map((head) => headShades(3, "
               "head)[5]))");
    sample_free(&made);
}

static void hostile_texts_do_nothing(void **state)
{
    static const cloze_text text = TEXT(
        "</script><img/src=x/onerror=stolen=1> <script>stolen=1</script> \"onmouseover=stolen=1 "
        "&lt;b&gt; \xe2\x80\xae"
        "abc a\0b \xe2\x80\xa8 ]]>");
    static sample made;
    (void)state;
    sample_make(&made, text, text, text);
    show(&made, "#layer=1&head=0&view=lines&token=1");
    check_ready("Layer 1, head 0, lines");
    run("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
    run("chooseUnit(0); unitElements[0].focus()");
    check_that("document.querySelector('img, iframe, object, embed, link, body script:not([type]) "
               "~ script') === null");
    check_that("document.scripts.length <= 2 + page.layers.length");
    check_that("typeof stolen === 'undefined'");
    check_that("document.querySelector('#text p').textContent === page.texts[0]");
    check_that("document.title.startsWith('</script><img')");
    check_that("performance.getEntriesByType('resource').length === 0");
    run("globalThis.saved = []; URL.createObjectURL = (blob) => { saved.push(blob); return '#'; }");
    run("saveTexts('svg'); saveAttention('svg'); state.view = 'matrix'; saveAttention('svg')");
    check_that("saved.length === 3");
    check_that(
        "(async () => { for (const blob of saved) {"
        "const read = new DOMParser().parseFromString(await blob.text(), 'image/svg+xml');"
        "if (read.querySelector('parsererror, script, foreignObject, [onerror]')) return false;"
        "if (read.documentElement.localName !== 'svg') return false; } return true; })()");
    sample_free(&made);
}

static void numbers_leave_as_they_came(void **state)
{
    static sample made;
    (void)state;
    sample_make(&made, TEXT("a \"quoted\" word, and =more"), nothing, nothing);
    show(&made, "#layer=1");
    check_ready("Layer 1, head 0, matrix");
    run("globalThis.saved = []; URL.createObjectURL = (blob) => { saved.push(blob); return '#'; }");
    run("saveNumbers(); saveWeights()");
    check_that("saved[0].text().then((text) => "
               "text.startsWith('unit,text,side,begin,end,integrated-gradients,"
               "shapley,shapley +-,random\\r\\n0,a,0,0,1,0,'))");
    check_that(
        "saved[0].text().then((text) => text.includes('\\r\\n1,\"\"\"quoted\"\"\",0,2,10,'))");
    check_that(
        "saved[1].text().then((text) => text.split('\\r\\n').length === page.tokens.length + 2)");
    sample_free(&made);
}

/* WCAG's measure of contrast between two colours, as the page computes them. */
static const char contrast[] =
    "globalThis.light = (css) => { const c = css.match(/[0-9.]+/g).map((v) => { v /= 255; "
    "  return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });"
    "  return .2126 * c[0] + .7152 * c[1] + .0722 * c[2]; };"
    "globalThis.contrast = (a, b) => (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), "
    "light(b)) + .05);"
    "globalThis.rgb = (value) => 'rgb(' + value.join() + ')'";

static void check_readable(void)
{
    check_that("unitElements.every((e) => contrast(getComputedStyle(e).color,"
               "getComputedStyle(e).backgroundColor) >= 4.5)");
    check_that("['#method-note', 'body', 'summary', 'legend'].every((s) =>"
               "contrast(getComputedStyle(document.querySelector(s)).color,"
               "getComputedStyle(document.body).backgroundColor) >= 4.5)");
    check_that("Array.from({ length: 101 }, (_, i) => signedColour(i / 50 - 1))"
               ".every((c) => contrast(rgb(c), inkOn(c) === '#000000' ? 'rgb(0,0,0)' : "
               "'rgb(255,255,255)') >= 4.5)");
    /* The map of weights goes one way only, in steps that can be seen. */
    check_that(
        "(() => { const l = Array.from({ length: 33 }, (_, i) => light(rgb(weightColour(i / 32))));"
        "const way = Math.sign(l[32] - l[0]); return l.every((v, i) => !i || way * (v - l[i - 1]) "
        "> 0); })()");
}

static void all_can_be_read_in_light_and_dark(void **state)
{
    static sample made;
    (void)state;
    sample_make(&made, TEXT("It was not bad at all , and then some more of it came"), nothing,
                nothing);
    show(&made, "");
    check_ready("Layer 1, head 0, matrix");
    run(contrast);
    assert_true(browser_prefers(shown, "light"));
    check_awaited("light(getComputedStyle(document.body).backgroundColor) > 0.9");
    check_readable();
    assert_true(browser_prefers(shown, "dark"));
    check_awaited("light(getComputedStyle(document.body).backgroundColor) < 0.05");
    check_readable();
    press("d", false);
    check_that("light(getComputedStyle(document.body).backgroundColor) > 0.9");
    check_readable();
    sample_free(&made);
}

static void a_page_without_attention_has_the_rest(void **state)
{
    static sample made;
    (void)state;
    sample_make(&made, TEXT("It was not bad"), nothing, nothing);
    made.page.layer_count = 0;
    show(&made, "#layer=3&head=9&method=7");
    check_that("byId('attention').hidden && state.method === 0 && unitElements.length === 4");
    press("m", false);
    press("3", false);
    check_that("state.method === 2");
    sample_free(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(keys_and_mouse_choose, end_show),
        cmocka_unit_test_teardown(weights_are_those_given, end_show),
        cmocka_unit_test_teardown(hostile_texts_do_nothing, end_show),
        cmocka_unit_test_teardown(numbers_leave_as_they_came, end_show),
        cmocka_unit_test_teardown(all_can_be_read_in_light_and_dark, end_show),
        cmocka_unit_test_teardown(a_page_without_attention_has_the_rest, end_show),
    };
    return cmocka_run_group_tests(tests, pages_begin, pages_end);
}
