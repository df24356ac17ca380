/* help.h - help screens at 80 columns, from the tables of options. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "options.h"

#include <stdio.h>

void help_overview(FILE *out);
void help_command(const cli_command *command);
const cli_command *command_named(const char *name);

/* ---- written from the same tables ---- */

void write_man_page(FILE *out);
void write_bash_completion(FILE *out);
void write_zsh_completion(FILE *out);
void write_fish_completion(FILE *out);

#endif
