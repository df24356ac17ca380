/* help.c - cloze help, and the help screens. The man page and completions are in their own
 * files. */
#include "help.h"

#include "commands.h"
#include "say.h"

#include <string.h>

enum { WIDTH = 80, OPTION_COLUMN = 29, SUMMARY_COLUMN = 16 };

static const command_option own_options[] = {
    OPTION("man", 0, OPTION_FLAG, NULL, man, "print the man page, in troff"),
    OPTION("completion", 0, OPTION_CHOICE, "bash|zsh|fish", completion,
           "print the completions for a shell"),
    OPTION("help", 'h', OPTION_FLAG, NULL, help, "print this help"),
    OPTIONS_END,
};

static const option_group own = { "Options", own_options };

static const command_example examples[] = {
    { "cloze help embed", "what embed can do" },
    { "cloze help --man | man -l -", "the man page" },
    { "eval \"$(cloze help --completion bash)\"", "completions for this shell" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .operand_kind = "command",
    .summary = "explain a command",
    .description = "Prints what a command does, its options and examples. The man page and the "
                   "shell completions come from the same tables.",
    .groups = { &own },
    .examples = examples,
    .run = run,
};

/* Words of `text` from `column` on, wrapped at 80 columns and indented by `indent`. */
static void wrap(FILE *out, const char *text, size_t indent, size_t column)
{
    while (*text) {
        size_t word = strcspn(text, " \n");
        if (column > indent && column + 1 + word > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, word, out);
        column += word;
        text += word;
        if (!strncmp(text, "\n\n", 2)) {
            fprintf(out, "\n\n%*s", (int)indent, "");
            column = indent;
        }
        text += strspn(text, " \n");
    }
    fputc('\n', out);
}

static void write_option(FILE *out, const command_option *option)
{
    char left[128];
    int size = option->letter
                   ? snprintf(left, sizeof left, "  -%c, --%s", option->letter, option->name)
                   : snprintf(left, sizeof left, "      --%s", option->name);
    if (option->value)
        size += snprintf(left + size, sizeof left - (size_t)size, " %s", option->value);
    fputs(left, out);
    if (size + 2 > OPTION_COLUMN) {
        fprintf(out, "\n%*s", OPTION_COLUMN, "");
    } else {
        fprintf(out, "%*s", OPTION_COLUMN - size, "");
    }
    wrap(out, option->help, OPTION_COLUMN, OPTION_COLUMN);
}

void help_command(const cli_command *command)
{
    FILE *out = stdout;
    fprintf(out, "usage: cloze %s [options] %s\n\n", command->name, command->operands);
    wrap(out, command->description, 0, 0);
    for (int g = 0; g < GROUPS_MOST && command->groups[g]; g++) {
        fprintf(out, "\n%s:\n", command->groups[g]->title);
        for (const command_option *o = command->groups[g]->options; o->name; o++)
            write_option(out, o);
    }
    fputs("\nExamples:\n", out);
    for (const command_example *e = command->examples; e->line; e++)
        fprintf(out, "  # %s\n  %s\n", e->remark, e->line);
}

void help_overview(FILE *out)
{
    fputs("usage: cloze COMMAND [options]\n\nBERT models on your machine: sentence vectors, "
          "similarity, labels, tokens.\n\n",
          out);
    for (int i = 0; all_commands[i]; i++)
        fprintf(out, "  %-*s%s\n", SUMMARY_COLUMN, all_commands[i]->name, all_commands[i]->summary);
    fputs("\n`cloze help COMMAND` tells more, `cloze --version` the version. Try:\n\n"
          "  cloze pull sentence-transformers/all-MiniLM-L6-v2\n"
          "  cloze similar \"I love pasta\" \"Do you like pizza?\" \"A woman watches TV\"\n",
          out);
}

const cli_command *command_named(const char *name)
{
    for (int i = 0; all_commands[i]; i++)
        if (!strcmp(all_commands[i]->name, name))
            return all_commands[i];
    return NULL;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    const cli_command *topic;
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0)
        return code;
    if (settings.man)
        write_man_page(stdout);
    else if (settings.completion == 1)
        write_bash_completion(stdout);
    else if (settings.completion == 2)
        write_zsh_completion(stdout);
    else if (settings.completion == 3)
        write_fish_completion(stdout);
    else if (first == argc)
        help_overview(stdout);
    else if ((topic = command_named(argv[first])))
        help_command(topic);
    else
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "there is no command \"%s\"; `cloze help` lists "
                           "them",
                           argv[first]);
    return 0;
}
