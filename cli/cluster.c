/*
 * cluster.c - cloze cluster: texts in groups by meaning, either in a given number of groups (k-means)
 * or in communities of a given likeness. Both end as one list of members with the ends of the groups,
 * largest group first, the most central member first.
 */
#include "commands.h"
#include "library.h"
#include "say.h"
#include "table.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Grouping",
    (const command_option[]){
        OPTION("clusters", 'k', OPTION_COUNT, "N", clusters,
               "make N groups, each text in one (default: communities)"),
        OPTION("seed", 0, OPTION_NUMBER, "N", seed, "of the first centres of -k (default: 0)"),
        OPTION("threshold", 0, OPTION_SIGNED, "X", threshold,
               "communities: cosine from which on texts are alike (default: 0.75)"),
        OPTION("least", 0, OPTION_COUNT, "N", least,
               "communities: texts that one needs (default: 2)"),
        OPTION("top", 'n', OPTION_COUNT, "N", top,
               "print the N most central texts of each group (default: all)"),
        OPTION("cache", 0, OPTION_WORD, "FILE", vector_cache,
               "keep the vectors of the texts in FILE, and compute only those that it lacks"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze cluster -f questions.txt --threshold 0.7",
      "questions that are asked again and again" },
    { "cloze cluster -f reviews.jsonl --field body -k 8 --top 3",
      "eight groups, three texts of each" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_cluster = {
    .name = "cluster",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "put texts into groups by meaning",
    .description =
        "Without -k, prints communities: texts that are alike to one in the middle, the largest "
        "community first, the text in the middle first; texts that are like few others are in "
        "none. The method is community_detection of sentence-transformers. With -k N, prints N "
        "groups in which every text has its place, by k-means; the best of eight starts. The same "
        "seed gives the same groups on any number of threads.\n\n"
        "Scores are cosines: with the text in the middle, or with the mean of the group.\n\n"
        "--json prints one line for each group: {\"cluster\": 0, \"size\": ..., \"members\": "
        "[{\"corpus_id\": ..., \"score\": ..., \"text\": ...}, ...]}; texts in no community come "
        "last, with \"cluster\": null.",
    .groups = { &own, &embedding_options, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

enum { LEAST_DEFAULT = 2 };

typedef struct cluster_job {
    const cli_settings *settings;
    cli_input *input;
    cli_opened opened;
    cloze_embed_options options;
    cloze_embed_report report;
    cloze_vector_cache *cache;
    cli_library texts;
    size_t dimension, found;
    size_t *members; /* [texts] by groups; those in no group last */
    size_t *ends;    /* [found] of the groups in members */
    float *scores;   /* [texts] of the members */
} cluster_job;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static const float *vector_of(const cluster_job *job, size_t text)
{
    return job->texts.vectors + text * job->dimension;
}

/* ---- groups by k-means ---- */

typedef struct placed {
    size_t text, size; /* and the size of its group */
    uint32_t group;
    float score;
} placed;

/* Groups by size, members by score; equals in the order of the texts. */
static int by_place(const void *left, const void *right)
{
    const placed *a = left, *b = right;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->score < b->score || a->score > b->score)
        return a->score > b->score ? -1 : 1;
    return a->text < b->text ? -1 : a->text > b->text;
}

static bool arrange(cluster_job *job, const uint32_t *labels, const float *centres)
{
    size_t count = job->texts.count, *sizes = calloc(job->settings->clusters, sizeof *sizes);
    placed *places = malloc(count * sizeof *places);
    bool good = sizes && places;
    for (size_t i = 0; good && i < count; i++)
        sizes[labels[i]]++;
    for (size_t i = 0; good && i < count; i++)
        places[i] = (placed){ i, sizes[labels[i]], labels[i],
                              cloze_cosine(vector_of(job, i), centres + labels[i] * job->dimension,
                                           job->dimension) };
    if (good)
        qsort(places, count, sizeof *places, by_place);
    for (size_t i = 0; good && i < count; i++) {
        job->members[i] = places[i].text;
        job->scores[i] = places[i].score;
        if (i + 1 == count || places[i + 1].group != places[i].group)
            job->ends[job->found++] = i + 1;
    }
    free(sizes);
    free(places);
    return good;
}

static int make_groups(cluster_job *job)
{
    size_t clusters = job->settings->clusters, numbers;
    cloze_kmeans_options options = { .seed = job->settings->seed };
    uint32_t *labels = malloc(job->texts.count * sizeof *labels);
    float *centres = NULL;
    cloze_error error;
    int code = 0;
    if (clusters > job->texts.count)
        code = say_failure(CLOZE_ERROR_ARGUMENT, "%zu texts do not make %zu groups",
                           job->texts.count, clusters);
    else if (!labels ||
             __builtin_mul_overflow(clusters, job->dimension * sizeof *centres, &numbers) ||
             !(centres = malloc(numbers)))
        code = out_of_memory();
    else if (cloze_kmeans(job->opened.session, job->texts.vectors, job->texts.count, job->dimension,
                          clusters, &options, labels, centres, NULL, &error))
        code = say_error(&error, NULL);
    else if (!arrange(job, labels, centres))
        code = out_of_memory();
    free(labels);
    free(centres);
    return code;
}

/* ---- communities ---- */

/* Puts those in no community behind the others, in the order of the texts. */
static bool list_others(cluster_job *job)
{
    size_t used = job->found ? job->ends[job->found - 1] : 0;
    bool *seen = calloc(job->texts.count, sizeof *seen);
    if (!seen)
        return false;
    for (size_t i = 0; i < used; i++)
        seen[job->members[i]] = true;
    for (size_t i = 0; i < job->texts.count; i++)
        if (!seen[i])
            job->members[used++] = i;
    free(seen);
    return true;
}

static int find_communities(cluster_job *job)
{
    const cli_settings *settings = job->settings;
    cloze_community_options options = { .threshold =
                                            isfinite(settings->threshold) ? settings->threshold : 0,
                                        .least =
                                            settings->least ? settings->least : LEAST_DEFAULT };
    cloze_error error;
    if (cloze_communities(job->opened.session, job->texts.vectors, job->texts.count, job->dimension,
                          &options, job->members, job->ends, &job->found, &error))
        return say_error(&error, NULL);
    for (size_t group = 0, i = 0; group < job->found; group++)
        for (size_t middle = job->members[i]; i < job->ends[group]; i++)
            job->scores[i] = cloze_cosine(vector_of(job, middle), vector_of(job, job->members[i]),
                                          job->dimension);
    return list_others(job) ? 0 : out_of_memory();
}

/* ---- printing ---- */

static size_t shown_of(const cluster_job *job, size_t size)
{
    return job->settings->top && job->settings->top < size ? job->settings->top : size;
}

static void write_json(const cluster_job *job, cli_output *output, size_t group, size_t begin,
                       size_t end)
{
    bool inside = group < job->found;
    output_text(output, "{\"cluster\": ");
    if (inside)
        output_format(output, "%zu", group);
    else
        output_text(output, "null");
    output_format(output, ", \"size\": %zu, \"members\": [", end - begin);
    for (size_t i = begin; i < begin + shown_of(job, end - begin); i++) {
        output_format(output, "%s{\"corpus_id\": %zu", i > begin ? ", " : "", job->members[i]);
        if (inside) {
            output_text(output, ", \"score\": ");
            output_float(output, job->scores[i]);
        }
        output_text(output, ", \"text\": ");
        output_json(output, library_text(&job->texts, job->members[i]));
        output_text(output, "}");
    }
    output_text(output, "]}\n");
}

static void write_lines(const cluster_job *job, cli_output *output, size_t group, size_t begin,
                        size_t end)
{
    size_t shown = shown_of(job, end - begin);
    output_format(output, "%scluster %zu: %zu text%s\n", group ? "\n" : "", group + 1, end - begin,
                  end - begin == 1 ? "" : "s");
    for (size_t i = begin; i < begin + shown; i++) {
        output_format(output, "%7.4f  ", (double)job->scores[i]);
        output_cell(output, library_text(&job->texts, job->members[i]), 0, false);
        output_text(output, "\n");
    }
    if (shown < end - begin)
        output_format(output, "         and %zu more\n", end - begin - shown);
}

static int print(cluster_job *job)
{
    size_t begin = 0;
    cli_output *output = NULL;
    int code = output_open(&output, job->settings->output);
    for (size_t group = 0; !code && group < job->found; begin = job->ends[group++])
        if (job->settings->json)
            write_json(job, output, group, begin, job->ends[group]);
        else
            write_lines(job, output, group, begin, job->ends[group]);
    if (!code && begin < job->texts.count) {
        if (job->settings->json)
            write_json(job, output, job->found, begin, job->texts.count);
        else
            say_note(job->settings->quiet, "%zu of %zu texts are in no community",
                     job->texts.count - begin, job->texts.count);
    }
    return output_close(output, code);
}

/* ---- the command ---- */

static int make_room(cluster_job *job)
{
    size_t count = job->texts.count + 1;
    job->members = calloc(count, sizeof *job->members);
    job->ends = calloc(count, sizeof *job->ends);
    job->scores = calloc(count, sizeof *job->scores);
    return job->members && job->ends && job->scores ? 0 : out_of_memory();
}

static int refuse_both(const cli_settings *settings)
{
    if (settings->clusters && (isfinite(settings->threshold) || settings->least))
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "-k makes groups of all texts; --threshold and --least are for "
                           "communities");
    if (isfinite(settings->threshold) && settings->threshold <= 0)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--threshold must be more than 0");
    return 0;
}

static int cluster(cluster_job *job, char **texts, size_t count)
{
    const cli_settings *settings = job->settings;
    int code = refuse_both(settings);
    if (!code)
        code = input_open(&job->input, settings, texts, count);
    if (!code)
        code = input_next(job->input);
    if (!code)
        code = open_all(&job->opened, settings,
                        input_is_last(job->input) && input_count(job->input) <= 16);
    if (!code)
        code = embed_options(settings, job->opened.model, &job->options);
    if (!code)
        code = library_open_cache(&job->cache, settings, &job->opened, &job->options);
    if (code)
        return code;
    job->dimension = cloze_embed_dimension(job->opened.model, &job->options);
    code = library_fill(&job->texts, job->input, &job->opened, &job->options, job->cache,
                        &job->report);
    progress_end(&job->opened.progress);
    if (!code)
        code = library_save_cache(job->cache, settings, job->texts.count);
    if (!code)
        code = make_room(job);
    if (!code && (job->texts.count || settings->clusters))
        code = settings->clusters ? make_groups(job) : find_communities(job);
    progress_end(&job->opened.progress);
    return code ? code : print(job);
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    cluster_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    code = cluster(&job, argv + first, (size_t)(argc - first));
    if (!code)
        say_truncated(&job.report, "--long", settings.quiet);
    cloze_vector_cache_free(job.cache);
    close_all(&job.opened);
    input_close(job.input);
    library_clear(&job.texts);
    free(job.members);
    free(job.ends);
    free(job.scores);
    settings_clear(&settings);
    return code;
}
