/*
 * behaviour.c - does a classifier keep its label when a letter is wrong, and is it no surer of it when a
 * negation is put in?
 *
 * cc behaviour.c -o behaviour $(pkg-config --cflags --libs cloze)
 * ./behaviour MODEL TEXT TEXT ...   MODEL: a folder of a classifier, or a hub name that is in the cache
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cloze_check checks[] = {
    { CLOZE_CHANGE_TYPO, CLOZE_EXPECT_SAME, CLOZE_TARGET_BEST, 0 },
    { CLOZE_CHANGE_NEGATE, CLOZE_EXPECT_FALL, CLOZE_TARGET_BEST, 0 },
};
enum { CHECKS = sizeof checks / sizeof *checks };

static void print(const cloze_behaviour *behaviour, const cloze_model *model)
{
    for (size_t i = 0; i < CHECKS; i++) {
        cloze_behaviour_result result = cloze_behaviour_of(behaviour, i);
        printf("%s: %zu of %zu fail (%.2f to %.2f)\n", cloze_change_name(checks[i].change),
               result.failures, result.applies, result.interval[0], result.interval[1]);
        for (size_t k = 0; k < result.failures; k++) {
            cloze_behaviour_failure failure = cloze_behaviour_failed(behaviour, i, k);
            printf("  %s %.4f -> %.4f  %.*s\n", cloze_model_label(model, (size_t)failure.label),
                   failure.before, failure.after, (int)failure.changed.size, failure.changed.data);
        }
    }
}

int main(int argc, char **argv)
{
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_behaviour *behaviour = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: behaviour MODEL TEXT ..." };
    cloze_behaviour_options options = { .changes = { .seed = 1 }, .copies = 5 };
    cloze_text *texts = calloc((size_t)argc, sizeof *texts);
    cloze_behaviour_texts all = { .texts = texts, .count = argc > 2 ? (size_t)argc - 2 : 0 };
    for (size_t i = 0; texts && i < all.count; i++)
        texts[i] = (cloze_text){ argv[i + 2], strlen(argv[i + 2]) };
    bool good = texts && argc > 2 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error) &&
                !cloze_behaviour_check(&behaviour, session, &all, checks, CHECKS, &options, &error);
    if (good)
        print(behaviour, model);
    else
        fprintf(stderr, "behaviour: %s\n", error.message);
    cloze_behaviour_free(behaviour);
    cloze_session_free(session);
    cloze_model_free(model);
    free(texts);
    return good ? 0 : 1;
}
