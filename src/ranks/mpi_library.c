/*
 * mpi_library.c - see mpi_library.h. Its symbols are global, since parts that it loads itself look
 * for them.
 */
#include "ranks/mpi_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static void *open_library(void)
{
    static const char *const names[] = {
#ifdef __APPLE__
        "libmpi.40.dylib",
#else
        "libmpi.so.40",
#endif
    };
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
    return library;
}

cloze_status cz_mpi_load(cz_mpi_library *out, cloze_error *error)
{
    static const struct {
        const char *name;
        size_t place;
    } symbols[] = {
#define PLACE(name) { "MPI_" #name, offsetof(cz_mpi_library, name) },
        CZ_MPI_FUNCTIONS(PLACE)
#undef PLACE
            { "ompi_mpi_comm_world", offsetof(cz_mpi_library, world) },
        { "ompi_mpi_byte", offsetof(cz_mpi_library, byte) },
        { "ompi_mpi_errors_return", offsetof(cz_mpi_library, errors_return) },
    };
    void *library = open_library();
    if (!library)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "several ranks need Open MPI, which is not installed (Debian: libopenmpi3)");
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *found = dlsym(library, symbols[i].name);
        if (!found)
            return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                           "the installed MPI is not the Open MPI that is needed: it has no %s",
                           symbols[i].name);
        memcpy((char *)out + symbols[i].place, &found, sizeof found);
    }
    return CLOZE_OK;
}
