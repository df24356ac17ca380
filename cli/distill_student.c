/*
 * distill_student.c - the student that cloze distill makes of its teacher's layers: in a temporary folder,
 * claimed as long as its process lives. One that nobody claims was left by a run that was killed, and goes.
 */
#include "train.h"

#include "say.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char beginning[] = "cloze-student-";

static const char *temporary_place(void)
{
    const char *place = getenv("TMPDIR");
    return place && *place ? place : "/tmp";
}

/* The folder as a descriptor that holds the claim; -1: it is not there, or another one's. */
static int claim(const char *path, int how)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat about;
    if (folder < 0)
        return -1;
    if (!fstat(folder, &about) && about.st_uid == geteuid() && !flock(folder, how))
        return folder;
    close(folder);
    return -1;
}

static void remove_unclaimed(const char *place)
{
    DIR *opened = opendir(place);
    char path[PATH_SIZE];
    struct dirent *entry;
    while (opened && (entry = readdir(opened))) {
        int folder;
        if (strncmp(entry->d_name, beginning, sizeof beginning - 1) != 0 ||
            (size_t)snprintf(path, sizeof path, "%s/%s", place, entry->d_name) >= sizeof path ||
            (folder = claim(path, LOCK_EX | LOCK_NB)) < 0)
            continue;
        train_forget(path, PLACE_ABSENT);
        close(folder);
    }
    if (opened)
        closedir(opened);
}

/* Between making a folder and claiming it another run may have removed it: then once more. */
static int make_folder(train_teacher *teacher)
{
    const char *place = temporary_place();
    do {
        if (teacher->claim > 0)
            close(teacher->claim);
        if ((size_t)snprintf(teacher->student, sizeof teacher->student, "%s/%sXXXXXX", place,
                             beginning) >= sizeof teacher->student ||
            !mkdtemp(teacher->student)) {
            int code = say_failure(CLOZE_ERROR_IO, "cannot make a folder for the student in %s: %s",
                                   place, strerror(errno));
            *teacher->student = '\0';
            return code;
        }
        teacher->claim = claim(teacher->student, LOCK_EX);
    } while (access(teacher->student, F_OK));
    return 0;
}

int distill_make_student(train_job *job)
{
    train_teacher *teacher = &job->teacher;
    cloze_error error;
    remove_unclaimed(temporary_place());
    int code = make_folder(teacher);
    if (code)
        return code;
    /* Inside: a folder that is written whole takes another's place, and the claim is of the old one. */
    if ((size_t)snprintf(job->model, sizeof job->model, "%s/model", teacher->student) >=
        sizeof job->model)
        return say_failure(CLOZE_ERROR_LIMIT, "the name of the temporary folder is too long");
    if (cloze_student(teacher->path, job->model, teacher->layers, teacher->layer_count, &error))
        return say_error(&error, "--layers");
    return 0;
}

void distill_forget_student(train_teacher *teacher)
{
    if (*teacher->student)
        train_forget(teacher->student, PLACE_ABSENT);
    if (teacher->claim > 0)
        close(teacher->claim);
}
