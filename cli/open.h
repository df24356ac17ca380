/*
 * open.h - from options to an engine, a model and a session; finding models, and downloading them
 * when --pull allows it.
 */
#ifndef CLI_OPEN_H
#define CLI_OPEN_H

#include "input.h"
#include "progress.h"
#include "settings.h"

#include <cloze/cloze.h>

enum { PATH_SIZE = 4096 };

/* Choices of --packing, in order. */
enum { PACKING_AUTO = 1, PACKING_KEPT, PACKING_AT_USE, PACKING_BF16 };

typedef struct cli_opened {
    cloze_engine *engine;
    cloze_model *model;
    cloze_session *session;
    cli_progress progress;
    uint64_t done;  /* texts of earlier chunks */
    uint64_t total; /* 0: unknown */
} cli_opened;

/* The model that the options, CLOZE_MODEL, or the default name. */
const char *model_name(const cli_settings *settings);
/* Its folder: itself if it is one, else from the cache, else downloaded if allowed. Exit code. */
int model_find(const cli_settings *settings, char *path, size_t size);
/* Downloads NAME or NAME@REVISION. Exit code. */
int model_pull(const cli_settings *settings, const char *name, char *path, size_t size);

/* `single_batch`: all texts fit one batch, so packing on the fly is best. Exit code. */
int open_engine(cli_opened *out, const cli_settings *settings);
int open_model(cli_opened *out, const cli_settings *settings, bool single_batch);
int open_session(cli_opened *out, const cli_settings *settings);
int open_all(cli_opened *out, const cli_settings *settings, bool single_batch);
void close_all(cli_opened *opened);

/* The embedding options of the command line; names of poolings are checked here. Exit code. */
int embed_options(const cli_settings *settings, const cloze_model *model, cloze_embed_options *out);
/*
 * What cloze_embed refused about a chunk: the library numbers texts within a call, people want the
 * line of the file. `row` is room for one vector. Returns the exit code.
 */
int say_embed_error(cli_opened *opened, const cli_input *input,
                    const cloze_embed_options *options, float *row, const cloze_error *error);
/* A remark where texts were cut; `option` is what changes that. */
void say_truncated(const cloze_embed_report *report, const char *option, bool quiet);
/* 0 if the model has the prompt, else an exit code after saying which it has. */
int prompt_exists(const cloze_model *model, const char *name);
/* "mean", "cls+mean"; into out. */
const char *pooling_name(unsigned pooling, char *out, size_t size);

#endif
