/*
 * cloze/status.h - what every other cloze header stands on: status codes, errors, and the hooks a
 * host program may give (allocator, log).
 *
 * Conventions of the whole library
 * - A function that can fail returns cloze_status and takes a `cloze_error *` last (may be NULL).
 * - A first parameter `**out` receives something that is yours to free with the matching `_free`;
 *   what is returned by value or as a pointer to const is borrowed from its parent.
 * - On failure handles and reports are untouched; arrays of results (vectors, states, pairs) may
 *   have been written in part. `_free(NULL)` does nothing.
 * - Options are structs in which zero means the default; NULL means all defaults.
 * - Text is UTF-8 with a length, not zero-terminated; names and paths are zero-terminated.
 * - The library never prints, never exits, and keeps no global state.
 */
#ifndef CLOZE_STATUS_H
#define CLOZE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) || !defined(__GNUC__)
#define CLOZE_API
#else
#define CLOZE_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Stable numbers: a new code is added at the end. The program's exit codes are derived from
 * them. */
typedef enum cloze_status {
    CLOZE_OK = 0,
    CLOZE_ERROR_MEMORY = 1,      /* an allocation failed */
    CLOZE_ERROR_ARGUMENT = 2,    /* the caller's words are off */
    CLOZE_ERROR_NOT_FOUND = 3,   /* no such file, model, tensor, prompt */
    CLOZE_ERROR_IO = 4,          /* the system refused to read or write */
    CLOZE_ERROR_FORMAT = 5,      /* a file is damaged or hostile */
    CLOZE_ERROR_UNSUPPORTED = 6, /* well-formed, but nothing here can run it */
    CLOZE_ERROR_LIMIT = 7,       /* larger than a stated limit */
    CLOZE_ERROR_TEXT = 8,        /* a text cannot be processed as asked (too long, not UTF-8) */
    CLOZE_ERROR_CANCELLED = 9,   /* a callback or cloze_session_cancel asked to stop */
    CLOZE_ERROR_NETWORK = 10,    /* the other side did not answer as it should */
    CLOZE_ERROR_ACCESS = 11,     /* a token is missing or was refused */
    CLOZE_ERROR_OFFLINE = 12     /* not in the cache, and sockets are not allowed */
} cloze_status;

enum { CLOZE_MESSAGE_SIZE = 512 };

/* The caller's own; filled on failure only. One line: what, where, and what to do. */
typedef struct cloze_error {
    cloze_status status;
    size_t position; /* byte in the file or text that the message speaks of, or 0 */
    char message[CLOZE_MESSAGE_SIZE];
} cloze_error;

/* A few words for a status, never NULL. Thread-safe. */
CLOZE_API const char *cloze_status_name(cloze_status status);

/* "MAJOR.MINOR.PATCH" of the library in use. Thread-safe. */
CLOZE_API const char *cloze_version(void);

/*
 * Where memory comes from. All three or none must be set; zero means malloc, realloc, free.
 * Blocks need the alignment of malloc. Called from any thread that uses the handle. Not asked by
 * what lies beneath: jansson (the values of a JSON file while it is read), libcurl (during a
 * download) and the C library take from malloc.
 */
typedef struct cloze_allocator {
    void *(*allocate)(void *context, size_t size);
    void *(*resize)(void *context, void *block, size_t size);
    void (*release)(void *context, void *block);
    void *context;
} cloze_allocator;

typedef enum cloze_log_level { CLOZE_LOG_WARNING = 1, CLOZE_LOG_NOTE = 2 } cloze_log_level;

/* Where remarks go that are not errors (an ignored buffer, a chosen default); NULL write:
 * nowhere. */
typedef struct cloze_log {
    void (*write)(void *context, cloze_log_level level, const char *message);
    void *context;
} cloze_log;

/* A long call reports here; `false` stops it with CLOZE_ERROR_CANCELLED. `total` is 0 if
 * unknown. */
typedef struct cloze_progress {
    bool (*report)(void *context, uint64_t done, uint64_t total);
    void *context;
} cloze_progress;

typedef struct cloze_hooks {
    cloze_allocator allocator;
    cloze_log log;
} cloze_hooks;

/* UTF-8 text with its length in bytes; not zero-terminated. */
typedef struct cloze_text {
    const char *data;
    size_t size;
} cloze_text;

#ifdef __cplusplus
}
#endif
#endif
