/*
 * features.c - which instruction sets this machine has, and the choice among them: it begins at
 * scalar and climbs. The environment variable CLOZE_ISA names the highest that is used.
 */
#include "kernels.h"

#include <stdlib.h>
#include <string.h>

typedef struct step {
    const cz_kernels *kernels;
    bool (*there)(void);
} step;

static bool always(void)
{
    return true;
}

#if defined(__x86_64__)
/* The compiler's probe asks cpuid and whether the system saves the registers (xgetbv). */
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

static const step ladder[] = {
    { &cz_kernels_scalar, always },
#if defined(__x86_64__)
    { &cz_kernels_avx2, has_avx2 },
    { &cz_kernels_avx512, has_avx512 },
#elif defined(__aarch64__)
    { &cz_kernels_neon, always },
#endif
};

enum { STEPS = sizeof ladder / sizeof *ladder };

/* The highest step that the machine has up to the one named; NULL if there is none of that name. */
static const cz_kernels *climb(const char *highest)
{
    const cz_kernels *found = NULL;
    for (size_t i = 0; i < STEPS; i++) {
        if (ladder[i].there())
            found = ladder[i].kernels;
        if (highest && !strcmp(highest, ladder[i].kernels->name))
            return found;
    }
    return highest ? NULL : found;
}

const void *cz_cpu_kernels(const char *isa)
{
    const char *mask = getenv("CLOZE_ISA");
    if (isa && *isa) {
        const cz_kernels *found = climb(isa);
        return found && !strcmp(found->name, isa) ? found : NULL;
    }
    return climb(mask && *mask ? mask : NULL);
}

const char *cz_cpu_kernels_name(const void *kernels)
{
    return kernels ? ((const cz_kernels *)kernels)->name : "scalar";
}
