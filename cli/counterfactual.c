/* counterfactual.c - cloze counterfactual: the smallest edits after which a model says something else. */
#include "counterfactual.h"

#include "commands.h"
#include "say.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Edits",
    (const command_option[]){
        OPTION("proposer", 0, OPTION_WORD, "MODEL", explain.proposer,
               "a model that fills masks, to propose words (default: the model itself, if it "
               "does; else words are only deleted)"),
        OPTION("proposals", 0, OPTION_COUNT, "N", explain.proposals,
               "words for each place (default: 20)"),
        OPTION("edits", 0, OPTION_COUNT, "N", explain.edits,
               "edits of one text at most, up to 8 (default: 3)"),
        OPTION("tries", 0, OPTION_COUNT, "N", explain.tries,
               "texts that the model is asked about at most (default: 2000)"),
        OPTION("wanted", 'k', OPTION_COUNT, "N", explain.wanted,
               "stop when so many are found (default: 5)"),
        OPTION("no-replacements", 0, OPTION_FLAG, NULL, explain.no_replacements,
               "put no word in the place of another"),
        OPTION("no-deletions", 0, OPTION_FLAG, NULL, explain.no_deletions, "delete nothing"),
        OPTION("no-insertions", 0, OPTION_FLAG, NULL, explain.no_insertions, "put in nothing"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze counterfactual -m ./sentiment --proposer ./bert \"A wonderful film\"",
      "what would have to stand there for another label" },
    { "cloze counterfactual -m ./sentiment -f reviews.txt --json",
      "words deleted alone, a JSON line for each text" },
    { "cloze counterfactual -m ./squad --proposer ./bert \"Where does Evan live?\" -c \"Evan is in "
      "The Hague.\" --fixed pair",
      "which words of the question change the answer" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_counterfactual = {
    .name = "counterfactual",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "find the smallest edits that change what a model says",
    .description =
        "Prints for each text what the model says, and texts about which it says something else, "
        "with as few edits as were found: words deleted, replaced, or put in, as a model that "
        "fills masks proposes them. [-word-] is what goes, {+word+} what comes. Beside each: the "
        "probability of the old label, what the model says now and its probability, and how likely "
        "the proposer finds the words. Texts are the arguments, then the lines of the files of -f; "
        "with neither, the lines of standard input.\n\n"
        "Single edits are tried first, in the order of the gradient; if none changes the decision, "
        "two are joined, then three. Nothing found means nothing among what was tried, and how "
        "much that was is told. An edit may change the meaning: then the model is right to follow, "
        "so read them.\n\n"
        "--json prints one line for each text, with every edit and a record of model, settings and "
        "version.",
    .groups = { &own, &explain_aims, &explain_units, &input_options, &model_options,
                &general_options },
    .examples = examples,
    .run = run,
};

char *counterfactual_says(const counterfactual_view *view, const cloze_counterfactual *one,
                          double *probability)
{
    const explain_job *job = view->job->job;
    cli_explanation now = *view->explanation;
    cloze_explained facts = now.facts;
    cloze_explainer *explainer = NULL;
    cloze_text name = { "none of the labels", 18 };
    cloze_error error;
    facts.target = one->says;
    *probability = one->says_probability;
    now.text = one->text;
    now.pair = one->pair;
    if (now.options.task == CLOZE_EXPLAIN_ANSWER) {
        now.options.target = now.options.against = CLOZE_TARGET_BEST;
        now.options.has_place = false;
        now.options.unit = CLOZE_UNIT_WORDS;
        now.options.progress = (cloze_progress){ NULL, NULL };
        if (cloze_explainer_new(&explainer, job->opened.model, now.text, now.pair, &now.options,
                                &error)) {
            say_error(&error, NULL);
            return NULL;
        }
        facts = cloze_explainer_facts(explainer);
        *probability = facts.probability;
    }
    if (one->says >= 0 || explainer)
        name = explanation_target(job, &now, &facts);
    char *copy = malloc(name.size + 1);
    if (copy) {
        memcpy(copy, name.data, name.size);
        copy[name.size] = 0;
    } else {
        say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    }
    cloze_explainer_free(explainer);
    return copy;
}

double counterfactual_likelihood(const cloze_counterfactual *one)
{
    double product = NAN;
    for (size_t i = 0; i < one->count; i++)
        if (isfinite(one->edits[i].likelihood))
            product = (isfinite(product) ? product : 1) * one->edits[i].likelihood;
    return product;
}

static int find(void *context, explain_job *job, const cli_explanation *explanation,
                const char *where)
{
    const counterfactual_job *counter = context;
    cloze_counterfactuals *found = NULL;
    cloze_error error;
    int code;
    progress_begin(&job->opened.progress, job->settings->quiet);
    cloze_status status =
        cloze_counterfactuals_find(&found, explanation->explainer, &counter->options, &error);
    progress_end(&job->opened.progress);
    if (status)
        return say_error(&error, where);
    counterfactual_view view = { counter, explanation, found, cloze_counterfactuals_facts(found) };
    code =
        job->settings->json ? counterfactual_write_json(&view) : counterfactual_write_lines(&view);
    cloze_counterfactuals_free(found);
    return code;
}

static int open_proposer(counterfactual_job *counter)
{
    explain_job *job = counter->job;
    const cli_settings *s = job->settings;
    const char *name = s->explain.proposer;
    cli_settings own_settings = *s;
    if (!name) {
        counter->proposes = cloze_model_fills(job->opened.model) ? job->opened.model : NULL;
        if (!counter->proposes && s->explain.no_deletions)
            return say_failure(CLOZE_ERROR_ARGUMENT,
                               "--no-deletions leaves nothing to do: --proposer gives a model that "
                               "proposes words");
        if (!counter->proposes)
            say_note(s->quiet, "words are only deleted: --proposer gives a model that fills masks");
        return 0;
    }
    own_settings.model = name;
    own_settings.revision = NULL;
    own_settings.max_tokens = 0;
    counter->proposer.engine = job->opened.engine;
    int code = open_model(&counter->proposer, &own_settings, false);
    if (!code && !cloze_model_fills(counter->proposer.model))
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "--proposer %s has no head for masked words: it cannot tell what could "
                           "stand in their place",
                           name);
    counter->proposes = counter->proposer.model;
    return code;
}

static int find_all(counterfactual_job *counter, char **texts, size_t count)
{
    explain_job *job = counter->job;
    const cli_explaining *e = &job->settings->explain;
    int code = 0;
    if (e->no_deletions && e->no_replacements && e->no_insertions)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--no-deletions, --no-replacements and --no-insertions together leave "
                           "nothing to do");
    if ((code = explain_check_aim(job)) || (code = explain_open(job, texts, count)) ||
        (code = open_proposer(counter)))
        return code;
    counter->options = (cloze_counterfactual_options){
        .proposer = counter->proposes,
        .no_replacements = e->no_replacements,
        .no_deletions = e->no_deletions,
        .no_insertions = e->no_insertions,
        .proposals = e->proposals ? e->proposals : 20,
        .edits = e->edits ? e->edits : 3,
        .tries = e->tries ? e->tries : 2000,
        .wanted = e->wanted ? e->wanted : 5,
    };
    return explain_all(job, find, counter);
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    explain_job job = { .settings = &settings };
    counterfactual_job counter = { .job = &job };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code < 0) {
        code = find_all(&counter, argv + first, (size_t)(argc - first));
        counter.proposer.engine = NULL;
        close_all(&counter.proposer);
        code = explain_close(&job, code);
    }
    settings_clear(&settings);
    return code;
}
