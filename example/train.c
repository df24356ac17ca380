/*
 * train.c - fine-tunes a model to tell two kinds of lines apart, and saves it.
 *
 * cc train.c -o train $(pkg-config --cflags --libs cloze)
 * ./train MODEL ONE.txt OTHER.txt FOLDER   MODEL: a folder, or a hub name that `cloze pull` has fetched
 */
#include <cloze/train.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every tenth line is kept for measuring. */
static bool add_lines(cloze_trainer *trainer, const char *path, size_t label, cloze_error *error)
{
    char line[4096];
    FILE *file = fopen(path, "r");
    bool good = file;
    for (size_t i = 0; good && fgets(line, sizeof line, file); i++) {
        cloze_example example = { .text = { line, strcspn(line, "\n") }, .label = label };
        cloze_split split = i % 10 ? CLOZE_SPLIT_TRAIN : CLOZE_SPLIT_DEV;
        good = !example.text.size || !cloze_trainer_add(trainer, split, &example, 1, NULL, error);
    }
    if (file)
        fclose(file);
    return good;
}

static bool report(void *context, const cloze_train_event *event)
{
    (void)context;
    if (event->moment == CLOZE_TRAIN_STEP && event->step % 10 == 0)
        printf("step %zu of %zu: loss %.4f\n", event->step, event->steps, event->loss);
    for (size_t i = 0; event->moment == CLOZE_TRAIN_MEASURED && i < event->measures->count; i++)
        printf("  %s %.4f\n", event->measures->name[i], event->measures->value[i]);
    return true;
}

int main(int argc, char **argv)
{
    const char *labels[] = { "one", "other" };
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: train MODEL ONE OTHER FOLDER" };
    cloze_train_options options = {
        .labels = labels, .label_count = 2, .epochs = 1, .watch = { report, NULL }
    };
    cloze_trainer *trainer = NULL;
    if (argc == 5)
        options.folder = argv[4];
    bool good = argc == 5 && !cloze_trainer_new(&trainer, argv[1], &options, &error) &&
                add_lines(trainer, argv[2], 0, &error) && add_lines(trainer, argv[3], 1, &error) &&
                !cloze_trainer_run(trainer, &error) && !cloze_trainer_save(trainer, NULL, &error);
    if (!good)
        fprintf(stderr, "train: %s\n", error.message);
    cloze_trainer_free(trainer);
    return good ? 0 : 1;
}
