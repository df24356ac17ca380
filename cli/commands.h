/* commands.h - all commands, one file each. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "options.h"

extern const cli_command command_embed;
extern const cli_command command_similar;
extern const cli_command command_search;
extern const cli_command command_cluster;
extern const cli_command command_classify;
extern const cli_command command_zero_shot;
extern const cli_command command_tag;
extern const cli_command command_answer;
extern const cli_command command_fill;
extern const cli_command command_score;
extern const cli_command command_choose;
extern const cli_command command_nsp;
extern const cli_command command_rerank;
extern const cli_command command_explain;
extern const cli_command command_counterfactual;
extern const cli_command command_reduce;
extern const cli_command command_probe;
extern const cli_command command_check;
extern const cli_command command_eval;
extern const cli_command command_train;
extern const cli_command command_distill;
extern const cli_command command_tune;
extern const cli_command command_pretrain;
extern const cli_command command_tokenize;
extern const cli_command command_info;
extern const cli_command command_pull;
extern const cli_command command_convert;
extern const cli_command command_bench;
extern const cli_command command_compare;
extern const cli_command command_vocabulary;
extern const cli_command command_help;

/* In the order of the help screen; ends with NULL. */
extern const cli_command *const all_commands[];

#endif
