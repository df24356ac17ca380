/* filler.h - a model that says what could stand in the place of words: see augment.h. */
#ifndef CLI_FILLER_H
#define CLI_FILLER_H

#include "augment.h"
#include "open.h"

typedef struct cli_filler {
    cli_opened opened;
    cloze_fillings *fillings;
    augment_filler means; /* `fill` is NULL unless it is open */
    int code;             /* of a failure that was told; 0: none */
} cli_filler;

/* `engine` stays the caller's. The filler must not be moved. Exit code. */
int filler_open(cli_filler *filler, const cli_settings *settings, const char *model,
                cloze_engine *engine);
void filler_close(cli_filler *filler);

#endif
