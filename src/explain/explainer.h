/*
 * explain/explainer.h - one input as tokens and units, the number F of it that is explained, and the
 * two ways to ask for it: values of many inputs (values.c), and gradients at many points (copies.c).
 * Methods are written over these two and know no models.
 */
#ifndef CZ_EXPLAIN_EXPLAINER_H
#define CZ_EXPLAIN_EXPLAINER_H

#include "task/engine.h"

#include <cloze/explain.h>

/* Tokens of an input that F reads. They move when units before them are removed. */
typedef struct cz_spots {
    size_t row[2];     /* of the word, the mask; begin and last of the answer */
    size_t context[2]; /* first and behind: where answers may lie */
} cz_spots;

/* F as a function of what the model makes: a row, or (answers) a row a token. */
typedef struct cz_aim {
    cloze_explain_task task;
    cloze_explain_value value;
    cz_head_kind head;             /* but of similarity */
    cloze_score_function function; /* probabilities of labels */
    size_t columns;                /* of what the model makes */
    size_t target, against;        /* columns; against: target if there is none */
    const double *other;           /* [columns] similarity: of length 1 */
} cz_aim;

typedef struct cz_unit {
    cloze_explain_span span;
    size_t first, count; /* tokens */
} cz_unit;

/* Memory of runs that record. */
typedef struct cz_bench {
    cz_run run;
    cz_block host, numbers, scratch;
} cz_bench;

struct cloze_explainer {
    const cloze_model *model;
    cloze_hooks hooks;
    cloze_session *session;
    cloze_explain_options options; /* its spans are ours */
    char *text[2];
    size_t size[2];

    size_t length; /* tokens */
    uint32_t *ids, *types, *positions;
    cloze_token_offset *offsets;
    int32_t *sequences; /* 0, 1, -1 special */
    int64_t *words;
    size_t *unit_of; /* [length] SIZE_MAX: none */
    cz_unit *units;
    size_t unit_count;

    cz_aim aim;
    cz_spots places;
    double *other; /* see cz_aim */
    double value;  /* F of the input */
    double chance; /* probability of the target, or NaN */
    bool holds;    /* the model says the target of the input as it is; see cz_aim_holds */

    /* [length, columns of the word table] is added to the embeddings of units' tokens wherever they
     * are there, whatever is asked; NULL: nothing. See cz_sensitivity. */
    const double *shift;

    cz_bench bench;
    size_t runs_done, runs_total; /* for progress; total 0: not known */
};

/* ---- units.c ---- */

cloze_status cz_units_make(cloze_explainer *explainer, cloze_error *error);
/* What stands for CLOZE_ABSENT_DEFAULT. */
cloze_absence cz_absence_of(const cloze_explainer *explainer, cloze_absence absence);
/* The id that stands for what is absent; CLOZE_ABSENT_REMOVED has none. */
cloze_status cz_absent_id(const cloze_explainer *explainer, cloze_absence absence, uint32_t *id,
                          cloze_error *error);

/* ---- aim.c ---- */

/* Checks task, head and options against the model; cz_aim_settle comes after it. */
cloze_status cz_aim_begin(cloze_explainer *explainer, cloze_error *error);
/* Rows that the model makes of an input of so many tokens. */
size_t cz_aim_rows(const cz_aim *aim, size_t length);
/* F of outcome [cz_aim_rows, columns]. slope, of the same shape, receives dF/d outcome; or NULL. */
double cz_aim_value(const cz_aim *aim, const cz_spots *places, const double *outcome, size_t length,
                    double *slope);
/* Probability of the target whatever F is; NaN where there is none. */
double cz_aim_chance(const cz_aim *aim, const cz_spots *places, const double *outcome,
                     size_t length);
/* Whether the model chooses: among labels, tags, words, answers. */
bool cz_aim_decides(const cz_aim *aim);
/* Whether it says the target here: the best column, of a sigmoid more than one half, the very answer.
 * True where it does not choose. */
bool cz_aim_holds(const cz_aim *aim, const cz_spots *places, const double *outcome);
/* The label, tag or word that it says here, and its probability; -1 and NaN: of a sigmoid none, an
 * answer, a similarity. */
int64_t cz_aim_says(const cz_aim *aim, const double *outcome, double *chance);

/* The best column, but not `except`. */
size_t cz_aim_best(const double *row, size_t columns, size_t except);
/* Begin and last token of the best answer in the context. */
void cz_aim_best_answer(const size_t context[2], const double *outcome, size_t row[2]);

/* ---- settle.c ---- */

/* Runs the input and settles target, places and value. */
cloze_status cz_aim_settle(cloze_explainer *explainer, cloze_error *error);

/* ---- decision.c ---- */

/* Refuses what decides nothing, and a target that the model does not say. */
cloze_status cz_check_decision(const cloze_explainer *explainer, cloze_error *error);
/* Is F about this very unit: the tagged word, a part of the answer? */
bool cz_unit_is_asked(const cloze_explainer *explainer, size_t unit);

/* ---- values.c ---- */

/* An input to be asked about. Arrays have room for the model's longest input, and hold the explainer's own
 * before they are given to a maker, who writes what differs. */
typedef struct cz_input {
    size_t length;
    uint32_t *ids, *types;
    bool own_positions; /* false: those of the explainer's input, token by token; true: made anew */
    cz_spots places;
} cz_input;

typedef void cz_input_maker(void *context, size_t number, cz_input *input);

/* ---- inputs.c ---- */

/* Inputs on their way into a batch of the explainer's session. */
typedef struct cz_inputs {
    cz_input input;   /* the one that is made */
    cz_spots *places; /* [batch tokens] of the sequences of the batch */
} cz_inputs;

/* `inputs` is zeroed before; clear it whatever comes back. */
cloze_status cz_inputs_begin(cz_inputs *inputs, const cloze_explainer *explainer,
                             cloze_error *error);
void cz_inputs_clear(cz_inputs *inputs, const cloze_explainer *explainer);
/* The explainer's own, and what the maker (may be NULL) makes of it. */
void cz_inputs_make(cz_inputs *inputs, const cloze_explainer *explainer, size_t number,
                    cz_input_maker *make, void *context);
/* The batch has room for it. */
cloze_status cz_inputs_append(cz_inputs *inputs, const cloze_explainer *explainer,
                              cloze_error *error);

/* ---- values.c ---- */

/* What the model makes of an input; borrowed for the call. */
typedef cloze_status cz_outcome_done(void *context, size_t number, const cz_input *input,
                                     const double *outcome, cloze_error *error);

/* Packed into runs up to the batch's tokens, in memory that does not grow with `count`. */
cloze_status cz_outcomes(cloze_explainer *explainer, size_t count, cz_input_maker *make,
                         void *context, cz_outcome_done *done, void *done_context,
                         cloze_error *error);
/* F of each; values [count]. */
cloze_status cz_values(cloze_explainer *explainer, size_t count, cz_input_maker *make,
                       void *context, double *values, cloze_error *error);

/* present [units], 0: away; it is zeroed before. */
typedef void cz_mask_maker(void *context, size_t number, uint8_t *present);
cloze_status cz_outcomes_of_masks(cloze_explainer *explainer, size_t count, cz_mask_maker *make,
                                  void *context, cloze_absence absence, cz_outcome_done *done,
                                  void *done_context, cloze_error *error);
cloze_status cz_values_of_masks(cloze_explainer *explainer, size_t count, cz_mask_maker *make,
                                void *context, cloze_absence absence, double *values,
                                cloze_error *error);

/* ---- copies.c ---- */

enum { CZ_AT_WORDS = -1 };

/* What a looker is told: sequences of this run are the copies from `first` on. */
typedef struct cz_look {
    const cz_tap_point *point;
    size_t first, count;
    const cz_packing *packing;
} cz_look;

/* Inputs that run with a tape. */
typedef struct cz_copies {
    size_t count;
    cz_input_maker *make; /* NULL: each is the explainer's input */
    /* Where they are moved, and where the gradient is taken: CZ_AT_WORDS, the sum of the tables of
     * embeddings before its norm; 0, what the layers are given; l, what layer l makes. */
    int64_t layer;
    bool no_gradient; /* F alone; nothing is recorded */
    bool
        begins; /* `layer` is no CZ_AT_WORDS, and `move` sets the rows there: nothing below is run */
    /* rows [tokens of the copy, width], in place; NULL: not moved */
    void (*move)(void *context, size_t copy, double *rows, size_t length, size_t width);
    /* gradient [tokens, width]; NULL with no_gradient. May be NULL */
    cloze_status (*done)(void *context, size_t copy, double value, const double *gradient,
                         size_t length, size_t width, cloze_error *error);
    /* Every tap point: "embeddings.sum", "embeddings", "attention.projections",
     * "attention.global_projections", "attention.context", "layer", and with `attention` "attention.probabilities". A live tensor: see cz_tap. While recording
     * its gradient is there when `done` is called, as long as nothing else has run. NULL: none */
    void (*look)(void *context, const cz_look *look, cz_tensor *tensor);
    bool attention;
    void *context;
} cz_copies;

cloze_status cz_copies_run(cloze_explainer *explainer, const cz_copies *copies, cloze_error *error);
/* A row of a tensor of the run's type, read and written. */
void cz_row_read(const cz_tensor *x, size_t row, double *to);
void cz_row_write(const cz_tensor *x, size_t row, const double *from);
/* Columns of the rows at a layer. */
size_t cz_width_at(const cloze_explainer *explainer, int64_t layer);
/* The row of the word table of an id; to [cz_width_at CZ_AT_WORDS]. */
void cz_word_row(const cloze_explainer *explainer, uint32_t id, double *to);
/* The words' embeddings of the input, shifted: to [length, cz_width_at CZ_AT_WORDS]. */
void cz_word_rows(const cloze_explainer *explainer, double *to);
void cz_bench_clear(cz_bench *bench, const cloze_allocator *allocator);

/* Tells the progress of one more run; false: cancelled, and `error` says so. */
bool cz_explain_step(cloze_explainer *explainer, size_t runs, cloze_error *error);

/* ---- methods.c ---- */

/* What a method makes. `tokens` begins as NaN and may be left so, `spread` too. A method of tokens sets
 * them and leaves units to cz_units_of_tokens. */
typedef struct cz_attribution {
    double *units, *tokens, *spread; /* [unit_count], [length], [unit_count] */
    cloze_attribution_report report; /* value is set */
} cz_attribution;

typedef cloze_status cz_method(cloze_explainer *explainer, const cloze_attribution_options *options,
                               cz_attribution *out, cloze_error *error);

/* Half the 95 % interval of a mean of `count` numbers whose squared distances from it sum to `squares`
 * (Student); NaN of one number. */
double cz_interval(double squares, size_t count);
/* That in standard errors of the mean; NaN without a degree of freedom. */
double cz_student(size_t freedom);
/* Where a method of gradients takes them: CZ_AT_WORDS unless a layer is given. */
int64_t cz_gradient_layer(const cloze_attribution_options *options);
void cz_units_of_tokens(const cloze_explainer *explainer, cz_attribution *out);

/* ---- infidelity.c ---- */

/* Yeh et al. 2019 (captum infidelity): the mean over masks of the squared distance between what an attribution
 * [units] gives the units that a mask takes away, and how much F falls from `value` to values [count].
 * present [count, units]. Scaled: after the attribution was multiplied by the factor that suits best
 * (captum's normalize), so that methods of different scale can be compared. errors [count] (may be
 * NULL) receives the squares. */
double cz_infidelity(const double *attribution, const uint8_t *present, const double *values,
                     size_t count, size_t units, double value, bool scaled, double *errors);

/* ---- sensitivity.c ---- */

typedef struct cz_sensitivity_options {
    size_t samples; /* 0: 10 */
    double radius;  /* 0: 0.02 */
    uint64_t seed;
} cz_sensitivity_options;

/* Yeh et al. 2019 (captum sensitivity_max): how far the method's numbers move from `units` when the words'
 * embeddings move by up to the radius in every column; the farthest of the samples, as a share of
 * their length. Methods that draw draw the same each time. */
cloze_status cz_sensitivity(cloze_explainer *explainer, const cloze_attribution_options *method,
                            const double *units, const cz_sensitivity_options *options,
                            double *sensitivity, cloze_error *error);

cz_method cz_saliency, cz_input_x_gradient, cz_smoothgrad, cz_integrated_gradients;
cz_method cz_occlusion, cz_lime, cz_kernel_shap, cz_partition_shap, cz_shapley;
cz_method cz_attention, cz_rollout, cz_flow, cz_value_zeroing, cz_gradient_attention;
cz_method cz_random_attribution;

#endif
