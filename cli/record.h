/* record.h - which model made a result, and with what: for JSON that is kept. */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "open.h"
#include "output.h"

/* "model": ..., "version": ..., "isa": ... */
void record_write_json(cli_output *output, const cli_settings *settings, const cli_opened *opened,
                       const char *digest);
/* Above 2^53 a string, since readers of JSON may take numbers as doubles (RFC 7493). */
void record_write_whole(cli_output *output, const char *before, uint64_t number);

#endif
