/* test_augment.c - texts made from texts: what each way does, how much of it, and by which seed. */
#include "../../cli/augment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cli_keep keep;
static cli_synonyms synonyms;
static char synonym_bytes[] = "film, movie,picture\nbad\tawful\n\nLondon, the capital\n";

static int clear(void **state)
{
    (void)state;
    keep_clear(&keep);
    synonyms_clear(&synonyms);
    return 0;
}

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static const char *made(const char *text, augment_rates rates, bool with_synonyms, uint64_t seed)
{
    cloze_text out;
    const augment_source source = { .synonyms = with_synonyms ? &synonyms : NULL };
    assert_true(augment_text(&keep, text_of(text), &rates, &source, seed, 0, &out));
    assert_int_equal(out.size, strlen(out.data));
    return out.data;
}

static void read_synonyms(void)
{
    char *bytes = keep_room(&keep, sizeof synonym_bytes, 1);
    memcpy(bytes, synonym_bytes, sizeof synonym_bytes);
    assert_int_equal(synonyms_read_bytes(&synonyms, "s", bytes, sizeof synonym_bytes - 1), 0);
}

static size_t words_in(const char *text)
{
    size_t count = 0;
    for (size_t i = 0; text[i]; i++)
        count += text[i] != ' ' && (!i || text[i - 1] == ' ');
    return count;
}

/* Letters summed: the same words in any order have the same sum. */
static unsigned sum_of(const char *text)
{
    unsigned sum = 0;
    for (; *text; text++)
        sum += *text == ' ' ? 0 : (unsigned char)*text * (unsigned char)*text;
    return sum;
}

static const char sentence[] = "one two three four five six seven eight nine ten";

static void words_are_left_out(void **state)
{
    size_t left = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++)
        left += words_in(made(sentence, (augment_rates){ .drop = 0.3 }, false, seed));
    assert_in_range(left, 1320, 1480);
    assert_int_equal(words_in(made(sentence, (augment_rates){ .drop = 1 }, false, 5)), 1);
}

static void words_change_places(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        const char *text = made(sentence, (augment_rates){ .swap = 0.1 }, false, seed);
        assert_int_equal(words_in(text), 10);
        assert_int_equal(sum_of(text), sum_of(sentence));
        assert_string_not_equal(text, sentence);
    }
    assert_string_equal(made("alone", (augment_rates){ .swap = 1 }, false, 1), "alone");
}

static void words_are_inserted(void **state)
{
    (void)state;
    read_synonyms();
    for (uint64_t seed = 0; seed < 50; seed++) {
        const char *text = made(sentence, (augment_rates){ .insert = 0.3 }, false, seed);
        assert_int_equal(words_in(text), 13);
        text = made("A film, bad.", (augment_rates){ .insert = 0.1 }, true, seed);
        assert_int_equal(words_in(text), 4);
        assert_true(strstr(text, "movie") || strstr(text, "picture") || strstr(text, "awful"));
        assert_non_null(strstr(text, "film,"));
    }
}

static void words_are_replaced_by_synonyms(void **state)
{
    bool movie = false, picture = false;
    (void)state;
    read_synonyms();
    for (uint64_t seed = 0; seed < 50; seed++) {
        const char *text = made("(Film) of the day", (augment_rates){ .replace = 0.1 }, true, seed);
        movie |= !strcmp(text, "(Movie) of the day");
        picture |= !strcmp(text, "(Picture) of the day");
        assert_true(strstr(text, "(Movie)") || strstr(text, "(Picture)"));
    }
    assert_true(movie && picture);
    assert_string_equal(made("BAD LONDON!", (augment_rates){ .replace = 1 }, true, 0),
                        "Awful The capital!");
    assert_string_equal(made("no such word", (augment_rates){ .replace = 1 }, true, 0),
                        "no such word");
    assert_string_equal(made("bad film", (augment_rates){ .replace = 1 }, false, 0), "bad film");
}

static void a_seed_and_a_number_say_which(void **state)
{
    const augment_source source = { NULL, NULL };
    augment_rates rates = { 0.2, 0.2, 0.2, 0, 0 };
    cloze_text first, again, second;
    size_t different = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_true(augment_text(&keep, text_of(sentence), &rates, &source, seed, 0, &first));
        assert_true(augment_text(&keep, text_of(sentence), &rates, &source, seed, 0, &again));
        assert_true(augment_text(&keep, text_of(sentence), &rates, &source, seed, 1, &second));
        assert_string_equal(first.data, again.data);
        different += strcmp(first.data, second.data) != 0;
    }
    assert_true(different >= 18);
}

static void white_space_stays(void **state)
{
    (void)state;
    assert_string_equal(made("  a\tb\n", (augment_rates){ .swap = 0.1 }, false, 0), "  b\ta\n");
    assert_string_equal(made("", (augment_rates){ .swap = 0.1 }, false, 0), "");
    assert_string_equal(made(" \n", (augment_rates){ .drop = 0.5 }, false, 0), " \n");
    assert_string_equal(made("a b", (augment_rates){ 0 }, false, 0), "a b");
}

static void files_of_synonyms_are_checked(void **state)
{
    char alone[] = "a,b\n c \n", none[] = "\n\n";
    (void)state;
    assert_int_equal(synonyms_read_bytes(&synonyms, "s", alone, strlen(alone)), CLOZE_ERROR_TEXT);
    assert_int_equal(synonyms_read_bytes(&synonyms, "s", none, strlen(none)), CLOZE_ERROR_TEXT);
    assert_null(synonyms.words.item);
}

/* Says "one" for the first mask, "two" for the second, and nothing for others. */
static bool say_numbers(void *context, cli_keep *mine, cloze_text masked, const cloze_text *words,
                        size_t count, cli_chance *chance, cloze_text *out)
{
    size_t *calls = context, masks = 0;
    (void)mine, (void)chance;
    for (const char *at = masked.data; (at = strstr(at, "<mask>")); at++)
        masks++;
    assert_int_equal(masks, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(words[i].size && words[i].data[words[i].size - 1] != '.');
        out[i] = i == 0 ? text_of("one") : i == 1 ? text_of("two") : (cloze_text){ NULL, 0 };
    }
    ++*calls;
    return true;
}

static void words_become_what_a_model_says(void **state)
{
    size_t calls = 0;
    const augment_filler filler = { text_of("<mask>"), say_numbers, &calls };
    const augment_source source = { NULL, &filler };
    const augment_rates all = { .fill = 1 }, half = { .fill = 0.5 }, other = { .drop = 0 };
    cloze_text out;
    (void)state;
    assert_true(augment_text(&keep, text_of("Cats eat (fish)."), &all, &source, 3, 0, &out));
    assert_string_equal(out.data, "One two (fish).");
    assert_true(augment_text(&keep, text_of("- 4 ?!"), &all, &source, 3, 0, &out));
    assert_string_equal(out.data, "- one ?!");
    assert_true(augment_text(&keep, text_of("?! ..."), &all, &source, 3, 0, &out));
    assert_string_equal(out.data, "?! ...");
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_true(augment_text(&keep, text_of("a b c d"), &half, &source, seed, 0, &out));
        assert_int_equal(words_in(out.data), 4);
        assert_non_null(strstr(out.data, "one"));
        assert_non_null(strstr(strstr(out.data, "one"), "two"));
    }
    assert_int_equal(calls, 22);
    assert_true(augment_text(&keep, text_of("a b"), &other, &source, 1, 0, &out));
    assert_string_equal(out.data, "a b");
}

static bool say_nothing(void *context, cli_keep *mine, cloze_text masked, const cloze_text *words,
                        size_t count, cli_chance *chance, cloze_text *out)
{
    (void)context, (void)mine, (void)masked, (void)words, (void)count, (void)chance, (void)out;
    return false;
}

static void a_model_that_fails_is_told(void **state)
{
    const augment_filler filler = { text_of("<mask>"), say_nothing, NULL };
    const augment_source source = { NULL, &filler };
    const augment_rates all = { .fill = 1 };
    cloze_text out;
    (void)state;
    assert_false(augment_text(&keep, text_of("Cats eat fish."), &all, &source, 3, 0, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(words_are_left_out, clear),
        cmocka_unit_test_teardown(words_change_places, clear),
        cmocka_unit_test_teardown(words_are_inserted, clear),
        cmocka_unit_test_teardown(words_are_replaced_by_synonyms, clear),
        cmocka_unit_test_teardown(a_seed_and_a_number_say_which, clear),
        cmocka_unit_test_teardown(white_space_stays, clear),
        cmocka_unit_test_teardown(files_of_synonyms_are_checked, clear),
        cmocka_unit_test_teardown(words_become_what_a_model_says, clear),
        cmocka_unit_test_teardown(a_model_that_fails_is_told, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
