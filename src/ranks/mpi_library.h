/*
 * ranks/mpi_library.h - Open MPI, loaded when a process joins others: nothing else needs it, and it
 * brings some forty further libraries.
 */
#ifndef CZ_RANKS_MPI_LIBRARY_H
#define CZ_RANKS_MPI_LIBRARY_H

#include "base/error.h"

#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

/* The functions that are used, under their own names and types. */
#define CZ_MPI_FUNCTIONS(X)                                                                        \
    X(Comm_dup)                                                                                    \
    X(Comm_free)                                                                                   \
    X(Comm_rank)                                                                                   \
    X(Comm_set_errhandler)                                                                         \
    X(Comm_size)                                                                                   \
    X(Error_string)                                                                                \
    X(Finalize)                                                                                    \
    X(Init_thread)                                                                                 \
    X(Initialized)                                                                                 \
    X(Irecv)                                                                                       \
    X(Isend)                                                                                       \
    X(Testall)

typedef struct cz_mpi_library {
#define CZ_MPI_FIELD(name) __typeof__(&MPI_##name) name;
    CZ_MPI_FUNCTIONS(CZ_MPI_FIELD)
#undef CZ_MPI_FIELD
    /* mpi.h names these by variables of the library. */
    MPI_Comm world;
    MPI_Datatype byte;
    MPI_Errhandler errors_return;
} cz_mpi_library;

/* Fills *out; the library stays loaded until the process ends. CLOZE_ERROR_UNSUPPORTED where it is
 * not installed, or is another one. */
cloze_status cz_mpi_load(cz_mpi_library *out, cloze_error *error);

#endif
