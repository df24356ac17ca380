/* main.c - the program cloze: finds the command and runs it. Commands have a file each. */
#include "commands.h"
#include "help.h"
#include "interrupt.h"
#include "say.h"

#include <cloze/status.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

const cli_command *const all_commands[] = {
    &command_embed, &command_similar, &command_tokenize, &command_info, &command_pull,
    &command_bench, &command_compare, &command_help,     NULL,
};

enum { NAME_MOST = 32 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Insertions, deletions and replacements between two short words. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MOST + 1], columns = strlen(b);
    if (columns > NAME_MOST || strlen(a) > NAME_MOST)
        return NAME_MOST;
    for (size_t j = 0; j <= columns; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            size_t above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
            corner = above;
        }
    }
    return row[columns];
}

static int refuse(const char *name)
{
    const cli_command *nearest = NULL;
    size_t best = 3;
    for (int i = 0; all_commands[i]; i++) {
        size_t far = distance(name, all_commands[i]->name);
        if (far < best) {
            best = far;
            nearest = all_commands[i];
        }
    }
    if (nearest)
        return say_failure(CLOZE_ERROR_ARGUMENT, "there is no command \"%s\"; did you mean %s?",
                           name, nearest->name);
    return say_failure(CLOZE_ERROR_ARGUMENT, "there is no command \"%s\"; `cloze help` lists them",
                       name);
}

/* Help is printed through stdio, everything else through output.h. */
static int finish(int code)
{
    errno = 0;
    if (!fflush(stdout) && !ferror(stdout))
        return code;
    if (errno == EPIPE)
        return EXIT_BROKEN_PIPE;
    return say_failure(CLOZE_ERROR_IO, "cannot write standard output: %s",
                       errno ? strerror(errno) : "an error before");
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    interrupt_watch();
    if (!name) {
        help_overview(stderr);
        return CLOZE_ERROR_ARGUMENT;
    }
    if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
        printf("cloze %s\n", cloze_version());
        return finish(0);
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
        help_overview(stdout);
        return finish(0);
    }
    for (int i = 0; all_commands[i]; i++)
        if (!strcmp(name, all_commands[i]->name))
            return finish(all_commands[i]->run(all_commands[i], argc - 1, argv + 1));
    return refuse(name);
}
