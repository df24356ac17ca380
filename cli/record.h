/* record.h - which model made a result, and with what: for JSON that is kept. */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "open.h"
#include "output.h"

/* "model": ..., "version": ..., "isa": ... */
void record_write_json(cli_output *output, const cli_settings *settings, const cli_opened *opened,
                       const char *digest);

#endif
