/* train_give.c - examples as a trainer is told them, and the changed copies of their texts. */
#include "train.h"

#include "interrupt.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

/* Examples that wait until a teacher is asked of several at once. */
enum { TOGETHER = 64 };

typedef struct waiting {
    data_part part;
    const cli_example *from;
} waiting;

typedef struct handover {
    train_run *run;
    cloze_trainer *trainer;
    cloze_example *example; /* [count] */
    waiting *wait;          /* [count] */
    float *told;            /* [count, told] what the teacher says */
    size_t count, room;
    cli_keep keep; /* changed copies, values and tags of those that wait */
    cli_progress progress;
    size_t done, all;
} handover;

/* What the trainer is told of an example. False when memory is out. */
static bool tell(handover *giver, const cli_example *from, cloze_example *out)
{
    const train_job *job = giver->run->job;
    const cli_labels *labels = &job->data.labels;
    double scale = job->settings->train.scale > 0 ? job->settings->train.scale : 1;
    float *values;
    size_t *tags;
    *out = (cloze_example){ .text = from->text,
                            .pair = from->pair,
                            .negative = from->negative,
                            .words = from->words,
                            .values = from->numbers,
                            .answer = { from->answer_begin, from->answer_end },
                            .others = from->others,
                            .other_count = from->other_count };
    switch (job->data.format.kind) {
    case EXAMPLES_LABELS:
        out->label = labels->place[from->labels[0]];
        break;
    case EXAMPLES_SETS:
        if (!(values = keep_room(&giver->keep, labels->count + 1, sizeof *values)))
            return false;
        memset(values, 0, labels->count * sizeof *values);
        for (size_t i = 0; i < from->label_count; i++)
            values[labels->place[from->labels[i]]] = 1;
        out->values = values;
        break;
    case EXAMPLES_SIMILARITY:
        if (!(values = keep_room(&giver->keep, 1, sizeof *values)))
            return false;
        values[0] = (float)((double)from->numbers[0] / scale);
        out->values = values;
        break;
    case EXAMPLES_TAGS:
        if (!(tags = keep_room(&giver->keep, from->label_count + 1, sizeof *tags)))
            return false;
        for (size_t i = 0; i < from->label_count; i++)
            tags[i] = labels->place[from->labels[i]];
        out->tags = tags;
        out->word_count = from->label_count;
        break;
    default:
        break;
    }
    return true;
}

static int give_one(handover *giver, data_part part, const cli_example *from,
                    const cloze_example *example)
{
    static const char numbered[] = "example 1: ";
    char where[PATH_SIZE + 32];
    cloze_error error;
    if (!cloze_trainer_add(giver->trainer, (cloze_split)part, example, 1, &giver->run->intake[part],
                           &error))
        return 0;
    if (!strncmp(error.message, numbered, sizeof numbered - 1))
        memmove(error.message, error.message + sizeof numbered - 1,
                strlen(error.message) - sizeof numbered + 2);
    return say_error(&error, example_where(from, where, sizeof where));
}

static int give_waiting(handover *giver)
{
    train_job *job = giver->run->job;
    int code = 0;
    if (giver->count && job->teacher.told)
        code = distill_ask(job, giver->example, giver->count, giver->told);
    for (size_t i = 0; i < giver->count && !code; i++)
        code = give_one(giver, giver->wait[i].part, giver->wait[i].from, &giver->example[i]);
    giver->count = 0;
    keep_clear(&giver->keep);
    return code;
}

static bool make_room(handover *giver)
{
    size_t room = giver->room ? 2 * giver->room : TOGETHER;
    cloze_example *example;
    waiting *wait;
    float *told;
    if (giver->count < giver->room)
        return true;
    if (!(example = realloc(giver->example, room * sizeof *example)))
        return false;
    giver->example = example;
    if (!(wait = realloc(giver->wait, room * sizeof *wait)))
        return false;
    giver->wait = wait;
    if (!(told = realloc(giver->told, (room * giver->run->job->teacher.told + 1) * sizeof *told)))
        return false;
    giver->told = told;
    giver->room = room;
    return true;
}

static int let_wait(handover *giver, data_part part, const cli_example *from,
                    const cloze_example *example)
{
    if (!make_room(giver))
        return out_of_memory();
    giver->example[giver->count] = *example;
    giver->wait[giver->count++] = (waiting){ part, from };
    return 0;
}

static int give_copies(handover *giver, const cli_example *from, cloze_example example,
                       uint64_t seed)
{
    const train_data *data = &giver->run->job->data;
    const augment_source source = {
        .synonyms = data->synonyms.words.count ? &data->synonyms : NULL,
        .filler = data->filler.means.fill ? &data->filler.means : NULL,
    };
    size_t copies = giver->run->job->settings->train.augment;
    int code = 0;
    for (size_t i = 0; i < copies && !code; i++) {
        if (!augment_text(&giver->keep, from->text, &data->rates, &source, seed, i,
                          &example.text) ||
            (from->pair.data && !augment_text(&giver->keep, from->pair, &data->rates, &source,
                                              seed + 1, i, &example.pair)))
            code = data->filler.code ? data->filler.code : out_of_memory();
        else
            code = let_wait(giver, PART_TRAIN, from, &example);
    }
    return code;
}

static data_part part_in(const train_run *run, data_part read, size_t i)
{
    const train_data *data = &run->job->data;
    if (read != PART_TRAIN || !data->place)
        return read;
    if (run->job->settings->train.folds)
        return data->place[i] == run->fold ? PART_DEV : PART_TRAIN;
    return (data_part)data->place[i];
}

static int give_all(handover *giver, data_part read)
{
    const train_job *job = giver->run->job;
    const cli_examples *examples = &job->data.read[read];
    int code = 0;
    for (size_t i = 0; i < examples->count && !code; i++) {
        const cli_example *from = &examples->item[i];
        data_part part = part_in(giver->run, read, i);
        uint64_t seed = job->settings->seed + 2 * (uint64_t)i * 0x9e3779b97f4a7c15u;
        cloze_example example;
        if (interrupted())
            return EXIT_INTERRUPTED;
        progress_show(&giver->progress, job->teacher.told ? "asking the teacher" : "tokenizing",
                      giver->done++, giver->all, "examples");
        if (!tell(giver, from, &example))
            return out_of_memory();
        code = let_wait(giver, part, from, &example);
        if (!code && part == PART_TRAIN && job->settings->train.augment)
            code = give_copies(giver, from, example, seed);
        if (!code && giver->count >= TOGETHER)
            code = give_waiting(giver);
    }
    return code ? code : give_waiting(giver);
}

int train_give(train_run *run, cloze_trainer *trainer)
{
    handover giver = { .run = run, .trainer = trainer };
    int code = distill_check_vectors(run->job, trainer);
    for (int part = 0; part < PARTS; part++)
        giver.all += run->job->data.read[part].count;
    progress_begin(&giver.progress, run->job->settings->quiet);
    for (int part = 0; part < PARTS && !code; part++)
        code = give_all(&giver, (data_part)part);
    progress_end(&giver.progress);
    keep_clear(&giver.keep);
    free(giver.example);
    free(giver.wait);
    free(giver.told);
    return code;
}
