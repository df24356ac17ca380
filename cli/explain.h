/*
 * explain.h - the parts of cloze explain: what is asked (explain_aim.c), one text explained by every method asked
 * for (explain_make.c), and its faces: text and bars on a terminal, JSON, CSV. A face reads an explanation and
 * computes nothing.
 */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "open.h"
#include "options.h"
#include "output.h"

#include <cloze/explain.h>
#include <cloze/page.h>

/* One method's numbers of one text. */
typedef struct cli_attribution {
    cloze_attribution_options options; /* as they were asked for */
    cloze_attribution_options used;  /* with what stood for the defaults; where the method has none
                                          of it, 0 */
    double *units, *tokens, *spread; /* [units], [tokens], [units]; see cloze_attribute */
    cloze_attribution_report report;
} cli_attribution;

typedef struct cli_explanation {
    cloze_text text, pair; /* pair: without bytes if there is none */
    cloze_explainer *explainer;
    cloze_explain_options options; /* of the explainer */
    cloze_explained facts;
    /* What the model says of its own accord, where another target was asked for; else as facts. */
    cloze_explained said;
    cli_attribution *made; /* [count] one a method */
    size_t count;
} cli_explanation;

typedef struct explain_job {
    const cli_settings *settings;
    cli_input *input;
    cli_opened opened;
    cli_output *output;
    cloze_explain_options options; /* without what depends on the text */
    cloze_explain_span *spans;     /* options.spans */
    cloze_explain_method methods[CLOZE_METHODS];
    size_t method_count;
    bool every;      /* methods that this model has no use for are left out with a remark */
    cloze_text pair; /* of all texts; data NULL: none, or each has its own */
    char *file;      /* that it was read from */
    size_t number;   /* of the text, from 1 */
    size_t left_out; /* texts that cannot be explained */
    char digest[CLOZE_DIGEST_SIZE]; /* of the model; empty where no record is written */
} explain_job;

/* ---- explain_options.c ---- */

extern const option_group explain_aims, explain_ways, explain_units, explain_truth, explain_faces,
    explain_pictures;

/* ---- explain_methods.c ---- */

/* --method into job->methods. Exit code. */
int explain_choose_methods(explain_job *job);
void explain_list_methods(cli_output *output);
/* What it answers, in a sentence. */
const char *explain_method_answer(cloze_explain_method method);

/* ---- explain_aim.c ---- */

/* What of the command line needs no model, and no text. Exit code. */
int explain_check(explain_job *job);
/* The part of it that is about what is explained, into job->options: for commands that ask something else. */
int explain_check_aim(explain_job *job);
/* Task and target, which need the model. Exit code. */
int explain_aim(explain_job *job);
/* --at in this text, into options->place. Exit code; `where` is for messages. */
int explain_place(const explain_job *job, cloze_text text, cloze_text pair,
                  cloze_explain_options *options, const char *where);
const char *explain_task_name(cloze_explain_task task);
const char *explain_value_name(cloze_explain_value value);
const char *explain_unit_name(cloze_explain_unit unit);
/* "text" or "pair", whose units always stay; or NULL. */
const char *explain_fixed_name(const explain_job *job);
const char *explain_absence_name(cloze_absence absence);

/* ---- explain_target.c ---- */

/* The number of a label, tag or word of this name; *out stays where it is NULL. Exit code. */
int explain_target(const explain_job *job, const char *option, const char *name, int64_t *out);
/* Other aims than the options': targets that another model has under the same names. Exit code. */
int explain_same_target(explain_job *job, const explain_job *first, const cloze_explained *facts);

/* ---- explain_make.c ---- */

/* Borrows the texts. Exit code; in any case explanation_clear. */
int explanation_make(cli_explanation *out, explain_job *job, cloze_text text, cloze_text pair,
                     const char *where);
void explanation_clear(cli_explanation *explanation);
/* What is explained, by name: a label, tag or word, an answer's text, "cosine". Borrowed. */
cloze_text explanation_target(const explain_job *job, const cli_explanation *explanation,
                              const cloze_explained *facts);
/* Bytes of a text, at most so many, that end with a character. */
int explanation_cut(const char *text, size_t most);
/* A unit's text with the combining marks behind it, which some tokenizers leave out. */
cloze_text explanation_unit(const cli_explanation *explanation, size_t unit);
/* What is missing in the sum, for people: 0 where it is rounding. */
double attribution_gap(const cloze_attribution_report *report);
/* The largest size of a unit's number, or 1 if all are zero. */
double attribution_largest(const cli_attribution *made, size_t units);
/* Units in the order of their sizes, largest first: order [units]. */
void attribution_order(const cli_attribution *made, size_t units, size_t *order);

/* ---- explain_texts.c ---- */

/* Input, engine, model with the aim, output. Exit code; in any case explain_close. */
int explain_open(explain_job *job, char **texts, size_t count);
/* Calls `each` for every text, with the numbers of job->methods, of which there may be none. Texts without units
 * and too long ones are told of and left out; if all are, that is the exit code. Exit code. */
typedef int explain_each(void *context, explain_job *job, const cli_explanation *explanation,
                         const char *where);
int explain_all(explain_job *job, explain_each *each, void *context);
/* Completes the output when `code` is 0. Exit code. */
int explain_close(explain_job *job, int code);

/* ---- explain_evaluate.c ---- */

/* --evaluate, over all texts. Exit code. */
int explain_evaluate(explain_job *job);

/* ---- faces ---- */

/* How many colours a terminal shows. */
typedef enum cli_inks { INKS_NONE, INKS_256, INKS_ALL } cli_inks;

cli_inks explain_inks(const explain_job *job);
/* Those that return a number: an exit code. The text, and the pair on a line of its own, with units on a ground of blue (takes away) to orange (adds). */
void explain_write_text(cli_output *output, const cli_explanation *explanation,
                        const cli_attribution *made, cli_inks inks);
/* The same without grounds. */
void explain_write_plain(cli_output *output, const cli_explanation *explanation);
int explain_write_bars(cli_output *output, const cli_explanation *explanation,
                       const cli_attribution *made, size_t most, cli_inks inks);
int explain_write_terminal(explain_job *job, const cli_explanation *explanation);
/* The line that says what the model says; behind an empty one but for the first text. */
void explain_write_heading(const explain_job *job, const cli_explanation *explanation);
void explain_write_json(explain_job *job, const cli_explanation *explanation);
/* The same without texts of tokens and numbers: what was asked of what, and how. */
void explain_write_json_record(explain_job *job, const cli_explanation *explanation);
/* The object's beginning: model, text, what is explained, units' kind. */
void explain_begin_json(explain_job *job, const cli_explanation *explanation);
/* "model": ..., "version": ..., "isa": ... */
void explain_write_json_model(const explain_job *job);
/* "side": ..., "begin": ..., "end": ... */
void explain_write_json_span(cli_output *output, cloze_explain_span span);
/* , "settings": {...} of a method */
void explain_write_json_settings(cli_output *output, const cloze_attribution_options *options);
void explain_write_csv_head(cli_output *output);
void explain_write_csv_cell(cli_output *output, cloze_text text);
void explain_write_csv(explain_job *job, const cli_explanation *explanation);

/* ---- pictures ---- */

/* Whether they and the page can be written at all, before anything is computed. Exit code. */
int explain_check_pictures(const explain_job *job);
/* --picture and --attention. Exit code. */
int explain_draw(explain_job *job, const cli_explanation *explanation);
/* The explanation that it is compared with (--versus, --versus-model), of the same target; `second` is its job.
 * Exit code; in any case explain_versus_clear. */
int explain_versus(explain_job *second, cli_explanation *out, const explain_job *job,
                   const cli_explanation *explanation);
void explain_versus_clear(explain_job *second, cli_explanation *out);
/* `other`: NULL, or what the explanation is drawn less of. Exit code. */
int explain_draw_parts(const explain_job *job, const cli_explanation *explanation,
                       const cli_explanation *other);
int explain_draw_attention(const explain_job *job, const cli_explanation *explanation,
                           const cli_explanation *other);

/* ---- explain_page.c ---- */

/* --page: `tables` (may be none) are shown, too. Exit code. */
int explain_write_page(const explain_job *job, const cli_explanation *explanation,
                       const cloze_page_table *tables, size_t table_count);

#endif
