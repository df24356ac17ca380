/*
 * pretrain_corpus.c - the text files of a corpus, line by line: to a vocabulary, to a file of tokens.
 * Nothing of them is kept.
 */
#include "pretrain.h"

#include "interrupt.h"
#include "say.h"

#include <cloze/corpus.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char corpus_name[] = "corpus.tokens", held_out_name[] = "held-out.tokens";

/* ---- documents ---- */

static bool is_blank(cloze_text line)
{
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\f')
            return false;
    return true;
}

/* Runs of lines that are not blank; a document ends where the option says. */
static int give_lines(const corpus_reader *reader, const cloze_text *lines, size_t count)
{
    int documents = reader->settings->pretrain.documents;
    int code = 0;
    for (size_t i = 0, next; i < count && !code; i = next) {
        for (next = i; next < count && !is_blank(lines[next]);) {
            next++;
            if (documents == DOCUMENTS_LINE)
                break;
        }
        if (next > i)
            code = reader->lines(reader->context, lines + i, next - i);
        bool ends =
            documents == DOCUMENTS_LINE ? next > i : documents != DOCUMENTS_FILE && next < count;
        if (!code && ends)
            code = reader->ends(reader->context);
        if (next < count && is_blank(lines[next]))
            next++;
    }
    return code;
}

static int read_file(const corpus_reader *reader, const char *path)
{
    cli_settings own = *reader->settings;
    cli_input *input = NULL;
    int code;
    own.files = (cli_words){ &path, 1 };
    if ((code = input_open(&input, &own, NULL, 0)))
        return code;
    code = input_next(input);
    while (!code && input_count(input)) {
        code = give_lines(reader, input_texts(input), input_count(input));
        if (!code)
            code = interrupted() ? EXIT_INTERRUPTED : input_next(input);
    }
    input_close(input);
    return code ? code : reader->ends(reader->context);
}

int corpus_read(const corpus_reader *reader, const cli_words *files)
{
    int code = 0;
    for (size_t i = 0; i < files->count && !code; i++)
        code = read_file(reader, files->item[i]);
    return code;
}

/* ---- a vocabulary ---- */

typedef struct counting {
    cloze_vocabulary *vocabulary;
    cli_progress progress;
    const char *unit;
} counting;

static int count_lines(void *context, const cloze_text *lines, size_t count)
{
    counting *own = context;
    cloze_error error;
    if (cloze_vocabulary_add(own->vocabulary, lines, count, &error))
        return say_error(&error, NULL);
    progress_show(&own->progress, "counting words", cloze_vocabulary_counted(own->vocabulary).texts,
                  0, "lines");
    return 0;
}

static int end_nothing(void *context)
{
    (void)context;
    return 0;
}

static bool report_tokens(void *context, uint64_t done, uint64_t total)
{
    counting *own = context;
    progress_show(&own->progress, "making a vocabulary", done, total, own->unit);
    return !interrupted();
}

static int count_words(const pretrain_job *job, counting *own)
{
    const cli_settings *settings = job->train.settings;
    const corpus_reader reader = { settings, count_lines, end_nothing, own };
    int code = corpus_read(&reader, &settings->files);
    progress_end(&own->progress);
    if (!code && !cloze_vocabulary_counted(own->vocabulary).words)
        code = say_failure(CLOZE_ERROR_TEXT, "the corpus holds no word to make a vocabulary of");
    return code;
}

static int train_vocabulary(const pretrain_job *job, counting *own)
{
    cloze_error error;
    int code;
    progress_begin(&own->progress, job->train.settings->quiet);
    code = count_words(job, own);
    if (code)
        return code;
    progress_begin(&own->progress, job->train.settings->quiet);
    code = cloze_vocabulary_train(own->vocabulary, &error) ? -1 : 0;
    progress_end(&own->progress);
    if (code)
        return error.status == CLOZE_ERROR_CANCELLED && interrupted() ? EXIT_INTERRUPTED
                                                                      : say_error(&error, NULL);
    if (cloze_vocabulary_save(own->vocabulary, job->tokenizer, &error))
        return say_error(&error, NULL);
    say_note(job->train.settings->quiet, "a vocabulary of %zu tokens was made",
             cloze_vocabulary_size(own->vocabulary));
    return 0;
}

int pretrain_vocabulary(pretrain_job *job)
{
    const cli_settings *settings = job->train.settings;
    int asked = settings->vocabulary;
    cloze_vocabulary_options options = {
        .kind = asked               ? (cloze_vocabulary_kind)(asked - 1)
                : job->architecture ? job->architecture->vocabulary
                                    : CLOZE_VOCABULARY_WORDPIECE,
        .lower = settings->lower,
        .size = settings->size,
    };
    counting own = { .unit = options.kind == CLOZE_VOCABULARY_UNIGRAM ? "words" : "tokens" };
    cloze_error error;
    int code;
    options.progress = (cloze_progress){ report_tokens, &own };
    if (cloze_vocabulary_new(&own.vocabulary, &options, &error))
        return say_error(&error, NULL);
    code = train_vocabulary(job, &own);
    cloze_vocabulary_free(own.vocabulary);
    return code;
}

/* ---- a file of tokens ---- */

typedef struct writing {
    cloze_corpus *corpus;
    cli_progress progress;
    const char *name;
    uint64_t lines;
} writing;

static int write_lines(void *context, const cloze_text *lines, size_t count)
{
    writing *own = context;
    cloze_error error;
    if (cloze_corpus_add(own->corpus, lines, count, &error))
        return say_error(&error, NULL);
    own->lines += count;
    progress_show(&own->progress, own->name, own->lines, 0, "lines");
    return 0;
}

static int end_document(void *context)
{
    writing *own = context;
    cloze_error error;
    return cloze_corpus_end_document(own->corpus, &error) ? say_error(&error, NULL) : 0;
}

static int write_tokens(const pretrain_job *job, const cloze_tokenizer *tokenizer, bool check,
                        const cli_words *files, const char *name)
{
    const cli_settings *settings = job->train.settings;
    const cloze_corpus_options options = {
        .sentences =
            settings->pretrain.sentences == 2 ? CLOZE_SENTENCES_BY_LINES : CLOZE_SENTENCES_BY_MARKS,
        .check = check,
    };
    writing own = { .name = check ? "comparing" : "tokenizing" };
    const corpus_reader reader = { settings, write_lines, end_document, &own };
    char path[PATH_SIZE + 32];
    cloze_error error;
    int code;
    snprintf(path, sizeof path, "%s/%s", settings->output, name);
    if (cloze_corpus_new(&own.corpus, path, tokenizer, &options, &error))
        return say_error(&error, NULL);
    progress_begin(&own.progress, settings->quiet);
    code = corpus_read(&reader, files);
    progress_end(&own.progress);
    if (!code && cloze_corpus_finish(own.corpus, &error))
        code = say_error(&error, NULL);
    cloze_corpus_free(own.corpus);
    return code;
}

int pretrain_tokenize(pretrain_job *job, bool check)
{
    const cli_settings *settings = job->train.settings;
    cloze_tokenizer *tokenizer = NULL;
    cloze_error error;
    int code;
    if (cloze_tokenizer_open(&tokenizer, job->tokenizer, NULL, &error))
        return say_error(&error, NULL);
    code = write_tokens(job, tokenizer, check, &settings->files, corpus_name);
    if (!code && settings->train.dev.count)
        code = write_tokens(job, tokenizer, check, &settings->train.dev, held_out_name);
    cloze_tokenizer_free(tokenizer);
    return code;
}

void pretrain_forget_tokens(const char *folder)
{
    char path[PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/%s", folder, corpus_name);
    unlink(path);
    snprintf(path, sizeof path, "%s/%s", folder, held_out_name);
    unlink(path);
}

/* ---- to a trainer ---- */

static int give(train_run *run, cloze_trainer *trainer, data_part part, const char *name,
                double begin, double end)
{
    char path[PATH_SIZE + 32];
    cloze_error error;
    snprintf(path, sizeof path, "%s/%s", run->folder, name);
    return cloze_trainer_add_corpus(trainer, (cloze_split)part, path, begin, end,
                                    &run->intake[part], &error)
               ? say_error(&error, part == PART_DEV ? "held out" : NULL)
               : 0;
}

int pretrain_give(train_run *run, cloze_trainer *trainer)
{
    const cli_training *train = &run->job->settings->train;
    int code = give(run, trainer, PART_TRAIN, corpus_name, train->dev_part, 1);
    if (!code && train->dev_part > 0)
        code = give(run, trainer, PART_DEV, corpus_name, 0, train->dev_part);
    if (!code && train->dev.count)
        code = give(run, trainer, PART_DEV, held_out_name, 0, 1);
    return code;
}
