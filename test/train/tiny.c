/* tiny.c - see tiny.h. */
#include "tiny.h"

#include "../temporary.h"

#include "base/digest.h"

#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORDS_FIRST = 20, WORDS = 34, LONGEST = 7, PATH = TEMPORARY_SIZE };

const char *tiny_model(const char *name)
{
    static char path[PATH];
    const char *data = getenv("CLOZE_TEST_DATA");
    snprintf(path, sizeof path, "%s/golden/classify/%s", data ? data : "test", name);
    return path;
}

static char made[PATH];

const char *tiny_folder(void)
{
    tiny_forget();
    temporary_name(made);
    assert_non_null(mkdtemp(made));
    return made;
}

static int remove_it(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
    (void)stat, (void)kind, (void)walk;
    return remove(path);
}

void tiny_forget(void)
{
    if (*made)
        nftw(made, remove_it, 8, FTW_DEPTH | FTW_PHYS);
    *made = '\0';
}

tiny_run tiny_usual(void)
{
    static const char *const labels[] = { "no", "yes" };
    return (tiny_run){ .options = { .learning = CLOZE_LEARN_LABELS,
                                    .labels = labels,
                                    .label_count = 2,
                                    .batch = 8,
                                    .rate = 2e-3,
                                    .warmup = 2,
                                    .seed = 7 },
                       .threads = 2,
                       .model = "sentiment" };
}

/* A small generator of our own, so that the texts are the same everywhere. */
static size_t next(size_t *state, size_t below)
{
    *state = (*state * 1103515245u + 12345u) & 0x7fffffffu;
    return (*state >> 8) % below;
}

static cloze_text word_of(const cloze_trainer *trainer, size_t number)
{
    return cloze_tokenizer_token(cloze_model_tokenizer(cloze_trainer_model(trainer)),
                                 (uint32_t)(WORDS_FIRST + number));
}

static size_t put_word(char *text, size_t used, cloze_text word)
{
    memcpy(text + used, word.data, word.size);
    text[used + word.size] = ' ';
    return used + word.size + 1;
}

void tiny_add(cloze_trainer *trainer, cloze_split split, size_t count, size_t seed)
{
    cloze_error error;
    for (size_t i = 0; i < count; i++) {
        char text[1024];
        size_t label = i % 2, length = 2 + next(&seed, LONGEST), decides = next(&seed, length);
        size_t used = 0;
        for (size_t w = 0; w < length; w++)
            used = put_word(text, used,
                            word_of(trainer, w == decides ? label : 2 + next(&seed, WORDS)));
        const cloze_example example = { .text = { text, used }, .label = label };
        if (cloze_trainer_add(trainer, split, &example, 1, NULL, &error))
            fail_msg("%s", error.message);
    }
}

static cloze_engine *engine; /* of the one trainer that there is */

void tiny_free(cloze_trainer *trainer)
{
    cloze_trainer_free(trainer);
    cloze_engine_free(engine);
    engine = NULL;
}

cloze_trainer *tiny_trainer(const tiny_run *run)
{
    const cloze_engine_options how = { .threads = run->threads };
    cloze_train_options options = run->options;
    cloze_trainer *trainer = NULL;
    cloze_error error;
    assert_null(engine);
    if (cloze_engine_new(&engine, &how, &error))
        fail_msg("%s", error.message);
    options.engine = engine;
    if (cloze_trainer_new(&trainer, tiny_model(run->model), &options, &error))
        fail_msg("%s", error.message);
    tiny_add(trainer, CLOZE_SPLIT_TRAIN, TINY_TRAIN, 1);
    tiny_add(trainer, CLOZE_SPLIT_DEV, TINY_DEV, 2);
    return trainer;
}

const char *tiny_hash(const char *folder, const char *name)
{
    static char out[4][CZ_DIGEST_HEX];
    static size_t turn;
    char path[PATH + 64], buffer[4096];
    cz_digest digest;
    size_t got;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    cz_digest_begin(&digest, CZ_SHA256);
    while ((got = fread(buffer, 1, sizeof buffer, file)))
        cz_digest_add(&digest, buffer, got);
    fclose(file);
    cz_digest_end(&digest, out[turn % 4]);
    return out[turn++ % 4];
}

static bool watch(void *context, const cloze_train_event *event)
{
    const tiny_run *run = context;
    if (run->marks && event->moment == run->mark)
        raise(SIGUSR1);
    return !run->stop || event->moment != CLOZE_TRAIN_STEP || event->step != run->stop;
}

cloze_status tiny_go(const tiny_run *run, cloze_error *error)
{
    tiny_run own = *run;
    own.options.watch = (cloze_train_watch){ watch, &own };
    cloze_trainer *trainer = tiny_trainer(&own);
    cloze_status status = cloze_trainer_run(trainer, error);
    if (!status && own.options.folder)
        status = cloze_trainer_save(trainer, NULL, error);
    tiny_free(trainer);
    return status;
}

static void must_go(const tiny_run *run)
{
    cloze_error error;
    if (tiny_go(run, &error))
        fail_msg("%s", error.message);
}

void tiny_check_threads(tiny_make *make, const char *file)
{
    char first[CZ_DIGEST_HEX];
    for (unsigned threads = 1; threads <= 3; threads++)
        for (int recompute = 0; recompute < 2; recompute++) {
            tiny_run run = make();
            run.threads = threads;
            run.options.folder = tiny_folder();
            run.options.recompute = recompute;
            must_go(&run);
            const char *hash = tiny_hash(run.options.folder, file);
            if (threads == 1 && !recompute)
                snprintf(first, sizeof first, "%s", hash);
            else
                assert_string_equal(hash, first);
        }
}

void tiny_check_stops(tiny_make *make, const char *file, size_t each, size_t last)
{
    char whole[CZ_DIGEST_HEX];
    tiny_run run = make();
    cloze_error error;
    run.options.folder = tiny_folder();
    must_go(&run);
    snprintf(whole, sizeof whole, "%s", tiny_hash(run.options.folder, file));
    for (size_t stop = 1; stop <= last; stop += each) {
        tiny_run part = make();
        part.options.folder = tiny_folder();
        part.stop = stop;
        assert_int_equal(tiny_go(&part, &error), CLOZE_ERROR_CANCELLED);
        part.stop = 0;
        part.threads = 1;
        part.options.resume = true;
        must_go(&part);
        assert_string_equal(tiny_hash(part.options.folder, file), whole);
    }
}
