/*
 * bench.c - cloze bench: tokens per second, GFLOP/s and the share of the machine's peak, for a
 * model and lengths of one's own. Rounds are interleaved (every workload and the peak once a
 * round) and medians are reported, since a noisy neighbour comes and goes.
 */
#include "bench_lengths.h"
#include "bench_shape.h"
#include "commands.h"
#include "interrupt.h"
#include "open.h"
#include "output.h"
#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_DEFAULT = 7, ROUNDS_MOST = 1000 };

static const double round_seconds = 0.15; /* of one workload */

static const option_group own = {
    "Measuring",
    (const command_option[]){
        OPTION("lengths", 'l', OPTION_WORDS, "LENGTHS", lengths,
               "a workload: 16 (one sequence of 16 tokens), 32x128 (32 sequences of 128), or a "
               "file of lengths, one a line; may be repeated (default: 16, 128, 512, 32x128)"),
        OPTION("shape", 0, OPTION_CHOICE, SHAPE_CHOICES, shape,
               "measure a model of this shape with random weights, made for the occasion"),
        OPTION("rounds", 0, OPTION_COUNT, "N", rounds, "interleaved rounds (default: 7)"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze bench", "the usual workloads with the default model" },
    { "cloze bench --shape bert-base -l 16 -l lengths.txt -t 1", "random weights, own lengths" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_bench = {
    .name = "bench",
    .operands = "",
    .operand_kind = "none",
    .summary = "measure speed, beside the machine's peak",
    .description =
        "Measures how fast vectors are computed from ready-made ids. The work that is counted is 2 "
        "flop per multiply-add of the products and of attention on real tokens, nothing else. The "
        "peak is that of fused multiply-adds in registers on the same threads, measured in the "
        "same "
        "run, once a round. Printed are medians over the rounds.",
    .groups = { &own, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct bench_job {
    const cli_settings *settings;
    cli_opened opened;
    workload *workloads;
    size_t count, rounds;
    float *vectors;
    double *peaks; /* [rounds] GFLOP/s */
} bench_job;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static cloze_status embed_ids(bench_job *job, const workload *load, cloze_error *error)
{
    return cloze_embed_ids(job->opened.session, load->ids, NULL, load->offsets, load->sequences,
                           NULL, job->vectors, error);
}

static int embed_once(bench_job *job, const workload *load)
{
    cloze_error error;
    if (embed_ids(job, load, &error))
        return say_error(&error, load->name);
    return interrupted() ? EXIT_INTERRUPTED : 0;
}

/* Seconds of one pass, from as many passes as fill the round. */
static int measure(bench_job *job, workload *load, double *seconds)
{
    double begun = seconds_now();
    size_t passes = 0;
    int code = 0;
    while (!code && (!passes || seconds_now() - begun < round_seconds)) {
        code = embed_once(job, load);
        passes++;
    }
    *seconds = (seconds_now() - begun) / (double)passes;
    return code;
}

/* Of the usual workloads those that the model is too short for are left out. */
static int warm_up(bench_job *job)
{
    cloze_error error;
    for (size_t w = 0; w < job->count; w++) {
        workload *load = &job->workloads[w];
        if (!embed_ids(job, load, &error))
            continue;
        if (error.status != CLOZE_ERROR_TEXT || job->settings->lengths.count)
            return say_error(&error, load->name);
        workload_clear(load);
        job->count--;
        memmove(load, load + 1, (job->count - w) * sizeof *load);
        w--;
    }
    return interrupted() ? EXIT_INTERRUPTED : 0;
}

static int measure_all(bench_job *job)
{
    cli_progress progress;
    int code = 0;
    progress_begin(&progress, job->settings->quiet);
    code = warm_up(job);
    for (size_t r = 0; !code && r < job->rounds; r++) {
        job->peaks[r] = cloze_engine_peak(job->opened.engine, round_seconds);
        for (size_t w = 0; !code && w < job->count; w++)
            code = measure(job, &job->workloads[w], &job->workloads[w].seconds[r]);
        progress_show(&progress, "measuring", r + 1, job->rounds, "rounds");
    }
    progress_end(&progress);
    return code;
}

/* What was measured. */
static const char *subject(const bench_job *job)
{
    static const char *const shapes[] = { "random weights (minilm)", "random weights (bert-base)",
                                          "random weights (tiny)",
                                          "random weights (longformer-base)" };
    int shape = job->settings->shape;
    return shape ? shapes[shape - 1] : model_name(job->settings);
}

static void write_table(bench_job *job, cli_output *output)
{
    const cloze_engine *engine = job->opened.engine;
    double peak = median(job->peaks, job->rounds);
    size_t widest = 8;
    for (size_t w = 0; w < job->count; w++)
        widest = strlen(job->workloads[w].name) > widest ? strlen(job->workloads[w].name) : widest;
    output_text(output, subject(job));
    output_format(output, ": %s, %u thread%s, %zu round%s; peak %.1f GFLOP/s\n\n",
                  cloze_engine_isa(engine), cloze_engine_threads(engine),
                  cloze_engine_threads(engine) == 1 ? "" : "s", job->rounds,
                  job->rounds == 1 ? "" : "s", peak);
    output_format(output, "%-*s  %9s  %8s  %10s  %10s  %8s  %7s\n", (int)widest, "lengths",
                  "sequences", "tokens", "ms", "tokens/s", "GFLOP/s", "of peak");
    for (size_t w = 0; w < job->count; w++) {
        workload *load = &job->workloads[w];
        double seconds = median(load->seconds, job->rounds);
        output_format(output, "%-*s  %9zu  %8zu  %10.3f  %10.0f  %8.1f  %5.1f %%\n", (int)widest,
                      load->name, load->sequences, load->tokens, seconds * 1e3,
                      (double)load->tokens / seconds, load->flops / seconds * 1e-9,
                      100 * load->flops / seconds * 1e-9 / peak);
    }
}

static void write_json(bench_job *job, cli_output *output)
{
    const cloze_engine *engine = job->opened.engine;
    const char *measured = subject(job);
    double peak = median(job->peaks, job->rounds);
    output_text(output, "{\"model\": ");
    output_json(output, (cloze_text){ measured, strlen(measured) });
    output_format(output,
                  ", \"isa\": \"%s\", \"threads\": %u, \"rounds\": %zu, \"peak_gflops\": %.3f, "
                  "\"workloads\": [",
                  cloze_engine_isa(engine), cloze_engine_threads(engine), job->rounds, peak);
    for (size_t w = 0; w < job->count; w++) {
        workload *load = &job->workloads[w];
        double seconds = median(load->seconds, job->rounds); /* sorts: the ends are the extremes */
        output_text(output, w ? ",\n" : "\n");
        output_text(output, "{\"lengths\": ");
        output_json(output, (cloze_text){ load->name, strlen(load->name) });
        output_format(output,
                      ", \"sequences\": %zu, \"tokens\": %zu, \"seconds\": %.9f, "
                      "\"fastest\": %.9f, \"slowest\": %.9f, \"tokens_per_second\": %.1f, "
                      "\"gflops\": %.3f, \"share_of_peak\": %.4f}",
                      load->sequences, load->tokens, seconds, load->seconds[0],
                      load->seconds[job->rounds - 1], (double)load->tokens / seconds,
                      load->flops / seconds * 1e-9, load->flops / seconds * 1e-9 / peak);
    }
    output_text(output, "\n]}\n");
}

static int prepare(bench_job *job, const cli_settings *settings)
{
    static const char *const usual[] = { "16", "128", "512", "32x128" };
    cloze_model_info info = cloze_model_describe(job->opened.model);
    size_t given = settings->lengths.count, most = 1;
    int code = 0;
    job->count = given ? given : sizeof usual / sizeof *usual;
    job->rounds = settings->rounds ? settings->rounds : ROUNDS_DEFAULT;
    if (job->rounds > ROUNDS_MOST)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--rounds takes at most %d", ROUNDS_MOST);
    job->workloads = calloc(job->count, sizeof *job->workloads);
    job->peaks = calloc(job->rounds, sizeof *job->peaks);
    if (!job->workloads || !job->peaks)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t w = 0; !code && w < job->count; w++) {
        code = workload_make(&job->workloads[w], given ? settings->lengths.item[w] : usual[w],
                             job->opened.model, job->rounds);
        if (!code && job->workloads[w].sequences > most)
            most = job->workloads[w].sequences;
    }
    if (code)
        return code;
    job->vectors = calloc(most, info.dimension * sizeof *job->vectors);
    return job->vectors ? 0 : say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static int bench(bench_job *job, const cli_settings *settings)
{
    cli_output *output = NULL;
    int code = open_all(&job->opened, settings, false);
    if (!code)
        code = prepare(job, settings);
    if (!code)
        code = output_open(&output, settings->output);
    if (!code && (code = measure_all(job)))
        return output_close(output, code);
    if (code)
        return code;
    if (settings->json)
        write_json(job, output);
    else
        write_table(job, output);
    return output_close(output, 0);
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    bench_job job = { .settings = &settings };
    char folder[PATH_SIZE] = "";
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    code = 0;
    if (first < argc)
        code = say_failure(CLOZE_ERROR_ARGUMENT, "bench takes no \"%s\"; see `cloze help bench`",
                           argv[first]);
    if (!code && settings.shape && (settings.model || settings.revision || settings.pull))
        code = say_failure(CLOZE_ERROR_ARGUMENT, "--shape makes a model of its own: --model, "
                                                 "--revision and --pull do not apply");
    if (!code && settings.shape) {
        if (!(code = shape_make(settings.shape, folder, sizeof folder)))
            settings.model = folder;
        else
            *folder = 0;
    }
    if (!code)
        code = bench(&job, &settings);
    for (size_t w = 0; job.workloads && w < job.count; w++)
        workload_clear(&job.workloads[w]);
    free(job.workloads);
    free(job.peaks);
    free(job.vectors);
    close_all(&job.opened);
    if (*folder)
        shape_remove(folder);
    settings_clear(&settings);
    return code;
}
