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

#ifdef __cplusplus
}
#endif
#endif
