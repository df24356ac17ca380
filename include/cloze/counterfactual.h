/*
 * cloze/counterfactual.h - what would have to be otherwise for the model to say something else, and how
 * little of an input is enough for it to say the same.
 *
 * Both ask about an explainer's input (explain.h) and about what the model decides: the label, the tag, the
 * word, the answer. A similarity decides nothing and is refused, as is a target that is not what the
 * model says. Words that are the question are never touched: those of the answer, the tagged word, the
 * mask. Results are functions of the input and the options; one call at a time for an explainer.
 */
#ifndef CLOZE_COUNTERFACTUAL_H
#define CLOZE_COUNTERFACTUAL_H

#include <cloze/explain.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Input reduction (Feng et al., "Pathologies of Neural Models Make Interpretations Difficult", 2018):
 * units are taken away one after the other as long as the decision stays. What is left is often
 * nonsense to a reader: then the model is sure of it for reasons of its own. Feng et al. choose by the
 * gradient which goes next; here every one is tried, so each step is the best one.
 */
typedef struct cloze_reduction_options {
    cloze_absence absence; /* CLOZE_ABSENT_DEFAULT: removed, as they do */
    size_t beam;           /* sets that are reduced side by side; 0: 5 */
} cloze_reduction_options;

typedef struct cloze_reduction {
    size_t units;         /* that are left; one at least */
    double value, before; /* F of what is left, of the input */
    double probability;   /* of the target, for what is left; NaN where the model gives none */
    size_t runs;          /* inputs that the model was asked about */
} cloze_reduction;

/* present [units] receives 1 for units that are left. `options` may be NULL. */
CLOZE_API cloze_status cloze_reduce(cloze_explainer *explainer,
                                    const cloze_reduction_options *options, uint8_t *present,
                                    cloze_reduction *reduction, cloze_error *error);

/* ---- edits ---- */

typedef enum cloze_edit_kind {
    CLOZE_EDIT_REPLACE = 0, /* a unit by a word */
    CLOZE_EDIT_DELETE,
    CLOZE_EDIT_INSERT /* a word before a unit */
} cloze_edit_kind;

typedef struct cloze_edit {
    cloze_edit_kind kind;
    size_t unit;
    cloze_explain_span span; /* of the given texts, what is replaced or deleted; else empty */
    cloze_text text;         /* what stands there now; of a deletion empty */
    double likelihood; /* the proposer's probability of the word at this place; NaN: deleted */
} cloze_edit;

/* Zero: the usual. */
typedef struct cloze_counterfactual_options {
    /* One that fills masks, which may be the same; NULL: units are only deleted. It sees the side
     * that is edited, without the other. */
    const cloze_model *proposer;
    bool no_replacements, no_deletions, no_insertions;
    size_t proposals; /* words for each place; 0: 20 */
    size_t edits;     /* at most, of one counterfactual; 0: 3; at most 8 */
    size_t tries;     /* inputs that the model is asked about; 0: 2,000 */
    size_t wanted;    /* counterfactuals; 0: 5 */
} cloze_counterfactual_options;

/* An input that the model decides otherwise about. Borrowed from the result. */
typedef struct cloze_counterfactual {
    const cloze_edit *edits; /* [count], of different units, in their order */
    size_t count;
    cloze_text text, pair;     /* after the edits */
    double value, probability; /* F and the probability of the old target, of this input */
    int64_t says; /* the label, tag or word that the model says now; -1: an answer, or no label */
    double says_probability; /* NaN with it */
} cloze_counterfactual;

typedef struct cloze_counterfactual_facts {
    size_t found;
    size_t proposed;           /* single edits */
    size_t tried_single;       /* of them, looked at */
    size_t tried;              /* inputs asked about, with one edit or more */
    double value, probability; /* before: of the input as it is */
} cloze_counterfactual_facts;

/* Found once, read from any thread. */
typedef struct cloze_counterfactuals cloze_counterfactuals;

/*
 * Looks for the fewest edits of the input after which the model says something else. Single edits come
 * first: deletions, and what the proposer puts in the place of a unit or between units (as BERT-Attack
 * and CLARE, Li et al. 2020 and 2021), in the order of what F loses by them to first order (HotFlip,
 * Ebrahimi et al. 2018). If none of them changes the decision, those that lower F most are joined, two
 * edits, then three, by a beam of 8. All results have the same, smallest number of edits that was
 * found; the likeliest by the proposer first. That none is found says something about the edits that
 * were tried only: with tried_single == proposed, that no single one of these changes the decision.
 * Edited texts are tokenized anew; one that is too long for the model is passed over.
 *
 * Errors: CLOZE_ERROR_UNSUPPORTED (nothing is decided), CLOZE_ERROR_ARGUMENT (a target that the model
 * does not say; options out of range), those of cloze_fill.
 */
CLOZE_API cloze_status cloze_counterfactuals_find(cloze_counterfactuals **out,
                                                  cloze_explainer *explainer,
                                                  const cloze_counterfactual_options *options,
                                                  cloze_error *error);
CLOZE_API void cloze_counterfactuals_free(cloze_counterfactuals *counterfactuals);
CLOZE_API cloze_counterfactual_facts
cloze_counterfactuals_facts(const cloze_counterfactuals *counterfactuals);
/* Number `index`; a zeroed one if there is none. */
CLOZE_API cloze_counterfactual
cloze_counterfactuals_get(const cloze_counterfactuals *counterfactuals, size_t index);

#ifdef __cplusplus
}
#endif
#endif
