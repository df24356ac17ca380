/* probe_report.c - what can be read off each layer, as a table and as JSON. */
#include "probe.h"

#include "record.h"
#include "table.h"

#include <cloze/metrics.h>

#include <math.h>
#include <string.h>

enum { BAR = 20 };

static void accuracy_interval(const probe_job *job, double share, double interval[2])
{
    size_t tried = job->count - job->learned;
    cloze_share_interval((size_t)(share * (double)tried + 0.5), tried, interval);
}

static cloze_text commonest(const probe_job *job)
{
    const char *name = labels_name(&job->labels, job->commonest);
    return (cloze_text){ name, strlen(name) };
}

void probe_write_table(const probe_job *job)
{
    cli_output *output = job->output;
    double interval[2];
    output_format(output, "%zu %s to learn from, %zu to try, %zu labels%s\n", job->learned,
                  job->words ? "words" : "texts", job->count - job->learned, job->labels.count,
                  job->words                     ? ""
                  : job->settings->explain.first ? "; the first token"
                                                 : "; the mean over tokens");
    output_text(output,
                "layer  accuracy    95 % of it     control  selectivity     loss  learned\n");
    for (size_t layer = 0; layer <= job->layers; layer++) {
        const cloze_probe_result *r = &job->results[layer];
        accuracy_interval(job, r->accuracy, interval);
        output_format(output, "%5zu    %.4f  %.4f-%.4f  %10.4f  %+11.4f  %7.4f  %7.4f  ", layer,
                      r->accuracy, interval[0], interval[1], r->control, r->selectivity, r->loss,
                      r->learned);
        for (int i = 0; i < (int)(r->accuracy * BAR + 0.5); i++)
            output_text(output, "\xe2\x96\x88");
        output_text(output, "\n");
    }
    accuracy_interval(job, job->most, interval);
    output_format(output, " most    %.4f  %.4f-%.4f  the commonest label, \"", job->most,
                  interval[0], interval[1]);
    output_cell(output, commonest(job), 24, false);
    output_text(output, "\", for all\n");
}

static void write_real(cli_output *output, const char *before, double number)
{
    output_text(output, before);
    output_real(output, number);
}

static void write_layer(const probe_job *job, size_t layer)
{
    const cloze_probe_result *r = &job->results[layer];
    cli_output *output = job->output;
    double interval[2];
    accuracy_interval(job, r->accuracy, interval);
    output_format(output, "{\"layer\": %zu", layer);
    write_real(output, ", \"accuracy\": ", r->accuracy);
    write_real(output, ", \"low\": ", interval[0]);
    write_real(output, ", \"high\": ", interval[1]);
    write_real(output, ", \"control\": ", r->control);
    write_real(output, ", \"selectivity\": ", r->selectivity);
    write_real(output, ", \"loss\": ", r->loss);
    write_real(output, ", \"learned\": ", r->learned);
    output_format(output, ", \"converged\": %s}", r->converged ? "true" : "false");
}

void probe_write_json(const probe_job *job)
{
    cli_output *output = job->output;
    output_text(output, "{");
    record_write_json(output, job->settings, &job->opened, job->digest);
    output_format(output, ", \"kind\": \"%s\", \"first\": %s", job->words ? "tags" : "labels",
                  job->options.first ? "true" : "false");
    write_real(output, ", \"strength\": ", job->options.strength);
    output_format(output, ", \"seed\": %llu, \"learned\": %zu, \"tried\": %zu, \"labels\": [",
                  (unsigned long long)job->options.seed, job->learned, job->count - job->learned);
    for (size_t i = 0; i < job->labels.count; i++) {
        const char *name = labels_name(&job->labels, i);
        output_text(output, i ? ", " : "");
        output_json(output, (cloze_text){ name, strlen(name) });
    }
    output_text(output, "], \"commonest\": ");
    output_json(output, commonest(job));
    write_real(output, ", \"most\": ", job->most);
    output_text(output, ", \"layers\": [");
    for (size_t layer = 0; layer <= job->layers; layer++) {
        output_text(output, layer ? ", " : "");
        write_layer(job, layer);
    }
    output_text(output, "]}\n");
}
