/*
 * examples_folder.c - texts that are files: a folder for each label, and a file in it for each text.
 * Names are taken in the order of their bytes, so that a folder says the same everywhere. Also lines.
 */
#include "examples_inside.h"

#include "cells.h"
#include "encoding.h"
#include "interrupt.h"
#include "say.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const cloze_text *)left)->data, ((const cloze_text *)right)->data);
}

static int keep_path(cli_keep *keep, const char *folder, const char *name, cloze_text *out)
{
    size_t folder_size = strlen(folder), size = folder_size + 1 + strlen(name);
    char *path = keep_room(keep, size + 1, 1);
    if (!path)
        return out_of_memory();
    memcpy(path, folder, folder_size);
    path[folder_size] = '/';
    strcpy(path + folder_size + 1, name);
    *out = (cloze_text){ path, size };
    return 0;
}

/* The paths in a folder, sorted, of folders or of files; hidden ones are left out. */
static int list(cli_keep *keep, const char *folder, bool folders, cell_list *out)
{
    DIR *opened = opendir(folder);
    struct dirent *entry;
    int code = 0;
    if (!opened)
        return say_failure(CLOZE_ERROR_IO, "cannot read %s: %s", folder, strerror(errno));
    while (!code && (entry = readdir(opened))) {
        struct stat about;
        cloze_text path;
        if (*entry->d_name == '.' || (code = keep_path(keep, folder, entry->d_name, &path)))
            continue;
        if (!stat(path.data, &about) &&
            (folders ? S_ISDIR(about.st_mode) : S_ISREG(about.st_mode)) && !cells_add(out, path))
            code = out_of_memory();
    }
    closedir(opened);
    if (out->count)
        qsort(out->item, out->count, sizeof *out->item, by_name);
    return code;
}

static int of_file(example_reader *reader, const char *path, cloze_text label)
{
    cli_example example = { .file = path, .line = 1 };
    char *bytes = NULL;
    size_t size = 0;
    bool skip = false;
    int code = read_text_file(path, reader->format->encoding, &bytes, &size);
    if (code)
        return code;
    while (size && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r'))
        size--;
    if (text_is_blank((cloze_text){ bytes, size }))
        code = example_lacks(reader, &example, "the text is empty", &skip);
    else if (!(code = example_keep(reader, (cloze_text){ bytes, size }, &example.text)))
        code = example_label(reader, label, &example);
    free(bytes);
    return code || skip ? code : example_add(reader, &example);
}

static int of_label(example_reader *reader, const char *folder)
{
    cell_list files = { 0 };
    cloze_text label = { strrchr(folder, '/') + 1, 0 };
    int code = list(&reader->out->keep, folder, false, &files);
    label.size = strlen(label.data);
    for (size_t i = 0; i < files.count && !code; i++)
        code = interrupted() ? EXIT_INTERRUPTED : of_file(reader, files.item[i].data, label);
    free(files.item);
    return code;
}

int examples_from_folder(example_reader *reader)
{
    cell_list folders = { 0 };
    int code = list(&reader->out->keep, reader->name, true, &folders);
    if (!code && !folders.count)
        code = say_failure(CLOZE_ERROR_NOT_FOUND,
                           "%s holds no folders; it needs one for each label, with a file for each "
                           "text",
                           reader->name);
    for (size_t i = 0; i < folders.count && !code; i++)
        code = of_label(reader, folders.item[i].data);
    free(folders.item);
    return code;
}

int examples_from_lines(example_reader *reader, char *bytes, size_t size)
{
    cell_reader lines = { reader->name, bytes, size, 0, 1, 1 };
    cloze_text line;
    int code = 0;
    while (!code && cells_line(&lines, &line)) {
        cli_example example = { .file = reader->name, .line = lines.line };
        if (text_is_blank(line))
            continue;
        code = example_keep(reader, line, &example.text);
        if (!code)
            code = example_add(reader, &example);
    }
    return code;
}
