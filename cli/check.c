/* check.c - cloze check: how a classifier behaves when texts are changed. */
#include "check.h"

#include "commands.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Checks",
    (const command_option[]){
        OPTION("changes", 0, OPTION_WORD, "NAMES", check.changes,
               "checks with commas between: typo, negate, affirm, contract, expand, punctuation, "
               "numbers, names, places, given, label (default: all that there are texts for)"),
        OPTION("expect", 0, OPTION_WORDS, "CHANGE=WHAT", check.expected,
               "what a change must do to the label that the model says: same (it stays), fall (it "
               "gets no surer), rise (no less sure); default: fall for negate and affirm, else "
               "same; may be repeated"),
        OPTION("label", 0, OPTION_WORD, "NAME", explain.label,
               "fall and rise are of this label instead"),
        OPTION("tolerance", 0, OPTION_REAL, "X", tolerance,
               "so far a probability may go the wrong way (default: 0); of same: another label "
               "whose coming moved the old one's probability by no more is forgiven"),
        OPTION("copies", 0, OPTION_COUNT, "N", check.copies,
               "ways to change each text where they are drawn; it fails if one does (default: 1)"),
        OPTION("typos", 0, OPTION_COUNT, "N", check.typos, "of one text (default: 1)"),
        OPTION("names", 0, OPTION_WORDS, "FILE", check.names,
               "names that may stand for one another, one a line, instead of a short own list; "
               "each FILE is a group"),
        OPTION("places", 0, OPTION_WORDS, "FILE", check.places, "the same of places"),
        OPTION("change-pair", 0, OPTION_FLAG, NULL, check.change_pair,
               "change the second text instead; names, places and numbers change in both"),
        OPTION("seed", 0, OPTION_NUMBER, "N", seed, "of what is drawn (default: 0)"),
        OPTION("at-most", 0, OPTION_REAL, "RATE", check.most,
               "end with an exit code of its own if a check fails more often than RATE (0 to 1)"),
        OPTION_TOP("failures shown of each check (default: 3)"),
        OPTION("all", 0, OPTION_FLAG, NULL, all, "all failures"),
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "leave out texts longer than this (default: what the model takes)"),
        OPTIONS_END },
};

static const option_group kept = {
    "Texts with labels, texts with changes",
    (const command_option[]){
        OPTION("labelled", 0, OPTION_WORDS, "FILE", check.labelled,
               "texts and the labels that the model must say; may be repeated"),
        OPTION("changed", 0, OPTION_WORDS, "FILE", check.changed,
               "texts (column text) and what you made of them (column changed), for the check "
               "given"),
        OPTION("layout", 0, OPTION_CHOICE, "tsv|csv|jsonl", layout,
               "how these files are read (default: what their names end with, else tsv)"),
        OPTION("no-header", 0, OPTION_FLAG, NULL, no_header,
               "the first line of tsv and csv is an example; columns have numbers alone"),
        OPTION("text-column", 0, OPTION_WORD, "NAME", text_column,
               "the column or field of texts, by name or number"),
        OPTION("pair-column", 0, OPTION_WORD, "NAME", pair_column,
               "of second texts of --labelled, of what came of texts of --changed"),
        OPTION("label-column", 0, OPTION_WORD, "NAME", label_column, "of labels"),
        OPTION("encoding", 0, OPTION_CHOICE, "utf-8|latin-1|windows-1252", train.encoding,
               "of the files (default: utf-8)"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze check -m ./sentiment -f reviews.txt", "typos, names, numbers, negations, ..." },
    { "cloze check -m ./sentiment --labelled dev.tsv --changes label,typo --copies 5",
      "known labels, and five typos for each text" },
    { "cloze check -m ./topics -f news.txt --expect negate=same --names staff.txt",
      "a negation changes no topic; own names" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_check = {
    .name = "check",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "check how a classifier behaves when texts are changed",
    .description =
        "Changes texts in small ways and tells how often the model does not do what it should, in "
        "the manner of CheckList (Ribeiro et al., 2020): letters that swap places, negations put "
        "in and taken out, contractions, the mark at the end, numbers, names and places must not "
        "change the label, or not make it surer. With --labelled texts must have their labels. "
        "Texts are the arguments, then the lines of the files of -f; with neither, nor --labelled "
        "or --changed, the lines of standard input.\n\n"
        "For each check: how many texts it applies to, how many fail, the rate with its 95 % "
        "interval, and failures, the worst first, as [-gone-]{+come+}, with the probability of "
        "the label before and after. Negations and contractions are of English, and what their "
        "rules are not sure of is left out. A change may have changed the meaning: read the "
        "failures.\n\n"
        "--json prints one object with every failure, and a record of model, settings, seed and "
        "version.",
    .groups = { &own, &kept, &pair_options, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

/* ---- which checks ---- */

const char *check_change_name(cloze_change change)
{
    return change == CLOZE_CHANGE_NOTHING ? "label" : cloze_change_name(change);
}

const char *check_expectation_name(cloze_expectation expectation)
{
    static const char *const names[] = { "same", "fall", "rise", "label" };
    return names[expectation];
}

static cloze_change change_named(const char *name, size_t size)
{
    for (int i = 0; i < CLOZE_CHANGES; i++) {
        const char *known = check_change_name((cloze_change)i);
        if (strlen(known) == size && !memcmp(known, name, size))
            return (cloze_change)i;
    }
    return CLOZE_CHANGES;
}

static int unknown_change(const char *option, const char *name, size_t size)
{
    return say_failure(CLOZE_ERROR_ARGUMENT,
                       "%s: there is no check \"%.*s\"; there are typo, negate, affirm, contract, "
                       "expand, punctuation, numbers, names, places, given and label",
                       option, (int)(size < 64 ? size : 64), name);
}

static void add_check(check_job *job, cloze_change change)
{
    const cli_settings *s = job->settings;
    bool negation = change == CLOZE_CHANGE_NEGATE || change == CLOZE_CHANGE_AFFIRM;
    job->checks[job->check_count++] = (cloze_check){
        .change = change,
        .expectation = change == CLOZE_CHANGE_NOTHING ? CLOZE_EXPECT_GOLD
                       : negation                     ? CLOZE_EXPECT_FALL
                                                      : CLOZE_EXPECT_SAME,
        .label = CLOZE_TARGET_BEST,
        .tolerance = s->tolerance > 0 ? s->tolerance : 0,
    };
}

static cloze_check *find_check(check_job *job, cloze_change change)
{
    for (size_t i = 0; i < job->check_count; i++)
        if (job->checks[i].change == change)
            return &job->checks[i];
    return NULL;
}

static int choose_checks(check_job *job)
{
    const char *at = job->settings->check.changes;
    const cli_checking *c = &job->settings->check;
    for (int i = 0; i < CLOZE_CHANGES && !at; i++)
        if ((i != CLOZE_CHANGE_NOTHING || c->labelled.count) &&
            (i != CLOZE_CHANGE_GIVEN || c->changed.count))
            add_check(job, (cloze_change)i);
    while (at) {
        size_t size = strcspn(at, ",");
        cloze_change change = change_named(at, size);
        if (change == CLOZE_CHANGES)
            return unknown_change("--changes", at, size);
        if (find_check(job, change))
            return say_failure(CLOZE_ERROR_ARGUMENT, "--changes names %s twice",
                               check_change_name(change));
        add_check(job, change);
        at = at[size] ? at + size + 1 : NULL;
    }
    if (find_check(job, CLOZE_CHANGE_NOTHING) && !c->labelled.count)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "the check label needs texts whose labels are known: --labelled FILE");
    if (find_check(job, CLOZE_CHANGE_GIVEN) && !c->changed.count)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "the check given needs texts that you changed: --changed FILE");
    return 0;
}

static int take_expectation(check_job *job, const char *text)
{
    size_t size = strcspn(text, "=");
    cloze_change change = change_named(text, size);
    if (change == CLOZE_CHANGES || change == CLOZE_CHANGE_NOTHING)
        return unknown_change("--expect", text, size);
    for (int i = 0; i < CLOZE_EXPECT_GOLD && text[size]; i++)
        if (!strcmp(text + size + 1, check_expectation_name((cloze_expectation)i))) {
            cloze_check *check = find_check(job, change);
            if (check)
                check->expectation = (cloze_expectation)i;
            return 0;
        }
    return say_failure(CLOZE_ERROR_ARGUMENT,
                       "--expect takes CHANGE=same, CHANGE=fall or CHANGE=rise, not \"%s\"", text);
}

/* What of the command line needs neither model nor texts. */
static int choose(check_job *job)
{
    const cli_settings *s = job->settings;
    int code = choose_checks(job);
    for (size_t i = 0; i < s->check.expected.count && !code; i++)
        code = take_expectation(job, s->check.expected.item[i]);
    return code ? code : input_check_pairs(s);
}

static int find_label(check_job *job)
{
    const char *name = job->settings->explain.label;
    size_t number;
    int code =
        name ? labels_find(&job->labels, (cloze_text){ name, strlen(name) }, "--label", &number)
             : 0;
    for (size_t i = 0; i < job->check_count && name && !code; i++)
        job->checks[i].label = (int64_t)number;
    return code;
}

/* ---- checking ---- */

static int take_labels(check_job *job)
{
    size_t count = cloze_model_labels(job->opened.model);
    int code = 0;
    if (!count)
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "%s has no classification head: it was not fine-tuned to tell labels "
                           "apart",
                           model_name(job->settings));
    job->labels.giver = "the model has";
    for (size_t i = 0; i < count && !code; i++)
        code = labels_add(&job->labels, cloze_model_label(job->opened.model, i));
    return code ? code : labels_close(&job->labels);
}

static int check_texts(check_job *job)
{
    const cli_settings *s = job->settings;
    const cloze_behaviour_texts texts = {
        .texts = job->texts,
        .pairs = job->has_pairs ? job->pairs : NULL,
        .gold = job->has_gold ? job->gold : NULL,
        .given = job->has_given ? job->given : NULL,
        .count = job->count,
    };
    cloze_error error;
    job->options.copies = s->check.copies;
    job->options.change_pair = s->check.change_pair;
    job->options.max_tokens = s->max_tokens;
    job->options.changes.typos = s->check.typos;
    job->options.changes.seed = s->seed;
    cloze_status status =
        cloze_behaviour_check(&job->behaviour, job->opened.session, &texts, job->checks,
                              job->check_count, &job->options, &error);
    progress_end(&job->opened.progress);
    return status ? say_error(&error, NULL) : 0;
}

static int check_all(check_job *job, char **texts, size_t count)
{
    const cli_settings *s = job->settings;
    cloze_error error;
    int code = choose(job);
    if (!code)
        code = check_read_lists(job);
    if (!code)
        code = open_all(&job->opened, s, false);
    if (!code)
        code = take_labels(job);
    if (!code)
        code = find_label(job);
    if (!code)
        code = check_read(job, texts, count);
    if (!code && s->json && cloze_model_digest(job->opened.model, job->digest, &error))
        code = say_error(&error, NULL);
    if (!code)
        code = output_open(&job->output, s->output);
    if (!code)
        code = check_texts(job);
    if (!code && s->json)
        check_write_json(job);
    else if (!code)
        check_write_tables(job);
    return code;
}

/* What was written stays written: the first check that fails too often is told behind it. */
static int hold_rates(const check_job *job)
{
    double most = job->settings->check.most;
    for (size_t i = 0; i < job->check_count && most >= 0; i++) {
        cloze_behaviour_result result = cloze_behaviour_of(job->behaviour, i);
        if (result.rate > most)
            return say_failure(EXIT_DIFFERENT, "%s: %zu of %zu texts fail, more than --at-most %g",
                               check_change_name(job->checks[i].change), result.failures,
                               result.applies, most);
    }
    return 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    check_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code < 0) {
        code = check_all(&job, argv + first, (size_t)(argc - first));
        code = output_close(job.output, code);
        code = code ? code : hold_rates(&job);
        cloze_behaviour_free(job.behaviour);
        check_data_clear(&job);
        close_all(&job.opened);
    }
    settings_clear(&settings);
    return code;
}
