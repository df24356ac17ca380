/*
 * test_changes.c - texts as they are changed: what is written here by hand, and laws that hold for every
 * change of every text.
 */
#include <cloze/behaviour.h>

#include "base/utf8.h"

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

static cloze_changer *open_changer(const cloze_change_options *options)
{
    cloze_changer *changer = NULL;
    cloze_error error = { 0 };
    if (cloze_changer_new(&changer, options, &error))
        fail_msg("%s", error.message);
    return changer;
}

static cloze_changed apply(cloze_changer *changer, cloze_change change, const char *text,
                           size_t number, size_t copy)
{
    cloze_changed changed;
    cloze_error error = { 0 };
    if (cloze_changer_apply(changer, change, text_of(text), number, copy, &changed, &error))
        fail_msg("%s", error.message);
    return changed;
}

static bool is(cloze_text a, const char *b)
{
    return a.size == strlen(b) && !memcmp(a.data, b, a.size);
}

typedef struct expected {
    const char *text, *changed; /* NULL: it does not apply */
} expected;

static void hold(cloze_change change, const expected *all, size_t count)
{
    cloze_changer *changer = open_changer(NULL);
    for (size_t i = 0; i < count; i++) {
        cloze_changed found = apply(changer, change, all[i].text, i, 0);
        const char *wanted = all[i].changed ? all[i].changed : all[i].text;
        if (!is(found.text, wanted) || !found.count != !all[i].changed)
            fail_msg("%s: \"%s\" became \"%.*s\", not \"%s\" (%zu changes)",
                     cloze_change_name(change), all[i].text, (int)found.text.size, found.text.data,
                     wanted, found.count);
    }
    cloze_changer_free(changer);
}

#define HOLD(change, table) hold(change, table, sizeof(table) / sizeof *(table))

static void negations_are_put_in(void **state)
{
    static const expected known[] = {
        { "The movie is great.", "The movie is not great." },
        { "They were here, and we are not.", "They were not here, and we are not." },
        { "You can come in", "You cannot come in" },
        { "It has been fun", "It has not been fun" },
        { "I love this film", "I do not love this film" },
        { "She loves this film", "She does not love this film" },
        { "we found it", "we did not find it" },
        { "I'm happy", "I'm not happy" },
        { "It\xe2\x80\x99s good", "It\xe2\x80\x99s not good" },
        { "They'll see", "They'll not see" },
        { "Yes. He will win", "Yes. He will not win" },
        /* Not sure of: */
        { "Is it good?", NULL },
        { "What is it?", NULL },
        { "Do you love it?", NULL },
        { "Let me see", NULL },
        { "let you go", NULL },
        { "It is not good", NULL },
        { "It isn't good", NULL },
        { "The can was", "The can was not" },
        { "I have a dog", NULL },
        { "I do it", NULL },
        { "A great film", NULL },
        { "In May it rains", NULL },
        { "Love is", "Love is not" },
        { "", NULL },
        { "\xe6\x97\xa5\xe6\x9c\xac is \xf0\x9f\x98\x80", NULL },
        { "caf\xc3\xa9s are fine", "caf\xc3\xa9s are not fine" },
    };
    (void)state;
    HOLD(CLOZE_CHANGE_NEGATE, known);
}

static void negations_are_taken_out(void **state)
{
    static const expected known[] = {
        { "The movie is not great.", "The movie is great." },
        { "It isn't good", "It is good" },
        { "It isn\xe2\x80\x99t good", "It is good" },
        { "You can't go", "You can go" },
        { "You cannot go", "You can go" },
        { "Won't work", "Will work" },
        { "I shan't", "I shall" },
        { "I DON'T know", "I DO know" },
        { "I never liked it", "I liked it" },
        { "Not good, not bad", "good, not bad" },
        { "Never again", "again" },
        /* Not sure of: */
        { "not only good", NULL },
        { "Why not", NULL },
        { "It ain't so", NULL },
        { "nothing notable", NULL },
        { "not", NULL },
        { "n't", NULL },
        { "", NULL },
    };
    (void)state;
    HOLD(CLOZE_CHANGE_AFFIRM, known);
}

static void words_are_contracted(void **state)
{
    static const expected known[] = {
        { "It is not good", "It isn't good" },
        { "It is good", "It's good" },
        { "I am sure they will not come", "I'm sure they won't come" },
        { "Will not do", "Won't do" },
        { "You can not, we cannot", "You can't, we can't" },
        { "we are here and you are there", "we're here and you're there" },
        { "I will see, she will see", "I'll see, she'll see" },
        { "Yes, it is.", NULL },
        { "IT IS NOT", NULL },
        { "The cat is here", NULL },
        { "It is, not", NULL },
        { "", NULL },
    };
    (void)state;
    HOLD(CLOZE_CHANGE_CONTRACT, known);
}

static void words_are_expanded(void **state)
{
    static const expected known[] = {
        { "It isn't good", "It is not good" },
        { "It's good and they're here", "It is good and they are here" },
        { "I'm sure they won't come", "I am sure they will not come" },
        { "Can't do", "Cannot do" },
        { "I shan't, I've said", "I shall not, I have said" },
        { "That\xe2\x80\x99s it", "That is it" },
        { "let's go", "let us go" },
        { "You should've seen", "You should have seen" },
        { "Isn't it good?", NULL },
        { "It's been good", NULL },
        { "The cat's paw", NULL },
        { "I'd go", NULL },
        { "It ain't", NULL },
        { "rock 'n' roll", NULL },
        { "ain't it", NULL },
        { "", NULL },
    };
    (void)state;
    HOLD(CLOZE_CHANGE_EXPAND, known);
}

static void the_mark_at_the_end_goes_or_comes(void **state)
{
    static const expected known[] = {
        { "Good.", "Good" },
        { "Good!!! ", "Good " },
        { "Good", "Good." },
        { "Good\n", "Good.\n" },
        { "Really?!", "Really?" },
        { "\xe5\xa5\xbd\xe3\x80\x82", "\xe5\xa5\xbd" },
        { "\xe5\xa5\xbd", "\xe5\xa5\xbd\xe3\x80\x82" },
        { "Good\xe2\x80\xa6", "Good" },
        { "Really?", NULL },
        { "(Good)", NULL },
        { "...", NULL },
        { "  ", NULL },
        { "", NULL },
    };
    (void)state;
    HOLD(CLOZE_CHANGE_PUNCTUATION, known);
}

/* ---- what is drawn ---- */

/* Every copy is one of these, and each of them comes. */
static void hold_set(const cloze_change_options *options, cloze_change change, const char *text,
                     const char *const *set, size_t count)
{
    cloze_changer *changer = open_changer(options);
    bool met[16] = { false };
    size_t all = 0;
    for (size_t copy = 0; copy < 400; copy++) {
        cloze_changed found = apply(changer, change, text, 3, copy);
        size_t k = 0;
        while (k < count && !is(found.text, set[k]))
            k++;
        if (k == count)
            fail_msg("\"%s\" became \"%.*s\"", text, (int)found.text.size, found.text.data);
        all += !met[k];
        met[k] = true;
    }
    assert_int_equal(all, count);
    cloze_changer_free(changer);
}

#define HOLD_SET(options, change, text, ...)                                                       \
    hold_set(options, change, text, (const char *const[]){ __VA_ARGS__ },                          \
             sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static void neighbouring_letters_swap(void **state)
{
    (void)state;
    HOLD_SET(NULL, CLOZE_CHANGE_TYPO, "cat, a do", "act, a do", "cta, a do", "cat, a od");
    HOLD_SET(NULL, CLOZE_CHANGE_TYPO, "Aab", "Aba");
    HOLD_SET(NULL, CLOZE_CHANGE_TYPO, "e\xcc\x81t\xc3\xa9", "e\xcc\x81\xc3\xa9t");
    HOLD_SET(NULL, CLOZE_CHANGE_TYPO, "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80",
             "\xe6\x9c\xac\xe6\x97\xa5 \xf0\x9f\x98\x80");
    HOLD_SET(&(cloze_change_options){ .typos = 2 }, CLOZE_CHANGE_TYPO, "abcd", "badc", "acbd");
    HOLD_SET(&(cloze_change_options){ .typos = 9 }, CLOZE_CHANGE_TYPO, "abc", "bac", "acb");
    static const expected none[] = { { "a b 12", NULL }, { "oo", NULL }, { "", NULL } };
    HOLD(CLOZE_CHANGE_TYPO, none);
}

static void numbers_change_a_little(void **state)
{
    static const expected none[] = {
        { "3.5 or 1,000", NULL },
        { "10:30", NULL },
        { "2024-01-02", NULL },
        { "B2B and 4x4", NULL },
        { "007", NULL },
        { "1234567890", NULL },
        { "\xc2\xb2", NULL },
        { "1/2", NULL },
        { "caf\xc3\xa9"
          "7",
          NULL },
    };
    (void)state;
    HOLD(CLOZE_CHANGE_NUMBERS, none);
    HOLD_SET(NULL, CLOZE_CHANGE_NUMBERS, "7 of 7 cats", "6 of 6 cats", "8 of 8 cats");
    HOLD_SET(NULL, CLOZE_CHANGE_NUMBERS, "-10%.", "-11%.", "-12%.");
    HOLD_SET(NULL, CLOZE_CHANGE_NUMBERS, "$9", "$8");
    HOLD_SET(NULL, CLOZE_CHANGE_NUMBERS, "0", "1");
    HOLD_SET(NULL, CLOZE_CHANGE_NUMBERS, "(1)", "(2)");
    HOLD_SET(NULL, CLOZE_CHANGE_NUMBERS, "12", "10", "11", "13", "14");
    HOLD_SET(NULL, CLOZE_CHANGE_NUMBERS,
             "\xe6\x97\xa5"
             "9\xe6\x9c\xac",
             "\xe6\x97\xa5"
             "8\xe6\x9c\xac");
}

static const cloze_text letters[] = { { "A", 1 }, { "B", 1 }, { "C C", 3 }, { "A", 1 } };
static const cloze_text towns[] = { { "New", 3 }, { "New York", 8 }, { "B", 1 }, { "X", 1 } };
static const cloze_name_group groups[] = { { letters, 4 }, { towns, 4 } };

static void names_become_others_of_their_group(void **state)
{
    const cloze_change_options towns_alone = { .places = groups + 1, .place_groups = 1 };
    const cloze_change_options own = { .names = groups, .name_groups = 2 };
    (void)state;
    HOLD_SET(&own, CLOZE_CHANGE_NAMES, "A's B", "B's C C", "C C's A");
    HOLD_SET(&own, CLOZE_CHANGE_NAMES, "New York, Newer AB", "X, Newer AB", "New, Newer AB");
    HOLD_SET(&own, CLOZE_CHANGE_NAMES, "C C C", "A C", "B C");
    HOLD_SET(&towns_alone, CLOZE_CHANGE_PLACES, "X", "New", "New York", "B");
    static const expected none[] = { { "a cat in the hague", NULL }, { "Annas", NULL } };
    HOLD(CLOZE_CHANGE_NAMES, none);
    HOLD(CLOZE_CHANGE_PLACES, none);
    cloze_changer *changer = open_changer(NULL);
    char text[64];
    cloze_changed first = apply(changer, CLOZE_CHANGE_NAMES, "Mary saw John.", 5, 1);
    assert_int_equal(first.count, 2);
    snprintf(text, sizeof text, "%.*s", (int)first.changes[0].text.size,
             first.changes[0].text.data);
    cloze_changed again = apply(changer, CLOZE_CHANGE_NAMES, "John and Mary", 5, 1);
    assert_true(is(again.changes[1].text, text)); /* of the same text */
    assert_int_equal(apply(changer, CLOZE_CHANGE_PLACES, "In The Hague", 0, 0).count, 1);
    cloze_changer_free(changer);
}

static void seeds_are_what_is_drawn(void **state)
{
    const char *text = "The weather is lovely today";
    cloze_changer *a = open_changer(NULL), *b = open_changer(NULL);
    cloze_changer *c = open_changer(&(cloze_change_options){ .seed = 1 });
    size_t other = 0;
    (void)state;
    for (size_t copy = 0; copy < 20; copy++) {
        cloze_changed first = apply(a, CLOZE_CHANGE_TYPO, text, 0, copy);
        cloze_changed same = apply(b, CLOZE_CHANGE_TYPO, text, 0, copy);
        cloze_changed third = apply(c, CLOZE_CHANGE_TYPO, text, 0, copy);
        assert_memory_equal(first.text.data, same.text.data, first.text.size);
        other += memcmp(first.text.data, third.text.data, first.text.size) != 0;
    }
    assert_true(other > 10);
    cloze_changer_free(a);
    cloze_changer_free(b);
    cloze_changer_free(c);
}

/* ---- laws ---- */

static bool is_utf8(cloze_text text)
{
    for (size_t at = 0, step; at < text.size; at += step)
        if (!(step = cz_utf8_length(text.data + at, text.size - at)))
            return false;
    return true;
}

static void check_changes(cloze_text text, const cloze_changed *changed)
{
    size_t at = 0, made = 0;
    assert_true(is_utf8(changed->text));
    for (size_t i = 0; i < changed->count; i++) {
        const cloze_text_change *change = &changed->changes[i];
        size_t kept = change->span.begin - at;
        assert_true(change->span.begin >= at && change->span.end >= change->span.begin &&
                    change->span.end <= text.size);
        assert_true(change->span.end > change->span.begin || change->text.size);
        assert_memory_equal(changed->text.data + made, text.data + at, kept);
        assert_memory_equal(changed->text.data + made + kept, change->text.data, change->text.size);
        made += kept + change->text.size;
        at = change->span.end;
    }
    assert_int_equal(changed->text.size, made + text.size - at);
    assert_memory_equal(changed->text.data + made, text.data + at, text.size - at);
}

static void every_change_says_where(void **state)
{
    static const char *const parts[] = { "it",
                                         "is",
                                         "not",
                                         "isn't",
                                         "can't",
                                         "cannot",
                                         "I",
                                         "am",
                                         "do",
                                         "will",
                                         "won't",
                                         "Mary",
                                         "New York",
                                         "7",
                                         "12",
                                         ".",
                                         ",",
                                         "'",
                                         "\xe2\x80\x99",
                                         "s",
                                         "\xe6\x97\xa5",
                                         "\xcc\x81",
                                         "\xf0\x9f\x98\x80",
                                         "never",
                                         "love",
                                         "we",
                                         "?",
                                         "\n",
                                         "t",
                                         "n't" };
    cloze_changer *changer = open_changer(&(cloze_change_options){ .typos = 3 });
    size_t changed[CLOZE_CHANGES] = { 0 };
    unsigned draw = 1;
    (void)state;
    for (size_t n = 0; n < 3000; n++) {
        char text[256] = "";
        for (size_t k = 0; k < 8; k++) {
            draw = draw * 1664525 + 1013904223;
            strcat(text, parts[(draw >> 16) % (sizeof parts / sizeof *parts)]);
            strcat(text, (draw >> 9) % 4 ? " " : "");
        }
        for (int change = 0; change < CLOZE_CHANGE_GIVEN; change++) {
            cloze_changed found = apply(changer, (cloze_change)change, text, n, 0);
            check_changes(text_of(text), &found);
            changed[change] += found.count > 0;
        }
    }
    assert_int_equal(changed[CLOZE_CHANGE_NOTHING], 0);
    for (int change = 1; change < CLOZE_CHANGE_GIVEN; change++)
        assert_true(changed[change] > 100);
    cloze_changer_free(changer);
}

static void changes_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < CLOZE_CHANGES; i++)
        assert_int_equal(cloze_change_named(cloze_change_name((cloze_change)i)), i);
    assert_null(cloze_change_name(CLOZE_CHANGES));
    assert_int_equal(cloze_change_named("typos"), CLOZE_CHANGES);
}

static void refuse(const cloze_change_options *options, cloze_status expected_status,
                   const char *says)
{
    cloze_changer *changer = NULL;
    cloze_error error = { 0 };
    assert_int_equal(cloze_changer_new(&changer, options, &error), expected_status);
    if (!strstr(error.message, says))
        fail_msg("\"%s\" does not say \"%s\"", error.message, says);
    assert_null(changer);
}

static void what_makes_no_sense_is_refused(void **state)
{
    const cloze_text twice[] = { { "A", 1 }, { "A", 1 } }, empty[] = { { "A", 1 }, { "", 0 } };
    const cloze_text broken[] = { { "A", 1 }, { "\xff", 1 } };
    const cloze_name_group of_twice = { twice, 2 }, of_empty = { empty, 2 };
    const cloze_name_group of_broken = { broken, 2 };
    cloze_changer *changer = open_changer(NULL);
    cloze_changed changed;
    cloze_error error = { 0 };
    (void)state;
    refuse(&(cloze_change_options){ .names = &of_twice, .name_groups = 1 }, CLOZE_ERROR_ARGUMENT,
           "group 1 of the names has 1");
    refuse(&(cloze_change_options){ .places = &of_empty, .place_groups = 1 }, CLOZE_ERROR_ARGUMENT,
           "group 1 of the places has an empty one");
    refuse(&(cloze_change_options){ .places = &of_broken, .place_groups = 1 }, CLOZE_ERROR_TEXT,
           "not UTF-8");
    assert_int_equal(cloze_changer_apply(changer, CLOZE_CHANGE_TYPO, (cloze_text){ "a\xff", 2 }, 0,
                                         0, &changed, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "byte 2"));
    assert_int_equal(
        cloze_changer_apply(changer, CLOZE_CHANGE_GIVEN, text_of("a"), 0, 0, &changed, &error),
        CLOZE_ERROR_ARGUMENT);
    cloze_changer_free(changer);
    cloze_changer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negations_are_put_in),
        cmocka_unit_test(negations_are_taken_out),
        cmocka_unit_test(words_are_contracted),
        cmocka_unit_test(words_are_expanded),
        cmocka_unit_test(the_mark_at_the_end_goes_or_comes),
        cmocka_unit_test(neighbouring_letters_swap),
        cmocka_unit_test(numbers_change_a_little),
        cmocka_unit_test(names_become_others_of_their_group),
        cmocka_unit_test(seeds_are_what_is_drawn),
        cmocka_unit_test(every_change_says_where),
        cmocka_unit_test(changes_have_names),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
