/*
 * cloze/faithful.h - is an explanation true? Whether an attribution (cloze/explain.h) says what the model
 * really reads is measured by asking the model: about the text without the units that are said to
 * matter, about these alone, about another model of the same shape that knows nothing. No figure
 * means much by itself, so everything is measured on random attributions, too. doc/explaining.md
 * tells what each figure can say and what it cannot.
 *
 * Units are ordered by their numbers, the highest first; of equal ones the first in the text. F is what
 * the explainer explains, in its own unit: figures of a logit and of a probability are not comparable.
 * Every input is asked once, however many orders need it, and all of a text are packed together.
 *
 * An evaluation is not for several threads at once. Numbers depend neither on threads nor on batches.
 */
#ifndef CLOZE_FAITHFUL_H
#define CLOZE_FAITHFUL_H

#include <cloze/explain.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cloze_faith_measure {
    /* DeYoung et al. 2020 (ERASER, metrics.py): F less F without the first ceil(share * units) units;
     * less F with these alone; the means over shares of 1, 5, 10, 20 and 50 % (ERASER's AOPC). F there
     * is a probability: explain CLOZE_VALUE_PROBABILITY to get its numbers. */
    CLOZE_FAITH_COMPREHENSIVENESS = 0,
    CLOZE_FAITH_SUFFICIENCY,
    /* Shrikumar, Greenside, Kundaje 2017; Chen et al. 2019: log p without them less log p, the mean over the
     * same shares. NaN where the model gives no probability. */
    CLOZE_FAITH_LOG_ODDS,
    /* Samek et al. 2017: F less F without the first k units, the mean over all k from 1. */
    CLOZE_FAITH_AOPC,
    /* Edin et al. 2024 (NAOPC): 0 is the worst order of units, 1 the best. Comprehensiveness and
     * sufficiency over all k. Exact up to CLOZE_FAITH_EXACT_UNITS; above by beam search among the
     * orders measured, so that the bounds are inner ones. */
    CLOZE_FAITH_NORMAL_COMPREHENSIVENESS,
    CLOZE_FAITH_NORMAL_SUFFICIENCY,
    /* Petsiuk, Das, Saenko 2018 (RISE): area under F while the first units are taken away one after the
     * other, and while they are put into the text without any, over the share of units. */
    CLOZE_FAITH_DELETION,
    CLOZE_FAITH_INSERTION,
    /* Serrano, Smith 2019: share of units after which the model first says something else; 1: never.
     * NaN where it does not choose. */
    CLOZE_FAITH_FLIP,
    /* Yeh et al. 2019 (captum infidelity, normalized): the mean over random masks, half of the units away, of the
     * squared distance between what the numbers foretell, times the factor that suits best, and how far F
     * falls. */
    CLOZE_FAITH_INFIDELITY,
    /* Yeh et al. 2019 (captum sensitivity_max): how far the numbers move, as a share of their length, when the
     * embeddings move by up to 0.02 in every column; the farthest of 10. Only where it is asked for. */
    CLOZE_FAITH_SENSITIVITY,
    /* Adebayo et al. 2018: rank correlation (Spearman) with the same method's numbers on the model with
     * all weights random. About 0 is right; 1 has not looked at the model. */
    CLOZE_FAITH_RANDOMIZED,
    CLOZE_FAITH_MEASURES
} cloze_faith_measure;

enum {
    CLOZE_FAITH_POINTS = 64,      /* steps of a curve, at most */
    CLOZE_FAITH_THRESHOLDS = 8,   /* shares of units, at most */
    CLOZE_FAITH_EXACT_UNITS = 10, /* up to here all orders are known */
    CLOZE_FAITH_BEAM_UNITS = 32   /* up to here beam search is the default */
};

/* "comprehensiveness", ...; NULL: there is no such measure. */
CLOZE_API const char *cloze_faith_measure_name(cloze_faith_measure measure);
/* Whether a smaller number is a better one. */
CLOZE_API bool cloze_faith_measure_falls(cloze_faith_measure measure);

typedef enum cloze_randomization {
    CLOZE_RANDOMIZE_NOTHING = 0,
    CLOZE_RANDOMIZE_ALL,    /* all weights at once */
    CLOZE_RANDOMIZE_CASCADE /* the head, the last layer too, ..., the embeddings too */
} cloze_randomization;

/* Zero: the usual. */
typedef struct cloze_faith_options {
    cloze_absence absence;
    const double *thresholds; /* [threshold_count] shares above 0, up to 1; NULL: ERASER's */
    size_t threshold_count;
    size_t points; /* steps of the curves; 0: CLOZE_FAITH_POINTS. Fewer than units: every so many */
    size_t beam;   /* orders kept; 0: 5 up to CLOZE_FAITH_BEAM_UNITS, none above */
    bool no_bounds;   /* neither best nor worst order is looked for */
    size_t masks;     /* of infidelity; 0: 50 */
    size_t seeds;     /* random attributions beside every text; 0: 20 */
    bool sensitivity; /* each method runs ten times more */
    cloze_randomization randomization;
    size_t resamples; /* of the bootstrap; 0: 2,000 */
    uint64_t seed;    /* of all that is drawn here */
} cloze_faith_options;

/* What was measured of one attribution. */
typedef struct cloze_faith_result {
    double measures[CLOZE_FAITH_MEASURES]; /* NaN: not known, or not asked for */
    double comprehensiveness[CLOZE_FAITH_THRESHOLDS], sufficiency[CLOZE_FAITH_THRESHOLDS];
    double log_odds[CLOZE_FAITH_THRESHOLDS];
    size_t points;                         /* of the curves, less one */
    double shares[CLOZE_FAITH_POINTS + 1]; /* of units taken away or put back, from 0 to 1 */
    double deletion[CLOZE_FAITH_POINTS + 1], insertion[CLOZE_FAITH_POINTS + 1]; /* F */
    size_t flip;            /* units after which the model says something else; 0: never */
    double lowest, highest; /* AOPC of the worst and the best order; NaN: not looked for */
    bool exact;             /* these are of all orders */
    size_t runs;            /* inputs that the model was asked about, for all of the call */
} cloze_faith_result;

/* Measures of attributions that you have, whoever made them: a person's, too. units [count, units], finite,
 * else CLOZE_ERROR_ARGUMENT; results [count]. NaN: SENSITIVITY and RANDOMIZED. */
CLOZE_API cloze_status cloze_faith_of(cloze_explainer *explainer, const double *units, size_t count,
                                      const cloze_faith_options *options,
                                      cloze_faith_result *results, cloze_error *error);

/* ---- methods side by side, over one text or many ---- */

/* Its contenders are the methods, in their order, and behind them the random attributions. */
typedef struct cloze_evaluation cloze_evaluation;

/* `model` is that of all explainers, and stays open. Options are copied. A name of CLOZE_METHOD_RANDOM
 * among methods is one more, with its own seed. */
CLOZE_API cloze_status cloze_evaluation_new(cloze_evaluation **out, const cloze_model *model,
                                            const cloze_attribution_options *methods, size_t count,
                                            const cloze_faith_options *options, cloze_error *error);
CLOZE_API void cloze_evaluation_free(cloze_evaluation *evaluation);

/*
 * Explains and measures one more text, about 2 * units inputs for every method and random attribution;
 * some kilobytes a contender are kept of it. A method that the model cannot give
 * (CLOZE_ERROR_UNSUPPORTED) has no results for it; any other failure adds nothing.
 */
CLOZE_API cloze_status cloze_evaluation_add(cloze_evaluation *evaluation,
                                            cloze_explainer *explainer, cloze_error *error);

CLOZE_API size_t cloze_evaluation_texts(const cloze_evaluation *evaluation);
/* Borrowed, until the next text. Of the random attributions: the means over seeds; `flip` is then 0.
 * NULL: no such text or contender, or the model could not give it. */
CLOZE_API const cloze_faith_result *cloze_evaluation_result(const cloze_evaluation *evaluation,
                                                            size_t contender, size_t text);

/* A measure over texts. Intervals hold 95 %, by bootstrap: of texts, or where there is one alone of
 * the random attributions' seeds (a method has no interval then: NaN). Where one of several texts
 * alone has the measure, nothing has an interval. */
typedef struct cloze_faith_summary {
    size_t texts; /* that have it */
    double mean, low, high;
    /* How much better than the mean of the random attributions, whatever direction is better. */
    double gain, gain_low, gain_high;
    double wins; /* of random attributions this share is worse; equal ones count by half */
} cloze_faith_summary;

CLOZE_API cloze_status cloze_evaluation_summary(const cloze_evaluation *evaluation,
                                                size_t contender, cloze_faith_measure measure,
                                                cloze_faith_summary *out, cloze_error *error);

/* How alike two contenders order the units, the mean over texts; NaN where there is none. Of the random
 * attributions: the first seed's. */
typedef struct cloze_faith_agreement {
    size_t texts;
    double spearman, kendall; /* tau-b */
} cloze_faith_agreement;

CLOZE_API cloze_faith_agreement cloze_evaluation_agreement(const cloze_evaluation *evaluation,
                                                           size_t a, size_t b);

/* Weight randomization: stages are the head, the head and the last layer, ..., all weights; one
 * alone for CLOZE_RANDOMIZE_ALL. The mean rank correlation over texts; NaN where there is none. */
CLOZE_API size_t cloze_evaluation_stages(const cloze_evaluation *evaluation);
CLOZE_API double cloze_evaluation_randomized(const cloze_evaluation *evaluation, size_t contender,
                                             size_t stage);

#ifdef __cplusplus
}
#endif
#endif
