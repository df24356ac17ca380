/*
 * options.c - reading a command line by its command's tables, with getopt_long underneath, and the
 * groups of options that several commands share.
 */
#include "options.h"

#include "help.h"
#include "say.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MOST = 100, LONG_BASE = 256, NAME_MOST = 32 };

const option_group general_options = {
    "General",
    (const command_option[]){
        OPTION("json", 0, OPTION_FLAG, NULL, json, "print JSON for programs"),
        OPTION("output", 'o', OPTION_WORD, "FILE", output,
               "write to FILE, which appears only when all is written"),
        OPTION("quiet", 'q', OPTION_FLAG, NULL, quiet, "no progress and no remarks"),
        OPTION("help", 'h', OPTION_FLAG, NULL, help, "print this help"), OPTIONS_END },
};

const option_group model_options = {
    "Model",
    (const command_option[]){
        OPTION("model", 'm', OPTION_WORD, "MODEL", model,
               "a folder, or the name of a hub model in the cache (default: $CLOZE_MODEL, else "
               "sentence-transformers/all-MiniLM-L6-v2)"),
        OPTION("revision", 0, OPTION_WORD, "REVISION", revision,
               "branch, tag or commit of a hub model (default: main)"),
        OPTION("pull", 0, OPTION_FLAG, NULL, pull,
               "download the model if it is not in the cache; without this no command but pull "
               "uses the network"),
        OPTION("threads", 't', OPTION_NUMBER, "N", threads, "threads (default: one per core)"),
        OPTION("batch-tokens", 0, OPTION_COUNT, "N", batch_tokens,
               "tokens that are computed together (default: 1024); memory grows with it"),
        OPTION("packing", 0, OPTION_CHOICE, "auto|kept|at-use|bf16", packing,
               "how weights are prepared: once (kept), on the fly (at-use), rounded to half the "
               "memory (bf16); auto takes at-use when all texts fit one batch"),
        OPTION("isa", 0, OPTION_WORD, "ISA", isa,
               "use at most this instruction set: scalar, avx2, avx512, neon"),
        OPTION("no-mmap", 0, OPTION_FLAG, NULL, no_mmap,
               "read the weights instead of mapping them"),
        OPTIONS_END },
};

const option_group input_options = {
    "Input",
    (const command_option[]){
        OPTION("file", 'f', OPTION_WORDS, "FILE", files,
               "read texts from FILE, one a line (- is standard input); may be repeated"),
        OPTION("field", 0, OPTION_WORD, "NAME", field,
               "the files are JSON lines; take the text from this field"),
        OPTION("null", '0', OPTION_FLAG, NULL, null_separated,
               "texts end with a zero byte instead of a line end"),
        OPTIONS_END },
};

const option_group pair_options = {
    "Pairs",
    (const command_option[]){
        OPTION("pair", 0, OPTION_WORD, "TEXT", pair, "a second text for every text"),
        OPTION("pair-field", 0, OPTION_WORD, "NAME", pair_field,
               "take second texts from this field of JSON lines"),
        OPTION("tab", 0, OPTION_FLAG, NULL, tab_pairs, "lines hold two texts with a tab between"),
        OPTIONS_END },
};

const option_group embedding_options = {
    "Embedding",
    (const command_option[]){
        OPTION("pooling", 0, OPTION_WORD, "MODES", pooling,
               "cls, mean, max, mean_sqrt, weighted, last, or several joined by + (default: what "
               "the model says)"),
        OPTION("no-normalize", 0, OPTION_FLAG, NULL, no_normalize,
               "leave vectors at the length that they come out with"),
        OPTION("prompt", 0, OPTION_WORD, "NAME", prompt,
               "put a prompt of the model before every text"),
        OPTION("prompt-text", 0, OPTION_WORD, "TEXT", prompt_text, "put TEXT before every text"),
        OPTION("long", 0, OPTION_CHOICE, "truncate|error|chunk", long_text,
               "texts longer than the model's limit: cut them and count it (the default), refuse "
               "them, or pool over windows"),
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "another limit than the model's, up to its positions"),
        OPTION("truncate-dim", 0, OPTION_COUNT, "N", truncate_dimension,
               "keep the first N components (Matryoshka models)"),
        OPTION("layer", 0, OPTION_COUNT, "N", layer, "use layer N's output instead of the last's"),
        OPTIONS_END },
};

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

size_t spelling_distance(const char *a, const char *b)
{
    size_t row[NAME_MOST + 1], columns = strlen(b);
    if (columns > NAME_MOST || strlen(a) > NAME_MOST)
        return NAME_MOST;
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
            corner = above;
        }
    }
    return row[columns];
}

static bool add_word(cli_words *list, const char *word)
{
    const char **grown = realloc(list->item, (list->count + 1) * sizeof *grown);
    if (!grown)
        return false;
    list->item = grown;
    list->item[list->count++] = word;
    return true;
}

static bool read_number(const char *text, size_t *out)
{
    char *end;
    unsigned long long value;
    errno = 0;
    if (*text < '0' || *text > '9')
        return false;
    value = strtoull(text, &end, 10);
    if (*end || errno || value > SIZE_MAX)
        return false;
    *out = (size_t)value;
    return true;
}

static bool read_real(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && !*end && fabs(*out) < 1e30;
}

/* The number, from 1, of `text` among "a|b|c"; 0 if it is not there. */
static int choice_number(const char *choices, const char *text)
{
    size_t size = strlen(text);
    int number = 1;
    for (const char *c = choices;; c++, number++) {
        const char *end = strchr(c, '|');
        size_t length = end ? (size_t)(end - c) : strlen(c);
        if (length == size && !memcmp(c, text, size))
            return number;
        if (!end)
            return 0;
        c = end;
    }
}

static int store(const cli_command *self, const command_option *option, const char *text,
                 cli_settings *out)
{
    void *field = (char *)out + option->field;
    bool good = true;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        break;
    case OPTION_WORD:
        *(const char **)field = text;
        break;
    case OPTION_WORDS:
        if (!add_word(field, text))
            return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
        break;
    case OPTION_NUMBER:
        good = read_number(text, field);
        break;
    case OPTION_COUNT:
        good = read_number(text, field) && *(size_t *)field;
        break;
    case OPTION_REAL:
        good = read_real(text, field) && *(double *)field >= 0;
        break;
    case OPTION_SIGNED:
        good = read_real(text, field);
        break;
    case OPTION_CHOICE:
        good = (*(int *)field = choice_number(option->value, text)) != 0;
        break;
    }
    if (good)
        return -1;
    if (option->kind == OPTION_CHOICE)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--%s takes %s, not \"%s\"", option->name,
                           option->value, text);
    if (option->kind == OPTION_COUNT)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--%s takes a whole number from 1 on, not \"%s\"; see `cloze help %s`",
                           option->name, text, self->name);
    return say_failure(CLOZE_ERROR_ARGUMENT,
                       "--%s takes a number%s, not \"%s\"; see `cloze help %s`", option->name,
                       option->kind == OPTION_REAL && *text == '-' ? " from 0 on" : "", text,
                       self->name);
}

/* getopt's tables of this command. */
typedef struct tables {
    const command_option *option[OPTIONS_MOST];
    struct option longs[OPTIONS_MOST + 1];
    char shorts[4 * OPTIONS_MOST + 2];
    int count;
} tables;

static void fill_tables(const cli_command *self, tables *out)
{
    char *letters = out->shorts;
    *letters++ = ':'; /* tell a missing value from an unknown option */
    out->count = 0;
    for (int g = 0; g < GROUPS_MOST && self->groups[g]; g++)
        for (const command_option *o = self->groups[g]->options; o->name; o++) {
            int has_value = o->kind == OPTION_FLAG ? no_argument : required_argument;
            if (out->count == OPTIONS_MOST)
                continue;
            out->option[out->count] = o;
            out->longs[out->count] =
                (struct option){ o->name, has_value, NULL, LONG_BASE + out->count };
            out->count++;
            for (int i = 0; i < 2; i++) {
                char letter = i ? o->other_letter : o->letter;
                if (letter)
                    *letters++ = letter;
                if (letter && has_value)
                    *letters++ = ':';
            }
        }
    out->longs[out->count] = (struct option){ 0 };
    *letters = 0;
}

static const command_option *option_of(const tables *known, int code)
{
    if (code >= LONG_BASE)
        return known->option[code - LONG_BASE];
    for (int i = 0; i < known->count; i++)
        if (known->option[i]->letter == code || known->option[i]->other_letter == code)
            return known->option[i];
    return NULL;
}

/* The options that `word` (of --word or --word=value) begins, and the nearest of all. */
static int count_beginnings(const tables *known, const char *word, size_t size)
{
    int count = 0;
    for (int i = 0; i < known->count; i++)
        count += !strncmp(known->option[i]->name, word, size);
    return count;
}

static const char *nearest_option(const tables *known, const char *word, size_t size)
{
    const char *nearest = NULL;
    char name[64];
    size_t best = 3;
    snprintf(name, sizeof name, "%.*s", (int)(size < sizeof name ? size : sizeof name - 1), word);
    for (int i = 0; i < known->count; i++) {
        size_t far = spelling_distance(name, known->option[i]->name);
        if (far < best) {
            best = far;
            nearest = known->option[i]->name;
        }
    }
    return nearest;
}

static int refuse_long(const cli_command *self, const tables *known, const char *argument)
{
    const char *word = argument + 2, *near;
    size_t size = strcspn(word, "=");
    if (count_beginnings(known, word, size) > 1)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "several options of %s begin with --%.*s; `cloze help %s` lists them",
                           self->name, (int)size, word, self->name);
    if ((near = nearest_option(known, word, size)))
        return say_failure(CLOZE_ERROR_ARGUMENT, "%s has no option --%.*s; did you mean --%s?",
                           self->name, (int)size, word, near);
    return say_failure(CLOZE_ERROR_ARGUMENT,
                       "%s has no option --%.*s; `cloze help %s` lists them; a text that begins "
                       "with - goes after --",
                       self->name, (int)(size < 100 ? size : 100), word, self->name);
}

static int refuse(const cli_command *self, const tables *known, int code, const char *argument)
{
    const command_option *option = optopt ? option_of(known, optopt) : NULL;
    if (code == ':' && option)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--%s needs a value: %s", option->name,
                           option->value);
    if (option)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--%s takes no value", option->name);
    if (optopt && optopt < LONG_BASE)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "%s has no option -%c; `cloze help %s` lists them; a text that begins "
                           "with - goes after --",
                           self->name, optopt, self->name);
    return refuse_long(self, known, argument);
}

/* Numbers that may be 0 tell by another one that they are not given. */
static void unset_reals(cli_settings *out)
{
    cli_training *train = &out->train;
    double *const reals[] = { &out->tolerance,
                              &train->rate,
                              &train->epochs,
                              &train->warmup,
                              &train->cycles,
                              &train->power,
                              &train->cooldown,
                              &train->decay,
                              &train->clip,
                              &train->layer_decay,
                              &train->beta1,
                              &train->beta2,
                              &train->epsilon,
                              &train->lora_alpha,
                              &train->temperature,
                              &train->scale,
                              &train->masked,
                              &train->dropout,
                              &train->attention_dropout,
                              &train->classifier_dropout,
                              &train->drop,
                              &train->swap,
                              &train->insert,
                              &train->replace,
                              &train->refill,
                              &train->alpha,
                              &out->pretrain.shorter,
                              &out->explain.layer,
                              &out->explain.head,
                              &out->explain.bound,
                              &out->explain.noise,
                              &out->explain.strength,
                              &out->check.most };
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        *reals[i] = -1;
    out->threshold = -INFINITY;
}

int options_each(const cli_command *self, int argc, char **argv, option_each *each, void *context,
                 int *first)
{
    tables known;
    fill_tables(self, &known);
    opterr = 0;
    optind = 1;
    for (;;) {
        int code;
        optopt = 0;
        code = getopt_long(argc, argv, known.shorts, known.longs, NULL);
        if (code == -1)
            break;
        if (code == '?' || code == ':')
            return refuse(self, &known, code, argv[optind - 1]);
        if ((code = each(context, option_of(&known, code), optarg)) >= 0)
            return code;
    }
    *first = optind;
    return -1;
}

typedef struct parsing {
    const cli_command *self;
    cli_settings *out;
} parsing;

static int store_one(void *context, const command_option *option, const char *text)
{
    const parsing *to = context;
    return store(to->self, option, text, to->out);
}

int options_parse(const cli_command *self, int argc, char **argv, cli_settings *out, int *first)
{
    parsing to = { self, out };
    int code;
    memset(out, 0, sizeof *out);
    unset_reals(out);
    code = options_each(self, argc, argv, store_one, &to, first);
    if (code >= 0 || !out->help)
        return code;
    help_command(self);
    return 0;
}

const command_option *options_find(const cli_command *self, const char *name, size_t size)
{
    for (int g = 0; g < GROUPS_MOST && self->groups[g]; g++)
        for (const command_option *o = self->groups[g]->options; o->name; o++)
            if (strlen(o->name) == size && !memcmp(o->name, name, size))
                return o;
    return NULL;
}

void settings_clear(cli_settings *settings)
{
    free(settings->files.item);
    free(settings->queries.item);
    free(settings->lengths.item);
    free(settings->ignored.item);
    free(settings->asked.item);
    free(settings->special.item);
    free(settings->targets.item);
    free(settings->check.labelled.item);
    free(settings->check.changed.item);
    free(settings->check.expected.item);
    free(settings->check.names.item);
    free(settings->check.places.item);
    free(settings->train.dev.item);
    free(settings->train.test.item);
    free(settings->tune.tries.item);
    free(settings->explain.spans.item);
}
