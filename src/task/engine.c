/* engine.c - engines: a device and its threads. */
#include "task/engine.h"

#include "base/error.h"

#include <stdlib.h>

enum { THREADS_MOST = 1024 };

static cloze_status refuse_isa(const char *isa, cloze_error *error)
{
    const char *mask = getenv("CLOZE_ISA");
    bool given = isa && *isa;
    return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                   "%sthe instruction set \"%.40s\" is not known or not on this machine; known are "
                   "scalar, avx2, avx512 and neon",
                   given ? "" : "CLOZE_ISA: ",
                   given  ? isa
                   : mask ? mask
                          : "");
}

static cloze_status choose_device(cloze_engine *engine, const cloze_engine_options *options,
                                  cloze_error *error)
{
    const char *isa = options ? options->isa : NULL;
    if (options && options->precision == CLOZE_PRECISION_F64) {
        engine->backend = &cz_backend_reference_f64;
    } else {
        engine->backend = &cz_backend_cpu;
        engine->place.kernels = cz_cpu_kernels(isa);
        if (!engine->place.kernels)
            return refuse_isa(isa, error);
    }
    engine->place.type = engine->backend->type;
    return CLOZE_OK;
}

cloze_status cloze_engine_new(cloze_engine **out, const cloze_engine_options *options,
                              cloze_error *error)
{
    const cloze_hooks *hooks = options ? options->hooks : NULL;
    const cloze_allocator *allocator = hooks ? &hooks->allocator : NULL;
    unsigned threads = options && options->threads ? options->threads : cz_thread_cores();
    cloze_engine *engine;
    cloze_status status;
    if (threads > THREADS_MOST)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "%u threads are more than the limit of %d",
                       threads, THREADS_MOST);
    if (!(engine = cz_allocate_zero(allocator, 1, sizeof *engine)))
        return cz_fail_memory(error, "an engine", sizeof *engine);
    if (hooks)
        engine->hooks = *hooks;
    status = choose_device(engine, options, error);
    if (!status)
        status = cz_pool_new(&engine->pool, threads, &engine->hooks.allocator, error);
    if (status) {
        cloze_engine_free(engine);
        return status;
    }
    engine->place.pool = engine->pool;
    *out = engine;
    return CLOZE_OK;
}

void cloze_engine_free(cloze_engine *engine)
{
    if (!engine)
        return;
    cloze_allocator allocator = engine->hooks.allocator;
    cz_pool_free(engine->pool);
    cz_release(&allocator, engine);
}

const char *cloze_engine_isa(const cloze_engine *engine)
{
    return engine->backend == &cz_backend_cpu ? cz_cpu_kernels_name(engine->place.kernels)
                                              : engine->backend->name;
}

unsigned cloze_engine_threads(const cloze_engine *engine)
{
    return cz_pool_workers(engine->pool);
}
