/* Messages: always one line that ends, whatever text a file puts into them. */
#include "base/error.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void an_error_holds_code_message_and_place(void **state)
{
    cloze_error error;
    (void)state;
    assert_int_equal(cz_fail_at(&error, CLOZE_ERROR_FORMAT, 7, "bad %d", 3), CLOZE_ERROR_FORMAT);
    assert_int_equal(error.position, 7);
    assert_string_equal(error.message, "bad 3");
    cz_error_prefix(&error, "file %s", "a");
    cz_error_prefix(NULL, "nobody listens");
    assert_string_equal(error.message, "file a: bad 3");
    assert_int_equal(error.position, 7);
    assert_int_equal(cz_fail_memory(&error, "x", 5), CLOZE_ERROR_MEMORY);
    assert_int_equal(cz_fail(NULL, CLOZE_ERROR_IO, "nobody listens"), CLOZE_ERROR_IO);
}

static void long_messages_are_cut(void **state)
{
    char text[2000];
    cloze_error error;
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    cz_fail(&error, CLOZE_ERROR_IO, "%s", text);
    assert_int_equal(strlen(error.message), CLOZE_MESSAGE_SIZE - 1);
    cz_error_prefix(&error, "%s", text);
    assert_int_equal(strlen(error.message), CLOZE_MESSAGE_SIZE - 1);
}

static void printable_text_has_no_control_bytes(void **state)
{
    char out[32];
    (void)state;
    assert_string_equal(cz_printable(out, sizeof out, "a\n\x1b\xff\xc3\xa4", 6),
                        "a\\x0a\\x1b\\xff\xc3\xa4");
    assert_string_equal(cz_printable(out, 8, "abcdefghij", 10), "abcd...");
    assert_string_equal(cz_printable(out, sizeof out, "", 0), "");
    /* U+009B begins a command to a terminal, U+202E turns the direction of what follows. */
    assert_string_equal(cz_printable(out, sizeof out,
                                     "\xc2\x9b"
                                     "1",
                                     3),
                        "\\xc2\\x9b1");
    assert_string_equal(cz_printable(out, sizeof out,
                                     "\xe2\x80\xae"
                                     "a",
                                     4),
                        "\\xe2\\x80\\xaea");
}

static void printable_text_fits_any_room(void **state)
{
    char text[20], out[64];
    (void)state;
    memset(text, 0xff, sizeof text);
    for (size_t room = 0; room < sizeof out; room++) {
        memset(out, '#', sizeof out);
        cz_printable(out, room, text, sizeof text);
        for (size_t i = room; i < sizeof out; i++)
            assert_int_equal(out[i], '#');
        assert_true(!room || memchr(out, 0, room));
    }
}

static void note(void *context, cloze_log_level level, const char *message)
{
    snprintf(context, 64, "%d %s", level, message);
}

static void the_log_goes_to_the_hook(void **state)
{
    char got[64] = "";
    cloze_hooks hooks = { .log = { note, got } };
    (void)state;
    cz_log(&hooks, CLOZE_LOG_NOTE, "x %d", 1);
    assert_string_equal(got, "2 x 1");
    cz_log(NULL, CLOZE_LOG_NOTE, "nowhere");
    cz_log(&(cloze_hooks){ .log = { NULL, NULL } }, CLOZE_LOG_NOTE, "nowhere");
}

static void every_status_has_a_name(void **state)
{
    (void)state;
    for (int i = CLOZE_OK; i <= CLOZE_ERROR_OFFLINE; i++)
        assert_string_not_equal(cloze_status_name((cloze_status)i), "unknown status");
    assert_string_equal(cloze_status_name((cloze_status)999), "unknown status");
    assert_non_null(strchr(cloze_version(), '.'));
}

/* All four-byte strings of some telling bytes, against the table of the Unicode standard (3-7). */
static bool in(unsigned char byte, unsigned low, unsigned high)
{
    return byte >= low && byte <= high;
}

static size_t by_the_standard(const unsigned char *b)
{
    bool c = in(b[2], 0x80, 0xbf), d = in(b[3], 0x80, 0xbf);
    if (b[0] < 0x80)
        return 1;
    if (in(b[0], 0xc2, 0xdf))
        return in(b[1], 0x80, 0xbf) ? 2 : 0;
    if ((b[0] == 0xe0 && in(b[1], 0xa0, 0xbf)) || (b[0] == 0xed && in(b[1], 0x80, 0x9f)) ||
        ((in(b[0], 0xe1, 0xec) || in(b[0], 0xee, 0xef)) && in(b[1], 0x80, 0xbf)))
        return c ? 3 : 0;
    if ((b[0] == 0xf0 && in(b[1], 0x90, 0xbf)) || (b[0] == 0xf4 && in(b[1], 0x80, 0x8f)) ||
        (in(b[0], 0xf1, 0xf3) && in(b[1], 0x80, 0xbf)))
        return c && d ? 4 : 0;
    return 0;
}

static void utf8_is_judged_as_the_standard_says(void **state)
{
    static const unsigned char tails[] = { 0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0 };
    enum { TAILS = sizeof tails };
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        for (size_t i = 0; i < TAILS * TAILS * TAILS; i++) {
            unsigned char bytes[4] = { (unsigned char)first, tails[i % TAILS],
                                       tails[i / TAILS % TAILS], tails[i / TAILS / TAILS] };
            size_t expected = by_the_standard(bytes);
            for (size_t left = 1; left <= 4; left++)
                assert_int_equal(cz_utf8_length((const char *)bytes, left),
                                 expected <= left ? expected : 0);
        }
    }
}

static void written_code_points_are_well_formed(void **state)
{
    char out[4];
    (void)state;
    for (uint32_t point = 0; point < 0x110000; point += point < 0x900 ? 1 : 37) {
        if (point >= 0xd800 && point < 0xe000)
            continue;
        size_t written = cz_utf8_write(out, point);
        assert_int_equal(cz_utf8_length(out, sizeof out), written);
    }
    assert_int_equal(cz_utf8_write(out, 0x1f600), 4);
    assert_memory_equal(out, "\xf0\x9f\x98\x80", 4);
    assert_int_equal(cz_utf8_write(out, 0x20ac), 3);
    assert_memory_equal(out, "\xe2\x82\xac", 3);
    assert_int_equal(cz_utf8_write(out, 0xe4), 2);
    assert_memory_equal(out, "\xc3\xa4", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_holds_code_message_and_place),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(printable_text_has_no_control_bytes),
        cmocka_unit_test(printable_text_fits_any_room),
        cmocka_unit_test(the_log_goes_to_the_hook),
        cmocka_unit_test(every_status_has_a_name),
        cmocka_unit_test(utf8_is_judged_as_the_standard_says),
        cmocka_unit_test(written_code_points_are_well_formed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
