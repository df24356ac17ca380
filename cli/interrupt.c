/* interrupt.c - see interrupt.h. The flag is the one variable that a signal handler needs. */
#include "interrupt.h"

#include <signal.h>

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

bool interrupted(void)
{
    return seen;
}
