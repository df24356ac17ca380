/*
 * completion.c - completions for bash, zsh and fish, from the tables of options. What a value is
 * completed with follows from its placeholder: FILE, FOLDER, MODEL, or choices joined by |.
 */
#include "help.h"

#include "commands.h"

#include <string.h>

typedef void each_option(FILE *out, const cli_command *command, const command_option *option);

static void walk(FILE *out, const cli_command *command, each_option *each)
{
    for (int g = 0; g < GROUPS_MOST && command->groups[g]; g++)
        for (const command_option *o = command->groups[g]->options; o->name; o++)
            each(out, command, o);
}

static bool is_path(const command_option *option)
{
    return option->value && (!strcmp(option->value, "FILE") || !strcmp(option->value, "FOLDER") ||
                             !strcmp(option->value, "MODEL"));
}

/* "a|b" with another character between. */
static void choices(FILE *out, const char *value, char between)
{
    for (; *value; value++)
        fputc(*value == '|' ? between : *value, out);
}

static void command_names(FILE *out)
{
    for (int i = 0; all_commands[i]; i++)
        fprintf(out, "%s%s", i ? " " : "", all_commands[i]->name);
}

/* ---- bash ---- */

static void bash_name(FILE *out, const cli_command *command, const command_option *option)
{
    (void)command;
    if (option->letter)
        fprintf(out, " -%c", option->letter);
    fprintf(out, " --%s", option->name);
}

static void bash_value(FILE *out, const cli_command *command, const command_option *option)
{
    if (option->kind == OPTION_FLAG)
        return;
    fprintf(out, "    %s:--%s", command->name, option->name);
    if (option->letter)
        fprintf(out, "|%s:-%c", command->name, option->letter);
    if (option->kind == OPTION_CHOICE) {
        fputs(") COMPREPLY=($(compgen -W \"", out);
        choices(out, option->value, ' ');
        fputs("\" -- \"$word\")); return ;;\n", out);
    } else if (is_path(option)) {
        fputs(") COMPREPLY=($(compgen -f -- \"$word\")); compopt -o filenames; return ;;\n", out);
    } else {
        fputs(") return ;;\n", out);
    }
}

void write_bash_completion(FILE *out)
{
    fputs("# bash completion for cloze; made by `cloze help --completion bash`\n"
          "_cloze() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command=${COMP_WORDS[1]}\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"",
          out);
    command_names(out);
    fputs(" --help --version\" -- \"$word\"))\n        return\n    fi\n"
          "    case $command:$before in\n",
          out);
    for (int i = 0; all_commands[i]; i++)
        walk(out, all_commands[i], bash_value);
    fputs("    esac\n    case $word in\n    -*)\n        case $command in\n", out);
    for (int i = 0; all_commands[i]; i++) {
        fprintf(out, "        %s) COMPREPLY=($(compgen -W \"", all_commands[i]->name);
        walk(out, all_commands[i], bash_name);
        fputs("\" -- \"$word\")) ;;\n", out);
    }
    fputs("        esac\n        return ;;\n    esac\n    case $command in\n", out);
    for (int i = 0; all_commands[i]; i++)
        if (!strcmp(all_commands[i]->operand_kind, "file"))
            fprintf(out,
                    "    %s) COMPREPLY=($(compgen -f -- \"$word\")); compopt -o filenames ;;\n",
                    all_commands[i]->name);
    for (int i = 0; all_commands[i]; i++)
        if (strchr(all_commands[i]->operand_kind, '|')) {
            fprintf(out, "    %s) COMPREPLY=($(compgen -W \"", all_commands[i]->name);
            choices(out, all_commands[i]->operand_kind, ' ');
            fputs("\" -- \"$word\")) ;;\n", out);
        }
    fputs("    help) COMPREPLY=($(compgen -W \"", out);
    command_names(out);
    fputs("\" -- \"$word\")) ;;\n    esac\n}\ncomplete -F _cloze cloze\n", out);
}

/* ---- zsh ---- */

/* Inside '...[...]': quotes, brackets and colons are escaped. */
static void zsh_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", out);
        else if (strchr("[]:\\", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void zsh_option(FILE *out, const cli_command *command, const command_option *option)
{
    const char *again = option->kind == OPTION_WORDS ? "*" : "";
    (void)command;
    fputs(" \\\n            ", out);
    if (option->letter)
        fprintf(out, "%s{-%c,--%s}", *again ? "\\*" : "", option->letter, option->name);
    else
        fprintf(out, "'%s--%s'", again, option->name);
    fputs("'[", out);
    zsh_text(out, option->help);
    fputc(']', out);
    if (option->kind == OPTION_CHOICE) {
        fprintf(out, ":%s:(", option->name);
        choices(out, option->value, ' ');
        fputc(')', out);
    } else if (is_path(option)) {
        fprintf(out, ":%s:_files", option->value);
    } else if (option->kind != OPTION_FLAG) {
        fprintf(out, ":%s:", option->value);
    }
    fputc('\'', out);
}

void write_zsh_completion(FILE *out)
{
    fputs("#compdef cloze\n# made by `cloze help --completion zsh`\n\n_cloze() {\n"
          "    local -a commands\n    commands=(\n",
          out);
    for (int i = 0; all_commands[i]; i++) {
        fprintf(out, "        '%s:", all_commands[i]->name);
        zsh_text(out, all_commands[i]->summary);
        fputs("'\n", out);
    }
    fputs("    )\n    if (( CURRENT == 2 )); then\n"
          "        _describe command commands\n        return\n    fi\n"
          "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n"
          "    case $command in\n",
          out);
    for (int i = 0; all_commands[i]; i++) {
        const char *kind = all_commands[i]->operand_kind;
        fprintf(out, "    %s)\n        _arguments -s", all_commands[i]->name);
        walk(out, all_commands[i], zsh_option);
        if (!strcmp(kind, "file"))
            fputs(" \\\n            '*:file:_files'", out);
        if (strchr(kind, '|')) {
            fputs(" \\\n            '1:kind:(", out);
            choices(out, kind, ' ');
            fputs(")'", out);
        }
        if (!strcmp(kind, "command")) {
            fputs(" \\\n            '1:command:(", out);
            command_names(out);
            fputs(")'", out);
        }
        fputs(" ;;\n", out);
    }
    fputs("    esac\n}\n\n_cloze \"$@\"\n", out);
}

/* ---- fish ---- */

static void fish_text(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('\'', out);
}

static void fish_option(FILE *out, const cli_command *command, const command_option *option)
{
    fprintf(out, "complete -c cloze -n '__fish_seen_subcommand_from %s' -l %s", command->name,
            option->name);
    if (option->letter)
        fprintf(out, " -s %c", option->letter);
    if (is_path(option))
        fputs(" -r -F", out);
    else if (option->kind != OPTION_FLAG)
        fputs(" -x", out);
    if (option->kind == OPTION_CHOICE) {
        fputs(" -a '", out);
        choices(out, option->value, ' ');
        fputc('\'', out);
    }
    fputs(" -d ", out);
    fish_text(out, option->help);
    fputc('\n', out);
}

void write_fish_completion(FILE *out)
{
    fputs("# fish completion for cloze; made by `cloze help --completion fish`\n"
          "complete -c cloze -f\n",
          out);
    for (int i = 0; all_commands[i]; i++) {
        fprintf(out, "complete -c cloze -n __fish_use_subcommand -a %s -d ", all_commands[i]->name);
        fish_text(out, all_commands[i]->summary);
        fputc('\n', out);
        if (!strcmp(all_commands[i]->operand_kind, "file"))
            fprintf(out, "complete -c cloze -n '__fish_seen_subcommand_from %s' -F\n",
                    all_commands[i]->name);
        if (strchr(all_commands[i]->operand_kind, '|')) {
            fprintf(out, "complete -c cloze -n '__fish_seen_subcommand_from %s' -a '",
                    all_commands[i]->name);
            choices(out, all_commands[i]->operand_kind, ' ');
            fputs("'\n", out);
        }
        walk(out, all_commands[i], fish_option);
    }
    fputs("complete -c cloze -n '__fish_seen_subcommand_from help' -a '", out);
    command_names(out);
    fputs("'\n", out);
}
