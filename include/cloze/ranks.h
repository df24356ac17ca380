/*
 * cloze/ranks.h - several processes that compute one thing together, on one machine or on many: what
 * they need of each other, and that over Open MPI.
 *
 * A rank is one of them, numbered from 0. All make the same calls in the same order; what is computed
 * does not depend on how many there are.
 */
#ifndef CLOZE_RANKS_H
#define CLOZE_RANKS_H

#include <cloze/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CLOZE_RANK_NONE = -1 };

/* Ways between processes: Open MPI's, or any other that has this one function. */
typedef struct cloze_ranks {
    int rank, count; /* this one's number, and how many there are */
    /*
     * Sends bytes to one rank while it receives from another, and returns when both are done. `to` or
     * `from` may be CLOZE_RANK_NONE. Bytes between two ranks stay in order, and what the one sends the
     * other receives with the same size. An error (CLOZE_ERROR_IO: a rank is gone;
     * CLOZE_ERROR_CANCELLED: the host asked to stop) ends what is computed.
     */
    cloze_status (*exchange)(void *context, int to, const void *out, size_t out_size, int from,
                             void *in, size_t in_size, cloze_error *error);
    void *context;
} cloze_ranks;

typedef struct cloze_mpi_options {
    double patience; /* seconds that a rank waits for another one's word; 0: 3600 */
    /* Asked while waiting; true ends the exchange with CLOZE_ERROR_CANCELLED. May be NULL. */
    bool (*stopped)(void *context);
    void *context;
} cloze_mpi_options;

typedef struct cloze_mpi cloze_mpi;

/* How many processes Open MPI's mpirun started of which this is one; 0: it did not start this. */
CLOZE_API size_t cloze_mpi_started(void);

/*
 * Joins the others. Open MPI is loaded here; CLOZE_ERROR_UNSUPPORTED where it is not installed, or
 * was not there when the library was built. Once in a process, by its first thread, before it has
 * others that call Open MPI.
 */
CLOZE_API cloze_status cloze_mpi_open(cloze_mpi **out, const cloze_mpi_options *options,
                                      cloze_error *error);
CLOZE_API const cloze_ranks *cloze_mpi_ranks(const cloze_mpi *mpi);

/*
 * `together`: all ranks come here, and wait for each other. Else Open MPI is left as it is: a process
 * that then ends makes mpirun end the others.
 */
CLOZE_API void cloze_mpi_close(cloze_mpi *mpi, bool together);

#ifdef __cplusplus
}
#endif
#endif
