/*
 * train_folder.c - the folder of a run that came to nothing goes, so that the next try with better
 * settings finds its place free. Only one that was not there before, or was empty, and holds nothing
 * that could be resumed.
 */
#include "train.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DESCRIPTORS = 16 };

train_place train_look(const char *folder)
{
    DIR *opened = *folder ? opendir(folder) : NULL;
    train_place place = *folder ? PLACE_EMPTY : PLACE_NONE;
    struct dirent *entry;
    if (!opened)
        return *folder && access(folder, F_OK) ? PLACE_ABSENT : PLACE_NONE;
    while ((entry = readdir(opened)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            place = PLACE_NONE;
    closedir(opened);
    return place;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about, (void)kind;
    if (walk->level)
        remove(path);
    return 0;
}

void train_forget(const char *folder, train_place before)
{
    char state[PATH_SIZE + 32];
    snprintf(state, sizeof state, "%s/training.state", folder);
    if (before == PLACE_NONE || !access(state, F_OK))
        return;
    nftw(folder, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
    if (before == PLACE_ABSENT)
        rmdir(folder);
}
