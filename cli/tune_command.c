/*
 * tune_command.c - a trial is a command line of cloze train: what all trials are told, then what is
 * tried. The same words are run, compared when a search is resumed, and printed to be pasted.
 */
#include "tune.h"

#include "commands.h"
#include "say.h"
#include "train.h"

#include <stdlib.h>
#include <string.h>

/* ---- what all trials are told ---- */

/* Of the search, not of a trial; threads and pictures change nothing of what is learned. */
static bool is_own(const command_option *option)
{
    static const char *const names[] = { "output",  "resume", "json",    "quiet", "help",
                                         "threads", "pull",   "picture", "ranks", "rank-wait" };
    for (const command_option *o = tune_options.options; o->name; o++)
        if (o == option)
            return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(option->name, names[i]))
            return true;
    return false;
}

static int refuse(const tune_job *job, const command_option *option)
{
    for (size_t k = 0; k < job->setting_count; k++)
        if (job->setting[k].option == option)
            return say_failure(CLOZE_ERROR_ARGUMENT, "--%s is tried: it takes no other value",
                               option->name);
    return -1;
}

static bool add_word(tune_job *job, const char *text)
{
    const char **grown =
        realloc(job->arguments, (job->argument_count + 1) * sizeof *job->arguments);
    cloze_text kept;
    if (!grown)
        return false;
    job->arguments = grown;
    if (!keep_text(&job->keep, (cloze_text){ text, strlen(text) }, &kept))
        return false;
    job->arguments[job->argument_count++] = kept.data;
    return true;
}

static int take(void *context, const command_option *option, const char *text)
{
    tune_job *job = context;
    char name[64];
    int code = refuse(job, option);
    if (code >= 0 || is_own(option))
        return code;
    if (option->letter && option->kind != OPTION_FLAG)
        snprintf(name, sizeof name, "-%c", option->letter);
    else
        snprintf(name, sizeof name, "--%s", option->name);
    if (!add_word(job, name) || (text && !add_word(job, text)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    return -1;
}

int tune_take_options(tune_job *job, const cli_command *self, int argc, char **argv)
{
    int first, code = options_each(self, argc, argv, take, job, &first);
    return code < 0 ? 0 : code;
}

/* ---- one trial ---- */

size_t tune_arguments_most(const tune_job *job)
{
    return job->argument_count + 2 * job->setting_count + 2;
}

size_t tune_arguments(const tune_job *job, const tune_trial *trial, const char **out)
{
    size_t count = 0;
    out[count++] = "train";
    out[count++] = job->kind;
    for (size_t i = 0; i < job->argument_count; i++)
        out[count++] = job->arguments[i];
    for (size_t k = 0; k < job->setting_count; k++) {
        const tune_setting *setting = &job->setting[k];
        bool flag = setting->option->kind == OPTION_FLAG;
        if (!flag || !strcmp(trial->value[k], "yes"))
            out[count++] = setting->flag;
        if (!flag)
            out[count++] = trial->value[k];
    }
    return count;
}

/* ---- for a shell ---- */

static bool is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:=,+@%-";
    return *word && !word[strspn(word, plain)];
}

static void put_word(FILE *out, const char *word)
{
    if (is_plain(word)) {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    fputc('\'', out);
}

char *tune_command(const tune_job *job, const tune_trial *trial, const char *folder)
{
    const char **words = calloc(tune_arguments_most(job), sizeof *words);
    char *text = NULL;
    size_t size, count = words ? tune_arguments(job, trial, words) : 0;
    FILE *out = words ? open_memstream(&text, &size) : NULL;
    bool good = out;
    if (out) {
        fputs("cloze", out);
        for (size_t i = 0; i < count; i++) {
            fputc(' ', out);
            put_word(out, words[i]);
        }
        fputs(" -o ", out);
        put_word(out, folder);
        good = !ferror(out);
        good = !fclose(out) && good;
    }
    free(words);
    if (good)
        return text;
    free(text);
    return NULL;
}
