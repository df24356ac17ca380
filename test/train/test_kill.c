/*
 * test_kill.c - a run that is killed at any system call of keeping its state goes on, and ends in the
 * same file as one that was not killed. A parent traces the run and kills it (Linux).
 */
#include "tiny.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CALLS_MOST = 2000, CALLS_LEAST = 20 };

/* What is learned with: all in float32, all in bfloat16, or beside a model that stays. */
typedef enum kind { PLAIN, HALVES, LORA } kind;

static const char *file_of(kind what)
{
    return what == LORA ? "adapter_model.safetensors" : "model.safetensors";
}

static tiny_run short_run(kind what, const char *folder)
{
    tiny_run run = tiny_usual();
    run.options.folder = folder;
    run.options.bf16 = what == HALVES;
    run.options.lora.rank = what == LORA ? 2 : 0;
    run.options.epochs = 2;
    run.threads = 1;
    run.marks = true;
    run.mark = CLOZE_TRAIN_MEASURED; /* the state is kept next */
    return run;
}

static void run_as_child(const tiny_run *run)
{
    cloze_error error;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
        _exit(3);
    raise(SIGSTOP);
    _exit(tiny_go(run, &error) ? 1 : 0);
}

/* The child's next stop; false when it is gone. */
static bool next_stop(pid_t child, enum __ptrace_request how, int *status)
{
    return !ptrace(how, child, NULL, NULL) && waitpid(child, status, 0) == child &&
           WIFSTOPPED(*status);
}

/* Kills the run at stop number `at` behind mark number `mark`; false if it was done before. */
static bool kill_at(const tiny_run *run, size_t mark, size_t at)
{
    size_t marks = 0, calls = 0;
    int status;
    pid_t child = fork();
    if (!child)
        run_as_child(run);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSTOPPED(status))
        skip(); /* tracing is not allowed here */
    while (next_stop(child, marks < mark ? PTRACE_CONT : PTRACE_SYSCALL, &status)) {
        marks += WSTOPSIG(status) == SIGUSR1;
        if (marks >= mark && WSTOPSIG(status) == SIGTRAP && ++calls == at) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            return true;
        }
    }
    assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
    return false;
}

/* Kills it at every `stride`th call behind a mark. */
static void kill_everywhere(kind what, size_t mark, size_t stride, const char *whole)
{
    cloze_error error;
    bool goes_on = true;
    size_t at = 1;
    for (; goes_on && at < CALLS_MOST; at += stride) {
        tiny_run run = short_run(what, tiny_folder());
        goes_on = kill_at(&run, mark, at);
        run.marks = false;
        run.options.resume = true;
        if (tiny_go(&run, &error))
            fail_msg("after stop %zu: %s", at, error.message);
        assert_string_equal(tiny_hash(run.options.folder, file_of(what)), whole);
    }
    assert_true(at > CALLS_LEAST && at < CALLS_MOST);
}

static void killed_at_any_call_it_ends_the_same(void **state)
{
    static const struct {
        kind what;
        size_t mark, stride;
    } all[] = { { PLAIN, 1, 1 }, { PLAIN, 2, 5 }, { HALVES, 1, 3 }, { LORA, 1, 5 } };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        tiny_run run = short_run(all[i].what, tiny_folder());
        char whole[80];
        cloze_error error;
        run.marks = false;
        assert_int_equal(tiny_go(&run, &error), CLOZE_OK);
        snprintf(whole, sizeof whole, "%s", tiny_hash(run.options.folder, file_of(all[i].what)));
        kill_everywhere(all[i].what, all[i].mark, all[i].stride, whole);
    }
    tiny_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_any_call_it_ends_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
