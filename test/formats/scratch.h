/* A scratch folder that lives as long as the test program. */
#ifndef CZ_TEST_FORMATS_SCRATCH_H
#define CZ_TEST_FORMATS_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch_folder[64];

/* A path in the folder; valid for seven more calls. */
static inline const char *inside(const char *name)
{
    static char path[8][256];
    static unsigned turn;
    char *out = path[turn++ % 8];
    snprintf(out, 256, "%s/%s", scratch_folder, name);
    return out;
}

static inline int make_scratch(void **state)
{
    (void)state;
    strcpy(scratch_folder, "/tmp/cloze-test-XXXXXX");
    return mkdtemp(scratch_folder) ? 0 : -1;
}

static inline int remove_scratch(void **state)
{
    char command[256];
    (void)state;
    snprintf(command, sizeof command, "chmod -R u+w '%s' && rm -rf '%s'", scratch_folder,
             scratch_folder);
    return system(command);
}

#endif
