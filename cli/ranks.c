/* ranks.c - see ranks.h. */
#include "ranks.h"

#include "interrupt.h"
#include "say.h"

#include <stdlib.h>

void ranks_say_ended(cli_ranks *ranks)
{
    if (ranks->way.count > 1 && !ranks->said)
        say_failure(EXIT_INTERRUPTED,
                    "mpirun ends this run: another rank has died, or it was told "
                    "to stop; --resume goes on from the last state that was kept");
    ranks->said = true;
}

static bool stopped(void *context)
{
    (void)context;
    return interrupted();
}

/* What a rank other than the first says, which is not heard else. */
static void say_apart(cli_ranks *ranks, const char *message)
{
    say_held();
    if (!ranks->said)
        say_failure(CLOZE_ERROR_IO, "rank %d: %s", ranks->way.rank, message);
    ranks->said = true;
    say_hold();
}

/* Open MPI's, and whether it came to nothing. */
static cloze_status exchange(void *context, int to, const void *out, size_t out_size, int from,
                             void *in, size_t in_size, cloze_error *error)
{
    cli_ranks *ranks = context;
    const cloze_ranks *mpi = cloze_mpi_ranks(ranks->mpi);
    cloze_status status = mpi->exchange(mpi->context, to, out, out_size, from, in, in_size, error);
    ranks->lost = ranks->lost || status;
    if (status == CLOZE_ERROR_CANCELLED)
        ranks_say_ended(ranks);
    else if (status && ranks->way.rank && error)
        say_apart(ranks, error->message); /* rank 0 may hear nothing of it before mpirun ends all */
    return status;
}

int ranks_join(cli_ranks *ranks, cli_settings *settings)
{
    const cloze_mpi_options options = { .patience = settings->train.rank_wait,
                                        .stopped = stopped,
                                        .context = ranks };
    cloze_error error;
    *ranks = (cli_ranks){ 0 };
    if (cloze_mpi_started() < 2 && !settings->train.ranks)
        return 0;
    if (cloze_mpi_open(&ranks->mpi, &options, &error))
        return say_error(&error, NULL);
    ranks->way = *cloze_mpi_ranks(ranks->mpi);
    ranks->way.exchange = exchange;
    ranks->way.context = ranks;
    interrupt_by_mpirun();
    if (ranks->way.rank) {
        settings->quiet = true;
        settings->json = false;
        say_hold();
    }
    return 0;
}

bool ranks_lead(const cli_ranks *ranks)
{
    return !ranks->way.rank;
}

int ranks_share(cli_ranks *ranks, void *bytes, size_t size)
{
    const cloze_ranks *way = &ranks->way;
    cloze_error error;
    cloze_status status = CLOZE_OK;
    for (int rank = 1; rank < way->count && !way->rank && !status; rank++)
        status = exchange(ranks, rank, bytes, size, CLOZE_RANK_NONE, NULL, 0, &error);
    if (way->rank)
        status = exchange(ranks, CLOZE_RANK_NONE, NULL, 0, 0, bytes, size, &error);
    return status ? say_error(&error, NULL) : 0;
}

/* Rank 0 hears of all, and tells all. */
static cloze_status gather_codes(cli_ranks *ranks, int *codes, cloze_error *error)
{
    const cloze_ranks *way = &ranks->way;
    size_t size = (size_t)way->count * sizeof *codes;
    cloze_status status = CLOZE_OK;
    if (way->rank) {
        status =
            exchange(ranks, 0, &codes[way->rank], sizeof *codes, CLOZE_RANK_NONE, NULL, 0, error);
        return status ? status : exchange(ranks, CLOZE_RANK_NONE, NULL, 0, 0, codes, size, error);
    }
    for (int rank = 1; rank < way->count && !status; rank++)
        status =
            exchange(ranks, CLOZE_RANK_NONE, NULL, 0, rank, &codes[rank], sizeof *codes, error);
    for (int rank = 1; rank < way->count && !status; rank++)
        status = exchange(ranks, rank, codes, size, CLOZE_RANK_NONE, NULL, 0, error);
    return status;
}

int ranks_agree(cli_ranks *ranks, int code)
{
    int count = ranks->way.count, rank = 0;
    int *codes;
    cloze_error error;
    if (count < 2 || ranks->lost)
        return code;
    if (!(codes = calloc((size_t)count, sizeof *codes))) {
        ranks->lost = true;
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    }
    codes[ranks->way.rank] = code;
    if (gather_codes(ranks, codes, &error)) {
        free(codes);
        return code ? code : say_error(&error, NULL);
    }
    while (rank < count - 1 && !codes[rank])
        rank++;
    code = codes[rank];
    if (code && rank && rank == ranks->way.rank)
        say_failure(code, "rank %d: %s", rank, say_held());
    free(codes);
    return code;
}

int ranks_leave(cli_ranks *ranks, int code)
{
    cloze_mpi_close(ranks->mpi, !ranks->lost);
    ranks->mpi = NULL;
    return code;
}
