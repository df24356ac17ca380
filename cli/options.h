/*
 * options.h - tables of options, and commands that have them. Parsing, help screens, the man page
 * and shell completions all come from these tables.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "settings.h"

typedef enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_WORD,   /* const char * */
    OPTION_WORDS,  /* words: may be given several times */
    OPTION_NUMBER, /* size_t */
    OPTION_COUNT,  /* size_t, at least 1 */
    OPTION_REAL,   /* double, at least 0 */
    OPTION_SIGNED, /* double */
    OPTION_CHOICE  /* int; `value` lists the choices: "jsonl|npy|raw" */
} option_kind;

typedef struct command_option {
    const char *name; /* long name; NULL ends a table */
    char letter;      /* 0: none */
    option_kind kind;
    const char *value; /* placeholder: MODEL, FILE, FOLDER and choices are completed by shells */
    size_t field;      /* offset in settings */
    const char *help;
    char other_letter; /* that is understood, too, and not shown; 0: none */
} command_option;

typedef struct option_group {
    const char *title;
    const command_option *options;
} option_group;

enum { GROUPS_MOST = 10 };

typedef struct command_example {
    const char *line, *remark;
} command_example;

typedef struct cli_command {
    const char *name;
    const char *operands;     /* "[TEXT ...]" */
    const char *operand_kind; /* what shells complete: "file", "command", "none", "a|b|c" */
    const char *summary;
    const char *description; /* paragraphs, an empty line between them */
    const option_group *groups[GROUPS_MOST];
    const command_example *examples; /* ends with a NULL line */
    int (*run)(const struct cli_command *self, int argc, char **argv);
} cli_command;

extern const option_group general_options, model_options, input_options, pair_options,
    embedding_options;

/*
 * Fills `out` and moves the operands to argv[*first ...]. Returns -1 to go on, else the exit code
 * to end with: help was asked for and printed, or something was wrong and said.
 */
int options_parse(const cli_command *self, int argc, char **argv, cli_settings *out, int *first);
void settings_clear(cli_settings *settings);

/* Calls `each` for the options of a command line in their order (`text` NULL: a flag) until one
 * returns an exit code, 0 or more. Else as options_parse. */
typedef int option_each(void *context, const command_option *option, const char *text);
int options_each(const cli_command *self, int argc, char **argv, option_each *each, void *context,
                 int *first);
/* The option of this name, [size] bytes; NULL if there is none. */
const command_option *options_find(const cli_command *self, const char *name, size_t size);

/* Insertions, deletions and replacements between two words of at most 32 letters; 32 for longer. */
size_t spelling_distance(const char *a, const char *b);

#define OPTION(name, letter, kind, value, field, help)                                             \
    {                                                                                              \
        name, letter, kind, value, offsetof(cli_settings, field), help, 0                          \
    }
/* The N best of something: -k, and -n as some commands once had it alone. */
#define OPTION_TOP(help)                                                                           \
    {                                                                                              \
        "top", 'k', OPTION_COUNT, "N", offsetof(cli_settings, top), help, 'n'                      \
    }
#define OPTIONS_END                                                                                \
    {                                                                                              \
        NULL, 0, OPTION_FLAG, NULL, 0, NULL, 0                                                     \
    }

#endif
