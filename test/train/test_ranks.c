/*
 * test_ranks.c - several processes that learn together make the bits that one alone makes, whatever
 * their number; one that dies, stops or was told something else ends the run of all, and what they
 * came to can be resumed by any number of them.
 */
#include "sockets.h"
#include "tiny.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { HASH = 80 };

typedef struct rank_run {
    tiny_run run;
    int rank; /* that dies, stops, or has another seed */
    size_t dies_at, stops_at;
    bool disagrees;
    const cloze_ranks *ranks;
    cloze_error *errors; /* [SOCKET_RANKS], shared by all processes */
} rank_run;

static bool watch(void *context, const cloze_train_event *event)
{
    const rank_run *own = context;
    bool chosen = own->ranks->rank == own->rank && event->moment == CLOZE_TRAIN_STEP;
    if (chosen && event->step == own->dies_at)
        raise(SIGKILL);
    return !(chosen && event->step == own->stops_at);
}

static int run_rank(const cloze_ranks *ranks, void *context)
{
    rank_run own = *(const rank_run *)context;
    cloze_error *error = &own.errors[ranks->rank];
    own.ranks = ranks;
    own.run.options.ranks = ranks;
    own.run.options.watch = (cloze_train_watch){ watch, &own };
    own.run.options.seed += own.disagrees && ranks->rank == own.rank;
    cloze_trainer *trainer = tiny_trainer(&own.run);
    cloze_status status = cloze_trainer_run(trainer, error);
    if (!status && own.run.options.folder)
        status = cloze_trainer_save(trainer, NULL, error);
    tiny_free(trainer);
    return (int)status;
}

static rank_run usual(void)
{
    rank_run own = { .run = tiny_usual(), .rank = -1 };
    own.run.threads = 1;
    own.errors = mmap(NULL, SOCKET_RANKS * sizeof *own.errors, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(own.errors != MAP_FAILED);
    return own;
}

static void forget(rank_run *own)
{
    munmap(own->errors, SOCKET_RANKS * sizeof *own->errors);
    tiny_forget();
}

static int exit_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* All ranks end well; the hashes of what rank 0 wrote. */
static void go(rank_run *own, socket_body *body, int count, char model[HASH], char state[HASH])
{
    int status[SOCKET_RANKS];
    sockets_run(count, body, own, status);
    for (int i = 0; i < count; i++)
        if (status[i])
            fail_msg("rank %d of %d: %s", i, count, own->errors[i].message);
    snprintf(model, HASH, "%s", tiny_hash(own->run.options.folder, "model.safetensors"));
    snprintf(state, HASH, "%s", tiny_hash(own->run.options.folder, "training.state"));
}

static void compare_bodies(rank_run *own, socket_body *body, size_t shards)
{
    char model[2][HASH], kept[2][HASH];
    for (int count = 1; count <= SOCKET_RANKS && (size_t)count <= shards; count++) {
        bool first = count == 1;
        own->run.options.folder = tiny_folder();
        go(own, body, count, model[!first], kept[!first]);
        if (!first) {
            assert_string_equal(model[1], model[0]);
            assert_string_equal(kept[1], kept[0]);
        }
    }
}

static void compare_counts(rank_run *own, size_t shards)
{
    own->run.options.shards = shards;
    compare_bodies(own, run_rank, shards);
}

static void any_number_of_ranks_makes_the_same_bits(void **state)
{
    static const size_t shards[] = { 2, 3, 4, 5, 6, 7, 8 };
    rank_run own = usual();
    (void)state;
    for (size_t i = 0; i < sizeof shards / sizeof *shards; i++)
        compare_counts(&own, shards[i]);
    forget(&own);
}

/* A batch of 5 leaves shards of 7 empty, and the last one of an epoch more of them. */
static void empty_shards_do_no_harm(void **state)
{
    rank_run own = usual();
    (void)state;
    own.run.options.batch = 5;
    compare_counts(&own, 7);
    forget(&own);
}

static void they_stop_early_together(void **state)
{
    rank_run own = usual();
    (void)state;
    own.run.options.epochs = 20;
    own.run.options.rate = 3e-2;
    own.run.options.patience = 1;
    own.run.options.measure_every = 2;
    compare_counts(&own, 4);
    forget(&own);
}

static void a_frozen_body_and_rare_labels_are_no_matter(void **state)
{
    rank_run own = usual();
    (void)state;
    own.run.options.freeze_body = true;
    own.run.options.balance = CLOZE_BALANCE_OVERSAMPLE;
    compare_counts(&own, 4);
    forget(&own);
}

static void adapters_and_batches_of_tokens_are_no_matter(void **state)
{
    rank_run own = usual();
    (void)state;
    own.run.options.lora = (cloze_lora){ .rank = 2, .dropout = 0.1, .merge = true };
    compare_counts(&own, 4);
    own.run.options.lora = (cloze_lora){ 0 };
    own.run.options.batch = 0;
    own.run.options.batch_tokens = 50;
    compare_counts(&own, 4);
    forget(&own);
}

/* Sentences of 1 to 7 words, each word with a tag of its own. */
static cloze_status add_sentences(cloze_trainer *trainer, cloze_error *error)
{
    static const char *const words[] = {
        "Peter", "sat", "outside", "the", "old", "house", "today"
    };
    cloze_text sentence[7];
    size_t tags[7];
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < 22 && !status; i++) {
        cloze_example example = { .words = sentence, .tags = tags, .word_count = 1 + i * 5 % 7 };
        for (size_t w = 0; w < example.word_count; w++) {
            const char *word = words[(i + w) % 7];
            sentence[w] = (cloze_text){ word, strlen(word) };
            tags[w] = (i + w) % 7 == 0;
        }
        status = cloze_trainer_add(trainer, CLOZE_SPLIT_TRAIN, &example, 1, NULL, error);
    }
    return status;
}

static int run_tagger(const cloze_ranks *ranks, void *context)
{
    static const char *const labels[] = { "O", "B-PER" };
    const rank_run *own = context;
    cloze_train_options options = { .learning = CLOZE_LEARN_TAGS,
                                    .labels = labels,
                                    .label_count = 2,
                                    .batch = 8,
                                    .folder = own->run.options.folder,
                                    .freeze_body = own->run.options.freeze_body,
                                    .ranks = ranks };
    cloze_error *error = &own->errors[ranks->rank];
    cloze_trainer *trainer = NULL;
    cloze_status status = cloze_trainer_new(&trainer, tiny_model("../tag/pieces"), &options, error);
    if (!status)
        status = add_sentences(trainer, error);
    if (!status)
        status = cloze_trainer_run(trainer, error);
    if (!status)
        status = cloze_trainer_save(trainer, NULL, error);
    cloze_trainer_free(trainer);
    return (int)status;
}

static void tags_are_learned_alike_above_a_frozen_body_too(void **state)
{
    rank_run own = usual();
    (void)state;
    for (int frozen = 0; frozen < 2; frozen++) {
        own.run.options.freeze_body = frozen;
        compare_bodies(&own, run_tagger, 4);
    }
    forget(&own);
}

/* After what ends the run of four at step 9, `count` ranks resume it to the bits of `whole`. */
static void resume_to(rank_run *own, int count, const char *whole)
{
    char model[HASH], kept[HASH];
    own->dies_at = own->stops_at = 0;
    own->run.options.resume = true;
    go(own, run_rank, count, model, kept);
    assert_string_equal(model, whole);
    own->run.options.resume = false;
}

static void whole_run(rank_run *own, char model[HASH])
{
    char kept[HASH];
    own->run.options.folder = tiny_folder();
    go(own, run_rank, 1, model, kept);
}

static void one_that_dies_ends_all_and_nothing_is_lost(void **state)
{
    char whole[HASH];
    rank_run own = usual();
    (void)state;
    whole_run(&own, whole);
    for (int rank = 0; rank < SOCKET_RANKS; rank++) {
        int status[SOCKET_RANKS];
        own.run.options.folder = tiny_folder();
        own.rank = rank;
        own.dies_at = 9;
        sockets_run(SOCKET_RANKS, run_rank, &own, status);
        for (int i = 0; i < SOCKET_RANKS; i++) {
            assert_int_equal(exit_of(status[i]), i == rank ? -SIGKILL : CLOZE_ERROR_IO);
            if (i != rank)
                assert_non_null(strstr(own.errors[i].message, "is gone"));
        }
        resume_to(&own, rank % 2 ? 3 : 1, whole);
    }
    forget(&own);
}

static void one_that_stops_ends_all(void **state)
{
    char whole[HASH];
    rank_run own = usual();
    (void)state;
    whole_run(&own, whole);
    for (size_t stop = 8; stop <= 18; stop += 5)
        for (int rank = 0; rank < SOCKET_RANKS; rank += 3) {
            int status[SOCKET_RANKS];
            own.run.options.folder = tiny_folder();
            own.rank = rank;
            own.stops_at = stop;
            sockets_run(SOCKET_RANKS, run_rank, &own, status);
            for (int i = 0; i < SOCKET_RANKS; i++)
                assert_int_equal(exit_of(status[i]), CLOZE_ERROR_CANCELLED);
            resume_to(&own, rank ? 4 : 2, whole);
        }
    forget(&own);
}

static void one_that_was_told_otherwise_is_found(void **state)
{
    rank_run own = usual();
    int status[SOCKET_RANKS];
    (void)state;
    own.rank = 2;
    own.disagrees = true;
    sockets_run(SOCKET_RANKS, run_rank, &own, status);
    for (int i = 0; i < SOCKET_RANKS; i++) {
        assert_int_equal(exit_of(status[i]), CLOZE_ERROR_ARGUMENT);
        assert_non_null(
            strstr(own.errors[i].message, "rank 2 was given another model, other settings"));
    }
    forget(&own);
}

static void ranks_without_a_shard_are_refused(void **state)
{
    const cloze_ranks five = { 0, 5, NULL, NULL };
    cloze_train_options options = tiny_usual().options;
    cloze_trainer *trainer;
    cloze_error error;
    (void)state;
    options.ranks = &five;
    options.shards = 8;
    assert_int_equal(cloze_trainer_new(&trainer, tiny_model("sentiment"), &options, &error),
                     CLOZE_ERROR_ARGUMENT);
    const cloze_ranks many = { 0, 5, (void *)abort, NULL };
    options.ranks = &many;
    options.shards = 0;
    assert_int_equal(cloze_trainer_new(&trainer, tiny_model("sentiment"), &options, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "5 ranks cannot learn together of batches in 4 shards"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_ranks_makes_the_same_bits),
        cmocka_unit_test(empty_shards_do_no_harm),
        cmocka_unit_test(they_stop_early_together),
        cmocka_unit_test(a_frozen_body_and_rare_labels_are_no_matter),
        cmocka_unit_test(adapters_and_batches_of_tokens_are_no_matter),
        cmocka_unit_test(tags_are_learned_alike_above_a_frozen_body_too),
        cmocka_unit_test(one_that_dies_ends_all_and_nothing_is_lost),
        cmocka_unit_test(one_that_stops_ends_all),
        cmocka_unit_test(one_that_was_told_otherwise_is_found),
        cmocka_unit_test(ranks_without_a_shard_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
