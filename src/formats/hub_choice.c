/* hub_choice.c - see hub_choice.h. */
#include "formats/hub_choice.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { FILES_MOST = 100000, NAME_MOST = 512, MODULES_MOST = 100 };

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && !strcmp(name + length - tail, end);
}

static cloze_status add(cz_choice *choice, const char *name, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    void *files = choice->files;
    char *copy;
    cloze_status status;
    if (strlen(name) > NAME_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT,
                       "the name of a file of the repository is too long");
    if ((status = cz_path_below(path, sizeof path, "the repository", name, error)))
        return status;
    if (!cz_grow(choice->allocator, &files, &choice->capacity, choice->count + 1,
                 sizeof *choice->files))
        return cz_fail_memory(error, "a list of files", choice->count * sizeof *choice->files);
    choice->files = files;
    if (!(copy = cz_copy_text(choice->allocator, name, strlen(name))))
        return cz_fail_memory(error, "a list of files", strlen(name));
    choice->files[choice->count++] = (cz_choice_file){ copy, false };
    return CLOZE_OK;
}

cloze_status cz_choice_list(cz_choice *choice, const json_t *siblings, cloze_error *error)
{
    size_t count = json_array_size(siblings);
    if (!json_is_array(siblings) || count > FILES_MOST)
        return cz_fail(error, CLOZE_ERROR_NETWORK, "the hub does not list the repository's files");
    for (size_t i = 0; i < count; i++) {
        const json_t *name = json_object_get(json_array_get(siblings, i), "rfilename");
        cloze_status status;
        if (!json_is_string(name))
            return cz_fail(error, CLOZE_ERROR_NETWORK, "the hub lists a file without a name");
        if ((status = add(choice, json_string_value(name), error)))
            return status;
    }
    return CLOZE_OK;
}

bool cz_choice_has(const cz_choice *choice, const char *name)
{
    for (size_t i = 0; i < choice->count; i++)
        if (!strcmp(choice->files[i].name, name))
            return true;
    return false;
}

/* How the weights of a folder are stored, the best first; one of them is enough. */
static const struct {
    const char *file;   /* the weights, or what lists their shards */
    const char *shards; /* NULL: the file is whole */
} forms[] = {
    { "model.safetensors", NULL },
    { "model.safetensors.index.json", "model-#####-of-#####.safetensors" },
    { "pytorch_model.bin", NULL },
    { "pytorch_model.bin.index.json", "pytorch_model-#####-of-#####.bin" },
};
enum { FORMS = sizeof forms / sizeof *forms };

/* model-00001-of-00003.safetensors is like model-#####-of-#####.safetensors */
static bool is_like(const char *name, const char *pattern)
{
    if (strlen(name) != strlen(pattern))
        return false;
    for (size_t i = 0; pattern[i]; i++)
        if (pattern[i] == '#' ? name[i] < '0' || name[i] > '9' : name[i] != pattern[i])
            return false;
    return true;
}

static bool has_form(const char *name, size_t form)
{
    return !strcmp(name, forms[form].file) ||
           (forms[form].shards && is_like(name, forms[form].shards));
}

/* Whether a file of a folder of the model is wanted; `name` without the folder, `form` FORMS if the
 * folder has no weights. */
static bool is_useful(const char *name, size_t form)
{
    if (name[0] == '.')
        return false;
    if (form < FORMS && has_form(name, form))
        return true;
    if (cz_choice_is_weights(name) || ends_with(name, ".index.json"))
        return false;
    return ends_with(name, ".json") || ends_with(name, ".txt") || ends_with(name, ".model");
}

/* The name without the folder ("": the root), NULL if the file lies elsewhere. */
static const char *name_in(const char *path, const char *folder, size_t folder_size)
{
    const char *name = path;
    if (folder_size) {
        if (strncmp(path, folder, folder_size) || path[folder_size] != '/')
            return NULL;
        name = path + folder_size + 1;
    }
    return strchr(name, '/') ? NULL : name;
}

static void choose_in(cz_choice *choice, const char *folder)
{
    size_t size = strlen(folder), form = FORMS;
    const char *name;
    for (size_t i = 0; i < choice->count; i++)
        if ((name = name_in(choice->files[i].name, folder, size)))
            for (size_t f = 0; f < form; f++)
                form = has_form(name, f) ? f : form;
    for (size_t i = 0; i < choice->count; i++)
        if ((name = name_in(choice->files[i].name, folder, size)))
            choice->files[i].wanted = is_useful(name, form);
}

/* Twice through the list for each folder, so their number is bounded. */
cloze_status cz_choice_make(cz_choice *choice, const json_t *modules, cloze_error *error)
{
    if (json_array_size(modules) > MODULES_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "modules.json names more than %d modules",
                       MODULES_MOST);
    choose_in(choice, "");
    for (size_t i = 0; i < json_array_size(modules); i++) {
        const char *path = json_string_value(json_object_get(json_array_get(modules, i), "path"));
        if (path)
            choose_in(choice, path);
    }
    return CLOZE_OK;
}

void cz_choice_clear(cz_choice *choice)
{
    for (size_t i = 0; i < choice->count; i++)
        cz_release(choice->allocator, choice->files[i].name);
    cz_release(choice->allocator, choice->files);
    *choice = (cz_choice){ .allocator = choice->allocator };
}

bool cz_choice_is_weights(const char *name)
{
    return ends_with(name, ".safetensors") || ends_with(name, ".bin");
}

bool cz_choice_has_weights(const cz_choice *choice)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice->files[i].wanted && cz_choice_is_weights(choice->files[i].name))
            return true;
    return false;
}

size_t cz_choice_count(const cz_choice *choice)
{
    size_t count = 0;
    for (size_t i = 0; i < choice->count; i++)
        count += choice->files[i].wanted;
    return count;
}
