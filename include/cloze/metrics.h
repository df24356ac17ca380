/*
 * cloze/metrics.h - how good predictions are beside gold: accuracy, precision, recall, F1, Matthews
 * for labels; entities found in tags; correlation of numbers; answers to questions. Nothing here
 * knows a model.
 *
 * Methods: scikit-learn's precision_recall_fscore_support and matthews_corrcoef, seqeval 1.2, scipy's
 * pearsonr and spearmanr, the evaluation scripts of SQuAD 1.1 and 2.0. What would divide by zero is
 * 0, as it is in these by default.
 */
#ifndef CLOZE_METRICS_H
#define CLOZE_METRICS_H

#include <cloze/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- labels and tags ---- */

/* How tags are read as entities. "O" is outside; others are a letter, and the type after a "-". */
typedef enum cloze_tag_scheme {
    CLOZE_TAGS_LENIENT = 0, /* seqeval's default, as conlleval: B, I, E, S, O; an entity may begin
                               with any of them */
    /* seqeval's strict mode: what breaks the scheme is no entity */
    CLOZE_TAGS_IOB1,
    CLOZE_TAGS_IOB2,
    CLOZE_TAGS_IOE1,
    CLOZE_TAGS_IOE2,
    CLOZE_TAGS_IOBES,
    CLOZE_TAGS_BILOU
} cloze_tag_scheme;

typedef struct cloze_score {
    double precision, recall, f1;
    size_t support;   /* how often it is in gold */
    size_t predicted; /* how often it was predicted */
    size_t correct;   /* how often both */
} cloze_score;

typedef struct cloze_averages {
    size_t count;        /* texts; tags, where tags were counted */
    double accuracy;     /* of texts, all labels of a text together; of tags */
    double matthews;     /* of one label a text, any number of labels; else 0 */
    cloze_score micro;   /* of all labels' counts together */
    cloze_score macro;   /* the mean over labels; its counts are sums */
    cloze_score weighted; /* the mean over labels, each as often as it is in gold */
} cloze_averages;

/*
 * A tally counts predictions one by one; its memory grows with labels, and by 8 bytes with a text
 * of one label. It counts one kind of thing, that of the first call; another kind is
 * CLOZE_ERROR_ARGUMENT. Labels that occur in neither gold nor predictions do not exist. Texts
 * are copied. More than 65,536 labels are CLOZE_ERROR_LIMIT. A tally that refused something is
 * only good to be freed. Not thread-safe.
 */
typedef struct cloze_tally cloze_tally;

typedef struct cloze_tally_options {
    cloze_tag_scheme scheme;
    const cloze_hooks *hooks; /* copied */
} cloze_tally_options;

CLOZE_API cloze_status cloze_tally_new(cloze_tally **out, const cloze_tally_options *options,
                                       cloze_error *error);
CLOZE_API void cloze_tally_free(cloze_tally *tally);

/* A text with one label. */
CLOZE_API cloze_status cloze_tally_label(cloze_tally *tally, cloze_text predicted, cloze_text gold,
                                         cloze_error *error);
/* A text with any number of labels, in any order; one that is named twice counts once. */
CLOZE_API cloze_status cloze_tally_labels(cloze_tally *tally, const cloze_text *predicted,
                                          size_t predicted_count, const cloze_text *gold,
                                          size_t gold_count, cloze_error *error);
/*
 * The tags of a sentence's `count` words: what is scored are entities, right if type, begin and end
 * are; labels are their types. CLOZE_ERROR_TEXT: a tag is empty, or none of the strict scheme; the
 * message names the word, counted from 1.
 */
CLOZE_API cloze_status cloze_tally_tags(cloze_tally *tally, const cloze_text *predicted,
                                        const cloze_text *gold, size_t count, cloze_error *error);

/* Labels so far, in the order of their code points, as Python sorts them. Names are borrowed, until
 * the tally is freed. An index past the end has no name and a score of zeros. */
CLOZE_API size_t cloze_tally_size(const cloze_tally *tally);
CLOZE_API cloze_text cloze_tally_name(const cloze_tally *tally, size_t index);
CLOZE_API cloze_score cloze_tally_score(const cloze_tally *tally, size_t index);
CLOZE_API cloze_averages cloze_tally_averages(const cloze_tally *tally);
/* How often gold g was taken for p: matrix[g * size + p], of size [size, size]. Only of one label a
 * text, else CLOZE_ERROR_ARGUMENT. */
CLOZE_API cloze_status cloze_tally_matrix(const cloze_tally *tally, size_t *matrix,
                                          cloze_error *error);

/* ---- shares ---- */

/* The 95 % interval of a share, of which `hits` of `count` were counted (Wilson 1927): within 0 and 1, and of a
 * width also where none or all were; 0 to 1 of nothing. Thread-safe. */
CLOZE_API void cloze_share_interval(size_t hits, size_t count, double interval[2]);

/* ---- numbers ---- */

typedef struct cloze_agreement {
    double pearson, spearman; /* NaN where one side is constant, or there are fewer than two */
    double squared_error, absolute_error; /* means */
} cloze_agreement;

/* Predicted numbers [count] beside gold ones, all finite, else CLOZE_ERROR_ARGUMENT. Equal numbers
 * share the mean of their ranks. Thread-safe. */
CLOZE_API cloze_status cloze_agree(const double *predicted, const double *gold, size_t count,
                                   const cloze_hooks *hooks, cloze_agreement *out,
                                   cloze_error *error);

/* ---- answers ---- */

typedef enum cloze_squad_version {
    CLOZE_SQUAD_2 = 0, /* a question may have no answer: gold is then empty */
    CLOZE_SQUAD_1      /* every question has answers; no word in common is an F1 of 0 */
} cloze_squad_version;

typedef struct cloze_answer_score {
    double exact, f1; /* 0 to 1; the scripts print percents */
} cloze_answer_score;

/*
 * A predicted answer beside all that are right: the best over them, exact and F1 each by itself.
 * Before comparing, both are lower-cased, and lose ASCII punctuation, the words a, an, the, and
 * all spaces but one between words. F1 is that of the words. Errors: CLOZE_ERROR_ARGUMENT (no gold
 * with CLOZE_SQUAD_1), CLOZE_ERROR_TEXT (not UTF-8). Thread-safe.
 */
CLOZE_API cloze_status cloze_score_answer(cloze_text predicted, const cloze_text *gold,
                                          size_t gold_count, cloze_squad_version version,
                                          const cloze_hooks *hooks, cloze_answer_score *out,
                                          cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
