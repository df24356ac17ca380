/* check.h - the parts of cloze check: texts and lists (check_data.c), and what came out (check_report.c). */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "cells.h"
#include "examples.h"
#include "open.h"
#include "output.h"

#include <cloze/behaviour.h>

typedef struct check_job {
    const cli_settings *settings;
    cli_opened opened;
    char digest[CLOZE_DIGEST_SIZE];
    cli_output *output;

    /* texts, and where each is from */
    cli_labels labels;
    cli_examples labelled, changed;
    cli_keep keep;
    cloze_text *texts, *pairs, *given; /* [count] */
    int64_t *gold;
    const char **where;
    size_t count, room;
    bool has_pairs, has_gold, has_given;

    /* names and places: a list for each file */
    cell_list *lists;
    char **bytes;
    cloze_name_group *groups;

    cloze_check checks[CLOZE_CHANGES];
    size_t check_count;
    cloze_behaviour_options options;
    cloze_behaviour *behaviour;
} check_job;

/* "label" of what is known, else as the library names it. */
const char *check_change_name(cloze_change change);
const char *check_expectation_name(cloze_expectation expectation);

/* Exit codes. Texts of arguments and files; labelled ones need the model. */
int check_read(check_job *job, char **texts, size_t count);
int check_read_lists(check_job *job);
void check_data_clear(check_job *job);

void check_write_tables(const check_job *job);
void check_write_json(const check_job *job);

#endif
