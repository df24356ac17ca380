/*
 * formats/curl_library.h - libcurl, loaded when a download begins. It brings some thirty further
 * libraries, and linking them would cost every start of the program as much as a short text takes.
 */
#ifndef CZ_FORMATS_CURL_LIBRARY_H
#define CZ_FORMATS_CURL_LIBRARY_H

#include "base/error.h"

/* Its checks of types are macros around the linked functions. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

/* The functions that are used, under libcurl's own names and types. */
#define CZ_CURL_FUNCTIONS(X)                                                                       \
    X(global_init)                                                                                 \
    X(global_cleanup)                                                                              \
    X(free)                                                                                        \
    X(easy_init)                                                                                   \
    X(easy_reset)                                                                                  \
    X(easy_setopt)                                                                                 \
    X(easy_perform)                                                                                \
    X(easy_getinfo)                                                                                \
    X(easy_strerror)                                                                               \
    X(easy_cleanup)                                                                                \
    X(slist_append)                                                                                \
    X(slist_free_all)                                                                              \
    X(url)                                                                                         \
    X(url_set)                                                                                     \
    X(url_get)                                                                                     \
    X(url_cleanup)

typedef struct cz_curl_library {
#define CZ_CURL_FIELD(name) __typeof__(&curl_##name) name;
    CZ_CURL_FUNCTIONS(CZ_CURL_FIELD)
#undef CZ_CURL_FIELD
} cz_curl_library;

/* Fills *out. The library stays loaded until the process ends, as libcurl's parts wish it. Fails
 * with CLOZE_ERROR_UNSUPPORTED where no libcurl of the version built against is installed. */
cloze_status cz_curl_load(cz_curl_library *out, cloze_error *error);

#endif
