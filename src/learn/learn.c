/* learn.c - what the methods share: see learn.h. */
#include "learn/learn.h"

#include "base/memory.h"

void cz_learned_clear(cz_learned *learned)
{
    const cloze_allocator *allocator = learned->tokens.allocator;
    cz_texts_clear(&learned->tokens);
    cz_release(allocator, learned->merges);
    cz_release(allocator, learned->scores);
    *learned = (cz_learned){ .tokens = { .allocator = allocator } };
}

cloze_status cz_learn_report(const cz_learn_settings *settings, uint64_t done, uint64_t total,
                             cloze_error *error)
{
    const cloze_progress *progress = &settings->progress;
    if (!progress->report || progress->report(progress->context, done, total))
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_CANCELLED, "training was stopped");
}

cloze_status cz_learn_memory(cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory while a vocabulary is trained");
}
