/*
 * embed.c - run while building: files as arrays of C, so that the page's own parts are edited as what
 * they are. Files of one name are joined in their order.
 *
 * usage: embed OUT NAME FILE... [, NAME FILE...]...
 */
#include <stdio.h>
#include <string.h>

static int put_file(FILE *out, const char *path)
{
    FILE *in = fopen(path, "rb");
    int byte, count = 0;
    if (!in) {
        perror(path);
        return 1;
    }
    while ((byte = getc(in)) != EOF)
        fprintf(out, "%s%d,", count++ % 20 ? "" : "\n    ", byte);
    fclose(in);
    return 0;
}

/* Writes the array of `words[0]`; returns how many words it is of, 0: failed. */
static int put_array(FILE *out, char **words, int left)
{
    int used = 1;
    fprintf(out, "const unsigned char cz_page_%s[] = {", words[0]);
    for (; used < left && strcmp(words[used], ",") != 0; used++)
        if (put_file(out, words[used]))
            return 0;
    fprintf(out, "\n};\nconst size_t cz_page_%s_size = sizeof cz_page_%s;\n", words[0], words[0]);
    return used;
}

int main(int count, char **words)
{
    FILE *out = count > 1 ? fopen(words[1], "wb") : NULL;
    int at = 2, failed = !out;
    if (out)
        fprintf(out, "/* Made by embed.c. */\n#include \"page/parts.h\"\n\n");
    while (!failed && at < count) {
        int used = put_array(out, words + at, count - at);
        failed = !used;
        at += used + 1;
    }
    if (out && fclose(out))
        failed = 1;
    if (failed)
        fprintf(stderr, "embed: not written\n");
    return failed;
}
