/* probe.c - cloze probe: what can be read off the states of each layer. */
#include "probe.h"

#include "commands.h"
#include "interrupt.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Labelled texts",
    (const command_option[]){
        OPTION("train", 'f', OPTION_WORDS, "FILE", files,
               "learn from FILE: columns of tsv or csv, JSON lines, CoNLL, or a folder that holds "
               "a folder of text files for each label; may be repeated"),
        OPTION("dev", 0, OPTION_WORDS, "FILE", train.dev, "try with FILE"),
        OPTION("dev-part", 0, OPTION_REAL, "X", train.dev_part,
               "or with this part of the examples, each label alike (default: 0.25)"),
        OPTION("kind", 0, OPTION_CHOICE, "labels|tags", explain.probed,
               "labels of whole texts, or a tag for each word (default: labels; tags for CoNLL)"),
        OPTION("layout", 0, OPTION_CHOICE, "tsv|csv|jsonl|conll", layout,
               "how files are read (default: what their names end with, else tsv)"),
        OPTION("no-header", 0, OPTION_FLAG, NULL, no_header,
               "the first line of tsv and csv is an example; columns have numbers alone"),
        OPTION("text-column", 0, OPTION_WORD, "NAME", text_column,
               "the column or field of texts, by name or number (default: a usual name)"),
        OPTION("label-column", 0, OPTION_WORD, "NAME", label_column,
               "of labels or tags (default: a usual name)"),
        OPTION("encoding", 0, OPTION_CHOICE, "utf-8|latin-1|windows-1252", train.encoding,
               "of the files (default: utf-8)"),
        OPTION("skip-empty", 0, OPTION_FLAG, NULL, train.skip_empty,
               "leave out rows without a text or a label instead of refusing the file"),
        OPTIONS_END },
};

static const option_group classifier = {
    "The probe",
    (const command_option[]){
        OPTION("first", 0, OPTION_FLAG, NULL, explain.first,
               "of whole texts: the first token's states instead of the mean over all"),
        OPTION("strength", 0, OPTION_REAL, "X", explain.strength,
               "of the data against the penalty on weights: scikit-learn's C (default: 1)"),
        OPTION("seed", 0, OPTION_NUMBER, "N", seed,
               "of the control's labels and of --dev-part (default: 0)"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze probe -m ./bert -f train.conll --dev dev.conll",
      "in which layers parts of speech lie apart" },
    { "cloze probe -m ./bert -f reviews.tsv --dev-part 0.2", "the same of labels of texts" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_probe = {
    .name = "probe",
    .operands = "",
    .operand_kind = "none",
    .summary = "tell what can be read off each layer",
    .description =
        "Learns the labels of texts, or of words in them, from the hidden states of one layer "
        "alone "
        "with a linear classifier, tries it on other texts, and so for every layer; layer 0 is "
        "what the layers are given. A table shows how many are right, with a 95 % interval; "
        "beside it the control, the same with labels that were drawn at random once for each word "
        "(Hewitt, Liang 2019), and the selectivity, which is the difference; and below it what "
        "the commonest label alone would reach.\n\n"
        "High accuracy with low selectivity means that the classifier remembers words. Of texts "
        "that do not repeat the control is at chance, and says nothing. Whether the model "
        "itself uses what can be read there is another question (`cloze explain`).",
    .groups = { &own, &classifier, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

/* The library numbers examples; people want the line of the file. */
static int say_refused(const probe_job *job, const cloze_error *error)
{
    static const char subject[] = "example ";
    char where[PATH_SIZE + 32], *end;
    if (strncmp(error->message, subject, sizeof subject - 1))
        return say_error(error, NULL);
    size_t number = (size_t)strtoull(error->message + sizeof subject - 1, &end, 10);
    if (!number || number > job->count)
        return say_error(error, NULL);
    return say_failure((int)error->status, "%s%s%s",
                       example_where(job->from[number - 1], where, sizeof where),
                       *end == ':' ? "" : ": the text", end);
}

static bool report_probes(void *context, uint64_t done, uint64_t total)
{
    probe_job *job = context;
    progress_show(&job->opened.progress, "learning", done, total, "probes");
    return !interrupted();
}

static int probe(probe_job *job)
{
    const cli_explaining *e = &job->settings->explain;
    cloze_error error;
    job->options = (cloze_probe_options){ .learned = job->learned,
                                          .first = e->first,
                                          .strength = e->strength > 0 ? e->strength : 1,
                                          .seed = job->settings->seed,
                                          .progress = { report_probes, job } };
    job->layers = cloze_model_describe(job->opened.model).layers;
    job->results = calloc(job->layers + 1, sizeof *job->results);
    if (!job->results)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    job->opened.total = job->read[0].count + job->read[1].count;
    cloze_status status = cloze_probe(job->opened.session, job->items, job->count, &job->options,
                                      job->results, &job->most, &error);
    progress_end(&job->opened.progress);
    if (status)
        return say_refused(job, &error);
    for (size_t i = 0; i <= job->layers; i++)
        if (!job->results[i].converged)
            say_note(job->settings->quiet,
                     "layer %zu: no minimum was found; its numbers are near "
                     "one",
                     i);
    return 0;
}

static int check(const probe_job *job)
{
    const cli_settings *s = job->settings;
    if (!s->files.count)
        return say_failure(CLOZE_ERROR_ARGUMENT, "probe needs labelled texts: -f FILE");
    if (s->train.dev.count && s->train.dev_part > 0)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--dev and --dev-part: choose one");
    if (s->train.dev_part >= 1)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--dev-part lies between 0 and 1");
    if (s->explain.strength >= 0 && !(s->explain.strength > 0))
        return say_failure(CLOZE_ERROR_ARGUMENT, "--strength is more than 0");
    if (job->words && s->explain.first)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--first is for labels of whole texts");
    return 0;
}

static int probe_all(probe_job *job)
{
    const cli_settings *s = job->settings;
    int layout = s->layout ? s->layout : s->files.count ? rows_layout(s->files.item[0]) : 0;
    cloze_error error;
    job->words = s->explain.probed ? s->explain.probed == 2 : layout == LAYOUT_CONLL;
    int code = check(job);
    if (!code)
        code = probe_read(job);
    if (!code)
        code = open_all(&job->opened, s, false);
    if (!code && s->json && cloze_model_digest(job->opened.model, job->digest, &error))
        code = say_error(&error, NULL);
    if (!code)
        code = output_open(&job->output, s->output);
    if (!code)
        code = probe(job);
    if (!code && s->json)
        probe_write_json(job);
    else if (!code)
        probe_write_table(job);
    return code;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    probe_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code < 0) {
        code = first < argc
                   ? say_failure(CLOZE_ERROR_ARGUMENT,
                                 "probe takes files by -f and --dev, not \"%s\"", argv[first])
                   : probe_all(&job);
        code = output_close(job.output, code);
        close_all(&job.opened);
        probe_data_clear(&job);
    }
    settings_clear(&settings);
    return code;
}
