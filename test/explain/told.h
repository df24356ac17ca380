/* told.h - goldens of explanations: the explainer that a case asks for, and numbers to compare. */
#ifndef CZ_TEST_TOLD_H
#define CZ_TEST_TOLD_H

#include "folder.h"

#include "base/json.h"

#include <cloze/explain.h>

enum { TOLD_TOKENS_MOST = 64 };

typedef struct told_case {
    const json_t *json;
    opened o;
    cloze_explainer *explainer;
    const char *model;
    cloze_explained facts;
} told_case;

/* TEST_DATA/golden/explain/NAME; json_decref it. */
json_t *told_load(const char *name);
/* Opens the case's model and explains tokens as units; told_close it. */
void told_open(told_case *told, const json_t *json, const open_options *options);
/* The same of a model elsewhere. */
void told_open_at(told_case *told, const json_t *json, const char *path,
                  const open_options *options);
/* The same with words as units. */
void told_open_words(told_case *told, const json_t *json, const char *path,
                     const open_options *options);
void told_close(told_case *told);
/* "padding" or "mask", as the case says. */
cloze_absence told_absence(const told_case *told);
double told_number(const json_t *object, const char *name);
/* Fails unless found [count] is the case's array `name` within bound times its largest number. */
void told_compare(const told_case *told, const char *name, const double *found, size_t count,
                  double bound);
/* Numbers of tokens, which are checked against those of units and against the report. */
cloze_attribution_report told_attribute(const told_case *told,
                                        const cloze_attribution_options *options, double *tokens);
/* All methods by gradients, as tools/golden/make_explanations.py records them; `root` has their settings. */
void told_compare_gradients(const told_case *told, const json_t *root, double bound);

#endif
