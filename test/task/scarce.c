/* scarce.c - see scarce.h. */
#include "scarce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool fails(scarce *memory)
{
    return ++memory->calls >= memory->fail_at && memory->fail_at;
}

static void *take(void *context, size_t size)
{
    scarce *memory = context;
    void *block = fails(memory) ? NULL : malloc(size);
    memory->held += block != NULL;
    return block;
}

static void *change(void *context, void *block, size_t size)
{
    scarce *memory = context;
    void *grown = fails(memory) ? NULL : realloc(block, size);
    memory->held += grown && !block;
    return grown;
}

static void give(void *context, void *block)
{
    ((scarce *)context)->held -= block != NULL;
    free(block);
}

static cloze_status use_once(const char *path, scarce_use *use, scarce *memory)
{
    cloze_hooks hooks = { .allocator = { take, change, give, memory } };
    cloze_engine_options engine_options = { .threads = 1, .hooks = &hooks };
    cloze_engine *engine = NULL;
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_status status = cloze_engine_new(&engine, &engine_options, NULL);
    cloze_model_options options = { .engine = engine };
    if (!status)
        status = cloze_model_open(&model, path, &options, NULL);
    if (!status)
        status = cloze_session_new(&session, model, NULL, NULL);
    if (!status)
        status = use(session, &hooks);
    cloze_session_free(session);
    cloze_model_free(model);
    cloze_engine_free(engine);
    return status;
}

void scarce_try_all(const char *path, scarce_use *use)
{
    cloze_status status = CLOZE_ERROR_MEMORY;
    long n = 0;
    while (status) {
        scarce memory = { .fail_at = ++n };
        status = use_once(path, use, &memory);
        if (status && status != CLOZE_ERROR_MEMORY)
            fail_msg("allocation %ld: status %d", n, (int)status);
        assert_int_equal(memory.held, 0);
        assert_true(n < 3000);
    }
    assert_true(n > 20);
}
