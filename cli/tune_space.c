/*
 * tune_space.c - what --try says, as in rate=1e-5..1e-4:log or epochs=2,3,4, and the trials that are
 * made of it: all of a grid, or some that a seed draws.
 */
#include "tune.h"

#include "cells.h"
#include "chance.h"
#include "commands.h"
#include "say.h"
#include "train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MOST = 1000, DRAWS_MOST = 100 };

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static const char *keep_word(tune_job *job, const char *text, size_t size)
{
    cloze_text kept;
    return keep_text(&job->keep, (cloze_text){ text, size }, &kept) ? kept.data : NULL;
}

/* ---- names ---- */

static bool is_in(const option_group *group, const command_option *option)
{
    for (const command_option *o = group->options; o->name; o++)
        if (o == option)
            return true;
    return false;
}

/* What may differ between trials that are measured with the same examples in the same way. */
static bool may_differ(const command_option *option)
{
    static const char *const others[] = { "max-tokens", "stride", "patience",
                                          "keep-last",  "model",  "revision" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcmp(option->name, others[i]))
            return true;
    return is_in(&train_step_options, option) || is_in(&train_part_options, option) ||
           is_in(&train_loss_options, option) || is_in(&train_augment_options, option);
}

static int find_option(tune_job *job, const char *try, tune_setting *out)
{
    size_t size = strcspn(try, "=");
    char flag[64];
    if (!try[size] || !try[size + 1])
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--try takes a setting and its values, as in rate=1e-5..1e-4:log or "
                           "epochs=2,3,4; \"%s\" is not",
                           try);
    if (!(out->option = options_find(&command_train, try, size)))
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--try %s: `cloze train` has no option --%.*s; `cloze help train` lists "
                           "them",
                           try, (int)size, try);
    if (!may_differ(out->option))
        return say_failure(
            CLOZE_ERROR_ARGUMENT,
            "--try %s: --%s is the same for all trials, or they could not be compared", try,
            out->option->name);
    for (size_t i = 0; i < job->setting_count; i++)
        if (job->setting[i].option == out->option)
            return say_failure(CLOZE_ERROR_ARGUMENT, "--try %s: --%s is tried twice", try,
                               out->option->name);
    snprintf(flag, sizeof flag, "--%s", out->option->name);
    return (out->flag = keep_word(job, flag, strlen(flag))) ? 0 : out_of_memory();
}

/* ---- values ---- */

static bool is_number(const command_option *option)
{
    return option->kind == OPTION_REAL || option->kind == OPTION_NUMBER ||
           option->kind == OPTION_COUNT;
}

static int add_value(tune_job *job, tune_setting *setting, const char *text, size_t size)
{
    const char *value = keep_word(job, text, size);
    if (!value)
        return out_of_memory();
    for (size_t i = 0; i < setting->count; i++)
        if (!strcmp(setting->values[i], value))
            return say_failure(CLOZE_ERROR_ARGUMENT, "--try %s: \"%s\" is there twice",
                               setting->option->name, value);
    if (setting->option->kind == OPTION_FLAG && strcmp(value, "yes") != 0 &&
        strcmp(value, "no") != 0)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--try %s: its values are yes and no, not \"%s\"",
                           setting->option->name, value);
    setting->values[setting->count++] = value;
    return 0;
}

/* Values with commas in them have | between them. */
static int read_list(tune_job *job, tune_setting *setting, const char *text)
{
    const char *separators = strchr(text, '|') ? "|" : ",";
    int code = 0;
    setting->values = keep_room(&job->keep, VALUES_MOST, sizeof *setting->values);
    if (!setting->values)
        return out_of_memory();
    for (const char *at = text; !code; at++) {
        size_t size = strcspn(at, separators);
        if (setting->count == VALUES_MOST)
            return say_failure(CLOZE_ERROR_LIMIT, "--try %s: more than %d values",
                               setting->option->name, VALUES_MOST);
        code = add_value(job, setting, at, size);
        at += size;
        if (!*at)
            break;
    }
    return code;
}

/* The number at `share` of the way from low to high, in three digits. */
static const char *number_at(tune_job *job, const tune_setting *setting, double share)
{
    double low = setting->low, high = setting->high, value;
    char text[40];
    value = setting->logarithmic ? exp(log(low) + share * (log(high) - log(low)))
                                 : low + share * (high - low);
    if (setting->whole)
        snprintf(text, sizeof text, "%.0f", round(value));
    else
        snprintf(text, sizeof text, "%.3g", value);
    return keep_word(job, text, strlen(text));
}

static int refuse_range(const tune_setting *setting, const char *text, const char *why)
{
    return say_failure(CLOZE_ERROR_ARGUMENT, "--try %s=%s: %s", setting->option->name, text, why);
}

/* ":log" and ":5" behind a range. */
static int read_range_ends(tune_setting *setting, const char *text, const char *at, size_t *points)
{
    while (*at) {
        char *end = NULL;
        if (!strncmp(at, ":log", 4) && (at[4] == ':' || !at[4])) {
            setting->logarithmic = true;
            at += 4;
            continue;
        }
        *points = at[0] == ':' && at[1] >= '0' && at[1] <= '9' ? strtoul(at + 1, &end, 10) : 0;
        if (!end || (*end && *end != ':') || *points < 2 || *points > VALUES_MOST)
            return refuse_range(setting, text,
                                "behind a range come :log and how many numbers of it, as in :5");
        at = end;
    }
    return 0;
}

/* "2..8": the first number ends at the dots, one of which strtod would take. */
static const char *read_bounds(tune_setting *setting, const char *text)
{
    const char *dots = strstr(text, "..");
    char first[40], *end;
    if ((size_t)(dots - text) >= sizeof first)
        return NULL;
    snprintf(first, sizeof first, "%.*s", (int)(dots - text), text);
    setting->low = strtod(first, &end);
    if (end == first || *end)
        return NULL;
    setting->high = strtod(dots + 2, &end);
    return end == dots + 2 || !isfinite(setting->low) || !isfinite(setting->high) ||
                   setting->low >= setting->high
               ? NULL
               : end;
}

static int read_range(tune_job *job, tune_setting *setting, const char *text)
{
    const char *end = read_bounds(setting, text);
    size_t points = 0;
    int code;
    setting->whole = setting->option->kind != OPTION_REAL;
    if (!end)
        return refuse_range(setting, text,
                            "a range goes from a number up to a larger one, as in "
                            "1e-5..1e-4");
    if (setting->whole && (setting->low != floor(setting->low) ||
                           setting->high != floor(setting->high) || setting->low < 0))
        return refuse_range(setting, text, "it takes whole numbers");
    if ((code = read_range_ends(setting, text, end, &points)))
        return code;
    if (setting->logarithmic && setting->low <= 0)
        return refuse_range(setting, text, "a logarithmic range begins above 0");
    if (!points)
        return 0;
    if (!(setting->values = keep_room(&job->keep, points, sizeof *setting->values)))
        return out_of_memory();
    for (size_t i = 0; i < points && !code; i++) {
        const char *value = number_at(job, setting, (double)i / (double)(points - 1));
        bool known = value && setting->count && !strcmp(setting->values[setting->count - 1], value);
        if (!known)
            code = value ? add_value(job, setting, value, strlen(value)) : out_of_memory();
    }
    return code;
}

int tune_read_settings(tune_job *job)
{
    const cli_words *tries = &job->settings->tune.tries;
    int code = 0;
    if (!tries->count)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--try says what is tried, as in --try rate=1e-5..1e-4:log --try "
                           "epochs=2,3,4");
    if (tries->count > TUNE_SETTINGS_MOST)
        return say_failure(CLOZE_ERROR_LIMIT, "at most %d settings can be tried together",
                           TUNE_SETTINGS_MOST);
    for (size_t i = 0; i < tries->count && !code; i++) {
        tune_setting *setting = &job->setting[i];
        const char *text = strchr(tries->item[i], '=');
        if ((code = find_option(job, tries->item[i], setting)))
            return code;
        code = is_number(setting->option) && strstr(text + 1, "..")
                   ? read_range(job, setting, text + 1)
                   : read_list(job, setting, text + 1);
        job->setting_count++;
    }
    return code;
}

/* ---- trials ---- */

static int make_room(tune_job *job, size_t count)
{
    if (!(job->trials = calloc(count, sizeof *job->trials)))
        return out_of_memory();
    for (size_t i = 0; i < count; i++)
        job->trials[i].number = i + 1;
    return 0;
}

static int draw_grid(tune_job *job)
{
    size_t count = 1;
    int code;
    for (size_t k = 0; k < job->setting_count; k++) {
        const tune_setting *setting = &job->setting[k];
        if (!setting->count)
            return say_failure(CLOZE_ERROR_ARGUMENT,
                               "a grid needs to know how many numbers of a range: --try "
                               "%s=%g..%g%s:5, or --search random",
                               setting->option->name, setting->low, setting->high,
                               setting->logarithmic ? ":log" : "");
        count *= setting->count;
        if (count > TRIALS_MOST)
            return say_failure(CLOZE_ERROR_LIMIT,
                               "the grid has more than %d trials: --search random --trials N takes "
                               "some of them",
                               TRIALS_MOST);
    }
    if ((code = make_room(job, count)))
        return code;
    for (size_t i = 0; i < count; i++) {
        size_t rest = i;
        for (size_t k = job->setting_count; k-- > 0;) {
            job->trials[i].value[k] = job->setting[k].values[rest % job->setting[k].count];
            rest /= job->setting[k].count;
        }
    }
    job->count = count;
    return 0;
}

static bool is_known(const tune_job *job, const tune_trial *trial)
{
    for (size_t i = 0; i < job->count; i++) {
        size_t same = 0;
        while (same < job->setting_count && !strcmp(job->trials[i].value[same], trial->value[same]))
            same++;
        if (same == job->setting_count)
            return true;
    }
    return false;
}

static const char *draw_value(tune_job *job, const tune_setting *setting, cli_chance *chance)
{
    double low = setting->low, high = setting->high;
    if (setting->count)
        return setting->values[chance_below(chance, setting->count)];
    if (!setting->whole || setting->logarithmic)
        return number_at(job, setting, chance_part(chance));
    /* every whole number as likely as the others */
    return number_at(job, setting,
                     (double)chance_below(chance, (size_t)(high - low) + 1) / (high - low));
}

static int draw_random(tune_job *job)
{
    size_t wanted = job->settings->tune.trials ? job->settings->tune.trials : 10;
    cli_chance chance = chance_of(job->settings->seed, 0x74756e65);
    int code;
    if (wanted > TRIALS_MOST)
        return say_failure(CLOZE_ERROR_LIMIT, "--trials goes up to %d", TRIALS_MOST);
    if ((code = make_room(job, wanted)))
        return code;
    for (size_t draws = 0; draws < DRAWS_MOST * wanted && job->count < wanted; draws++) {
        tune_trial *trial = &job->trials[job->count];
        for (size_t k = 0; k < job->setting_count; k++)
            if (!(trial->value[k] = draw_value(job, &job->setting[k], &chance)))
                return out_of_memory();
        job->count += !is_known(job, trial);
    }
    if (job->count < wanted)
        say_note(job->settings->quiet, "there are no more than %zu different trials", job->count);
    return 0;
}

int tune_draw(tune_job *job)
{
    const cli_tuning *tune = &job->settings->tune;
    bool ranges = false;
    for (size_t k = 0; k < job->setting_count; k++)
        ranges = ranges || !job->setting[k].count;
    bool grid = tune->search ? tune->search == SEARCH_GRID : !ranges && !tune->trials;
    if (grid && tune->trials)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--search grid tries everything: --trials is for --search random");
    return grid ? draw_grid(job) : draw_random(job);
}
