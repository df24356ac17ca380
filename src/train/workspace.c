/* workspace.c - the memory in which a part is computed; it grows to the largest. */
#include "train/trainer.h"

enum { HOST_SIZE = 16 << 20 };

bool cz_block_fit(cloze_trainer *trainer, cz_block *block, size_t size)
{
    const cloze_allocator *allocator = &trainer->hooks.allocator;
    if (block->size >= size)
        return true;
    trainer->memory -= block->size;
    cz_block_release(allocator, block);
    *block = (cz_block){ NULL, NULL, 0 };
    if (!cz_block_allocate(allocator, size, block))
        return false;
    trainer->memory += block->size;
    return true;
}

static bool make_host(cloze_trainer *trainer, cz_workspace *workspace)
{
    if (workspace->host.data)
        return true;
    if (!cz_block_allocate(&trainer->hooks.allocator, HOST_SIZE, &workspace->host))
        return false;
    workspace->run = (cz_run){ .backend = trainer->engine->backend,
                               .place = trainer->engine->place,
                               .host = { workspace->host.data, HOST_SIZE, 0, 0 } };
    return true;
}

bool cz_workspace_ready(cloze_trainer *trainer, cz_workspace *workspace, const cz_extent *extent)
{
    if (!make_host(trainer, workspace))
        return false;
    cz_run *run = &workspace->run;
    size_t size = run->backend->scratch(extent, run->place.kernels);
    size = (size + CZ_ARENA_ALIGNMENT - 1) / CZ_ARENA_ALIGNMENT * CZ_ARENA_ALIGNMENT;
    size_t workers = cz_pool_workers(trainer->engine->pool);
    if (!cz_block_fit(trainer, &workspace->scratch, workers * size))
        return false;
    run->place.scratch = workspace->scratch.data;
    run->place.scratch_size = size;
    run->numbers = run->bench = (cz_arena){ NULL, 0, 0, 0 };
    return true;
}

bool cz_workspace_furnish(cloze_trainer *trainer, cz_workspace *workspace)
{
    cz_run *run = &workspace->run;
    if (!cz_block_fit(trainer, &workspace->numbers, run->numbers.peak) ||
        !cz_block_fit(trainer, &workspace->bench, run->bench.peak))
        return false;
    run->numbers = (cz_arena){ workspace->numbers.data, workspace->numbers.size, 0, 0 };
    run->bench = (cz_arena){ workspace->bench.data, workspace->bench.size, 0, 0 };
    return true;
}

void cz_workspace_clear(cz_workspace *workspace, const cloze_allocator *allocator)
{
    cz_block_release(allocator, &workspace->host);
    cz_block_release(allocator, &workspace->numbers);
    cz_block_release(allocator, &workspace->bench);
    cz_block_release(allocator, &workspace->scratch);
}
