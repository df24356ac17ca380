/*
 * transcript.c - runs the examples of a document and compares what they print.
 *
 * usage: transcript CLOZE FILE ...
 *
 * In a block that begins with ```console, "$ command" is run by the shell and the lines after it
 * are its expected output, both streams together. A line "..." stands for any lines, "..." inside a
 * line for any characters; a last line "[N]" is the exit status when it is not 0. A comment before
 * a block, <!-- if: command -->, lets the block run only where that command succeeds; <!-- not run
 * --> never. All commands of a file share a scratch folder, where `tiny` is a very small model and
 * `golden` the folder of golden files.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINES_MOST = 4000, TEXT_MOST = 1 << 20 };

typedef struct text_lines {
    char *bytes;
    char *line[LINES_MOST];
    size_t count;
} text_lines;

typedef struct outcome {
    size_t passed, failed, skipped;
} outcome;

typedef struct document {
    const char *name;
    text_lines lines;
    char heading[256], condition[512];
    bool not_run;
} document;

static void die(const char *what, const char *name)
{
    fprintf(stderr, "transcript: %s %s: %s\n", what, name, strerror(errno));
    exit(2);
}

static void split(text_lines *out)
{
    char *at = out->bytes;
    out->count = 0;
    while (*at && out->count < LINES_MOST) {
        char *end = strchr(at, '\n');
        out->line[out->count++] = at;
        if (!end)
            break;
        *end = 0;
        at = end + 1;
    }
}

static void read_stream(text_lines *out, FILE *stream)
{
    size_t size;
    if (!(out->bytes = malloc(TEXT_MOST)))
        die("memory for", "a text");
    size = fread(out->bytes, 1, TEXT_MOST - 1, stream);
    for (size_t i = 0; i < size; i++)
        if (!out->bytes[i])
            out->bytes[i] = '\\';
    out->bytes[size] = 0;
    split(out);
}

/* "..." in `pattern` stands for any characters. */
static bool line_matches(const char *pattern, const char *line)
{
    const char *dots = strstr(pattern, "...");
    size_t head = dots ? (size_t)(dots - pattern) : strlen(pattern);
    if (strncmp(pattern, line, head) != 0)
        return false;
    if (!dots)
        return !line[head];
    for (line += head;; line++) {
        if (line_matches(dots + 3, line))
            return true;
        if (!*line)
            return false;
    }
}

static bool lines_match(char **pattern, size_t patterns, char **line, size_t lines)
{
    if (!patterns)
        return !lines;
    if (!strcmp(*pattern, "..."))
        return lines_match(pattern + 1, patterns - 1, line, lines) ||
               (lines && lines_match(pattern, patterns, line + 1, lines - 1));
    return lines && line_matches(*pattern, *line) &&
           lines_match(pattern + 1, patterns - 1, line + 1, lines - 1);
}

static int exit_status(int status)
{
    return WIFEXITED(status)     ? WEXITSTATUS(status)
           : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                 : -1;
}

static int run(const char *command, text_lines *out)
{
    size_t size = strlen(command) + 64;
    char *whole = malloc(size);
    FILE *stream;
    int status;
    if (!whole)
        die("memory for", command);
    snprintf(whole, size, "{ %s\n} 2>&1 </dev/null", command);
    fflush(NULL);
    if (!(stream = popen(whole, "r")))
        die("cannot run", command);
    read_stream(out, stream);
    while (fgetc(stream) != EOF)
        ;
    status = pclose(stream);
    free(whole);
    return exit_status(status);
}

/* "[3]" as the last expected line. */
static int expected_status(char **expected, size_t *count)
{
    int status, end = 0;
    if (*count && sscanf(expected[*count - 1], "[%d]%n", &status, &end) == 1 && end &&
        !expected[*count - 1][end]) {
        --*count;
        return status;
    }
    return 0;
}

static bool check(const document *of, const char *command, char **expected, size_t count)
{
    text_lines found;
    int wanted = expected_status(expected, &count), status = run(command, &found);
    bool good = status == wanted && lines_match(expected, count, found.line, found.count);
    if (!good) {
        printf("%s: %s\n$ %s\n--- expected (exit status %d)\n", of->name, of->heading, command,
               wanted);
        for (size_t i = 0; i < count; i++)
            printf("%s\n", expected[i]);
        printf("--- found (exit status %d)\n", status);
        for (size_t i = 0; i < found.count; i++)
            printf("%s\n", found.line[i]);
        printf("---\n");
    }
    free(found.bytes);
    return good;
}

static bool may_run(const document *of, outcome *all)
{
    text_lines ignored;
    if (of->not_run)
        return false;
    if (!*of->condition)
        return true;
    int status = run(of->condition, &ignored);
    free(ignored.bytes);
    if (!status)
        return true;
    printf("skipped: examples of %s that need `%s`\n", of->name, of->condition);
    all->skipped++;
    return false;
}

/* Lines from `at` to the closing fence; returns the line after it. */
static size_t run_block(const document *of, size_t at, bool really, outcome *all)
{
    char *const *line = of->lines.line;
    while (at < of->lines.count && strncmp(line[at], "```", 3) != 0) {
        char command[8192];
        size_t first, end;
        if (strncmp(line[at], "$ ", 2) != 0) {
            printf("%s: line %zu is no command\n", of->name, at + 1);
            all->failed++;
            return at + 1;
        }
        snprintf(command, sizeof command, "%s", line[at++] + 2);
        for (; at < of->lines.count && !strncmp(line[at], "> ", 2); at++) {
            size_t used = strlen(command);
            snprintf(command + used, sizeof command - used, "\n%s", line[at] + 2);
        }
        first = at;
        while (at < of->lines.count && strncmp(line[at], "```", 3) != 0 &&
               strncmp(line[at], "$ ", 2) != 0)
            at++;
        end = at;
        if (!really)
            continue;
        if (check(of, command, (char **)line + first, end - first))
            all->passed++;
        else
            all->failed++;
    }
    return at + 1;
}

/* What a line outside of blocks says about the next block. */
static void note_line(document *of, const char *line)
{
    const char *end = strstr(line, " -->");
    if (line[0] == '#')
        snprintf(of->heading, sizeof of->heading, "%s", line);
    else if (!strcmp(line, "<!-- not run -->"))
        of->not_run = true;
    else if (!strncmp(line, "<!-- if: ", 9) && end)
        snprintf(of->condition, sizeof of->condition, "%.*s", (int)(end - line - 9), line + 9);
}

static void run_document(const char *path, outcome *all)
{
    document *of = calloc(1, sizeof *of);
    FILE *file = fopen(path, "r");
    const char *slash = strrchr(path, '/');
    if (!of || !file)
        die("cannot read", path);
    of->name = slash ? slash + 1 : path;
    read_stream(&of->lines, file);
    fclose(file);
    for (size_t i = 0; i < of->lines.count;) {
        const char *line = of->lines.line[i++];
        if (strcmp(line, "```console") != 0) {
            note_line(of, line);
            continue;
        }
        i = run_block(of, i, may_run(of, all), all);
        of->condition[0] = 0;
        of->not_run = false;
    }
    free(of->lines.bytes);
    free(of);
}

static void link_data(const char *data, const char *below, const char *name)
{
    char target[4096];
    snprintf(target, sizeof target, "%s/%s", data, below);
    if (symlink(target, name))
        die("cannot link", name);
}

static void set_environment(const char *program)
{
    char path[8192], *whole = realpath(program, NULL);
    const char *before = getenv("PATH");
    if (!whole)
        die("cannot find", program);
    *strrchr(whole, '/') = 0;
    snprintf(path, sizeof path, "%s:%s", whole, before ? before : "");
    free(whole);
    setenv("PATH", path, 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("NO_COLOR", "1", 1);
    unsetenv("CLOZE_MODEL");
}

int main(int argc, char **argv)
{
    const char *data = getenv("CLOZE_TEST_DATA"), *temporary = getenv("TMPDIR");
    char scratch[4096], remove[4200];
    outcome all = { 0 };
    if (argc < 3 || !data) {
        fprintf(stderr, "usage: CLOZE_TEST_DATA=FOLDER transcript CLOZE FILE ...\n");
        return 2;
    }
    set_environment(argv[1]);
    for (int i = 2; i < argc; i++) {
        snprintf(scratch, sizeof scratch, "%s/cloze-transcript.XXXXXX",
                 temporary ? temporary : "/tmp");
        if (!mkdtemp(scratch) || chdir(scratch))
            die("cannot make", scratch);
        link_data(data, "golden/sentence/mean", "tiny");
        link_data(data, "golden", "golden");
        run_document(argv[i], &all);
        snprintf(remove, sizeof remove, "rm -rf '%s'", scratch);
        if (chdir("/") || system(remove))
            die("cannot remove", scratch);
    }
    printf("[  PASSED  ] %zu test(s).\n", all.passed);
    if (all.failed)
        printf("[  FAILED  ] %zu test(s)\n", all.failed);
    return all.failed ? 1 : !all.passed && all.skipped ? 77 : 0;
}
