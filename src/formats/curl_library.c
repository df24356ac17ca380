/*
 * curl_library.c - see curl_library.h.
 */
#include "formats/curl_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static void *open_library(void)
{
    static const char *const names[] = {
#ifdef __APPLE__
        "libcurl.4.dylib",
#else
        "libcurl.so.4",
        "libcurl-gnutls.so.4",
#endif
    };
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    return library;
}

cloze_status cz_curl_load(cz_curl_library *out, cloze_error *error)
{
    static const struct {
        const char *name;
        size_t place;
    } functions[] = {
#define PLACE(name) { "curl_" #name, offsetof(cz_curl_library, name) },
        CZ_CURL_FUNCTIONS(PLACE)
#undef PLACE
    };
    void *library = open_library();
    if (!library)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "downloading needs libcurl, which is not installed (Debian: libcurl4)");
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *found = dlsym(library, functions[i].name);
        if (!found)
            return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                           "the installed libcurl is too old for downloading: it has no %s",
                           functions[i].name);
        memcpy((char *)out + functions[i].place, &found, sizeof found);
    }
    return CLOZE_OK;
}
