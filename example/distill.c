/*
 * distill.c - half of the layers of a model of embeddings learn the vectors of all, from lines of text.
 *
 * cc distill.c -o distill $(pkg-config --cflags --libs cloze)
 * ./distill TEACHER TEXTS.txt STUDENT FOLDER   TEACHER: a folder, or a hub name that `cloze pull` has fetched
 *
 * STUDENT is a new folder for the layers as they are, FOLDER one for what they learned.
 */
#include <cloze/train.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every second layer, from the first on. */
static cloze_status make_student(const cloze_model *teacher, const char *folder, cloze_error *error)
{
    cloze_model_info info = cloze_model_describe(teacher);
    size_t layers[64], count = 0;
    for (size_t i = 0; i < info.layers && count < 64; i += 2)
        layers[count++] = i;
    return cloze_student(info.path, folder, layers, count, error);
}

/* Every tenth line is kept for measuring. */
static bool add_lines(cloze_trainer *trainer, const cloze_model *teacher, const char *path,
                      cloze_error *error)
{
    char line[4096];
    FILE *file = fopen(path, "r");
    cloze_session *session = NULL;
    float *vector = calloc(cloze_embed_dimension(teacher, NULL), sizeof *vector);
    bool good = file && vector && !cloze_session_new(&session, teacher, NULL, error);
    for (size_t i = 0; good && fgets(line, sizeof line, file); i++) {
        cloze_example example = { .text = { line, strcspn(line, "\n") }, .values = vector };
        cloze_split split = i % 10 ? CLOZE_SPLIT_TRAIN : CLOZE_SPLIT_DEV;
        good = !example.text.size ||
               (!cloze_embed(session, &example.text, 1, NULL, vector, NULL, NULL, error) &&
                !cloze_trainer_add(trainer, split, &example, 1, NULL, error));
    }
    cloze_session_free(session);
    free(vector);
    if (file)
        fclose(file);
    return good;
}

static bool report(void *context, const cloze_train_event *event)
{
    (void)context;
    if (event->moment == CLOZE_TRAIN_MEASURED)
        printf("step %zu of %zu:", event->step, event->steps);
    for (size_t i = 0; event->moment == CLOZE_TRAIN_MEASURED && i < event->measures->count; i++)
        printf(" %s %.4f%s", event->measures->name[i], event->measures->value[i],
               i + 1 < event->measures->count ? "" : "\n");
    return true;
}

int main(int argc, char **argv)
{
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: distill TEACHER TEXTS STUDENT FOLDER" };
    cloze_train_options options = {
        .learning = CLOZE_LEARN_VECTORS, .epochs = 2, .rate = 3e-4, .watch = { report, NULL }
    };
    cloze_model *teacher = NULL;
    cloze_trainer *trainer = NULL;
    bool good = argc == 5 && !cloze_model_open(&teacher, argv[1], NULL, &error) &&
                !make_student(teacher, argv[3], &error);
    if (good) {
        /* It runs beside the student, too, so that the last hidden states can be compared. */
        options.teacher = (cloze_teacher){ .model = teacher, .last = 1 };
        options.folder = argv[4];
        good = !cloze_trainer_new(&trainer, argv[3], &options, &error) &&
               add_lines(trainer, teacher, argv[2], &error) &&
               !cloze_trainer_run(trainer, &error) && !cloze_trainer_save(trainer, NULL, &error);
    }
    if (!good)
        fprintf(stderr, "distill: %s\n", error.message);
    cloze_trainer_free(trainer);
    cloze_model_free(teacher);
    return good ? 0 : 1;
}
