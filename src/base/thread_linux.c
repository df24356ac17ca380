/* thread_linux.c - thread_wait.h with futexes and the affinity mask. */
#include "base/thread_wait.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

bool cz_bell_init(cz_bell *bell)
{
    atomic_init(&bell->turn, 0);
    atomic_init(&bell->asleep, 0);
    return true;
}

void cz_bell_clear(cz_bell *bell)
{
    (void)bell;
}

/* Counting ourselves asleep before the kernel compares `turn` pairs with raising `turn` before
 * looking at the count: one of the two sees the other. */
void cz_bell_sleep(cz_bell *bell, unsigned seen)
{
    atomic_fetch_add(&bell->asleep, 1);
    if (atomic_load(&bell->turn) == seen)
        syscall(SYS_futex, (unsigned *)&bell->turn, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    atomic_fetch_sub(&bell->asleep, 1);
}

void cz_bell_ring(cz_bell *bell)
{
    atomic_fetch_add(&bell->turn, 1);
    if (atomic_load(&bell->asleep))
        syscall(SYS_futex, (unsigned *)&bell->turn, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

unsigned cz_system_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set))
        return 0;
    return (unsigned)CPU_COUNT(&set);
}
