/* progress.c - see progress.h. */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { BAR = 16 };

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_begin(cli_progress *progress, bool quiet)
{
    struct winsize size;
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    *progress = (struct cli_progress){ 0 };
    progress->on = !quiet && isatty(STDERR_FILENO);
    progress->colour = !(no_colour && *no_colour) && !(terminal && !strcmp(terminal, "dumb"));
    progress->columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
    progress->begun = progress->last = seconds_now();
}

static void write_amounts(char *out, size_t size, uint64_t done, uint64_t total, double per_second,
                          const char *unit)
{
    double scale = unit ? 1 : 1e-6;
    int digits = unit ? 0 : 1;
    double rate = per_second * scale;
    if (!unit)
        unit = "MB";
    if (total)
        snprintf(out, size, "%.*f of %.*f %s  %.*f %s/s", digits, (double)done * scale, digits,
                 (double)total * scale, unit, digits, rate, unit);
    else
        snprintf(out, size, "%.*f %s  %.*f %s/s", digits, (double)done * scale, unit, digits, rate,
                 unit);
}

void progress_bar(char *out, size_t size, uint64_t done, uint64_t total)
{
    char bar[BAR + 1];
    size_t filled = total ? (size_t)((double)done / (double)total * BAR) : 0;
    *out = 0;
    if (!total)
        return;
    if (filled > BAR)
        filled = BAR;
    memset(bar, ' ', BAR);
    memset(bar, '=', filled);
    if (filled && filled < BAR)
        bar[filled - 1] = '>';
    bar[BAR] = 0;
    snprintf(out, size, "[%s] %3.0f %%  ", bar, 100.0 * (double)done / (double)total);
}

static void draw(cli_progress *progress, const char *line)
{
    fprintf(stderr, progress->colour ? "\r\033[K\033[36m%s\033[0m" : "\r\033[K%s", line);
    fflush(stderr);
    progress->drawn = true;
}

bool progress_due(const cli_progress *progress)
{
    return progress->on && seconds_now() - progress->last >= (progress->drawn ? 0.1 : 0.5);
}

static bool begins_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

size_t progress_columns(const char *text)
{
    size_t columns = 0;
    for (; *text; text++)
        columns += begins_character(*text);
    return columns;
}

void progress_line(cli_progress *progress, char *text)
{
    size_t columns = 0;
    if (!progress->on)
        return;
    progress->last = seconds_now();
    for (char *at = text; *at; at++)
        if (begins_character(*at) && ++columns >= progress->columns) {
            *at = 0;
            break;
        }
    draw(progress, text);
}

void progress_show(cli_progress *progress, const char *name, uint64_t done, uint64_t total,
                   const char *unit)
{
    char bar[BAR + 24], amounts[96], line[512];
    double now;
    if (!progress->on)
        return;
    now = seconds_now();
    if (progress->first > done || !progress->counting) {
        progress->first = unit ? 0 : done;
        progress->counting = true;
    }
    if (now - progress->last < (progress->drawn ? 0.1 : 0.5) &&
        !(done == total && !unit && progress->drawn))
        return;
    progress->last = now;
    progress_bar(bar, sizeof bar, done, total);
    write_amounts(amounts, sizeof amounts, done, total,
                  now > progress->begun ? (double)(done - progress->first) / (now - progress->begun)
                                        : 0,
                  unit);
    snprintf(line, sizeof line, "%s  %s%s", name, bar, amounts);
    if (strlen(line) >= progress->columns)
        snprintf(line, sizeof line, "%s%s", bar, amounts);
    if (strlen(line) >= progress->columns)
        line[progress->columns - 1] = 0;
    draw(progress, line);
}

void progress_end(cli_progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
}
