/*
 * progress.h - one line on standard error that tells how far long work is. Only on a terminal, only
 * after half a second, coloured unless NO_COLOR is set.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cli_progress {
    bool on, drawn, colour, counting;
    double begun, last;
    uint64_t first; /* done when it was first shown: not of this run */
    size_t columns;
} cli_progress;

double seconds_now(void);
/* `quiet` keeps it silent. */
void progress_begin(cli_progress *progress, bool quiet);
/* "name  [=====>    ]  50 %  5 of 10 texts  10 texts/s"; total 0: unknown. `unit` NULL: bytes,
 * shown in MB. */
void progress_show(cli_progress *progress, const char *name, uint64_t done, uint64_t total,
                   const char *unit);
/* Whether it is time to draw again. */
bool progress_due(const cli_progress *progress);
/* "[=====>    ] 50 %  ", empty if the total is not known. */
void progress_bar(char *out, size_t size, uint64_t done, uint64_t total);
/* Columns that UTF-8 of narrow characters takes. */
size_t progress_columns(const char *text);
/* Draws a line of one's own, cut at the width of the terminal. */
void progress_line(cli_progress *progress, char *text);
/* Removes the line. */
void progress_end(cli_progress *progress);

#endif
