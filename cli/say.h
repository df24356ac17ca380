/*
 * say.h - how the program speaks of trouble: one line on standard error, and the exit codes.
 */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include <cloze/status.h>

/* Exit codes are the numbers of cloze_status, and these. */
enum {
    EXIT_DIFFERENT = 20,    /* compare: beyond --tolerance; check: above --at-most */
    EXIT_INTERRUPTED = 130, /* as a shell says for SIGINT */
    EXIT_BROKEN_PIPE = 141  /* as a shell says for SIGPIPE */
};

typedef struct exit_meaning {
    int code;
    const char *meaning;
} exit_meaning;

/* Ends with a NULL meaning; the manual and the man page list it. */
extern const exit_meaning exit_meanings[];

/* "cloze: ..." with control characters made visible. Returns `code`. */
int say_failure(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The library's error, after "prefix: " unless prefix is NULL. Returns the exit code for it. */
int say_error(const cloze_error *error, const char *prefix);
/* From now on nothing is heard: of several processes only one speaks. */
void say_hold(void);
/* The first failure since then, empty if there was none; what follows is heard again. */
const char *say_held(void);
/* A remark that is no failure; nothing when `quiet`. */
void say_note(bool quiet, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
