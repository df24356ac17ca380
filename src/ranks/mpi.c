/*
 * mpi.c - exchanges over Open MPI. A rank that waits looks again and again instead of sleeping in the
 * library, so that a signal, or a silence that is too long, ends the waiting.
 */
#include "ranks/mpi_library.h"

#include "base/memory.h"

#include <cloze/ranks.h>

#include <sched.h>
#include <time.h>

/* Bytes of a message at most; looks without a pause between them; then nanoseconds of a pause. */
enum { PIECE = 1 << 26, QUICK_LOOKS = 2000, PAUSE = 50000, TAG = 1 };

struct cloze_mpi {
    cz_mpi_library library;
    cloze_mpi_options options;
    cloze_ranks ranks;
    MPI_Comm all;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static cloze_status refuse(const cloze_mpi *mpi, int code, const char *what, cloze_error *error)
{
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int length = 0;
    mpi->library.Error_string(code, text, &length);
    return cz_fail(error, CLOZE_ERROR_IO, "%s: %.200s", what, text);
}

static void pause_after(size_t looks)
{
    const struct timespec pause = { .tv_nsec = PAUSE };
    if (looks < QUICK_LOOKS)
        sched_yield();
    else
        nanosleep(&pause, NULL);
}

static cloze_status wait_for(const cloze_mpi *mpi, MPI_Request *requests, int count, int peer,
                             cloze_error *error)
{
    double begun = now();
    for (size_t looks = 0;; looks++) {
        int done = 0;
        int code = mpi->library.Testall(count, requests, &done, MPI_STATUSES_IGNORE);
        if (code != MPI_SUCCESS)
            return refuse(mpi, code, "another rank is gone", error);
        if (done)
            return CLOZE_OK;
        if (mpi->options.stopped && mpi->options.stopped(mpi->options.context))
            return cz_fail(error, CLOZE_ERROR_CANCELLED, "stopped while waiting for rank %d", peer);
        if (now() - begun > mpi->options.patience)
            return cz_fail(error, CLOZE_ERROR_IO, "no word came from rank %d for %.3g s", peer,
                           mpi->options.patience);
        pause_after(looks);
    }
}

static int piece_of(size_t size, size_t at)
{
    size_t left = at < size ? size - at : 0;
    return (int)(left < PIECE ? left : PIECE);
}

static cloze_status exchange(void *context, int to, const void *out, size_t out_size, int from,
                             void *in, size_t in_size, cloze_error *error)
{
    const cloze_mpi *mpi = context;
    const cz_mpi_library *library = &mpi->library;
    cloze_status status = CLOZE_OK;
    out_size = to < 0 ? 0 : out_size;
    in_size = from < 0 ? 0 : in_size;
    for (size_t at = 0; (at < out_size || at < in_size) && !status; at += PIECE) {
        MPI_Request requests[2];
        int count = 0, code = MPI_SUCCESS;
        if (at < in_size)
            code = library->Irecv((char *)in + at, piece_of(in_size, at), library->byte, from, TAG,
                                  mpi->all, &requests[count++]);
        if (code == MPI_SUCCESS && at < out_size)
            code = library->Isend((const char *)out + at, piece_of(out_size, at), library->byte, to,
                                  TAG, mpi->all, &requests[count++]);
        status = code != MPI_SUCCESS
                     ? refuse(mpi, code, "nothing can be sent to another rank", error)
                     : wait_for(mpi, requests, count, at < in_size ? from : to, error);
    }
    return status;
}

static cloze_status join(cloze_mpi *mpi, cloze_error *error)
{
    const cz_mpi_library *library = &mpi->library;
    int given = 0, begun = 0, code = library->Initialized(&begun);
    if (code == MPI_SUCCESS && !begun)
        code = library->Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &given);
    if (code == MPI_SUCCESS)
        code = library->Comm_set_errhandler(library->world, library->errors_return);
    if (code == MPI_SUCCESS)
        code = library->Comm_dup(library->world, &mpi->all);
    if (code == MPI_SUCCESS)
        code = library->Comm_rank(mpi->all, &mpi->ranks.rank);
    if (code == MPI_SUCCESS)
        code = library->Comm_size(mpi->all, &mpi->ranks.count);
    return code == MPI_SUCCESS ? CLOZE_OK
                               : refuse(mpi, code, "Open MPI cannot join the ranks", error);
}

cloze_status cloze_mpi_open(cloze_mpi **out, const cloze_mpi_options *options, cloze_error *error)
{
    cloze_mpi *made = cz_allocate_zero(NULL, 1, sizeof *made);
    if (!made)
        return cz_fail_memory(error, "a list of ranks", sizeof *made);
    if (options)
        made->options = *options;
    made->options.patience = made->options.patience > 0 ? made->options.patience : 3600;
    made->ranks = (cloze_ranks){ .exchange = exchange, .context = made };
    cloze_status status = cz_mpi_load(&made->library, error);
    if (!status)
        status = join(made, error);
    if (status) {
        cz_release(NULL, made);
        return status;
    }
    *out = made;
    return CLOZE_OK;
}

const cloze_ranks *cloze_mpi_ranks(const cloze_mpi *mpi)
{
    return &mpi->ranks;
}

void cloze_mpi_close(cloze_mpi *mpi, bool together)
{
    if (!mpi)
        return;
    if (together) {
        mpi->library.Comm_free(&mpi->all);
        mpi->library.Finalize();
    }
    cz_release(NULL, mpi);
}
