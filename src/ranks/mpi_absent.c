/* mpi_absent.c - ranks where Open MPI was not there when this was built. */
#include "base/error.h"

#include <cloze/ranks.h>

cloze_status cloze_mpi_open(cloze_mpi **out, const cloze_mpi_options *options, cloze_error *error)
{
    (void)out, (void)options;
    return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                   "this cloze was built without Open MPI: it cannot join other ranks");
}

const cloze_ranks *cloze_mpi_ranks(const cloze_mpi *mpi)
{
    (void)mpi;
    return NULL;
}

void cloze_mpi_close(cloze_mpi *mpi, bool together)
{
    (void)mpi, (void)together;
}
