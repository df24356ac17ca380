/*
 * distill.c - cloze distill: a smaller model learns from a larger one. It is cloze train with a teacher:
 * what follows the command line is in train.c, what the teacher says in distill_teacher.c.
 */
#include "train.h"

#include "commands.h"
#include "say.h"
#include "train_shared.h"

static const option_group distill_teacher_options = {
    "Teacher and student",
    (const command_option[]){
        OPTION("teacher", 'T', OPTION_WORD, "MODEL", train.teacher,
               "learn from this folder, or hub model in the cache"),
        OPTION(
            "layers", 0, OPTION_WORD, "LIST", train.student_layers,
            "the student is made of these layers of the teacher, counted from 0, and of all that "
            "is in no layer: 0,2,4"),
        OPTION("model", 'm', OPTION_WORD, "MODEL", model,
               "or the student is this folder, or hub model in the cache"),
        OPTION("alpha", 0, OPTION_REAL, "X", train.alpha,
               "the share of what the teacher says in the loss; the rest is that of the labels or "
               "words (default: 0.5; 1 with --unlabelled; 0: nothing but --layers)"),
        OPTION("temperature", 0, OPTION_REAL, "X", train.temperature,
               "both models' logits are divided by it (default: 2)"),
        OPTION(
            "loss", 0, OPTION_CHOICE, "squared|cosine", train.vector_loss,
            "embed: the squared error of the teacher's vectors (the default), or 1 - their cosine"),
        OPTION("hidden-cosine", 0, OPTION_REAL, "X", train.teach_last,
               "add X times 1 - the cosine of the last hidden states of each token (DistilBERT)"),
        OPTION(
            "hidden-error", 0, OPTION_REAL, "X", train.teach_states,
            "add X times the squared error of hidden states, layer by layer (TinyBERT); of another "
            "width: through a map that learns"),
        OPTION(
            "attention-error", 0, OPTION_REAL, "X", train.teach_attention,
            "add X times the squared error of the scores of attention, layer by layer (TinyBERT)"),
        OPTION("match", 0, OPTION_WORD, "LIST", train.match,
               "after how many layers of the teacher each layer of the student is compared: 2,4,6 "
               "(default: evenly spread, the last with the last)"),
        OPTION("unlabelled", 0, OPTION_FLAG, NULL, train.unlabelled,
               "classify, pair: the texts have no labels; the teacher's best ones are taken"),
        OPTIONS_END },
};

static const option_group distill_loss_options = {
    "Loss",
    (const command_option[]){ TRAIN_LABEL_LOSS_OPTIONS, TRAIN_WORD_LOSS_OPTIONS, OPTIONS_END },
};

/* As train's, but for the model. */
static const option_group distill_run_options = {
    "Computing",
    (const command_option[]){
        OPTION("revision", 0, OPTION_WORD, "REVISION", revision,
               "branch, tag or commit of hub models (default: main)"),
        OPTION("pull", 0, OPTION_FLAG, NULL, pull, "download models that are not in the cache"),
        OPTION("threads", 't', OPTION_NUMBER, "N", threads, "threads (default: one per core)"),
        OPTION("isa", 0, OPTION_WORD, "ISA", isa,
               "use at most this instruction set: scalar, avx2, avx512, neon"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze distill embed -T sentence-transformers/all-MiniLM-L6-v2 --layers 0,2,4 -f texts.txt "
      "--dev-part 0.02 -o small",
      "half of the layers learn the vectors of all; then: cloze embed -m small \"...\"" },
    { "cloze distill classify -T ./sentiment --layers 0,2,4 -f reviews.tsv --dev dev.tsv -o quick",
      "columns text and label; labels and what the teacher says of them, half and half" },
    { "cloze distill classify -T ./sentiment -m ./tiny -f texts.txt --unlabelled --dev-part 0.1 "
      "-o quick",
      "plain texts, and a student of another kind" },
    { "cloze distill fill -T google-bert/bert-base-uncased --layers 0,2,4,7,9,11 -f books.txt "
      "--alpha 0.7 --hidden-cosine 0.15 -o distilled",
      "as DistilBERT was made" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv)
{
    return train_command(self, argc, argv, true);
}

const cli_command command_distill = {
    .name = "distill",
    .operands = "KIND",
    .operand_kind = "classify|multi-label|regress|pair|tag|embed|fill",
    .summary = "teach a smaller model what a larger one knows",
    .description =
        "A student learns what its teacher says of texts: of their labels (classify, multi-label, "
        "pair), of numbers (regress), of words (tag), of masked words (fill, from plain text), or "
        "the vectors that it makes of them (embed, from plain text). The loss is alpha times the "
        "teacher's part plus 1 - alpha times that of the labels, as `cloze train` has it; hidden "
        "states and scores of attention can be compared, too.\n\n"
        "The student is made of some layers of the teacher (--layers) or is a model of its own "
        "(-m). "
        "It may have another tokenizer for classify, pair and embed; all else compares token by "
        "token, so the vocabularies must be the same.\n\n"
        "Examples, measuring, FOLDER and --resume are as for `cloze train`: a run is a function of "
        "teacher, student, examples, settings and seed.",
    .groups = { &distill_teacher_options, &train_data_options, &train_step_options,
                &train_part_options, &distill_loss_options, &train_augment_options,
                &train_keep_options, &train_rank_options, &distill_run_options,
                &train_general_options },
    .examples = examples,
    .run = run,
};
