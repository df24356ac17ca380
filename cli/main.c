/* main.c - the program cloze: finds the command and runs it. Commands have a file each. */
#include "commands.h"
#include "help.h"
#include "interrupt.h"
#include "options.h"
#include "say.h"

#include <cloze/status.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* clang-format off: one a line */
const cli_command *const all_commands[] = {
    &command_embed,
    &command_similar,
    &command_search,
    &command_cluster,
    &command_classify,
    &command_zero_shot,
    &command_tag,
    &command_answer,
    &command_fill,
    &command_score,
    &command_choose,
    &command_nsp,
    &command_rerank,
    &command_explain,
    &command_counterfactual,
    &command_reduce,
    &command_probe,
    &command_check,
    &command_eval,
    &command_train,
    &command_distill,
    &command_tune,
    &command_pretrain,
    &command_tokenize,
    &command_info,
    &command_pull,
    &command_convert,
    &command_bench,
    &command_compare,
    &command_vocabulary,
    &command_help,
    NULL,
};
/* clang-format on */

static int refuse(const char *name)
{
    const cli_command *nearest = NULL;
    size_t best = 3;
    for (int i = 0; all_commands[i]; i++) {
        size_t far = spelling_distance(name, all_commands[i]->name);
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

/* A write that failed before the last one has left no errno: the pipe itself is asked. */
static bool reader_is_gone(void)
{
    struct pollfd output = { .fd = STDOUT_FILENO, .events = POLLOUT };
    return errno == EPIPE || (poll(&output, 1, 0) == 1 && (output.revents & POLLERR));
}

/* Help is printed through stdio, everything else through output.h. */
static int finish(int code)
{
    errno = 0;
    if (!fflush(stdout) && !ferror(stdout))
        return code;
    if (reader_is_gone())
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
    if (!strcmp(name, "--help") || !strcmp(name, "-h"))
        return finish(command_help.run(&command_help, argc - 1, argv + 1));
    for (int i = 0; all_commands[i]; i++)
        if (!strcmp(name, all_commands[i]->name))
            return finish(all_commands[i]->run(all_commands[i], argc - 1, argv + 1));
    return refuse(name);
}
