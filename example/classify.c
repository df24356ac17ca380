/*
 * classify.c - the best label of each text, by a checkpoint that was fine-tuned to tell labels apart.
 *
 * cc classify.c -o classify $(pkg-config --cflags --libs cloze)
 * ./classify MODEL TEXT TEXT ...   MODEL: a folder, or a hub name that `cloze pull` has fetched
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    size_t count = argc > 2 ? (size_t)argc - 2 : 0, labels;
    cloze_text *texts = calloc(count + 1, sizeof *texts);
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: classify MODEL TEXT ..." };
    float *scores = NULL;

    for (size_t i = 0; texts && i < count; i++)
        texts[i] = (cloze_text){ argv[i + 2], strlen(argv[i + 2]) };
    bool good = texts && count && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error);
    labels = good ? cloze_model_labels(model) : 0;
    good = good && (scores = calloc(count, (labels + 1) * sizeof *scores)) &&
           !cloze_classify(session, texts, NULL, count, NULL, scores, NULL, NULL, &error);
    for (size_t i = 0; good && i < count; i++) {
        const float *row = scores + i * labels;
        size_t best = 0;
        for (size_t k = 1; k < labels; k++)
            best = row[k] > row[best] ? k : best;
        printf("%.4f  %s  %s\n", (double)row[best], cloze_model_label(model, best), argv[i + 2]);
    }
    if (!good)
        fprintf(stderr, "classify: %s\n", error.message);
    cloze_session_free(session);
    cloze_model_free(model);
    free(scores);
    free(texts);
    return good ? 0 : 1;
}
