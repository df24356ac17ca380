/*
 * pretrain.c - cloze pretrain: from text files to a vocabulary, to a model that knows which words
 * belong where. The parts are in pretrain.h; the run itself is one of train's.
 */
#include "pretrain.h"

#include "commands.h"
#include "interrupt.h"
#include "say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EPOCHS_MOST = 1000000 };

static const command_example examples[] = {
    { "cloze pretrain -f corpus.txt --dev-part 0.01 -a bert-mini -n 8000 --lower -o mini",
      "documents end at blank lines; then: cloze fill -m mini \"a [MASK] house\"" },
    { "cloze pretrain books/*.txt --documents file --epochs 10 --batch 128 -o small --resume",
      "each file is a document; on again where it was stopped" },
    { "cloze pretrain -f corpus.txt -a roberta-base --layers 4 --length 256 -o roberta",
      "full sentences over the borders of documents, byte-level BPE" },
    { "cloze pretrain -f corpus.txt --objective nsp --whole-words -o bert",
      "as BERT: does the second text follow the first?" },
    { "cloze pretrain -f corpus.txt --config config.json --tokenizer ./bert -o mine",
      "any family, and a tokenizer that is there" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_pretrain = {
    .name = "pretrain",
    .operands = "[FILE ...]",
    .operand_kind = "file",
    .summary = "make a model from text alone",
    .description =
        "Makes a model from nothing: a vocabulary of the words of the files, a file of their "
        "tokens, and a model that learns which word stands where one was masked. Memory grows "
        "with the number of sequences, not with the text: tokens lie in a file of FOLDER, which "
        "is mapped and goes when the run ends.\n\n"
        "Sequences are whole sentences of one document, as many as --length has room for; "
        "--crossing lets them go on in the next document. With --objective nsp or sop a sequence "
        "is two texts; with rtd a small generator fills the masks, and the model tells which "
        "tokens it replaced (the generator is kept in FOLDER/generator). With a held-out part the "
        "best "
        "numbers are saved, else the last.\n\n"
        "A run is a function of texts, settings and seed: threads do not matter, nor how often it "
        "was stopped and resumed. FOLDER gets the model as cloze and transformers open it, its "
        "tokenizer, training.jsonl, training.png and README.md; cloze train -m FOLDER goes on "
        "from there.",
    .groups = { &pretrain_corpus_options, &pretrain_model_options, &pretrain_objective_options,
                &train_step_options, &train_keep_options, &train_rank_options,
                &pretrain_engine_options, &train_general_options },
    .examples = examples,
    .run = run,
};

/* ---- what was asked for ---- */

int pretrain_objective(const pretrain_job *job)
{
    int asked = job->train.settings->pretrain.objective;
    return asked ? asked : job->architecture ? job->architecture->objective : OBJECTIVE_WORDS;
}

static bool crosses(const pretrain_job *job)
{
    const cli_pretraining *asked = &job->train.settings->pretrain;
    bool roberta = job->architecture && !strcmp(job->architecture->family, "roberta");
    return asked->crossing || (roberta && pretrain_objective(job) == OBJECTIVE_WORDS);
}

static const train_kind kinds[] = {
    [OBJECTIVE_WORDS] = { .name = "pretrain",
                          .summary = "masked words",
                          .learning = CLOZE_LEARN_WORDS,
                          .shown = { "loss", "perplexity", "accuracy" },
                          .metrics = " loss perplexity accuracy ",
                          .task = "fill-mask",
                          .use = { "fill", "" } },
    [OBJECTIVE_NEXT] = { .name = "pretrain",
                         .summary = "masked words and the next sentence",
                         .learning = CLOZE_LEARN_WORDS,
                         .shown = { "loss", "perplexity", "accuracy", "pair_accuracy" },
                         .metrics = " loss perplexity accuracy pair_accuracy ",
                         .task = "fill-mask",
                         .use = { "fill", "" } },
    [OBJECTIVE_ORDER] = { .name = "pretrain",
                          .summary = "masked words and the order of sentences",
                          .learning = CLOZE_LEARN_WORDS,
                          .shown = { "loss", "perplexity", "accuracy", "pair_accuracy" },
                          .metrics = " loss perplexity accuracy pair_accuracy ",
                          .task = "fill-mask",
                          .use = { "fill", "" } },
    [OBJECTIVE_REPLACED] = { .name = "pretrain",
                             .summary = "which tokens were replaced",
                             .learning = CLOZE_LEARN_REPLACED,
                             .shown = { "loss", "replaced_f1", "perplexity", "accuracy" },
                             .metrics = " loss replaced_f1 perplexity accuracy ",
                             .task = "feature-extraction",
                             .use = { "train classify", " -f examples.tsv -o classifier" } },
};

static void set_kind(pretrain_job *job)
{
    job->kind = kinds[pretrain_objective(job)];
    job->train.kind = &job->kind;
}

static int refuse(const char *message)
{
    return say_failure(CLOZE_ERROR_ARGUMENT, "%s", message);
}

static int check_files(const cli_settings *settings)
{
    const cli_words *lists[] = { &settings->files, &settings->train.dev };
    if (!settings->files.count)
        return refuse("FILE or -f FILE names the text to learn from; see `cloze help pretrain`");
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < lists[i]->count; k++)
            if (!strcmp(lists[i]->item[k], "-"))
                return refuse("a corpus is read more than once: standard input will not do");
    if (!settings->output || !*settings->output)
        return refuse("-o FOLDER says where the model goes");
    return 0;
}

static int check(const pretrain_job *job)
{
    const cli_settings *settings = job->train.settings;
    const cli_training *train = &settings->train;
    bool dev = train->dev.count || train->dev_part > 0;
    int code = check_files(settings);
    if (code)
        return code;
    if (train->dev.count && train->dev_part > 0)
        return refuse("--dev and --dev-part do not go together");
    if (!dev && (train->metric || train->patience || train->measure_every))
        return refuse("--metric, --patience and --measure-every need text to measure with: --dev "
                      "FILE or --dev-part 0.01");
    if (settings->pretrain.config && settings->pretrain.architecture)
        return refuse("--architecture and --config do not go together");
    if (settings->pretrain.generator > 0 && pretrain_objective(job) != OBJECTIVE_REPLACED)
        return refuse("--generator is for --objective rtd");
    if (settings->pretrain.generator > 1)
        return refuse("--generator is a share of the model: above 0, up to 1");
    if (settings->pretrain.crossing &&
        (pretrain_objective(job) == OBJECTIVE_NEXT || pretrain_objective(job) == OBJECTIVE_ORDER))
        return refuse("two texts of a sequence cannot cross the borders of documents: --crossing "
                      "goes with --objective mlm or rtd");
    if (settings->pretrain.tokenizer && (settings->vocabulary || settings->size || settings->lower))
        return refuse("--kind, --size and --lower are of a vocabulary that is made, and "
                      "--tokenizer takes one that is there");
    return train_check_common(settings, &job->kind);
}

/* ---- options and facts ---- */

static void fill_options(pretrain_job *job)
{
    const cli_settings *settings = job->train.settings;
    const cli_pretraining *asked = &settings->pretrain;
    cloze_train_options *options = &job->train.options;
    int objective = pretrain_objective(job);
    train_fill_options(&job->train);
    options->config = job->config;
    options->generator = job->generator;
    options->max_tokens = asked->length ? asked->length : 128;
    options->following = objective == OBJECTIVE_NEXT    ? CLOZE_FOLLOWING_NEXT
                         : objective == OBJECTIVE_ORDER ? CLOZE_FOLLOWING_ORDER
                                                        : CLOZE_FOLLOWING_NONE;
    options->crossing = crosses(job);
    options->shorter = asked->shorter >= 0 ? asked->shorter : options->following ? 0.1 : 0;
    options->static_masks = asked->masking == 2;
    if (options->steps && settings->train.epochs < 0)
        options->epochs = EPOCHS_MOST; /* as many as the steps take */
    if (settings->train.rate < 0)
        options->rate = job->architecture ? job->architecture->rate : 1e-4;
    if (settings->train.warmup < 0)
        options->warmup_ratio = 0.1;
}

static int gather_facts(pretrain_job *job)
{
    static const char *const documents[] = { "blank", "blank", "file", "line" };
    static const char *const objectives[] = { "mlm", "mlm", "nsp", "sop", "rtd" };
    const cli_settings *settings = job->train.settings;
    const cloze_train_options *options = &job->train.options;
    json_t *config = json_loads(job->config, 0, NULL);
    job->train.facts = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:s}", "kind", "pretrain",
                                 "objective", objectives[pretrain_objective(job)], "documents",
                                 documents[settings->pretrain.documents], "sentences",
                                 settings->pretrain.sentences == 2 ? "lines" : "marks", "crossing",
                                 options->crossing, "lower", settings->lower, "masks",
                                 options->static_masks ? "static" : "dynamic");
    if (!job->train.facts || !config || json_object_set_new(job->train.facts, "config", config)) {
        json_decref(config);
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    }
    if (job->generator)
        json_object_set_new(job->train.facts, "generator", json_loads(job->generator, 0, NULL));
    if (options->shorter > 0)
        json_object_set_new(job->train.facts, "shorter", train_real(options->shorter));
    train_put_settings(job->train.facts, &job->train);
    return 0;
}

/* ---- the parts, one after the other ---- */

/* Nothing that is there is written over, and what came to nothing yet is begun anew. */
static int look(const pretrain_job *job, bool *goes_on)
{
    static const char *const ours[] = { "training.jsonl", "config.json", "model.safetensors",
                                        "tokenizer.json" };
    const char *folder = job->train.settings->output;
    char path[PATH_SIZE + 32];
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, ours[i]);
        bool there = !access(path, F_OK);
        if (!i)
            *goes_on = there && job->train.settings->train.resume;
        if (there && !job->train.settings->train.resume)
            return say_failure(CLOZE_ERROR_ARGUMENT,
                               "%s has a model or a run already: resume it (--resume), or take "
                               "another folder",
                               folder);
        if (there && !*goes_on && !strcmp(ours[i], "model.safetensors"))
            return say_failure(CLOZE_ERROR_ARGUMENT,
                               "%s has a model, but no run that could be resumed: take another "
                               "folder",
                               folder);
    }
    if (mkdir(folder, 0777) && errno != EEXIST)
        return say_failure(CLOZE_ERROR_IO, "cannot make the folder %s: %s", folder,
                           strerror(errno));
    return 0;
}

static int find_tokenizer(pretrain_job *job, bool goes_on)
{
    const cli_settings *settings = job->train.settings;
    cli_settings own = *settings;
    if (settings->pretrain.tokenizer) {
        own.model = settings->pretrain.tokenizer;
        return model_find(&own, job->tokenizer, sizeof job->tokenizer);
    }
    snprintf(job->tokenizer, sizeof job->tokenizer, "%s", settings->output);
    return goes_on ? 0 : pretrain_vocabulary(job);
}

static int learn(pretrain_job *job, train_run *only)
{
    bool leads = ranks_lead(&job->train.ranks);
    int code = train_do(only);
    if (!code && leads)
        code = train_card(&job->train, only->folder, only, 1);
    if (code || !leads)
        return code;
    pretrain_forget_tokens(only->folder);
    train_report(&job->train, only, 1);
    return 0;
}

static int make(pretrain_job *job, train_run *only)
{
    bool goes_on = false, ended = false, leads = ranks_lead(&job->train.ranks);
    int code = leads ? look(job, &goes_on) : 0;
    if (!code)
        code = find_tokenizer(job, goes_on || !leads);
    if (!(code = ranks_agree(&job->train.ranks, code)))
        code = pretrain_config(job);
    if (code)
        return code;
    fill_options(job);
    code = gather_facts(job);
    if (!code && goes_on)
        code = train_log_end(only, &ended);
    if (!code && !ended && leads)
        code = pretrain_tokenize(job, goes_on);
    if ((code = ranks_agree(&job->train.ranks, code)))
        return code;
    snprintf(job->train.model, sizeof job->train.model, "%s", job->tokenizer);
    if ((code = open_engine(&job->train.opened, job->train.settings)))
        return code;
    job->train.options.engine = job->train.opened.engine;
    return learn(job, only);
}

static void name_model(pretrain_job *job)
{
    const char *config = job->train.settings->pretrain.config;
    const char *slash = config ? strrchr(config, '/') : NULL;
    snprintf(job->name, sizeof job->name, "%s",
             job->architecture ? job->architecture->name
             : slash           ? slash + 1
                               : config);
    job->train.anew = job->name;
}

static int begin(pretrain_job *job)
{
    const cli_settings *settings = job->train.settings;
    train_run only = { .job = &job->train, .seed = settings->seed };
    train_place before;
    int code;
    if ((code = architecture_find(settings, &job->architecture)))
        return code;
    set_kind(job);
    name_model(job);
    if ((code = check(job)))
        return code;
    if ((size_t)snprintf(only.folder, sizeof only.folder, "%s", settings->output) >=
        sizeof only.folder)
        return say_failure(CLOZE_ERROR_LIMIT, "the name of the folder is too long");
    before = train_look(only.folder);
    code = make(job, &only);
    if (code && ranks_lead(&job->train.ranks))
        train_forget(only.folder, before);
    return code;
}

/* Files may be named without -f, as a shell does that expands *.txt. -1 to go on. */
static int take_files(cli_settings *settings, char **names, int count)
{
    cli_words *files = &settings->files;
    const char **grown;
    if (count <= 0)
        return -1;
    grown = realloc(files->item, (files->count + (size_t)count) * sizeof *grown);
    if (!grown)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    files->item = grown;
    for (int i = 0; i < count; i++)
        files->item[files->count++] = names[i];
    return -1;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    pretrain_job *job;
    if (code < 0)
        code = take_files(&settings, argv + first, argc - first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    if (!(job = calloc(1, sizeof *job))) {
        settings_clear(&settings);
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    }
    job->train.settings = &settings;
    job->train.give = pretrain_give;
    code = ranks_join(&job->train.ranks, &settings);
    if (!code)
        code = output_open(&job->train.output, NULL);
    if (!code)
        code = begin(job);
    code = output_close(job->train.output, code);
    code = ranks_leave(&job->train.ranks, code);
    train_end(&job->train);
    free(job->config);
    free(job->generator);
    free(job);
    settings_clear(&settings);
    return code;
}
