/* man_page.c - the man page in troff (man macros), from the tables of options. */
#include "help.h"

#include "commands.h"
#include "say.h"

#include <cloze/status.h>

#include <ctype.h>
#include <string.h>

/* Text as troff takes it literally: backslashes, hyphens that are minus signs, leading dots. */
static void text(FILE *out, const char *words)
{
    bool line_begins = true;
    for (const char *c = words; *c; c++) {
        if (line_begins && (*c == '.' || *c == '\''))
            fputs("\\&", out);
        if (*c == '\\')
            fputs("\\e", out);
        else if (*c == '-')
            fputs("\\-", out);
        else if (*c == '\n' && c[1] == '\n')
            fputs("\n.PP", out);
        else
            fputc(*c, out);
        line_begins = *c == '\n';
    }
}

static void option_entry(FILE *out, const command_option *option)
{
    fputs(".TP\n", out);
    if (option->letter)
        fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
    fputs("\\fB\\-\\-", out);
    text(out, option->name);
    fputs("\\fR", out);
    if (option->value) {
        fputs(" \\fI", out);
        text(out, option->value);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    text(out, option->help);
    fputc('\n', out);
}

static bool is_shared(const option_group *group)
{
    return group == &general_options || group == &model_options || group == &input_options ||
           group == &embedding_options;
}

static void command_section(FILE *out, const cli_command *command)
{
    fprintf(out, ".SS \"cloze %s [options] %s\"\n", command->name, command->operands);
    text(out, command->description);
    fputc('\n', out);
    for (int g = 0; g < GROUPS_MOST && command->groups[g]; g++)
        if (!is_shared(command->groups[g]))
            for (const command_option *o = command->groups[g]->options; o->name; o++)
                option_entry(out, o);
    fputs(".PP\n", out);
    bool any = false;
    for (int g = 0; g < GROUPS_MOST && command->groups[g]; g++)
        if (is_shared(command->groups[g])) {
            fprintf(out, "%s\\fI%s options\\fR", any ? ", " : "Also: ", command->groups[g]->title);
            any = true;
        }
    fputs(any ? " (below).\n" : "", out);
}

static void shared_section(FILE *out, const option_group *group)
{
    fprintf(out, ".SS \"%s options\"\n", group->title);
    for (const command_option *o = group->options; o->name; o++)
        option_entry(out, o);
}

static void exit_section(FILE *out)
{
    fputs(".SH EXIT STATUS\n", out);
    for (const exit_meaning *e = exit_meanings; e->meaning; e++) {
        fprintf(out, ".TP\n\\fB%d\\fR\n", e->code);
        text(out, e->meaning);
        fputc('\n', out);
    }
}

static void environment_section(FILE *out)
{
    static const char *const variables[][2] = {
        { "CLOZE_MODEL", "the model when -m is not given" },
        { "CLOZE_ISA", "use at most this instruction set: scalar, avx2, avx512, neon" },
        { "HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME",
          "where the cache of models lies, shared with Python programs: the first one set, with "
          "/hub after HF_HOME and /huggingface/hub after XDG_CACHE_HOME" },
        { "HF_ENDPOINT", "another hub" },
        { "HF_TOKEN, HF_TOKEN_PATH",
          "for models that need one: the token, or a file that holds it" },
        { "SSL_CERT_FILE, https_proxy",
          "further certificate authorities, and proxies as curl knows them, for pull" },
        { "HF_HUB_OFFLINE", "1: nothing is downloaded, not even by pull" },
        { "NO_COLOR", "progress and explanations without colour" },
        { "TMPDIR", "where an npy array waits that is written into a pipe" },
    };
    fputs(".SH ENVIRONMENT\n", out);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        fprintf(out, ".TP\n.B %s\n", variables[i][0]);
        text(out, variables[i][1]);
        fputc('\n', out);
    }
}

static void example_section(FILE *out)
{
    fputs(".SH EXAMPLES\n", out);
    for (int i = 0; all_commands[i]; i++)
        for (const command_example *e = all_commands[i]->examples; e->line; e++) {
            fputs(".TP\n", out);
            text(out, e->remark);
            fputs("\n.nf\n", out);
            text(out, e->line);
            fputs("\n.fi\n", out);
        }
}

void write_man_page(FILE *out)
{
    fprintf(out, ".TH CLOZE 1 \"\" \"cloze %s\" \"User Commands\"\n", cloze_version());
    fputs(".SH NAME\ncloze \\- run BERT models: sentence vectors, similarity, tokens\n", out);
    fputs(".SH SYNOPSIS\n.B cloze\n\\fICOMMAND\\fR [options]\n.br\n.B cloze \\-\\-version\n", out);
    fputs(".SH DESCRIPTION\n", out);
    text(out,
         "cloze runs transformers of the BERT kind on the processor: it turns texts into vectors, "
         "finds the most similar ones, and shows tokens, exactly as the Python packages do. "
         "Models are folders in the layout of Hugging Face and sentence-transformers, or names "
         "of models in the Hugging Face cache. Only pull, and --pull, use the network.\n");
    fputs(".SH COMMANDS\n", out);
    for (int i = 0; all_commands[i]; i++)
        command_section(out, all_commands[i]);
    fputs(".SH OPTIONS\n", out);
    shared_section(out, &input_options);
    shared_section(out, &embedding_options);
    shared_section(out, &model_options);
    shared_section(out, &general_options);
    example_section(out);
    exit_section(out);
    environment_section(out);
}
