/*
 * vocabulary.c - cloze vocabulary: a new tokenizer from text.
 */
#include "commands.h"
#include "input.h"
#include "interrupt.h"
#include "open.h"
#include "output.h"
#include "progress.h"
#include "say.h"

#include <cloze/vocabulary.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KINDS "wordpiece|byte-level|bpe|unigram"

enum { UNIGRAM = 1 + CLOZE_VOCABULARY_UNIGRAM }; /* as the option says it */

static const option_group own = {
    "Vocabulary",
    (const command_option[]){
        OPTION("kind", 0, OPTION_CHOICE, KINDS, vocabulary,
               "as BERT (the default), RoBERTa or XLM-RoBERTa has it"),
        OPTION("size", 'n', OPTION_COUNT, "N", size,
               "tokens, special ones included (default: 30000)"),
        OPTION("lower", 0, OPTION_FLAG, NULL, lower,
               "upper case becomes lower; in wordpiece accents go, too"),
        OPTION("min-frequency", 0, OPTION_COUNT, "N", min_frequency,
               "join only what occurs N times together (default: 2; not unigram)"),
        OPTION("alphabet", 0, OPTION_COUNT, "N", alphabet,
               "keep the N most frequent characters (default: 1000, in unigram all)"),
        OPTION("characters", 0, OPTION_WORD, "TEXT", characters,
               "characters that are kept whether they occur or not"),
        OPTION("longest", 0, OPTION_COUNT, "N", longest,
               "tokens have fewer than N characters (default: 256, in unigram 17)"),
        OPTION("special", 0, OPTION_WORDS, "TOKEN", special,
               "a further special token; may be repeated"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze vocabulary -f corpus.txt --lower mytokenizer", "30,000 WordPieces, as BERT has them" },
    { "cloze vocabulary -f corpus.txt --kind byte-level -n 50265 folder", "as RoBERTa's" },
    { "cloze vocabulary -f corpus.txt --kind unigram folder", "as XLM-RoBERTa's and ALBERT's" },
    { "zcat *.gz | cloze vocabulary -n 8000 folder", "from standard input" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_vocabulary = {
    .name = "vocabulary",
    .operands = "FOLDER",
    .operand_kind = "file",
    .summary = "train a tokenizer on text",
    .description =
        "Makes a tokenizer from the lines of the files of -f, or of standard input, and writes it "
        "into FOLDER, where cloze, transformers and the tokenizers package open it: "
        "tokenizer.json, tokenizer_config.json, and vocab.txt (wordpiece) or vocab.json and "
        "merges.txt (byte-level). BPE over characters and Unigram mark spaces, as XLM-RoBERTa "
        "does. Prints the folder and what was made; --json prints the same "
        "as an object.\n\n"
        "The special tokens are those of the kind: [PAD] [UNK] [CLS] [SEP] [MASK], or <s> <pad> "
        "</s> <unk> <mask>, with the ids 0 to 4. A folder that holds a tokenizer is left alone.",
    .groups = { &own, &input_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct vocabulary_job {
    const cli_settings *settings;
    const char *folder;
    cli_input *input;
    cloze_text *special;
    cloze_vocabulary *vocabulary;
    cli_progress progress;
    cli_output *output;
} vocabulary_job;

static bool report(void *context, uint64_t done, uint64_t total)
{
    vocabulary_job *job = context;
    progress_show(&job->progress, "training", done, total,
                  job->settings->vocabulary == UNIGRAM ? "words" : "tokens");
    return !interrupted();
}

/* Nothing is trained for a folder that cannot take it. */
static int check_folder(const char *folder)
{
    static const char *const names[] = { "tokenizer.json", "vocab.txt", "vocab.json" };
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int size = snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (size < 0 || (size_t)size >= sizeof path)
            return say_failure(CLOZE_ERROR_ARGUMENT, "the name of the folder is too long");
        if (!access(path, F_OK))
            return say_failure(CLOZE_ERROR_ARGUMENT,
                               "%s is there already; name another folder, or remove it", path);
    }
    return 0;
}

static int begin(vocabulary_job *job)
{
    const cli_settings *settings = job->settings;
    cloze_vocabulary_options options = {
        .kind = (cloze_vocabulary_kind)(settings->vocabulary ? settings->vocabulary - 1 : 0),
        .lower = settings->lower,
        .size = settings->size,
        .min_frequency = settings->min_frequency,
        .alphabet = settings->alphabet,
        .longest = settings->longest,
        .progress = { report, job },
    };
    cloze_error error;
    int code = check_folder(job->folder);
    if (!code)
        code = input_open(&job->input, settings, NULL, 0);
    if (code)
        return code;
    job->special = calloc(settings->special.count + 1, sizeof *job->special);
    if (!job->special)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < settings->special.count; i++)
        job->special[i] =
            (cloze_text){ settings->special.item[i], strlen(settings->special.item[i]) };
    options.special = job->special;
    options.special_count = settings->special.count;
    if (settings->characters)
        options.characters = (cloze_text){ settings->characters, strlen(settings->characters) };
    if (cloze_vocabulary_new(&job->vocabulary, &options, &error))
        return say_error(&error, NULL);
    return output_open(&job->output, settings->output);
}

static int count_words(vocabulary_job *job)
{
    int code = input_next(job->input);
    while (!code && input_count(job->input)) {
        cloze_error error;
        if (cloze_vocabulary_add(job->vocabulary, input_texts(job->input), input_count(job->input),
                                 &error))
            return say_error(&error, NULL);
        progress_show(&job->progress, "counting", cloze_vocabulary_counted(job->vocabulary).texts,
                      0, "texts");
        code = input_next(job->input);
    }
    return code;
}

static void write_result(vocabulary_job *job)
{
    cloze_vocabulary_counts counts = cloze_vocabulary_counted(job->vocabulary);
    size_t size = cloze_vocabulary_size(job->vocabulary);
    size_t merges = cloze_vocabulary_merges(job->vocabulary);
    if (job->settings->json) {
        output_text(job->output, "{\"path\": ");
        output_json(job->output, (cloze_text){ job->folder, strlen(job->folder) });
        output_format(job->output,
                      ", \"tokens\": %zu, \"merges\": %zu, \"texts\": %llu, \"words\": %llu, "
                      "\"different_words\": %zu}\n",
                      size, merges, (unsigned long long)counts.texts,
                      (unsigned long long)counts.words, counts.different);
        return;
    }
    output_format(job->output, "%s: %zu tokens, from %llu words (%zu different) of %llu texts\n",
                  job->folder, size, (unsigned long long)counts.words, counts.different,
                  (unsigned long long)counts.texts);
}

static int train(vocabulary_job *job)
{
    size_t wanted = job->settings->size ? job->settings->size : 30000, size;
    cloze_error error;
    int code = count_words(job);
    progress_end(&job->progress);
    if (code)
        return code;
    if (!cloze_vocabulary_counted(job->vocabulary).words)
        return say_failure(CLOZE_ERROR_TEXT, "the texts hold no word to train a vocabulary on");
    progress_begin(&job->progress, job->settings->quiet);
    code = cloze_vocabulary_train(job->vocabulary, &error) ? -1 : 0;
    progress_end(&job->progress);
    if (code)
        return error.status == CLOZE_ERROR_CANCELLED && interrupted() ? EXIT_INTERRUPTED
                                                                      : say_error(&error, NULL);
    if (cloze_vocabulary_save(job->vocabulary, job->folder, &error))
        return say_error(&error, NULL);
    size = cloze_vocabulary_size(job->vocabulary);
    if (size < wanted)
        say_note(job->settings->quiet, "%zu tokens are all that these texts give", size);
    if (size > wanted)
        say_note(job->settings->quiet, "the characters alone make %zu tokens; see --alphabet",
                 size);
    write_result(job);
    return 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    vocabulary_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    if (first + 1 != argc) {
        code = say_failure(CLOZE_ERROR_ARGUMENT,
                           "one folder is needed for the tokenizer, after the options; texts come "
                           "from -f FILE or standard input");
        settings_clear(&settings);
        return code;
    }
    job.folder = argv[first];
    progress_begin(&job.progress, settings.quiet);
    code = begin(&job);
    if (!code)
        code = train(&job);
    progress_end(&job.progress);
    if (job.output)
        code = output_close(job.output, code);
    cloze_vocabulary_free(job.vocabulary);
    input_close(job.input);
    free(job.special);
    settings_clear(&settings);
    return code;
}
