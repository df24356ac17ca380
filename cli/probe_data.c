/* probe_data.c - labelled texts or words as a probe takes them: first those that are learned from. */
#include "probe.h"

#include "say.h"
#include "split.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

void probe_data_clear(probe_job *job)
{
    for (int i = 0; i < 2; i++)
        examples_clear(&job->read[i]);
    labels_clear(&job->labels);
    keep_clear(&job->texts);
    free(job->items);
    free(job->from);
    free(job->results);
}

static int read_files(probe_job *job, int part, const cli_words *files)
{
    const cli_settings *s = job->settings;
    example_format format = {
        .kind = job->words ? EXAMPLES_TAGS : EXAMPLES_LABELS,
        .layout = s->layout,
        .encoding = s->train.encoding,
        .no_header = s->no_header,
        .skip_empty = s->train.skip_empty,
        .text_column = s->text_column,
        .label_column = s->label_column,
    };
    int code = 0;
    for (size_t i = 0; i < files->count && !code; i++)
        code = examples_read(&job->read[part], &format, &job->labels, files->item[i]);
    if (!code && !part)
        code = labels_close(&job->labels);
    if (!code && !part)
        code = examples_check(&job->read[part], &format, &job->labels);
    if (!code && part && files->count && !job->read[part].count)
        code = say_failure(CLOZE_ERROR_TEXT, "%s holds no examples", files->item[0]);
    if (!code && job->read[part].skipped)
        say_note(s->quiet, "%zu rows without a text or a label are left out",
                 job->read[part].skipped);
    return code;
}

static size_t count_of(const probe_job *job, const cli_example *example)
{
    return job->words ? example->label_count : 1;
}

/* ---- one example ---- */

static uint32_t label_of(const probe_job *job, const cli_example *example, size_t i)
{
    return (uint32_t)job->labels.place[example->labels[i]];
}

/* A sentence is its words with spaces between them. */
static bool add_words(probe_job *job, const cli_example *example)
{
    size_t size = 0, at = 0;
    for (size_t i = 0; i < example->label_count; i++)
        size += example->words[i].size + 1;
    char *text = keep_room(&job->texts, size + 1, 1);
    if (!text)
        return false;
    for (size_t i = 0; i < example->label_count; i++) {
        cloze_text word = example->words[i];
        if (word.size)
            memcpy(text + at, word.data, word.size);
        job->items[job->count] = (cloze_probe_example){
            .text = { text, size - 1 },
            .begin = at,
            .end = at + word.size,
            .label = label_of(job, example, i),
        };
        job->from[job->count++] = example;
        at += word.size;
        text[at++] = i + 1 < example->label_count ? ' ' : 0;
    }
    return true;
}

static bool add(probe_job *job, const cli_example *example)
{
    if (job->words)
        return add_words(job, example);
    job->items[job->count] =
        (cloze_probe_example){ .text = example->text, .label = label_of(job, example, 0) };
    job->from[job->count++] = example;
    return true;
}

/* ---- all of them ---- */

/* Those of one part, where `place` says it; NULL: all. */
static bool add_all(probe_job *job, const cli_examples *examples, const uint32_t *place,
                    uint32_t part)
{
    bool good = true;
    for (size_t i = 0; i < examples->count && good; i++)
        if (!place || place[i] == part)
            good = add(job, &examples->item[i]);
    return good;
}

static int order(probe_job *job, uint32_t *place)
{
    const cli_settings *s = job->settings;
    double part = s->train.dev_part > 0 ? s->train.dev_part : 0.25;
    example_kind kind = job->words ? EXAMPLES_TAGS : EXAMPLES_LABELS;
    bool apart = s->train.dev.count > 0;
    int code = apart ? 0 : split_parts(&job->read[0], kind, part, 0, s->seed, place);
    if (code)
        return code;
    if (!add_all(job, &job->read[0], apart ? NULL : place, 0))
        return out_of_memory();
    job->learned = job->count;
    if (!add_all(job, &job->read[apart ? 1 : 0], apart ? NULL : place, 1))
        return out_of_memory();
    if (job->learned == job->count || !job->learned)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "of %zu examples none is left to %s: give more, or another --dev-part",
                           job->count, job->learned ? "try" : "learn from");
    return 0;
}

static int find_commonest(probe_job *job)
{
    size_t *times = calloc(job->labels.count + 1, sizeof *times);
    if (!times)
        return out_of_memory();
    for (size_t i = 0; i < job->learned; i++)
        times[job->items[i].label]++;
    for (size_t i = 1; i < job->labels.count; i++)
        job->commonest = times[i] > times[job->commonest] ? i : job->commonest;
    free(times);
    return 0;
}

int probe_read(probe_job *job)
{
    size_t count = 0;
    int code = read_files(job, 0, &job->settings->files);
    if (!code)
        code = read_files(job, 1, &job->settings->train.dev);
    if (code)
        return code;
    for (int part = 0; part < 2; part++)
        for (size_t i = 0; i < job->read[part].count; i++)
            count += count_of(job, &job->read[part].item[i]);
    uint32_t *place = calloc(job->read[0].count + 1, sizeof *place);
    job->items = calloc(count + 1, sizeof *job->items);
    job->from = calloc(count + 1, sizeof *job->from);
    code = place && job->items && job->from ? order(job, place) : out_of_memory();
    free(place);
    return code ? code : find_commonest(job);
}
