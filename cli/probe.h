/* probe.h - the parts of cloze probe: what is learned and tried (probe_data.c), and what came out (probe_report.c). */
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include "examples.h"
#include "open.h"
#include "output.h"

#include <cloze/probe.h>

typedef struct probe_job {
    const cli_settings *settings;
    bool words; /* labels are of words, else of texts */
    cli_labels labels;
    cli_examples read[2];       /* of -f, of --dev */
    cli_keep texts;             /* of sentences of words */
    cloze_probe_example *items; /* [count] those that are learned from first */
    const cli_example **from;   /* [count] where each is from */
    size_t count, learned;
    size_t commonest; /* the place of the label that is learned most often; the first of equals */
    cli_opened opened;
    char digest[CLOZE_DIGEST_SIZE];
    cli_output *output;
    cloze_probe_options options;
    cloze_probe_result *results; /* [layers + 1] */
    size_t layers;
    double most;
} probe_job;

/* Exit code. */
int probe_read(probe_job *job);
void probe_data_clear(probe_job *job);
void probe_write_table(const probe_job *job);
void probe_write_json(const probe_job *job);

#endif
