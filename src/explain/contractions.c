/* contractions.c - "is not" and "isn't", "it is" and "it's", both ways. Ambiguous ones stay: 's behind a noun, 'd. */
#include "explain/changes.h"

#include <string.h>

static const cloze_text nothing = { NULL, 0 };

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

/* ---- contracting ---- */

static const char *const before_not[] = { "is",  "are",  "was", "were",  "do",    "does",   "did",
                                          "has", "have", "had", "could", "would", "should", NULL };
static const char *const before_are[] = { "you", "we", "they", NULL };
static const char *const before_is[] = { "he", "she", "it", "that", "there", "who", "what", NULL };
static const char *const before_will[] = { "i", "you", "he", "she", "it", "we", "they", NULL };

/* Word `i` and a "not" behind it. */
static bool contract_not(cloze_changer *c, size_t i, bool *done)
{
    const cz_change_word *words = c->words;
    if (!cz_english_exactly(c, i + 1, "not"))
        return true;
    *done = true;
    if (cz_english_among(c, i, before_not))
        return cz_change_put(c, words[i].end, words[i + 1].end, text_of("n't"), nothing);
    if (cz_english_is(c, i, "can"))
        return cz_change_put(c, words[i].end, words[i + 1].end, text_of("'t"), nothing);
    if (cz_english_exactly(c, i, "will") || cz_english_exactly(c, i, "Will"))
        return cz_change_put(c, words[i].begin + 1, words[i + 1].end, text_of("on't"), nothing);
    *done = false;
    return true;
}

/* "it is" at the end of a sentence, or before "not", stays. */
static bool contract_subject(cloze_changer *c, size_t i, bool *done)
{
    const char *ending = NULL;
    if (cz_english_exactly(c, i + 1, "am") && cz_english_is(c, i, "i"))
        ending = "'m";
    else if (cz_english_exactly(c, i + 1, "are") && cz_english_among(c, i, before_are))
        ending = "'re";
    else if (cz_english_exactly(c, i + 1, "is") && cz_english_among(c, i, before_is))
        ending = "'s";
    else if (cz_english_exactly(c, i + 1, "will") && cz_english_among(c, i, before_will))
        ending = "'ll";
    if (!ending || !cz_english_joined(c, i + 1) || cz_english_is(c, i + 2, "not"))
        return true;
    *done = true;
    return cz_change_put(c, c->words[i].end, c->words[i + 1].end, text_of(ending), nothing);
}

bool cz_change_contract(cloze_changer *c)
{
    bool good = cz_english_words(c);
    for (size_t i = 0; i < c->word_count && good; i++) {
        bool done = false;
        if (cz_english_is(c, i, "cannot"))
            good = cz_change_put(c, c->words[i].end - 3, c->words[i].end, text_of("'t"), nothing);
        if (!cz_english_joined(c, i) || !good)
            continue;
        good = contract_not(c, i, &done);
        if (good && !done)
            good = contract_subject(c, i, &done);
        i += done;
    }
    return good;
}

/* ---- expanding ---- */

static const struct {
    const char *ending, *full;
} endings[] = { { "m", " am" }, { "re", " are" }, { "ll", " will" }, { "ve", " have" } };

/* "it's been", "he's got": has, not is. */
static bool is_perfect(const cloze_changer *c, size_t i)
{
    static const char *const participles[] = { "been", "got", "had", "done", "gone", NULL };
    return cz_english_joined(c, i) && cz_english_among(c, i + 1, participles);
}

/* "Isn't it" would become "Is not it": questions stay. */
static bool expand_not(cloze_changer *c, size_t i)
{
    size_t begin = 0, end = 0;
    cz_english_apostrophe(c, i, &begin, &end);
    if (cz_english_is(c, i, "ain't") || !cz_english_ends(c, i, "t") ||
        c->text.data[begin - 1] != 'n' ||
        (cz_english_joined(c, i) && cz_english_among(c, i + 1, cz_english_pronouns)))
        return true;
    if (cz_english_is(c, i, "can't"))
        return cz_change_put(c, begin, c->words[i].end, text_of("not"), nothing);
    if (cz_english_is(c, i, "won't"))
        return cz_change_put(c, c->words[i].begin + 1, c->words[i].end, text_of("ill not"),
                             nothing);
    if (cz_english_is(c, i, "shan't"))
        return cz_change_put(c, begin - 1, c->words[i].end, text_of("ll not"), nothing);
    return cz_change_put(c, begin - 1, c->words[i].end, text_of(" not"), nothing);
}

static bool expand_subject(cloze_changer *c, size_t i)
{
    static const char *const with_is[] = { "it",   "he",    "she",  "that", "there", "who",
                                           "what", "where", "here", "how",  NULL };
    static const char *const let[] = { "let", NULL };
    static const char *const others[] = { "i",   "you",  "he",    "she",   "it",     "we", "they",
                                          "who", "that", "could", "would", "should", NULL };
    size_t begin, end;
    if (!cz_english_apostrophe(c, i, &begin, &end))
        return true;
    if (cz_english_ends(c, i, "s") && cz_english_stem(c, i, let))
        return cz_change_put(c, begin, c->words[i].end, text_of(" us"), nothing);
    if (cz_english_ends(c, i, "s") && cz_english_stem(c, i, with_is) && !is_perfect(c, i))
        return cz_change_put(c, begin, c->words[i].end, text_of(" is"), nothing);
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++)
        if (cz_english_ends(c, i, endings[k].ending) && cz_english_stem(c, i, others))
            return cz_change_put(c, begin, c->words[i].end, text_of(endings[k].full), nothing);
    return true;
}

bool cz_change_expand(cloze_changer *c)
{
    bool good = cz_english_words(c);
    for (size_t i = 0; i < c->word_count && good; i++)
        good = cz_english_is_not(c, i) ? expand_not(c, i) : expand_subject(c, i);
    return good;
}
