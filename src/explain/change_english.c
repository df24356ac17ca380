/*
 * change_english.c - words of an English text, and negations put in and taken out of it. What the rules
 * are not sure of stays as it is: questions, "do" and "have" as full verbs, verbs that are not listed.
 */
#include "explain/changes.h"

#include "base/memory.h"

#include <string.h>

static const cloze_text nothing = { NULL, 0 };

/* ---- words ---- */

static bool is_apostrophe(uint32_t c)
{
    return c == '\'' || c == 0x2019;
}

/* The end of the word that goes on at `at`. */
static size_t word_end(cloze_text text, size_t at)
{
    while (at < text.size) {
        size_t next = at;
        uint32_t c = cz_utf8_read(text.data, &next);
        if (is_apostrophe(c)) {
            size_t behind = next;
            if (next == text.size || !cz_change_is_word(cz_utf8_read(text.data, &behind)))
                break;
        } else if (!cz_change_is_word(c)) {
            break;
        }
        at = next;
    }
    return at;
}

bool cz_english_words(cloze_changer *c)
{
    c->word_count = 0;
    for (size_t at = 0; at < c->text.size;) {
        size_t next = at;
        if (cz_change_is_word(cz_utf8_read(c->text.data, &next))) {
            if (!cz_grow(&c->hooks.allocator, (void **)&c->words, &c->word_capacity,
                         c->word_count + 1, sizeof *c->words))
                return false;
            next = word_end(c->text, at);
            c->words[c->word_count++] = (cz_change_word){ at, next };
        }
        at = next;
    }
    return true;
}

/* Are the bytes from begin to end this word (in lower case)? */
static bool is_word(cloze_text text, size_t begin, size_t end, const char *word)
{
    for (; begin < end && *word; word++) {
        uint32_t c = cz_utf8_read(text.data, &begin);
        if (c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        if (c != (unsigned char)*word && !(*word == '\'' && is_apostrophe(c)))
            return false;
    }
    return begin == end && !*word;
}

bool cz_english_is(const cloze_changer *c, size_t i, const char *word)
{
    return i < c->word_count && is_word(c->text, c->words[i].begin, c->words[i].end, word);
}

bool cz_english_among(const cloze_changer *c, size_t i, const char *const *words)
{
    for (; *words; words++)
        if (cz_english_is(c, i, *words))
            return true;
    return false;
}

bool cz_english_exactly(const cloze_changer *c, size_t i, const char *word)
{
    size_t size = strlen(word);
    return i < c->word_count && c->words[i].end - c->words[i].begin == size &&
           !memcmp(c->text.data + c->words[i].begin, word, size);
}

bool cz_english_joined(const cloze_changer *c, size_t i)
{
    if (i + 1 >= c->word_count)
        return false;
    for (size_t at = c->words[i].end; at < c->words[i + 1].begin; at++)
        if (c->text.data[at] != ' ' && c->text.data[at] != '\t')
            return false;
    return c->words[i].end < c->words[i + 1].begin;
}

bool cz_english_apostrophe(const cloze_changer *c, size_t i, size_t *begin, size_t *end)
{
    bool found = false;
    for (size_t at = c->words[i].begin; at < c->words[i].end;) {
        size_t next = at;
        if (is_apostrophe(cz_utf8_read(c->text.data, &next))) {
            *begin = at;
            *end = next;
            found = true;
        }
        at = next;
    }
    return found;
}

bool cz_english_ends(const cloze_changer *c, size_t i, const char *ending)
{
    size_t begin, end, size = strlen(ending);
    return cz_english_apostrophe(c, i, &begin, &end) && c->words[i].end - end == size &&
           !memcmp(c->text.data + end, ending, size);
}

bool cz_english_stem(const cloze_changer *c, size_t i, const char *const *stems)
{
    size_t begin, end;
    if (!cz_english_apostrophe(c, i, &begin, &end))
        return false;
    for (; *stems; stems++)
        if (is_word(c->text, c->words[i].begin, begin, *stems))
            return true;
    return false;
}

bool cz_english_is_not(const cloze_changer *c, size_t i)
{
    size_t begin, end;
    if (i >= c->word_count || !cz_english_apostrophe(c, i, &begin, &end))
        return false;
    char last = c->text.data[begin - 1];
    return is_word(c->text, end, c->words[i].end, "t") && (last == 'n' || last == 'N') &&
           begin - 1 > c->words[i].begin;
}

/* ---- negating ---- */

const char *const cz_english_pronouns[] = { "i",    "you",  "he",    "she",   "it",    "we",
                                            "they", "this", "these", "those", "there", NULL };
static const char *const subjects[] = { "i", "you", "he", "she", "it", "we", "they", NULL };
static const char *const plural[] = { "i", "you", "we", "they", NULL };
static const char *const singular[] = { "he", "she", "it", NULL };
static const char *const auxiliaries[] = { "am",   "is",    "are",  "was",   "were",
                                           "can",  "could", "will", "would", "should",
                                           "must", "might", "may",  NULL };
static const char *const perfect[] = { "have", "has", "had", NULL };
static const char *const clitics[] = { "m", "re", "ll", NULL };
static const char *const with_is[] = { "it", "he", "she", "that", "there", NULL };
/* Before an auxiliary that is then a noun, or a question. */
static const char *const no_subjects[] = { "the",   "a",    "an",  "my",    "your",
                                           "his",   "her",  "our", "their", "what",
                                           "where", "when", "why", "how",   NULL };
/* Before a subject whose verb has no ending of its own, or is no sentence. */
static const char *const openers[] = { "do",    "does",   "did",  "have",  "has", "had",   "am",
                                       "is",    "are",    "was",  "were",  "can", "could", "will",
                                       "would", "should", "must", "might", "may", "let",   "make",
                                       "makes", "made",   "help", "helps", NULL };
static const char *const verbs[][3] = {
    { "love", "loves", "loved" },        { "like", "likes", "liked" },
    { "hate", "hates", "hated" },        { "enjoy", "enjoys", "enjoyed" },
    { "want", "wants", "wanted" },       { "think", "thinks", "thought" },
    { "know", "knows", "knew" },         { "recommend", "recommends", "recommended" },
    { "need", "needs", "needed" },       { "agree", "agrees", "agreed" },
    { "trust", "trusts", "trusted" },    { "believe", "believes", "believed" },
    { "care", "cares", "cared" },        { "understand", "understands", "understood" },
    { "feel", "feels", "felt" },         { "see", "sees", "saw" },
    { "find", "finds", "found" },        { "get", "gets", "got" },
    { "work", "works", "worked" },       { "look", "looks", "looked" },
    { "make", "makes", "made" },         { "go", "goes", "went" },
    { "come", "comes", "came" },         { "say", "says", "said" },
    { "expect", "expects", "expected" }, { "regret", "regrets", "regretted" },
    { "miss", "misses", "missed" },      { "watch", "watches", "watched" },
    { "buy", "buys", "bought" },         { "use", "uses", "used" },
    { "help", "helps", "helped" },       { "play", "plays", "played" },
};

static bool is_negative(const cloze_changer *c, size_t i)
{
    return cz_english_is(c, i, "not") || cz_english_is(c, i, "never") || cz_english_is_not(c, i);
}

/* Does a verb here stand behind its subject, and is it not negated yet? */
static bool may_be_negated(const cloze_changer *c, size_t i)
{
    if (cz_english_joined(c, i) && is_negative(c, i + 1))
        return false;
    return i && cz_english_joined(c, i - 1) && !cz_english_among(c, i - 1, no_subjects) &&
           !is_negative(c, i - 1);
}

static bool is_lower(const cloze_changer *c, size_t i)
{
    char first = c->text.data[c->words[i].begin];
    return first >= 'a' && first <= 'z';
}

/* Where "not" comes behind word `i`; `done` tells that it did. False: no memory. */
static bool negate_auxiliary(cloze_changer *c, size_t i, bool *done)
{
    bool is = is_lower(c, i) && cz_english_among(c, i, auxiliaries);
    bool have = is_lower(c, i) && cz_english_among(c, i, perfect) && cz_english_joined(c, i) &&
                cz_english_is(c, i + 1, "been");
    bool asks = cz_english_joined(c, i) && cz_english_among(c, i + 1, subjects);
    if ((!is && !have) || asks || !may_be_negated(c, i))
        return true;
    *done = true;
    size_t end = c->words[i].end;
    return cz_change_put(
        c, end, end,
        cz_english_is(c, i, "can") ? (cloze_text){ "not", 3 } : (cloze_text){ " not", 4 }, nothing);
}

/* "I'm", "it's". */
static bool negate_clitic(cloze_changer *c, size_t i, bool *done)
{
    bool is = cz_english_ends(c, i, "s") && cz_english_stem(c, i, with_is);
    for (const char *const *clitic = clitics; *clitic; clitic++)
        is = is || (cz_english_ends(c, i, *clitic) && cz_english_stem(c, i, subjects));
    if (!is || !cz_english_joined(c, i) || is_negative(c, i + 1))
        return true;
    *done = true;
    return cz_change_put(c, c->words[i].end, c->words[i].end, (cloze_text){ " not", 4 }, nothing);
}

static bool negate_verb(cloze_changer *c, size_t i, bool *done)
{
    static const char *const helps[] = { "do not ", "does not ", "did not " };
    const char *const *of[] = { plural, singular, subjects };
    if (!may_be_negated(c, i) || !cz_english_among(c, i - 1, subjects) ||
        (i > 1 && cz_english_joined(c, i - 2) &&
         (cz_english_among(c, i - 2, openers) || is_negative(c, i - 2))))
        return true;
    for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++)
        for (size_t form = 0; form < 3; form++)
            if (cz_english_exactly(c, i, verbs[v][form]) && cz_english_among(c, i - 1, of[form])) {
                *done = true;
                return cz_change_put(c, c->words[i].begin, c->words[i].end,
                                     (cloze_text){ helps[form], strlen(helps[form]) },
                                     (cloze_text){ verbs[v][0], strlen(verbs[v][0]) });
            }
    return true;
}

bool cz_change_negate(cloze_changer *c)
{
    bool done = false, good = cz_english_words(c);
    for (size_t i = 0; i < c->word_count && good && !done; i++) {
        good = negate_auxiliary(c, i, &done);
        if (good && !done)
            good = negate_clitic(c, i, &done);
        if (good && !done)
            good = negate_verb(c, i, &done);
    }
    return good;
}

/* ---- affirming ---- */

static bool take_word(cloze_changer *c, size_t i, bool *done)
{
    static const char *const before[] = { "if", "why", "or", "whether", NULL };
    const cz_change_word *words = c->words;
    bool behind = i && cz_english_joined(c, i - 1);
    if ((cz_english_joined(c, i) && cz_english_is(c, i + 1, "only")) ||
        (behind && cz_english_among(c, i - 1, before)) || (!behind && !cz_english_joined(c, i)))
        return true;
    *done = true;
    return behind ? cz_change_put(c, words[i - 1].end, words[i].end, nothing, nothing)
                  : cz_change_put(c, words[i].begin, words[i + 1].begin, nothing, nothing);
}

/* "isn't" to "is"; "can't", "won't" and "shan't" have verbs of their own. */
static bool take_ending(cloze_changer *c, size_t i, bool *done)
{
    cz_change_word word = c->words[i];
    size_t begin = 0, end = 0;
    cz_english_apostrophe(c, i, &begin, &end);
    if (cz_english_is(c, i, "ain't"))
        return true;
    *done = true;
    if (cz_english_is(c, i, "can't"))
        return cz_change_put(c, begin, word.end, nothing, nothing);
    if (cz_english_is(c, i, "won't"))
        return cz_change_put(c, word.begin + 1, word.end, (cloze_text){ "ill", 3 }, nothing);
    if (cz_english_is(c, i, "shan't"))
        return cz_change_put(c, begin - 1, word.end, (cloze_text){ "ll", 2 }, nothing);
    return cz_change_put(c, begin - 1, word.end, nothing, nothing);
}

bool cz_change_affirm(cloze_changer *c)
{
    bool done = false, good = cz_english_words(c);
    for (size_t i = 0; i < c->word_count && good && !done; i++) {
        if (cz_english_is(c, i, "not") || cz_english_is(c, i, "never"))
            good = take_word(c, i, &done);
        else if (cz_english_is_not(c, i))
            good = take_ending(c, i, &done);
        else if (cz_english_is(c, i, "cannot") && (done = true))
            good = cz_change_put(c, c->words[i].end - 3, c->words[i].end, nothing, nothing);
    }
    return good;
}
