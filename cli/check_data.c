/* check_data.c - texts to check, with labels, with changes or without, and lists of names. */
#include "check.h"

#include "encoding.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

void check_data_clear(check_job *job)
{
    size_t files = job->settings->check.names.count + job->settings->check.places.count;
    labels_clear(&job->labels);
    examples_clear(&job->labelled);
    examples_clear(&job->changed);
    keep_clear(&job->keep);
    free(job->texts);
    free(job->pairs);
    free(job->given);
    free(job->gold);
    free((void *)job->where);
    for (size_t i = 0; i < files && job->lists; i++)
        free(job->lists[i].item);
    for (size_t i = 0; i < files && job->bytes; i++)
        free(job->bytes[i]);
    free(job->lists);
    free(job->bytes);
    free(job->groups);
}

/* ---- texts ---- */

static bool grow(void **items, size_t room, size_t size)
{
    size_t bytes;
    void *grown = NULL;
    if (!__builtin_mul_overflow(room, size, &bytes))
        grown = realloc(*items, bytes);
    if (grown)
        *items = grown;
    return grown;
}

static bool make_room(check_job *job)
{
    size_t room = job->room ? 2 * job->room : 256;
    if (job->count < job->room)
        return true;
    if (!grow((void **)&job->texts, room, sizeof *job->texts) ||
        !grow((void **)&job->pairs, room, sizeof *job->pairs) ||
        !grow((void **)&job->given, room, sizeof *job->given) ||
        !grow((void **)&job->gold, room, sizeof *job->gold) ||
        !grow((void **)&job->where, room, sizeof *job->where))
        return false;
    job->room = room;
    return true;
}

/* The place is copied; the texts stay where they are. */
static bool add(check_job *job, cloze_text text, cloze_text pair, cloze_text given, int64_t gold,
                const char *where)
{
    cloze_text place;
    size_t at = job->count;
    if (!make_room(job) || !keep_text(&job->keep, (cloze_text){ where, strlen(where) }, &place))
        return false;
    job->texts[at] = text;
    job->pairs[at] = pair;
    job->given[at] = given;
    job->gold[at] = gold;
    job->where[at] = place.data;
    job->has_pairs = job->has_pairs || pair.data;
    job->has_given = job->has_given || given.data;
    job->has_gold = job->has_gold || gold >= 0;
    job->count++;
    return true;
}

static int take_chunk(check_job *job, const cli_input *input)
{
    const cloze_text *pairs = input_pairs(input), none = { NULL, 0 };
    const char *second = job->settings->pair;
    char where[PATH_SIZE + 32];
    for (size_t i = 0; i < input_count(input); i++) {
        cloze_text text, pair = none;
        if (!keep_text(&job->keep, input_texts(input)[i], &text) ||
            (pairs && !keep_text(&job->keep, pairs[i], &pair)))
            return out_of_memory();
        if (second)
            pair = (cloze_text){ second, strlen(second) };
        if (!add(job, text, pair, none, -1, input_where(input, i, where, sizeof where)))
            return out_of_memory();
    }
    return 0;
}

static int read_plain(check_job *job, char **texts, size_t count)
{
    cli_input *input = NULL;
    int code = input_open(&input, job->settings, texts, count);
    if (!code)
        code = input_next(input);
    while (!code && input_count(input)) {
        code = take_chunk(job, input);
        if (!code)
            code = input_next(input);
    }
    input_close(input);
    return code;
}

static example_format format_of(const cli_settings *s)
{
    return (example_format){ .layout = s->layout,
                             .encoding = s->train.encoding,
                             .no_header = s->no_header,
                             .text_column = s->text_column };
}

static int read_labelled(check_job *job)
{
    const cli_settings *s = job->settings;
    example_format format = format_of(s);
    const cloze_text none = { NULL, 0 };
    char where[PATH_SIZE + 32];
    int code = 0;
    format.kind = EXAMPLES_LABELS;
    format.pairs = s->pair_column;
    format.pair_column = s->pair_column;
    format.label_column = s->label_column;
    for (size_t i = 0; i < s->check.labelled.count && !code; i++)
        code = examples_read(&job->labelled, &format, &job->labels, s->check.labelled.item[i]);
    for (size_t i = 0; i < job->labelled.count && !code; i++) {
        const cli_example *one = &job->labelled.item[i];
        if (!add(job, one->text, one->pair, none, (int64_t)job->labels.place[one->labels[0]],
                 example_where(one, where, sizeof where)))
            code = out_of_memory();
    }
    return code;
}

static int read_changed(check_job *job)
{
    const cli_settings *s = job->settings;
    example_format format = format_of(s);
    const cloze_text none = { NULL, 0 };
    char where[PATH_SIZE + 32];
    int code = 0;
    format.kind = EXAMPLES_RANKING; /* two texts and nothing else */
    if (!s->no_header) {
        format.text_column = s->text_column ? s->text_column : "text";
        format.pair_column = s->pair_column ? s->pair_column : "changed";
    }
    for (size_t i = 0; i < s->check.changed.count && !code; i++)
        code = examples_read(&job->changed, &format, &job->labels, s->check.changed.item[i]);
    for (size_t i = 0; i < job->changed.count && !code; i++) {
        const cli_example *one = &job->changed.item[i];
        if (!add(job, one->text, none, one->pair, -1, example_where(one, where, sizeof where)))
            code = out_of_memory();
    }
    return code;
}

int check_read(check_job *job, char **texts, size_t count)
{
    const cli_settings *s = job->settings;
    bool kept = s->check.labelled.count || s->check.changed.count;
    int code = 0;
    if (count || s->files.count || !kept)
        code = read_plain(job, texts, count);
    if (!code)
        code = read_labelled(job);
    if (!code)
        code = read_changed(job);
    if (!code && s->check.change_pair && !job->has_pairs)
        code = say_failure(CLOZE_ERROR_ARGUMENT,
                           "--change-pair: the texts have no second ones; --pair gives one");
    return code;
}

/* ---- lists ---- */

/* One a line; empty lines are nothing. */
static int read_list(check_job *job, size_t number, const char *path)
{
    size_t size;
    int code = read_text_file(path, job->settings->train.encoding, &job->bytes[number], &size);
    if (code)
        return code;
    cell_reader lines = { path, job->bytes[number], size, 0, 1, 1 };
    cloze_text line;
    while (cells_line(&lines, &line)) {
        size_t position;
        line = cell_trimmed(line);
        if (!text_is_utf8(line, &position))
            return say_failure(CLOZE_ERROR_TEXT,
                               "%s:%zu: byte %zu of the line is not UTF-8; old files are read with "
                               "--encoding latin-1 or windows-1252",
                               path, lines.line, position + 1);
        if (line.size && !cells_add(&job->lists[number], line))
            return out_of_memory();
    }
    if (job->lists[number].count < 2)
        return say_failure(CLOZE_ERROR_TEXT,
                           "%s holds %s: two names are needed, one to stand for the other", path,
                           job->lists[number].count ? "one name" : "no names");
    job->groups[number] = (cloze_name_group){ job->lists[number].item, job->lists[number].count };
    return 0;
}

int check_read_lists(check_job *job)
{
    const cli_words *names = &job->settings->check.names, *places = &job->settings->check.places;
    size_t files = names->count + places->count;
    int code = 0;
    job->lists = calloc(files + 1, sizeof *job->lists);
    job->bytes = calloc(files + 1, sizeof *job->bytes);
    job->groups = calloc(files + 1, sizeof *job->groups);
    if (!job->lists || !job->bytes || !job->groups)
        return out_of_memory();
    for (size_t i = 0; i < files && !code; i++)
        code =
            read_list(job, i, i < names->count ? names->item[i] : places->item[i - names->count]);
    job->options.changes.names = job->groups;
    job->options.changes.name_groups = names->count;
    job->options.changes.places = job->groups + names->count;
    job->options.changes.place_groups = places->count;
    return code;
}
