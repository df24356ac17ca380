/*
 * task/windows.h - texts as windows of tokens whose head tells of every token: what a task needs of
 * them is kept beside the batch until the batch is computed.
 */
#ifndef CZ_TASK_WINDOWS_H
#define CZ_TASK_WINDOWS_H

#include "task/engine.h"

/* One computed window; borrowed for the call. */
typedef struct cz_window {
    size_t owner;               /* number of the text */
    bool last;                  /* of the text's windows */
    bool alone;                 /* the text has no other */
    size_t length;
    const uint32_t *ids;        /* [length], as all below */
    const cloze_token_offset *offsets;
    const int64_t *words;
    const int8_t *sequences;    /* 0, 1, -1 special */
    const float *logits;        /* [length, columns] */
} cz_window;

typedef cloze_status cz_window_done(void *context, const cz_window *window, cloze_error *error);

typedef struct cz_windows {
    cloze_session *session;
    cz_head_kind head;
    size_t columns, total;      /* columns of the head; texts in all, for progress */
    cz_window_done *done;       /* in the order of the texts */
    void *context;
    cloze_embed_report report;  /* of the texts added */
    cloze_token_offset *offsets; /* [batch tokens], as all below */
    int64_t *words;
    int8_t *sequences;
    uint8_t *last, *alone;      /* [sequences] */
    float *logits;
} cz_windows;

/* The caller has set session, head, total, done and context; clear it whatever comes back. */
cloze_status cz_windows_begin(cz_windows *windows, cloze_error *error);
/* Every window of the session's encoding. Those without tokens are done at once. */
cloze_status cz_windows_add(cz_windows *windows, size_t owner, cloze_error *error);
/* Computes what is left. */
cloze_status cz_windows_flush(cz_windows *windows, cloze_error *error);
void cz_windows_clear(cz_windows *windows);

/* Logits to probabilities, in place. */
void cz_softmax(float *row, size_t count);

#endif
