/* train_options.c - what train can be told, in groups. */
#include "train.h"
#include "train_shared.h"

const option_group train_data_options = {
    "Labelled texts",
    (const command_option[]){
        OPTION("train", 'f', OPTION_WORDS, "FILE", files,
               "learn from FILE: columns of tsv or csv, JSON lines, CoNLL, SQuAD's json, lines of "
               "text, or a folder that holds a folder of text files for each label; may be "
               "repeated"),
        OPTION("dev", 0, OPTION_WORDS, "FILE", train.dev,
               "measure with FILE while learning, and keep what does best on it"),
        OPTION("test", 0, OPTION_WORDS, "FILE", train.test, "measure with FILE at the end"),
        OPTION("dev-part", 0, OPTION_REAL, "X", train.dev_part,
               "or take this part of the examples instead, 0.1 for example, each label alike"),
        OPTION("test-part", 0, OPTION_REAL, "X", train.test_part, "the same for the end"),
        OPTION("folds", 0, OPTION_COUNT, "K", train.folds,
               "learn K times, each time measuring with another K-th of the examples; mean and "
               "deviation are printed"),
        OPTION("seeds", 0, OPTION_COUNT, "N", train.seeds,
               "learn N times with other random numbers; mean and deviation are printed"),
        OPTION("layout", 0, OPTION_CHOICE, "tsv|csv|jsonl|conll|squad|lines", layout,
               "how files are read (default: what their names end with, else tsv; lines for "
               "fill)"),
        OPTION("no-header", 0, OPTION_FLAG, NULL, no_header,
               "the first line of tsv and csv is an example; columns have numbers alone"),
        OPTION("text-column", 0, OPTION_WORD, "NAME", text_column,
               "the column or field of texts, by name or number (default: a usual name: text, "
               "sentence, sentence1, question, ...)"),
        OPTION("pair-column", 0, OPTION_WORD, "NAME", pair_column,
               "of second texts (sentence2, hypothesis, context, ...)"),
        OPTION("negative-column", 0, OPTION_WORD, "NAME", train.negative_column,
               "embed: of texts that are no match (negative)"),
        OPTION("label-column", 0, OPTION_WORD, "NAME", label_column,
               "of labels, numbers, tags or answers (label, labels, score, tags, answer, ...)"),
        OPTION("label-columns", 0, OPTION_WORD, "LIST", train.label_columns,
               "multi-label: a column of 0 and 1 for each label; regress: several numbers"),
        OPTION("labels", 0, OPTION_WORD, "LIST", train.labels,
               "all labels in their order, with commas (default: those of the training file, "
               "sorted)"),
        OPTION("separator", 0, OPTION_WORD, "C", separator,
               "what stands between the labels of a cell (default: a comma)"),
        OPTION("encoding", 0, OPTION_CHOICE, "utf-8|latin-1|windows-1252", train.encoding,
               "of the files (default: utf-8)"),
        OPTION("skip-empty", 0, OPTION_FLAG, NULL, train.skip_empty,
               "leave out rows without a text or a label instead of refusing the file"),
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "cut texts at N tokens (default: the model's limit)"),
        OPTION("stride", 0, OPTION_COUNT, "N", stride,
               "answer: tokens that the windows of a long context share (default: 128)"),
        OPTIONS_END },
};

const option_group train_step_options = {
    "Steps",
    (const command_option[]){
        OPTION("epochs", 0, OPTION_REAL, "X", train.epochs,
               "how often all examples are seen (default: 3)"),
        OPTION("steps", 0, OPTION_COUNT, "N", train.steps,
               "at most N steps; with pretrain and without --epochs: N steps"),
        OPTION("batch", 0, OPTION_COUNT, "N", train.batch, "examples of a step (default: 32)"),
        OPTION("batch-tokens", 0, OPTION_COUNT, "N", train.batch_tokens,
               "tokens of a step instead: as many examples as have no more of them; with --batch, "
               "whichever is reached first"),
        OPTION("shards", 0, OPTION_COUNT, "N", train.shards,
               "parts of a batch that are computed one after the other: more need less memory "
               "(default: 4; 1 for embed)"),
        OPTION("rate", 0, OPTION_REAL, "X", train.rate,
               "the highest learning rate (default: 5e-5, with --lora 5e-4, with --freeze 1e-3; "
               "pretrain: 5e-4 for small architectures, else 1e-4)"),
        OPTION("schedule", 0, OPTION_CHOICE, "linear|cosine|restarts|polynomial|constant|stable",
               train.schedule, "how the rate goes down (default: linear, to 0)"),
        OPTION(
            "warmup", 0, OPTION_REAL, "N", train.warmup,
            "steps in which the rate goes up; below 1: a part of all steps (default: 0; pretrain: "
            "0.1)"),
        OPTION("cycles", 0, OPTION_REAL, "X", train.cycles,
               "waves of cosine (default: 0.5), or restarts (default: 1)"),
        OPTION("power", 0, OPTION_REAL, "X", train.power, "of polynomial (default: 1)"),
        OPTION("cooldown", 0, OPTION_REAL, "X", train.cooldown,
               "stable: the part of all steps in which the rate goes down (default: 0.1)"),
        OPTION("decay", 0, OPTION_REAL, "X", train.decay,
               "weight decay of matrices (default: 0.01)"),
        OPTION("layer-decay", 0, OPTION_REAL, "X", train.layer_decay,
               "each layer further down learns at X times the rate (default: 1)"),
        OPTION("clip", 0, OPTION_REAL, "X", train.clip, "longest gradient; 0: any (default: 1)"),
        OPTION("beta1", 0, OPTION_REAL, "X", train.beta1, "of AdamW (default: 0.9)"),
        OPTION("beta2", 0, OPTION_REAL, "X", train.beta2, "of AdamW (default: 0.999)"),
        OPTION("epsilon", 0, OPTION_REAL, "X", train.epsilon, "of AdamW (default: 1e-8)"),
        OPTION("no-bias-correction", 0, OPTION_FLAG, NULL, train.no_bias_correction,
               "AdamW as the first BERT had it"),
        OPTION("seed", 0, OPTION_NUMBER, "N", seed,
               "of everything random: new weights, order, dropout, parts, copies (default: 0)"),
        OPTIONS_END },
};

const option_group train_part_options = {
    "What learns",
    (const command_option[]){
        OPTION("freeze", 0, OPTION_FLAG, NULL, train.freeze_body,
               "only the head learns; what the model makes of a text is computed once"),
        OPTION("freeze-embeddings", 0, OPTION_FLAG, NULL, train.freeze_embeddings,
               "the embeddings stay"),
        OPTION("freeze-layers", 0, OPTION_COUNT, "N", train.freeze_layers,
               "the first N layers and the embeddings stay"),
        OPTION(
            "lora", 0, OPTION_COUNT, "RANK", train.lora,
            "LoRA: the model stays, and beside some of its matrices two of this rank learn, with "
            "a new head; FOLDER gets what learned, as peft saves it"),
        OPTION("lora-targets", 0, OPTION_WORD, "LIST", train.lora_targets,
               "names of the maps beside which they learn, with commas, as peft's target_modules: "
               "query,key,value,dense; all-linear: all (default: queries and values)"),
        OPTION("lora-alpha", 0, OPTION_REAL, "X", train.lora_alpha,
               "what they make counts alpha / rank times (default: 8)"),
        OPTION("lora-stabilized", 0, OPTION_FLAG, NULL, train.lora_stabilized,
               "or alpha / sqrt(rank) times (rsLoRA)"),
        OPTION("lora-dropout", 0, OPTION_REAL, "X", train.lora_dropout,
               "of what they are given (default: 0)"),
        OPTION("merge", 0, OPTION_FLAG, NULL, train.merge,
               "LoRA: FOLDER gets the whole model, with what learned added to its matrices"),
        OPTION("dropout", 0, OPTION_REAL, "X", train.dropout,
               "of hidden states; 0: no dropout anywhere (default: the model's)"),
        OPTION("attention-dropout", 0, OPTION_REAL, "X", train.attention_dropout,
               "of the weights of attention (default: the model's)"),
        OPTION("classifier-dropout", 0, OPTION_REAL, "X", train.classifier_dropout,
               "of what the head reads (default: the model's)"),
        TRAIN_PRECISION_OPTIONS, OPTIONS_END },
};

const option_group train_loss_options = {
    "Loss",
    (const command_option[]){
        TRAIN_LABEL_LOSS_OPTIONS,
        OPTION("loss", 0, OPTION_CHOICE, "ranking|similarity", train.loss,
               "embed: a text belongs to its second text and to no other of its batch (the "
               "default), or a score says how alike both are"),
        OPTION("temperature", 0, OPTION_REAL, "X", train.temperature,
               "ranking: cosines are divided by it (default: 0.05)"),
        OPTION("scale", 0, OPTION_REAL, "X", train.scale,
               "similarity: scores are divided by X, 5 for example (default: 1)"),
        TRAIN_WORD_LOSS_OPTIONS, OPTIONS_END },
};

const option_group train_augment_options = {
    "More examples",
    (const command_option[]){
        OPTION("augment", 0, OPTION_COUNT, "N", train.augment,
               "N changed copies of each text are learned from, too; the changes take turns"),
        OPTION("augment-delete", 0, OPTION_REAL, "X", train.drop,
               "words are left out with this chance (default: 0.1)"),
        OPTION("augment-swap", 0, OPTION_REAL, "X", train.swap,
               "this share of words changes places (default: 0.1)"),
        OPTION("augment-insert", 0, OPTION_REAL, "X", train.insert,
               "this share of words is put in: synonyms, or words of the text (default: 0.1)"),
        OPTION("augment-replace", 0, OPTION_REAL, "X", train.replace,
               "this share of words becomes synonyms (default: 0.1)"),
        OPTION("synonyms", 0, OPTION_WORD, "FILE", train.synonyms,
               "words that mean the same, with commas between them, a group a line"),
        OPTION("augment-fill", 0, OPTION_REAL, "X", train.refill,
               "this share of words becomes what the --augment-model would say there (default: "
               "0.1)"),
        OPTION("augment-model", 0, OPTION_WORD, "MODEL", train.filler,
               "a model of masked words, as `cloze fill` takes it; it may be the one that learns"),
        OPTIONS_END },
};

const option_group train_keep_options = {
    "Measuring and keeping",
    (const command_option[]){
        OPTION("output", 'o', OPTION_WORD, "FOLDER", output,
               "the model and all that is known of the run go here"),
        OPTION("resume", 0, OPTION_FLAG, NULL, train.resume,
               "go on where the run in FOLDER stopped; the result is the same to the bit"),
        OPTION("metric", 0, OPTION_WORD, "NAME", train.metric,
               "what tells the best numbers (default: accuracy, f1, spearman or loss, as the kind "
               "has it)"),
        OPTION("measure-every", 0, OPTION_COUNT, "N", train.measure_every,
               "steps between measurements (default: an epoch)"),
        OPTION("patience", 0, OPTION_COUNT, "N", train.patience,
               "stop after N measurements without a better one"),
        OPTION("keep-last", 0, OPTION_FLAG, NULL, train.keep_last,
               "save the last numbers, not the best"),
        OPTION("keep-every", 0, OPTION_COUNT, "N", train.keep_every,
               "steps between savings of the run's state (default: at measurements)"),
        OPTION("picture", 0, OPTION_CHOICE, "png|svg|none", train.picture,
               "the curves of the run, as FOLDER/training.png (default: png, where cairo and "
               "pango are installed)"),
        OPTIONS_END },
};

const option_group train_rank_options = {
    "Several processes",
    (const command_option[]){
        OPTION("ranks", 0, OPTION_FLAG, NULL, train.ranks,
               "join the processes that Open MPI started (default: where mpirun started several)"),
        OPTION("rank-wait", 0, OPTION_REAL, "SECONDS", train.rank_wait,
               "how long a process waits for word of another one (default: 3600)"),
        OPTIONS_END },
};

const option_group train_model_options = {
    "Model",
    (const command_option[]){
        OPTION("model", 'm', OPTION_WORD, "MODEL", model,
               "begin with this folder, or hub model in the cache (default: $CLOZE_MODEL, else "
               "sentence-transformers/all-MiniLM-L6-v2)"),
        OPTION("revision", 0, OPTION_WORD, "REVISION", revision,
               "branch, tag or commit of a hub model (default: main)"),
        OPTION("pull", 0, OPTION_FLAG, NULL, pull, "download the model if it is not in the cache"),
        OPTION("threads", 't', OPTION_NUMBER, "N", threads, "threads (default: one per core)"),
        OPTION("isa", 0, OPTION_WORD, "ISA", isa,
               "use at most this instruction set: scalar, avx2, avx512, neon"),
        OPTIONS_END },
};

const option_group train_general_options = {
    "General",
    (const command_option[]){
        OPTION("json", 0, OPTION_FLAG, NULL, json,
               "print what happens as JSON lines, as FOLDER/training.jsonl keeps them"),
        OPTION("quiet", 'q', OPTION_FLAG, NULL, quiet, "no progress and no remarks"),
        OPTION("help", 'h', OPTION_FLAG, NULL, help, "print this help"), OPTIONS_END },
};
