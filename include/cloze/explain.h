/*
 * cloze/explain.h - why a model says what it says: what each part of a text adds to one number that the
 * model computes, what attention looks at, and how far such an explanation can be believed.
 *
 * An *explainer* holds one input, split into *units* (tokens, words, sentences or spans of yours), and
 * its *aim*: the one number F that is explained, such as the logit of a label. Every method asks
 * the same F about changed inputs, or for its gradient. What is changed are token ids, never strings:
 * nothing is tokenized twice, and positions keep their meaning. Special tokens belong to no unit
 * and are never changed.
 *
 * An explainer is not for several threads at once; the model it is of may be shared. Numbers do not
 * depend on the number of threads nor on the batch size.
 */
#ifndef CLOZE_EXPLAIN_H
#define CLOZE_EXPLAIN_H

#include <cloze/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_explainer cloze_explainer;

/* Which of the model's heads is explained; the model must have it. */
typedef enum cloze_explain_task {
    CLOZE_EXPLAIN_LABELS = 0, /* a label of a text or pair */
    CLOZE_EXPLAIN_TAGS,       /* the tag of one word */
    CLOZE_EXPLAIN_ANSWER, /* a span of the pair, which is the context; the text is the question */
    CLOZE_EXPLAIN_WORDS,  /* the word at a mask */
    CLOZE_EXPLAIN_SIMILARITY, /* the cosine of text and pair, the pair's vector held fixed */
    CLOZE_EXPLAIN_TASKS
} cloze_explain_task;

/* What number of that is F. A similarity is a number as it is: there is no choice. */
typedef enum cloze_explain_value {
    CLOZE_VALUE_LOGIT = 0, /* of the target; of an answer: the sum of begin and end */
    CLOZE_VALUE_MARGIN,    /* that, less the same of `against` */
    CLOZE_VALUE_PROBABILITY,
    CLOZE_VALUES
} cloze_explain_value;

typedef enum cloze_explain_unit {
    CLOZE_UNIT_WORDS = 0, /* as the tokenizer splits */
    CLOZE_UNIT_TOKENS,
    CLOZE_UNIT_SENTENCES, /* they end with . ! ? or their wide forms before a space, or with a line */
    CLOZE_UNIT_SPANS,     /* those given, and nothing else */
    CLOZE_UNITS
} cloze_explain_unit;

/* What stands where a unit is taken away. */
typedef enum cloze_absence {
    CLOZE_ABSENT_DEFAULT = 0, /* the mask token; padding where the tokenizer has no mask */
    CLOZE_ABSENT_MASK,
    CLOZE_ABSENT_PADDING, /* the id alone; it is attended to like any other */
    CLOZE_ABSENT_UNKNOWN,
    CLOZE_ABSENT_REMOVED, /* nothing: the text gets shorter. But the token that a tag is of, and the first and
                             the last one of an answer, become the default: F reads their rows */
    CLOZE_ABSENCES
} cloze_absence;

/* Bytes of a text (side 0) or pair (side 1). */
typedef struct cloze_explain_span {
    size_t begin, end;
    int side;
} cloze_explain_span;

enum { CLOZE_TARGET_BEST = -1 };

typedef struct cloze_explain_options {
    cloze_explain_task task;
    cloze_explain_unit unit;
    const cloze_explain_span *spans; /* [span_count] for CLOZE_UNIT_SPANS: apart, in any order */
    size_t span_count;
    bool side_fixed[2]; /* the text's, the pair's units are no units: they always stay */
    cloze_explain_value value;
    int64_t target; /* label, tag or id of a word; CLOZE_TARGET_BEST: what the model says */
    int64_t
        against; /* of a margin; CLOZE_TARGET_BEST: the best other one. Of an answer: no answer */
    bool has_place;           /* `place` says which word (tags), which mask (words), which answer */
    cloze_explain_span place; /* any byte of it; an answer exactly. Else: the first word whose
                                 best tag is not "O", the first mask, the best answer */
    size_t max_tokens; /* longer inputs are an error: a cut text is another text; 0: the model's */
    size_t batch_tokens;     /* of a run; 0: 1024 */
    cloze_progress progress; /* runs done of all, where they are known */
} cloze_explain_options;

/* `text` and `pair` (no bytes: none) are copied. Errors beside the usual: CLOZE_ERROR_NOT_FOUND (no such
 * head, no such target), CLOZE_ERROR_TEXT (no tokens, too many, not UTF-8), CLOZE_ERROR_ARGUMENT. */
CLOZE_API cloze_status cloze_explainer_new(cloze_explainer **out, const cloze_model *model,
                                           cloze_text text, cloze_text pair,
                                           const cloze_explain_options *options,
                                           cloze_error *error);
CLOZE_API void cloze_explainer_free(cloze_explainer *explainer);
/* May be called from any thread. */
CLOZE_API void cloze_explainer_cancel(cloze_explainer *explainer);

/* What is explained. Texts are borrowed from the explainer. */
typedef struct cloze_explained {
    size_t tokens, units, layers, heads;
    double value;             /* F of the input as it is */
    int64_t target, against;  /* chosen or given; against -1: none */
    cloze_explain_span place; /* of the word, mask or answer; empty: none */
    double probability;       /* of the target; NaN where the model gives none */
} cloze_explained;

typedef struct cloze_explain_token {
    cloze_text text;         /* as in the vocabulary */
    cloze_explain_span span; /* side -1: special */
    int64_t unit;            /* -1: none */
} cloze_explain_token;

typedef struct cloze_explain_part {
    cloze_explain_span span;
    cloze_text text;      /* what the input has there */
    size_t first, tokens; /* its tokens, which are neighbours */
} cloze_explain_part;

CLOZE_API cloze_explained cloze_explainer_facts(const cloze_explainer *explainer);
CLOZE_API cloze_explain_token cloze_explainer_token(const cloze_explainer *explainer, size_t token);
CLOZE_API cloze_explain_part cloze_explainer_unit(const cloze_explainer *explainer, size_t unit);

/* F of `count` inputs of which units are taken away: present [count, units], 0: away. */
CLOZE_API cloze_status cloze_explainer_values(cloze_explainer *explainer, const uint8_t *present,
                                              size_t count, cloze_absence absence, double *values,
                                              cloze_error *error);

/*
 * Methods of attribution: one number for each unit, how much it adds to F. doc/explaining.md tells which
 * answers which question. Those of gradients and of attention are about tokens; a unit gets the sum
 * over its tokens. The others ask about units as they are.
 */
typedef enum cloze_explain_method {
    /* Simonyan, Vedaldi, Zisserman 2013 (captum Saliency): length of dF/d embedding of the token. Never
     * negative: how much F moves when the embedding does, not where to. */
    CLOZE_METHOD_SALIENCY = 0,
    /* Shrikumar et al. 2016 (captum InputXGradient): embedding times gradient, summed. */
    CLOZE_METHOD_INPUT_X_GRADIENT,
    /* Smilkov et al. 2017 (captum NoiseTunnel over InputXGradient): the mean of noisy embedding times
     * the gradient there, over samples of noise on all tokens' embeddings. */
    CLOZE_METHOD_SMOOTHGRAD,
    /* Sundararajan, Taly, Yan 2017 (captum IntegratedGradients, Gauss-Legendre): from the absent
     * token to the token, all units together, special tokens as they are; layer-wise at `layer`, between
     * what lies there of nothing and of the input (captum LayerIntegratedGradients), where special tokens
     * have a part, too. Parts add up to F less F of nothing but for `gap`. Absence must be a token:
     * CLOZE_ABSENT_REMOVED is an error. */
    CLOZE_METHOD_INTEGRATED_GRADIENTS,
    /* Leave one out: F less F without the unit. */
    CLOZE_METHOD_OCCLUSION,
    /* Ribeiro, Singh, Guestrin 2016 (lime LimeTextExplainer with bow=False): random subsets of the
     * units, weights exp(-(d / 25)^2) ^ 1/2 of the cosine distance d of 0 to 100, a ridge regression
     * of 1 over all units. Numbers are its slopes; they need not add up. CLOZE_ABSENT_REMOVED is
     * what lime does to words. */
    CLOZE_METHOD_LIME,
    /* Lundberg, Lee 2017 (shap KernelExplainer), without selection of features, which biases. Exact
     * Shapley values once all 2^units - 2 sets fit into the samples: up to 11 units by default. */
    CLOZE_METHOD_KERNEL_SHAP,
    /* Owen 1977 (shap PartitionExplainer over a balanced tree of neighbours): text and pair are split
     * first, then each run of units in halves, the first the smaller. Exact where the samples
     * suffice (about 2/3 units^2); else what is largest is split first, and the units of a run
     * that was not split share its part equally. Nothing is drawn. */
    CLOZE_METHOD_PARTITION_SHAP,
    /* Shapley 1953: exact up to 12 units by all 2^units sets; above, or where samples are given,
     * by antithetic permutations (Mitchell et al. 2022), whose intervals are Student's. */
    CLOZE_METHOD_SHAPLEY,
    /* What the row that F reads attends to in `layer`, `head`. The row: of the word, of the mask; begin
     * and end of an answer, half each; of labels and similarity what is pooled, which is the first
     * token or the mean of all. So for the four below, which join all layers. None has a sign, only the
     * last knows the target, and FNet, which has no attention, is refused. */
    CLOZE_METHOD_ATTENTION,
    /* Abnar, Zuidema 2020: the mean A of the heads, A + I with rows that sum to 1, multiplied. */
    CLOZE_METHOD_ROLLOUT,
    /* Abnar, Zuidema 2020: the maximum flow from the row to each token through those same matrices as
     * capacities; shares of the sum. */
    CLOZE_METHOD_FLOW,
    /* Mohebbi et al. 2023: how far a token's state in a layer turns (1 - cosine) without the value of
     * another token there; rows that sum to 1, multiplied. */
    CLOZE_METHOD_VALUE_ZEROING,
    /* Chefer, Gur, Wolf 2021, without relevance propagation: the mean over heads of what is positive in
     * attention times dF/d attention, A; I + A, multiplied. */
    CLOZE_METHOD_GRADIENT_ATTENTION,
    CLOZE_METHOD_RANDOM, /* numbers without a reason, to compare the others with */
    CLOZE_METHODS
} cloze_explain_method;

/* "integrated-gradients", ...; NULL: there is no such method. */
CLOZE_API const char *cloze_explain_method_name(cloze_explain_method method);
/* CLOZE_METHODS: there is no method of this name. */
CLOZE_API cloze_explain_method cloze_explain_method_named(const char *name);

/* Zero: the usual. */
typedef struct cloze_attribution_options {
    cloze_explain_method method;
    cloze_absence absence; /* also where integrated gradients begin */
    bool has_layer;        /* `layer` is given */
    int64_t
        layer; /* of attention, from 1; of gradients: -1 word embeddings (the default), 0 what the
                      layers are given, l what layer l makes */
    bool has_head;
    size_t head;    /* of attention, from 0; else the mean over heads */
    bool highest;   /* attention: the highest head instead of the mean */
    size_t steps;   /* integrated gradients: points at first, up to 4,096; 0: 50 */
    double bound;   /* the gap that is allowed, as a share of |F - F of nothing|; 0: 0.05. Steps are
                         doubled until it is met, up to 16 times as many; see `gap` of the report */
    size_t samples; /* SmoothGrad: 0: 5; LIME: 0: 5,000; KernelSHAP: 0: 2 * units + 2,048;
                         Partition: inputs asked about, 0: 500; Shapley: pairs of permutations, 0:
                         50 where it is not exact. What comes twice is asked once */
    double noise;   /* SmoothGrad: standard deviation, as a share of the range of the embeddings;
                         0: 0.1 */
    uint64_t seed;  /* of everything drawn */
} cloze_attribution_options;

typedef struct cloze_attribution_report {
    double value;     /* F of the input */
    double nothing;   /* F with all units absent; NaN where the method does not ask */
    double sum;       /* over units, and over special tokens where they have a part */
    double gap;       /* value - nothing - sum; NaN where the method promises nothing */
    double intercept; /* LIME and KernelSHAP; else NaN */
    double fit;       /* LIME: weighted R^2; else NaN */
    size_t runs;      /* inputs that the model was asked about */
    size_t steps;     /* of integrated gradients, in the end */
    /* What stood for the defaults of the options. */
    cloze_absence absence; /* CLOZE_ABSENT_DEFAULT: the method takes nothing away */
    size_t samples;        /* 0: nothing was drawn, and there was no budget */
    double bound, noise;   /* NaN where the method has none */
    bool exact;            /* nothing was drawn, and no budget cut it short */
} cloze_attribution_report;

/*
 * units [units] receives the numbers. tokens [tokens] (may be NULL) receives those of tokens, NaN from
 * methods that ask about units only. spread [units] (may be NULL) receives half the width of the 95 %
 * interval of numbers that were sampled, 0 of exact ones, NaN where none is known: how far another seed
 * would lead, not how true the method is. A function of the input, the options and the seed.
 */
CLOZE_API cloze_status cloze_attribute(cloze_explainer *explainer,
                                       const cloze_attribution_options *options, double *units,
                                       double *tokens, double *spread,
                                       cloze_attribution_report *report, cloze_error *error);

/* The attention of a layer, from 1: weights [heads, tokens, tokens], row i is what token i looks at and
 * sums to 1; borrowed for the call. False stops. */
typedef bool cloze_attention_visit(void *context, size_t layer, size_t heads, size_t tokens,
                                   const float *weights);
/* Layer by layer, in one run; a layer of several inner ones (ALBERT) is shown as often.
 * CLOZE_ERROR_UNSUPPORTED: the model has no attention (FNet). */
CLOZE_API cloze_status cloze_explainer_attention(cloze_explainer *explainer,
                                                 cloze_attention_visit *visit, void *context,
                                                 cloze_error *error);

/* A matrix between tokens after a layer, from 1: [tokens, tokens], row i tells how much token i has of
 * which token; borrowed for the call. False stops. The methods of these names are rows of the last, or
 * of all of them joined. Errors as above. */
typedef bool cloze_matrix_visit(void *context, size_t layer, size_t tokens, const double *matrix);
/* Of layers 1 to this together. Rows sum to 1. */
CLOZE_API cloze_status cloze_explainer_rollout(cloze_explainer *explainer,
                                               cloze_matrix_visit *visit, void *context,
                                               cloze_error *error);
/* Of this layer alone, all of which are computed before the first is shown: as many inputs as there are
 * tokens. Rows sum to 1. The last layer's states are what heads read, after a norm that follows. */
CLOZE_API cloze_status cloze_explainer_value_zeroing(cloze_explainer *explainer,
                                                     cloze_matrix_visit *visit, void *context,
                                                     cloze_error *error);
/* Of layers 1 to this together; about F. */
CLOZE_API cloze_status cloze_explainer_gradient_attention(cloze_explainer *explainer,
                                                          cloze_matrix_visit *visit, void *context,
                                                          cloze_error *error);
/* Flow from tokens rows [count] of the last layer; flow [count, tokens], each row sums to 1. A maximum
 * flow for every row and token: ask for the rows that are wanted. */
CLOZE_API cloze_status cloze_explainer_flow(cloze_explainer *explainer, const size_t *rows,
                                            size_t count, double *flow, cloze_error *error);

/* How a head's importance is told. */
typedef enum cloze_importance {
    /* Michel, Levy, Neubig 2019: the slope dF/dfactor of a factor, 1, of what the head makes; to first
     * order how much F falls without it. Over texts they take the mean of its absolute value. */
    CLOZE_IMPORTANCE_GRADIENT = 0,
    /* How much F falls when what the head makes is zero (transformers' head_mask). */
    CLOZE_IMPORTANCE_MASKING,
    CLOZE_IMPORTANCES
} cloze_importance;

/*
 * heads [layers, heads] of facts receives the importance of each head of attention; layers [layers]
 * (may be NULL) that of all heads of a layer together: the sum of their slopes, or F less F without
 * all of them. By gradient one run, by masking layers * (heads + 1) + 1, packed. CLOZE_ERROR_UNSUPPORTED:
 * the model has no attention (FNet).
 */
CLOZE_API cloze_status cloze_head_importance(cloze_explainer *explainer, cloze_importance way,
                                             double *heads, double *layers, cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
