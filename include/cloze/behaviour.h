/*
 * cloze/behaviour.h - how a classifier behaves, in the manner of CheckList (Ribeiro, Wu, Guestrin, Singh,
 * "Beyond Accuracy: Behavioral Testing of NLP Models with CheckList", 2020): what it must get right,
 * changes of a text that must change nothing, and changes of which it is known where they lead.
 *
 * Changes are made of the text alone, by rules that are told below; those of negation and contractions
 * are rules of English, and leave out what they are not sure of. No change knows whether it keeps the
 * meaning: read the failures.
 */
#ifndef CLOZE_BEHAVIOUR_H
#define CLOZE_BEHAVIOUR_H

#include <cloze/explain.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- changes of a text ---- */

typedef enum cloze_change {
    CLOZE_CHANGE_NOTHING = 0, /* the text as it is */
    CLOZE_CHANGE_TYPO,        /* two different neighbouring letters swap places */
    /* Of English: "is" to "is not", "I love" to "I do not love"; the first place. */
    CLOZE_CHANGE_NEGATE,
    CLOZE_CHANGE_AFFIRM,   /* of English: the first "not", "n't" or "never" goes */
    CLOZE_CHANGE_CONTRACT, /* of English: "is not" to "isn't", "it is" to "it's"; all of them */
    CLOZE_CHANGE_EXPAND,   /* the way back; all of them */
    /* What ends the text (. ! and their like) goes; if nothing does, a full stop comes. */
    CLOZE_CHANGE_PUNCTUATION,
    /* Whole numbers of up to 9 digits that stand alone, to others of as many digits, up to a fifth
     * away (1 at least); equal ones stay equal. */
    CLOZE_CHANGE_NUMBERS,
    CLOZE_CHANGE_NAMES,  /* each name of a list to another one of its group */
    CLOZE_CHANGE_PLACES, /* the same of a second list */
    CLOZE_CHANGE_GIVEN,  /* texts that you changed yourself; of cloze_behaviour_check alone */
    CLOZE_CHANGES
} cloze_change;

/* "nothing", "typo", ...; NULL: there is none. */
CLOZE_API const char *cloze_change_name(cloze_change change);
/* CLOZE_CHANGES: there is none of this name. */
CLOZE_API cloze_change cloze_change_named(const char *name);

/* Names that may stand for one another, as bytes: capitals matter. Of several words if you like. */
typedef struct cloze_name_group {
    const cloze_text *names; /* [count] two at least that differ, none empty */
    size_t count;
} cloze_name_group;

/* Zero: the usual. */
typedef struct cloze_change_options {
    size_t typos;  /* swaps of one text; 0: 1 */
    uint64_t seed; /* of typos, and of which number or name comes */
    /* Without groups own short lists, of first names and of cities and countries in English. A name
     * that is in two groups is of the first. */
    const cloze_name_group *names, *places;
    size_t name_groups, place_groups;
    const cloze_hooks *hooks; /* copied */
} cloze_change_options;

/* Makes changes; not for two threads at once. */
typedef struct cloze_changer cloze_changer;
/* Lists are copied. Errors: CLOZE_ERROR_ARGUMENT (a group is too small, a name empty),
 * CLOZE_ERROR_TEXT (a name is not UTF-8). */
CLOZE_API cloze_status cloze_changer_new(cloze_changer **out, const cloze_change_options *options,
                                         cloze_error *error);
CLOZE_API void cloze_changer_free(cloze_changer *changer);

/* What stands in the place of some bytes of a text (side 0) or pair (side 1). */
typedef struct cloze_text_change {
    cloze_explain_span span; /* of the text as it was; empty: put in */
    cloze_text text;         /* empty: taken away */
} cloze_text_change;

typedef struct cloze_changed {
    cloze_text text;
    const cloze_text_change *changes; /* [count] in the order of the text, apart; side 0 */
    size_t count;                     /* 0: the change does not apply, and the text is as it was */
} cloze_changed;

/*
 * The text with the change: a function of it, the options, the change, `number` and `copy`, which are
 * that of a text among yours and of one of several ways to change it. Names and numbers are changed
 * alike in texts of the same number and copy, so that both of a pair may be. `out` is borrowed until the
 * next call. CLOZE_ERROR_TEXT: not UTF-8.
 */
CLOZE_API cloze_status cloze_changer_apply(cloze_changer *changer, cloze_change change,
                                           cloze_text text, size_t number, size_t copy,
                                           cloze_changed *out, cloze_error *error);
/* Whether copies differ. */
CLOZE_API bool cloze_change_draws(cloze_change change);

/* ---- checks of a classifier ---- */

typedef enum cloze_expectation {
    /* What the model says stays (invariance); of labels that are there or not, all stay. */
    CLOZE_EXPECT_SAME = 0,
    CLOZE_EXPECT_FALL, /* the label's probability does not rise (directional expectation) */
    CLOZE_EXPECT_RISE, /* it does not fall */
    CLOZE_EXPECT_GOLD, /* the text as it is has the label that you know (minimum functionality) */
    CLOZE_EXPECTATIONS
} cloze_expectation;

typedef struct cloze_check {
    cloze_change change;
    cloze_expectation expectation; /* GOLD goes with CLOZE_CHANGE_NOTHING, and only these two */
    int64_t label; /* of FALL, RISE; CLOZE_TARGET_BEST: what the model says before */
    /* FALL, RISE: so far it may go the other way. SAME: another label is forgiven where the
     * probability of the one before moves by no more; 0: none is. */
    double tolerance;
} cloze_check;

typedef struct cloze_behaviour_texts {
    const cloze_text *texts, *pairs; /* [count]; pairs NULL: none */
    const int64_t *gold;             /* [count] labels, negative: not known; NULL: none */
    const cloze_text *given;         /* [count] for CLOZE_CHANGE_GIVEN, no data: none; NULL: none */
    size_t count;
} cloze_behaviour_texts;

/* Zero: the usual. */
typedef struct cloze_behaviour_options {
    cloze_change_options changes;
    /* Ways to change a text, where they are drawn: the text fails if one does. 0: 1; at most 1,000. */
    size_t copies;
    /* The pair is changed instead of the text; names, places and numbers are in both always. */
    bool change_pair;
    size_t max_tokens; /* 0: the model's */
} cloze_behaviour_options;

typedef struct cloze_behaviour_result {
    size_t applies;     /* texts that it can be asked of, see below */
    size_t failures;    /* of these */
    size_t too_long;    /* left out of both: longer than the model takes, as they are or changed */
    double rate;        /* failures / applies; NaN of none */
    double interval[2]; /* of the rate, 95 % (cloze_share_interval) */
} cloze_behaviour_result;

typedef struct cloze_behaviour_failure {
    size_t text;                      /* from 0 */
    cloze_text changed, changed_pair; /* as the model saw them */
    const cloze_text_change *changes; /* [count]; of a given text all of it */
    size_t count;
    int64_t label; /* that is looked at: said before, asked for, expected, or the one that flips */
    double before, after; /* its probability; of the text as it is both are the same */
    int64_t said, says;   /* before, after; -1: no label */
} cloze_behaviour_failure;

/* Made once, read from any thread. */
typedef struct cloze_behaviour cloze_behaviour;

/*
 * Makes every check for every text that it applies to: that the change is possible for, whose label is
 * known, and of FALL and RISE whose probability is not at the end of its way already. Results are
 * functions of texts, checks and options; they do not depend on threads or batches. Of a text's copies
 * the worst is told. Errors: CLOZE_ERROR_NOT_FOUND (no classification head, no such label),
 * CLOZE_ERROR_UNSUPPORTED (a regression says no labels), CLOZE_ERROR_TEXT (not UTF-8; the message names
 * the text, counted from 1), CLOZE_ERROR_ARGUMENT,
 * CLOZE_ERROR_CANCELLED (by the session's progress).
 */
CLOZE_API cloze_status cloze_behaviour_check(cloze_behaviour **out, cloze_session *session,
                                             const cloze_behaviour_texts *texts,
                                             const cloze_check *checks, size_t check_count,
                                             const cloze_behaviour_options *options,
                                             cloze_error *error);
CLOZE_API void cloze_behaviour_free(cloze_behaviour *behaviour);
/* Zeroed if there is no such check. */
CLOZE_API cloze_behaviour_result cloze_behaviour_of(const cloze_behaviour *behaviour, size_t check);
/* Number `index` of the check's failures, those first whose probability went farthest the wrong way;
 * zeroed if there is none. Borrowed. */
CLOZE_API cloze_behaviour_failure cloze_behaviour_failed(const cloze_behaviour *behaviour,
                                                         size_t check, size_t index);

#ifdef __cplusplus
}
#endif
#endif
