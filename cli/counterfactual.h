/* counterfactual.h - what cloze counterfactual found of a text, and its faces. */
#ifndef CLI_COUNTERFACTUAL_H
#define CLI_COUNTERFACTUAL_H

#include "explain.h"

#include <cloze/counterfactual.h>

typedef struct counterfactual_job {
    explain_job *job;
    cli_opened proposer;         /* its engine is the job's */
    const cloze_model *proposes; /* that, the model itself, or NULL */
    cloze_counterfactual_options options;
} counterfactual_job;

/* One text's results. */
typedef struct counterfactual_view {
    const counterfactual_job *job;
    const cli_explanation *explanation;
    const cloze_counterfactuals *found;
    cloze_counterfactual_facts facts;
} counterfactual_view;

/* What the model says of a result: its name, yours to free (NULL: out of memory), and probability. */
char *counterfactual_says(const counterfactual_view *view, const cloze_counterfactual *one,
                          double *probability);
/* The proposer's probability of all words together; NaN: words were only deleted. */
double counterfactual_likelihood(const cloze_counterfactual *one);
/* Exit codes. */
int counterfactual_write_lines(const counterfactual_view *view);
int counterfactual_write_json(const counterfactual_view *view);

#endif
