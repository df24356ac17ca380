/*
 * evaluate.c - how often a classifier is right: lines of standard input hold a text, a tab, and the
 * label that it should have.
 *
 * cc evaluate.c -o evaluate $(pkg-config --cflags --libs cloze)
 * ./evaluate MODEL < reviews.tsv   MODEL: a folder, or a hub name that `cloze pull` has fetched
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts one line; false with *error filled when it cannot be done. */
static bool count_line(cloze_session *session, const cloze_model *model, cloze_tally *tally,
                       char *line, float *scores, cloze_error *error)
{
    char *label = strchr(line, '\t');
    size_t best = 0;
    if (!label)
        return true;
    *label++ = 0;
    label[strcspn(label, "\r\n")] = 0;
    cloze_text text = { line, strlen(line) }, gold = { label, strlen(label) };
    if (cloze_classify(session, &text, NULL, 1, NULL, scores, NULL, NULL, error))
        return false;
    for (size_t k = 1; k < cloze_model_labels(model); k++)
        best = scores[k] > scores[best] ? k : best;
    const char *name = cloze_model_label(model, best);
    return !cloze_tally_label(tally, (cloze_text){ name, strlen(name) }, gold, error);
}

int main(int argc, char **argv)
{
    static char line[1 << 16];
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_tally *tally = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: evaluate MODEL < FILE" };
    float *scores = NULL;

    bool good = argc == 2 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error) &&
                !cloze_tally_new(&tally, NULL, &error) &&
                (scores = calloc(cloze_model_labels(model) + 1, sizeof *scores));
    while (good && fgets(line, sizeof line, stdin))
        good = count_line(session, model, tally, line, scores, &error);
    for (size_t i = 0; good && i < cloze_tally_size(tally); i++) {
        cloze_text name = cloze_tally_name(tally, i);
        cloze_score score = cloze_tally_score(tally, i);
        printf("%.*s: precision %.4f, recall %.4f, F1 %.4f, %zu texts\n", (int)name.size, name.data,
               score.precision, score.recall, score.f1, score.support);
    }
    if (good)
        printf("accuracy %.4f\n", cloze_tally_averages(tally).accuracy);
    else
        fprintf(stderr, "evaluate: %s\n", error.message);
    cloze_tally_free(tally);
    cloze_session_free(session);
    cloze_model_free(model);
    free(scores);
    return good ? 0 : 1;
}
