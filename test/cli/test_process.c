/*
 * test_process.c - what a transcript cannot show: pipes that close, signals, a conversation line by
 * line, a terminal. The program's path is the first argument.
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *program;
static char model[4096], folder[64];

typedef struct process {
    pid_t id;
    int in, out, error; /* our ends */
} process;

static process start(const char *const *arguments)
{
    int in[2], out[2], error[2];
    process p;
    assert_int_equal(pipe(in) | pipe(out) | pipe(error), 0);
    p.id = fork();
    assert_true(p.id >= 0);
    if (!p.id) {
        signal(SIGINT, SIG_DFL);
        signal(SIGPIPE, SIG_DFL);
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(error[1], 2);
        for (int i = 3; i < 64; i++)
            close(i);
        execv(program, (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    close(error[1]);
    p.in = in[1];
    p.out = out[0];
    p.error = error[0];
    return p;
}

/* Waits, then closes what is open; returns the exit status, and what standard error said. */
static int finish(process *p, char *message, size_t size)
{
    int status;
    ssize_t got = 0;
    if (p->in >= 0)
        close(p->in);
    assert_int_equal(waitpid(p->id, &status, 0), p->id);
    got = read(p->error, message, size - 1);
    message[got > 0 ? got : 0] = 0;
    if (p->out >= 0)
        close(p->out);
    close(p->error);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* A line of output, within ten seconds. */
static void read_line(int file, char *line, size_t size)
{
    size_t used = 0;
    while (used + 1 < size) {
        struct pollfd question = { .fd = file, .events = POLLIN };
        assert_int_equal(poll(&question, 1, 10000), 1);
        assert_int_equal(read(file, line + used, 1), 1);
        if (line[used++] == '\n')
            break;
    }
    line[used] = 0;
}

static void path_in(char *out, size_t size, const char *name)
{
    assert_true((size_t)snprintf(out, size, "%s/%s", folder, name) < size);
}

static size_t files_in_folder(void)
{
    char command[128], count[16] = "";
    snprintf(command, sizeof command, "ls -A %s | wc -l", folder);
    FILE *stream = popen(command, "r");
    assert_non_null(stream);
    assert_non_null(fgets(count, sizeof count, stream));
    pclose(stream);
    return strtoul(count, NULL, 10);
}

static void a_reader_that_stops_ends_the_program_without_a_word(void **state)
{
    const char *arguments[] = { "cloze", "embed", "-m", model, "-f", "-", NULL };
    char line[4096], message[1024];
    (void)state;
    process p = start(arguments);
    assert_int_equal(write(p.in, "the cat\n", 8), 8);
    read_line(p.out, line, sizeof line);
    close(p.out);
    p.out = -1;
    assert_int_equal(write(p.in, "a dog\n", 6), 6);
    assert_int_equal(finish(&p, message, sizeof message), 141);
    assert_string_equal(message, "");
}

static void a_line_gets_its_answer_before_the_next_is_written(void **state)
{
    const char *arguments[] = { "cloze", "embed", "-m", model, NULL };
    char line[4096], message[1024];
    (void)state;
    process p = start(arguments);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(write(p.in, "the cat sits\n", 13), 13);
        read_line(p.out, line, sizeof line);
        assert_non_null(strstr(line, "\"text\": \"the cat sits\""));
    }
    assert_int_equal(finish(&p, message, sizeof message), 0);
}

static void interrupt(const char *name, int number, int expected)
{
    char path[128], line[64] = "the cat\n", message[1024];
    path_in(path, sizeof path, name);
    const char *arguments[] = { "cloze", "embed", "-m", model, "-f", "-", "-o", path, NULL };
    process p = start(arguments);
    assert_int_equal(write(p.in, line, strlen(line)), strlen(line));
    for (int i = 0; i < 1000 && !files_in_folder(); i++)
        usleep(10000); /* until the temporary file is there */
    assert_int_equal(files_in_folder(), 1);
    kill(p.id, number);
    assert_int_equal(finish(&p, message, sizeof message), expected);
    assert_string_equal(message, "");
    assert_int_equal(files_in_folder(), 0);
}

static void an_interrupt_leaves_no_half_written_file(void **state)
{
    (void)state;
    interrupt("interrupted.jsonl", SIGINT, 130);
    interrupt("terminated.jsonl", SIGTERM, 130);
}

static void a_failure_leaves_the_old_file_as_it_was(void **state)
{
    char path[128], message[1024], text[16] = "";
    path_in(path, sizeof path, "old.jsonl");
    const char *arguments[] = { "cloze", "embed", "-m", model, "-f", "-", "-o", path, NULL };
    (void)state;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("old", file);
    fclose(file);
    process p = start(arguments);
    assert_int_equal(write(p.in, "the cat\n\xff\n", 10), 10);
    assert_int_equal(finish(&p, message, sizeof message), 8);
    assert_non_null(strstr(message, "standard input:2: byte 1 of the line is not UTF-8"));
    file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    assert_string_equal(text, "old");
    assert_int_equal(files_in_folder(), 1);
    unlink(path);
}

static void an_output_keeps_the_mode_of_the_file_that_it_replaces(void **state)
{
    char path[128], message[1024];
    struct stat kind;
    path_in(path, sizeof path, "mode.jsonl");
    const char *arguments[] = { "cloze", "embed", "-m", model, "-o", path, "the cat", NULL };
    (void)state;
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(file >= 0);
    close(file);
    process p = start(arguments);
    assert_int_equal(finish(&p, message, sizeof message), 0);
    assert_int_equal(stat(path, &kind), 0);
    assert_int_equal(kind.st_mode & 0777, 0600);
    assert_true(kind.st_size > 100);
    unlink(path);
}

static void ten_megabytes_on_one_line_are_one_text(void **state)
{
    static char piece[1 << 16];
    char path[128], line[4096], message[1024];
    path_in(path, sizeof path, "long.txt");
    const char *arguments[] = { "cloze", "embed", "-m", model, "-f", path, "--no-text", NULL };
    (void)state;
    for (size_t i = 0; i < sizeof piece; i += 4)
        memcpy(piece + i, "cat ", 4);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 160; i++)
        fwrite(piece, sizeof piece, 1, file);
    fclose(file);
    process p = start(arguments);
    read_line(p.out, line, sizeof line);
    assert_int_equal(finish(&p, message, sizeof message), 0);
    assert_non_null(strstr(line, "\"truncated\": 2621418"));
    assert_non_null(strstr(message, "1 of 1 texts is longer"));
    unlink(path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_that_stops_ends_the_program_without_a_word),
        cmocka_unit_test(a_line_gets_its_answer_before_the_next_is_written),
        cmocka_unit_test(an_interrupt_leaves_no_half_written_file),
        cmocka_unit_test(a_failure_leaves_the_old_file_as_it_was),
        cmocka_unit_test(an_output_keeps_the_mode_of_the_file_that_it_replaces),
        cmocka_unit_test(ten_megabytes_on_one_line_are_one_text),
    };
    const char *data = getenv("CLOZE_TEST_DATA");
    char clean[128];
    if (argc < 2 || !data) {
        fprintf(stderr, "usage: CLOZE_TEST_DATA=FOLDER test_process CLOZE\n");
        return 2;
    }
    program = argv[1];
    signal(SIGPIPE, SIG_IGN);
    snprintf(model, sizeof model, "%s/golden/sentence/mean", data);
    strcpy(folder, "/tmp/cloze-process.XXXXXX");
    if (!mkdtemp(folder))
        return 2;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(clean, sizeof clean, "rm -rf %s", folder);
    return system(clean) ? 1 : failed;
}
