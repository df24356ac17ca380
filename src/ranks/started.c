/* started.c - whether mpirun started this process: it says so in the environment. */
#include <cloze/ranks.h>

#include <stdlib.h>

size_t cloze_mpi_started(void)
{
    const char *size = getenv("OMPI_COMM_WORLD_SIZE");
    long count = size ? strtol(size, NULL, 10) : 0;
    return count > 0 ? (size_t)count : 0;
}
