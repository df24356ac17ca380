/*
 * cloze/probe.h - what hidden states hold: a linear classifier learns labels of texts, or of parts of them,
 * from the states of each layer alone, and is tried on others. What it finds is there to be read off
 * by a linear map; whether the model itself reads it is another question (ask cloze/explain.h).
 */
#ifndef CLOZE_PROBE_H
#define CLOZE_PROBE_H

#include <cloze/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_probe_example {
    cloze_text text; /* neighbours with the same bytes are computed once */
    size_t begin,
        end; /* bytes of it that the label is of: the mean of their tokens' states; both 0: the
                          whole text, the mean over all tokens with the special ones */
    uint32_t label; /* from 0 */
} cloze_probe_example;

/* Zero: the usual. */
typedef struct cloze_probe_options {
    size_t learned; /* so many examples from the first on are learned from, the others are tried; 0:
                        three quarters. Shuffle them before */
    bool first;     /* of whole texts the first token's states ([CLS]) instead of the mean */
    double strength;         /* of the data against the penalty: C of scikit-learn; 0: 1 */
    uint64_t seed;           /* of the control's labels */
    cloze_progress progress; /* probes learned, two for each layer, behind the session's own */
} cloze_probe_options;

/* Of a layer; shares are from 0 to 1. */
typedef struct cloze_probe_result {
    double learned;  /* right among those learned from, */
    double accuracy; /* and among the others */
    double loss;     /* -log p of the label, the mean over the others */
    /* The control task (Hewitt, Liang 2019): the same bytes always have the same label, drawn from the
     * labels that there are. A probe that does well here remembers words and needs no structure. Of
     * texts that do not repeat nothing can be known: about chance is right. */
    double control;
    double selectivity; /* accuracy - control */
    bool converged;     /* both probes */
} cloze_probe_result;

/*
 * results [layers + 1] receives layer 0, what the layers are given, to the last (cloze_hidden_states).
 * `most` (may be NULL) receives how many of the others have the label that is learned most often: what a
 * probe that saw nothing would reach. The probe is multinomial logistic regression with an L2
 * penalty on all but the intercepts (scikit-learn's LogisticRegression), found by L-BFGS in double:
 * the only minimum. Numbers do not depend on threads. Errors beside the usual: CLOZE_ERROR_TEXT (an
 * example is longer than the model takes, or has no tokens there), CLOZE_ERROR_ARGUMENT (fewer than two
 * labels, none to learn from or to try).
 */
CLOZE_API cloze_status cloze_probe(cloze_session *session, const cloze_probe_example *examples,
                                   size_t count, const cloze_probe_options *options,
                                   cloze_probe_result *results, double *most, cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
