/* commands.h - all commands, one file each. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "options.h"

extern const cli_command command_embed, command_similar, command_classify, command_tag,
    command_rerank, command_eval, command_tokenize, command_info, command_pull, command_bench,
    command_compare, command_help;

/* In the order of the help screen; ends with NULL. */
extern const cli_command *const all_commands[];

#endif
