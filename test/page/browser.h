/*
 * browser.h - Chromium without a window and without a network, driven by its own protocol over two
 * pipes, to see pages as readers do.
 */
#ifndef TEST_PAGE_BROWSER_H
#define TEST_PAGE_BROWSER_H

#include <jansson.h>
#include <stdbool.h>

typedef struct browser browser;

/* Opens the file with a window of that size; "path#fragment". NULL, with a word of why, where no
 * Chromium is installed or it does not answer. */
browser *browser_open(const char *path, int width, int height, const char **why);
void browser_close(browser *in);

/* The value of an expression, awaited; NULL if it throws. The caller frees it. */
json_t *browser_evaluate(browser *in, const char *expression);
/* Whether an expression becomes true within some seconds. */
bool browser_awaits(browser *in, const char *expression);

/* A key as KeyboardEvent names it; shifted: with Shift. */
bool browser_press(browser *in, const char *key, bool shifted);
/* The left button, at a place in the window. */
bool browser_click(browser *in, double x, double y);
bool browser_moves(browser *in, double x, double y);
/* What the page learns of the reader's wish: dark or light. */
bool browser_prefers(browser *in, const char *scheme);
/* What the window shows, as a PNG in base64 (json string), or NULL. */
json_t *browser_picture(browser *in);

#endif
