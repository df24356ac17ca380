/* thread_posix.c - thread_wait.h with nothing but POSIX. */
#include "base/thread_wait.h"

bool cz_bell_init(cz_bell *bell)
{
    atomic_init(&bell->turn, 0);
    atomic_init(&bell->asleep, 0);
    if (pthread_mutex_init(&bell->mutex, NULL))
        return false;
    if (pthread_cond_init(&bell->condition, NULL)) {
        pthread_mutex_destroy(&bell->mutex);
        return false;
    }
    return true;
}

void cz_bell_clear(cz_bell *bell)
{
    pthread_cond_destroy(&bell->condition);
    pthread_mutex_destroy(&bell->mutex);
}

void cz_bell_sleep(cz_bell *bell, unsigned seen)
{
    pthread_mutex_lock(&bell->mutex);
    atomic_fetch_add(&bell->asleep, 1);
    while (atomic_load(&bell->turn) == seen)
        pthread_cond_wait(&bell->condition, &bell->mutex);
    atomic_fetch_sub(&bell->asleep, 1);
    pthread_mutex_unlock(&bell->mutex);
}

void cz_bell_ring(cz_bell *bell)
{
    atomic_fetch_add(&bell->turn, 1);
    if (!atomic_load(&bell->asleep))
        return;
    pthread_mutex_lock(&bell->mutex);
    pthread_cond_broadcast(&bell->condition);
    pthread_mutex_unlock(&bell->mutex);
}

unsigned cz_system_cores(void)
{
    return 0;
}
