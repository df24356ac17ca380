/* interrupt.c - see interrupt.h. The flag is the one variable that a signal handler needs. */
#include "interrupt.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t seen;

static void note_signal(int number)
{
    (void)number;
    seen = 1;
}

void interrupt_watch(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND };
    struct sigaction before;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < 3; i++)
        if (!sigaction(signals[i], NULL, &before) && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* One that was suspended is woken by others. */
static void note_parent(int number, siginfo_t *about, void *context)
{
    (void)number, (void)context;
    if (about->si_pid == getppid())
        seen = 1;
}

void interrupt_by_mpirun(void)
{
    struct sigaction action = { .sa_handler = note_signal };
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    action.sa_sigaction = note_parent;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGCONT, &action, NULL);
}

bool interrupted(void)
{
    return seen;
}
