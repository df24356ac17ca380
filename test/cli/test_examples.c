/* test_examples.c - labelled texts as they are read, and what is said of files that are wrong. */
#include "../../cli/encoding.h"
#include "../../cli/examples.h"
#include "../temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static cli_examples read_ones;
static cli_labels labels;
static char said[8192];

static int clear(void **state)
{
    (void)state;
    examples_clear(&read_ones);
    labels_clear(&labels);
    return 0;
}

/* What goes to standard error from here until `hear`. */
static int heard, kept_descriptor;

static void listen_to_errors(void)
{
    char path[TEMPORARY_SIZE];
    temporary_name(path);
    fflush(stderr);
    assert_true((heard = mkstemp(path)) >= 0);
    unlink(path);
    kept_descriptor = dup(STDERR_FILENO);
    dup2(heard, STDERR_FILENO);
}

static void hear(void)
{
    ssize_t got;
    fflush(stderr);
    dup2(kept_descriptor, STDERR_FILENO);
    close(kept_descriptor);
    lseek(heard, 0, SEEK_SET);
    got = read(heard, said, sizeof said - 1);
    said[got > 0 ? got : 0] = 0;
    close(heard);
}

static int read_as(example_format format, const char *name, const char *text)
{
    size_t size = strlen(text);
    char *bytes = malloc(size + 1);
    int code;
    assert_non_null(bytes);
    memcpy(bytes, text, size + 1);
    listen_to_errors();
    code = examples_read_bytes(&read_ones, &format, &labels, name, bytes, size);
    hear();
    free(bytes);
    return code;
}

static void good(example_format format, const char *name, const char *text)
{
    if (read_as(format, name, text))
        fail_msg("%s", said);
}

/* A file that is refused with a message; the program's name before it is left out. */
static void bad(example_format format, const char *name, const char *text, const char *message)
{
    clear(NULL);
    assert_int_not_equal(read_as(format, name, text), 0);
    if (strncmp(said, "cloze: ", 7) || strncmp(said + 7, message, strlen(message)))
        fail_msg("said: %sinstead of: %s", said, message);
}

static const cli_example *example(size_t i)
{
    assert_true(i < read_ones.count);
    return &read_ones.item[i];
}

static const char *label_of(size_t i, size_t k)
{
    assert_true(k < example(i)->label_count);
    return labels.name[example(i)->labels[k]].data;
}

static const example_format one_label = { .kind = EXAMPLES_LABELS },
                            sets = { .kind = EXAMPLES_SETS },
                            numbers = { .kind = EXAMPLES_NUMBERS },
                            tags = { .kind = EXAMPLES_TAGS },
                            answers = { .kind = EXAMPLES_ANSWERS },
                            texts = { .kind = EXAMPLES_TEXTS },
                            ranking = { .kind = EXAMPLES_RANKING },
                            similarity = { .kind = EXAMPLES_SIMILARITY },
                            pairs = { .kind = EXAMPLES_LABELS, .pairs = true };

/* ---- one label ---- */

static void columns_are_found_by_usual_names(void **state)
{
    (void)state;
    good(one_label, "a.tsv", "id\tlabel\tsentence\n1\tgood\tHow nice\n2\t bad \tHow sad\n");
    good(one_label, "b.csv", "text,category\r\n\"So, \"\"so\"\"\nso\",good\r\n");
    good(one_label, "c.jsonl", "{\"gold_label\": 7, \"text\": \"seven\"}\n");
    assert_int_equal(read_ones.count, 4);
    assert_string_equal(example(0)->text.data, "How nice");
    assert_string_equal(label_of(0, 0), "good");
    assert_string_equal(label_of(1, 0), "bad");
    assert_string_equal(example(2)->text.data, "So, \"so\"\nso");
    assert_string_equal(label_of(3, 0), "7");
    assert_int_equal(example(1)->line, 3);
    assert_string_equal(example(2)->file, "b.csv");
    assert_null(example(0)->pair.data);
}

static void columns_are_named_or_numbered(void **state)
{
    example_format format = one_label;
    (void)state;
    format.text_column = "body";
    format.label_column = "1";
    good(format, "a.tsv", "x\tbody\ttext\n5\tA\tB\n");
    assert_string_equal(example(0)->text.data, "A");
    assert_string_equal(label_of(0, 0), "5");
    format = one_label;
    format.no_header = true;
    good(format, "b.tsv", "first\tmiddle\tlast\n");
    assert_string_equal(example(1)->text.data, "first");
    assert_string_equal(label_of(1, 0), "last");
}

static void pairs_are_found_by_usual_names(void **state)
{
    example_format format = pairs;
    (void)state;
    good(pairs, "mnli.tsv", "gold_label\tsentence1\tsentence2\nneutral\tA\tB\n");
    good(pairs, "qnli.tsv", "index\tquestion\tsentence\tlabel\n0\tWhat?\tThat.\tno\n");
    format.pair_column = "c";
    good(format, "c.jsonl", "{\"text\": \"t\", \"c\": \"u\", \"label\": \"x\"}\n");
    format = pairs;
    format.no_header = true;
    good(format, "d.tsv", "a\tb\tz\n");
    assert_string_equal(example(0)->text.data, "A");
    assert_string_equal(example(0)->pair.data, "B");
    assert_string_equal(example(1)->text.data, "What?");
    assert_string_equal(example(1)->pair.data, "That.");
    assert_string_equal(example(2)->text.data, "t");
    assert_string_equal(example(2)->pair.data, "u");
    assert_string_equal(example(3)->pair.data, "b");
    assert_string_equal(label_of(3, 0), "z");
}

static void bad_rows_are_refused_by_line(void **state)
{
    (void)state;
    bad(one_label, "a.tsv", "text\tlabel\nA\tx\n\tx\n",
        "a.tsv:3: the text is empty; --skip-empty leaves such rows out\n");
    bad(one_label, "a.tsv", "text\tlabel\nA\t \n",
        "a.tsv:2: there is a text without a label; --skip-empty");
    bad(one_label, "a.tsv", "text\tlabel\nA\tx\ty\n",
        "a.tsv:2: 3 columns where the first line has 2: a text must not hold tabs");
    bad(one_label, "a.csv", "text,label\n\"A\nB\",x\nC,D,y\n",
        "a.csv:4: 3 columns where the first line has 2: a text with commas needs quotes");
    bad(one_label, "a.tsv", "text\tclazz\nA\tx\n",
        "a.tsv has no column for labels (\"label\", for example), but: text, clazz; name it with "
        "--label-column, or say --no-header if the first line is an example");
    bad(pairs, "a.tsv", "text\tlabel\nA\tx\n",
        "a.tsv has no column for the first text (\"sentence1\", for example), but: text, label;");
    bad(one_label, "a.jsonl", "{\"body\": \"A\"}\n",
        "a.jsonl has no column for texts (\"text\", for example), but: body; name it with "
        "--text-column\n");
    bad(one_label, "a.tsv", "", "a.tsv is empty");
    bad(one_label, "a.json", "[{\"text\": \"A\", \"label\": \"x\"}]", "a.json is one list of JSON");
    bad(one_label, "a.jsonl", "{\"text\": \"A\", \"label\": \"x\"}\n{\"text\": \"B\"}\n",
        "a.jsonl:2: there is no field \"label\"");
    bad(one_label, "a.jsonl", "{\"text\": \"A\", \"label\": null}\n",
        "a.jsonl:1: the field \"label\" is no text and no number");
    bad(one_label, "a.jsonl", "{\"text\": \"A\", \"label\": \"x\\u0000y\"}\n",
        "a.jsonl:1: a label holds a zero byte");
    bad(one_label, "a.conll", "A x\n", "a.conll: the layout conll is for tags");
}

static void rows_without_text_or_label_can_be_left_out(void **state)
{
    example_format format = one_label;
    (void)state;
    format.skip_empty = true;
    good(format, "a.tsv", "text\tlabel\n\tx\nA\tx\nB\t\n \t\n\nC\ty\n");
    assert_int_equal(read_ones.count, 2);
    assert_int_equal(read_ones.skipped, 3);
    assert_int_equal(example(1)->line, 7);
}

/* ---- labels ---- */

static void order_is(const char *const *names, size_t count)
{
    assert_int_equal(labels_close(&labels), 0);
    assert_int_equal(labels.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(labels_name(&labels, i), names[i]);
        assert_int_equal(labels.place[labels.at[i]], i);
    }
}

static void labels_are_sorted(void **state)
{
    static const char *const words[] = { "10", "9", "b", "c" }, *const whole[] = { "-1", "9",
                                                                                   "10" };
    (void)state;
    good(one_label, "a.tsv", "text\tlabel\nA\tc\nB\t10\nC\tb\nD\t9\nE\tb\n");
    order_is(words, 4);
    clear(NULL);
    good(one_label, "a.tsv", "text\tlabel\nA\t10\nB\t9\nC\t-1\nD\t9\n");
    order_is(whole, 3);
}

static void unknown_labels_are_refused(void **state)
{
    (void)state;
    good(one_label, "train.tsv", "text\tlabel\nA\tc\nB\ta\n");
    assert_int_equal(labels_close(&labels), 0);
    good(one_label, "dev.tsv", "text\tlabel\nA\ta\n");
    assert_int_equal(read_as(one_label, "dev.tsv", "text\tlabel\nA\ta\nB\tb\n"), CLOZE_ERROR_TEXT);
    assert_string_equal(said, "cloze: dev.tsv:3: the label \"b\" is not known; the training file "
                              "has: a, c\n");
}

static void labels_can_be_given(void **state)
{
    static const char *const given[] = { "yes", "no", "10", "9" };
    (void)state;
    assert_int_equal(labels_give(&labels, "yes, no,10,9"), 0);
    order_is(given, 4);
    assert_int_equal(read_as(one_label, "a.tsv", "text\tlabel\nA\tmaybe\n"), CLOZE_ERROR_TEXT);
    assert_string_equal(said, "cloze: a.tsv:2: the label \"maybe\" is not known; --labels gives: "
                              "yes, no, 10, 9\n");
    clear(NULL);
    listen_to_errors();
    assert_int_equal(labels_give(&labels, "a,b,a"), CLOZE_ERROR_ARGUMENT);
    hear();
    assert_string_equal(said, "cloze: --labels names \"a\" twice\n");
    clear(NULL);
    listen_to_errors();
    assert_int_equal(labels_give(&labels, "a,,b"), CLOZE_ERROR_ARGUMENT);
    hear();
}

static void many_labels_have_a_limit(void **state)
{
    size_t number;
    char name[16];
    (void)state;
    for (int i = 0; i < LABELS_MOST; i++) {
        snprintf(name, sizeof name, "%d", i * 7919 % 65537);
        if (labels_find(&labels, (cloze_text){ name, strlen(name) }, "here", &number) ||
            number != (size_t)i)
            fail_msg("%s is label %zu", name, number);
    }
    listen_to_errors();
    assert_int_equal(labels_find(&labels, (cloze_text){ "x", 1 }, "here", &number),
                     CLOZE_ERROR_LIMIT);
    hear();
    assert_int_equal(labels_close(&labels), 0);
    for (size_t i = 1; i < labels.count; i++)
        assert_true(atoi(labels_name(&labels, i - 1)) < atoi(labels_name(&labels, i)));
}

static void sets_of_labels(void **state)
{
    example_format format = sets;
    (void)state;
    good(sets, "a.tsv", "text\tlabels\nA\tx, y,x\nB\t\n");
    good(sets, "b.jsonl",
         "{\"text\": \"C\", \"labels\": [\"y\", 3]}\n{\"text\": \"D\", "
         "\"labels\": []}\n");
    format.separator = '|';
    good(format, "c.csv", "text,labels\nE,x|z\n");
    assert_int_equal(example(0)->label_count, 2);
    assert_string_equal(label_of(0, 0), "x");
    assert_string_equal(label_of(0, 1), "y");
    assert_int_equal(example(1)->label_count, 0);
    assert_string_equal(label_of(2, 0), "y");
    assert_string_equal(label_of(2, 1), "3");
    assert_int_equal(example(3)->label_count, 0);
    assert_string_equal(label_of(4, 1), "z");
}

static void sets_in_a_column_for_each_label(void **state)
{
    static const char *const names[] = { "insult", "threat" };
    example_format format = sets;
    (void)state;
    format.label_columns = "threat, insult";
    good(format, "a.csv", "text,insult,threat\nA,1,0\nB,0,false\nC,true,1.0\n");
    assert_int_equal(example(0)->label_count, 1);
    assert_string_equal(label_of(0, 0), "insult");
    assert_int_equal(example(1)->label_count, 0);
    assert_int_equal(example(2)->label_count, 2);
    order_is(names, 2);
    bad(format, "a.csv", "text,insult,threat\nA,1,2\n",
        "a.csv:2: a column of --label-columns holds 0 or 1, not \"2\"");
    bad(format, "a.csv", "text,insult\nA,1\n", "a.csv has no column \"threat\", but: text, insult");
}

/* ---- numbers, tags, answers, texts, pairs to embed ---- */

static void numbers_are_read(void **state)
{
    example_format format = numbers;
    (void)state;
    good(numbers, "a.tsv", "text\tstars\nA\t 4.5\nB\t-1e2\n");
    format.label_columns = "x,y";
    good(format, "b.jsonl", "{\"text\": \"C\", \"x\": 1, \"y\": 0.25}\n");
    assert_true(example(0)->numbers[0] > 4.49F && example(0)->numbers[0] < 4.51F);
    assert_true(example(1)->numbers[0] < -99 && example(1)->numbers[0] > -101);
    assert_int_equal(example(2)->number_count, 2);
    assert_true(example(2)->numbers[1] > 0.24F && example(2)->numbers[1] < 0.26F);
    bad(numbers, "a.tsv", "text\tscore\nA\tfive\n", "a.tsv:2: \"five\" is no number");
    bad(numbers, "a.tsv", "text\tscore\nA\t1e39\n", "a.tsv:2: \"1e39\" is no number");
    bad(numbers, "a.tsv", "text\tscore\nA\tnan\n", "a.tsv:2: \"nan\" is no number");
    bad(numbers, "a.tsv", "text\tscore\nA\t\n", "a.tsv:2: there is no number; --skip-empty");
}

static void tags_are_read(void **state)
{
    (void)state;
    good(tags, "a.conll", "-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n\n\nPeter NNP B-PER\n");
    good(tags, "b.jsonl", "{\"tokens\": [\"a\", \"b c\"], \"ner_tags\": [0, 3]}\n");
    good(tags, "c.tsv", "words\ttags\nx  y\tO B-ORG\n");
    assert_int_equal(read_ones.count, 4);
    assert_int_equal(example(0)->label_count, 2);
    assert_string_equal(example(0)->words[1].data, "rejects");
    assert_string_equal(label_of(0, 0), "B-ORG");
    assert_int_equal(example(1)->line, 7);
    assert_string_equal(example(2)->words[1].data, "b c");
    assert_string_equal(label_of(2, 1), "3");
    assert_string_equal(label_of(3, 1), "B-ORG");
    bad(tags, "a.conll", "EU B-ORG\nrejects\n", "a.conll:2: a word without a tag");
    bad(tags, "a.conll", "EU B-ORG\nthe big O\n",
        "a.conll:2: 3 columns where the first line has 2");
    bad(tags, "b.jsonl", "{\"tokens\": [\"a\"], \"tags\": [\"O\", \"O\"]}\n",
        "b.jsonl:1: 2 tags for 1 words");
}

static void answer_is(size_t i, const char *answer)
{
    const cli_example *one = example(i);
    assert_true(one->answer_end <= one->pair.size);
    assert_int_equal(one->answer_end - one->answer_begin, strlen(answer));
    assert_memory_equal(one->pair.data + one->answer_begin, answer, strlen(answer));
}

static void all_answers_are_right(void **state)
{
    (void)state;
    good(answers, "dev.json",
         "{\"data\": [{\"paragraphs\": [{\"context\": \"two grey cats\",\"qas\": [{\"id\": \"a\", "
         "\"question\": \"Who?\", \"answers\": [{\"text\": \"cats\", \"answer_start\": 9}, "
         "{\"text\": \"grey cats\", \"answer_start\": 4}, {\"text\": \"dogs\", "
         "\"answer_start\": 0}, {\"text\": \"two grey cats\", \"answer_start\": 0}]}]}]}]}");
    good(answers, "b.jsonl",
         "{\"question\": \"Q\", \"context\": \"a b\", \"answers\": {\"text\": [\"b\", \"a b\"], "
         "\"answer_start\": [2, 0]}}\n");
    assert_int_equal(read_ones.count, 2);
    answer_is(0, "cats");
    assert_int_equal(example(0)->other_count, 2); /* dogs do not stand there */
    assert_int_equal(example(0)->others[0].begin, 4);
    assert_int_equal(example(0)->others[0].end, 13);
    assert_int_equal(example(0)->others[1].begin, 0);
    assert_int_equal(example(1)->other_count, 1);
    assert_int_equal(example(1)->others[0].end, 3);
}

static void answers_are_counted_in_characters(void **state)
{
    (void)state;
    good(answers, "dev.json",
         "{\"data\": [{\"paragraphs\": [{\"context\": \"\xc3\x84\xe2\x82\xac Rhine or Rhine\","
         "\"qas\": [{\"id\": \"a\", \"question\": \"Which?\", \"answers\": [{\"text\": \"Rhine\", "
         "\"answer_start\": 12}]}, {\"id\": \"b\", \"question\": \"Why?\", \"answers\": []},"
         "{\"id\": \"c\", \"question\": \"Near?\", \"answers\": [{\"text\": \"Rhine\", "
         "\"answer_start\": 5}]}]}]}]}");
    good(answers, "b.jsonl",
         "{\"question\": \"Q\", \"context\": \"a b\", \"answers\": {\"text\": [\"b\"], "
         "\"answer_start\": [2]}}\n");
    good(answers, "c.jsonl",
         "{\"question\": \"Q\", \"context\": \"a b b\", \"answer\": \"b\"}\n"
         "{\"question\": \"Q\", \"context\": \"a b b\", \"answer\": \"\"}\n");
    assert_int_equal(read_ones.count, 6);
    answer_is(0, "Rhine");
    assert_int_equal(example(0)->answer_begin, 15);
    answer_is(1, "");
    answer_is(2, "Rhine");
    assert_int_equal(example(2)->answer_begin, 6);
    assert_int_equal(read_ones.searched, 1);
    assert_ptr_equal(example(0)->pair.data, example(2)->pair.data);
    answer_is(3, "b");
    assert_int_equal(example(4)->answer_begin, 2);
    answer_is(5, "");
    bad(answers, "c.tsv", "question\tcontext\tanswer\nWho?\tNobody.\tSomebody\n",
        "c.tsv:2: the answer \"Somebody\" does not stand in the context");
    bad(answers, "dev.json",
        "{\"data\": [{\"paragraphs\": [{\"qas\": [{\"question\": \"Q\", \"answers\": []}]}]}]}",
        "dev.json is not SQuAD's file of questions: a paragraph has no context");
    bad(answers, "dev.json",
        "{\"data\": [{\"paragraphs\": [{\"context\": \"c\", \"qas\": [{\"question\": \"Q\", "
        "\"answers\": [{\"text\": \"x\", \"answer_start\": 0}]}]}]}]}",
        "dev.json, question 1: the answer \"x\" does not stand in the context");
}

static void texts_are_lines_or_columns(void **state)
{
    (void)state;
    good(texts, "a.txt", "one\ttwo\r\n\n  \nthree");
    good(texts, "b.jsonl", "{\"text\": \"four\"}\n");
    good(texts, "c.csv", "id,text\n1,five\n");
    assert_int_equal(read_ones.count, 4);
    assert_string_equal(example(0)->text.data, "one\ttwo");
    assert_int_equal(example(1)->line, 4);
    assert_string_equal(example(3)->text.data, "five");
    assert_int_equal(labels.count, 0);
}

static void pairs_to_embed(void **state)
{
    (void)state;
    good(ranking, "a.tsv", "anchor\tpositive\tnegative\nA\tB\tC\n");
    good(ranking, "b.jsonl", "{\"query\": \"D\", \"passage\": \"E\"}\n");
    good(similarity, "c.csv", "sentence1,sentence2,score\nF,G,0.5\n");
    assert_string_equal(example(0)->negative.data, "C");
    assert_string_equal(example(1)->pair.data, "E");
    assert_null(example(1)->negative.data);
    assert_int_equal(example(2)->number_count, 1);
}

/* ---- whether there is something to learn ---- */

static void check_says(example_format format, const char *text, const char *message)
{
    clear(NULL);
    good(format, "a.tsv", text);
    listen_to_errors();
    if (message)
        assert_int_equal(examples_check(&read_ones, &format, &labels), CLOZE_ERROR_TEXT);
    else
        assert_int_equal(examples_check(&read_ones, &format, &labels), 0);
    hear();
    if (message)
        assert_non_null(strstr(said, message));
}

static void what_teaches_nothing_is_refused(void **state)
{
    (void)state;
    check_says(one_label, "text\tlabel\nA\tx\nB\tx\n",
               "every example of a.tsv has the label \"x\"");
    check_says(one_label, "text\tlabel\nA\tx\nB\ty\n", NULL);
    check_says(one_label, "text\tlabel\n", "there is no example to learn from");
    check_says(sets, "text\tlabel\nA\t\n", "no example of a.tsv has a label");
    check_says(sets, "text\tlabel\nA\tx\nB\tx\n", "has the same labels");
    check_says(sets, "text\tlabel\nA\tx\nB\t\n", NULL);
    check_says(numbers, "text\tlabel\nA\t2\nB\t2.0\n", "has the number 2");
    check_says(numbers, "text\tlabel\nA\t2\nB\t3\n", NULL);
    check_says(tags, "words\ttags\na b\tO O\n", "the label \"O\"");
    check_says(tags, "words\ttags\na b\tO X\n", NULL);
}

/* ---- encodings, folders ---- */

static void encodings_are_converted(void **state)
{
    struct {
        int encoding;
        const char *bytes, *text;
    } cases[] = { { ENCODING_LATIN1, "caf\xe9 \x93", "caf\xc3\xa9 \xc2\x93" },
                  { ENCODING_WINDOWS1252, "\x80 \x93q\x94 \xff",
                    "\xe2\x82\xac \xe2\x80\x9cq\xe2\x80\x9d \xc3\xbf" },
                  { ENCODING_UTF8, "\xef\xbb\xbf\xc3\xa9", "\xc3\xa9" },
                  { 0, "", "" } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *bytes = strdup(cases[i].bytes);
        size_t size = strlen(bytes);
        assert_int_equal(encoding_convert(&bytes, &size, cases[i].encoding, "f"), 0);
        assert_int_equal(size, strlen(cases[i].text));
        assert_memory_equal(bytes, cases[i].text, size);
        free(bytes);
    }
}

static void bytes_that_mean_nothing_are_refused_by_line(void **state)
{
    struct {
        int encoding;
        const char *bytes, *message;
    } cases[] = { { 0, "ab\ncd\xff", "cloze: f:2: byte 3 of the line is not UTF-8; old files" },
                  { ENCODING_WINDOWS1252, "\n\n\x81", "cloze: f:3: byte 1 of the line is not win" },
                  { 0,
                    "\xff\xfe"
                    "a",
                    "cloze: f is UTF-16" } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *bytes = strdup(cases[i].bytes);
        size_t size = strlen(bytes);
        listen_to_errors();
        assert_int_equal(encoding_convert(&bytes, &size, cases[i].encoding, "f"), CLOZE_ERROR_TEXT);
        hear();
        assert_memory_equal(said, cases[i].message, strlen(cases[i].message));
        free(bytes);
    }
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[TEMPORARY_SIZE + 32];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_non_null(file = fopen(path, "w"));
    fputs(text, file);
    fclose(file);
}

static void remove_all(const char *folder)
{
    char command[TEMPORARY_SIZE + 16];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void a_folder_for_each_label(void **state)
{
    char folder[TEMPORARY_SIZE], path[TEMPORARY_SIZE + 16];
    example_format format = one_label;
    (void)state;
    temporary_name(folder);
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, i ? "neg" : "pos");
        assert_int_equal(mkdir(path, 0700), 0);
        write_file(path, "10.txt", i ? "sad\n" : "two\nlines\n");
        write_file(path, "09.txt", "first \xe9");
        write_file(path, ".hidden", "");
    }
    write_file(folder, "README", "not an example");
    format.encoding = ENCODING_LATIN1;
    assert_int_equal(examples_read(&read_ones, &format, &labels, folder), 0);
    assert_int_equal(read_ones.count, 4);
    assert_string_equal(example(0)->text.data, "first \xc3\xa9");
    assert_string_equal(label_of(0, 0), "neg");
    assert_string_equal(example(1)->text.data, "sad");
    assert_string_equal(example(3)->text.data, "two\nlines");
    assert_string_equal(label_of(3, 0), "pos");
    write_file(path, "11.txt", "\n");
    listen_to_errors();
    assert_int_equal(examples_read(&read_ones, &format, &labels, folder), CLOZE_ERROR_TEXT);
    hear();
    assert_non_null(strstr(said, "/neg/11.txt:1: the text is empty"));
    listen_to_errors();
    assert_int_equal(examples_read(&read_ones, &format, &labels, path), CLOZE_ERROR_NOT_FOUND);
    hear();
    assert_non_null(strstr(said, "holds no folders; it needs one for each label"));
    remove_all(folder);
}

/* The numbers of rows that the notes on these files state. */
static void real_data_sets_are_read(void **state)
{
    static const struct {
        const char *file;
        example_kind kind;
        bool pairs, no_header, skip_empty;
        const char *text, *pair, *label;
        size_t count, labels;
    } files[] = {
        { .file = "banking77/train.csv", .kind = EXAMPLES_LABELS, .count = 10003, .labels = 77 },
        { .file = "breaking_nli/dataset.jsonl",
          .kind = EXAMPLES_LABELS,
          .pairs = true,
          .count = 8193,
          .labels = 3 },
        { .file = "glue_qnli/dev.tsv",
          .kind = EXAMPLES_LABELS,
          .pairs = true,
          .count = 5463,
          .labels = 2 },
        { .file = "med_nli/MED.tsv",
          .kind = EXAMPLES_LABELS,
          .pairs = true,
          .count = 5382,
          .labels = 2 },
        { .file = "help_nli/leskexppmb_and.tsv",
          .kind = EXAMPLES_LABELS,
          .pairs = true,
          .text = "ori_sentence",
          .pair = "new_sentence",
          .count = 6076,
          .labels = 2 },
        { .file = "movie_reviews/movie_reviews.tsv",
          .kind = EXAMPLES_LABELS,
          .no_header = true,
          .text = "3",
          .label = "1",
          .count = 2000,
          .labels = 2 },
        { .file = "sms_spam/sms.tsv",
          .kind = EXAMPLES_LABELS,
          .no_header = true,
          .text = "2",
          .label = "1",
          .count = 5574,
          .labels = 2 },
        { .file = "uci_sentiment_sentences/yelp_labelled.txt",
          .kind = EXAMPLES_LABELS,
          .no_header = true,
          .count = 1000,
          .labels = 2 },
        { .file = "wikigold/wikigold.conll", .kind = EXAMPLES_TAGS, .count = 1696, .labels = 5 },
        { .file = "wnut17/dev.conll", .kind = EXAMPLES_TAGS, .count = 1009, .labels = 13 },
        { .file = "xquad/xquad.th.json", .kind = EXAMPLES_ANSWERS, .count = 1190 },
        { .file = "squadshifts/new_wiki_v1.0.json", .kind = EXAMPLES_ANSWERS, .count = 7938 },
        { .file = "sentence_polarity/rt-polarity.neg", .kind = EXAMPLES_TEXTS, .count = 5331 },
    };
    const char *data = getenv("CLOZE_DATA");
    (void)state;
    if (!data || !*data) {
        print_message("  left out: CLOZE_DATA is not set\n");
        return;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[4096];
        example_format format = { .kind = files[i].kind,
                                  .pairs = files[i].pairs,
                                  .no_header = files[i].no_header,
                                  .skip_empty = files[i].skip_empty,
                                  .text_column = files[i].text,
                                  .pair_column = files[i].pair,
                                  .label_column = files[i].label };
        format.encoding = files[i].kind == EXAMPLES_TEXTS ? ENCODING_LATIN1 : 0;
        snprintf(path, sizeof path, "%s/datasets/%s", data, files[i].file);
        if (examples_read(&read_ones, &format, &labels, path) ||
            read_ones.count != files[i].count || labels.count != files[i].labels)
            fail_msg("%s: %zu examples, %zu labels", files[i].file, read_ones.count, labels.count);
        clear(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(columns_are_found_by_usual_names, clear),
        cmocka_unit_test_teardown(columns_are_named_or_numbered, clear),
        cmocka_unit_test_teardown(pairs_are_found_by_usual_names, clear),
        cmocka_unit_test_teardown(bad_rows_are_refused_by_line, clear),
        cmocka_unit_test_teardown(rows_without_text_or_label_can_be_left_out, clear),
        cmocka_unit_test_teardown(labels_are_sorted, clear),
        cmocka_unit_test_teardown(unknown_labels_are_refused, clear),
        cmocka_unit_test_teardown(labels_can_be_given, clear),
        cmocka_unit_test_teardown(many_labels_have_a_limit, clear),
        cmocka_unit_test_teardown(sets_of_labels, clear),
        cmocka_unit_test_teardown(sets_in_a_column_for_each_label, clear),
        cmocka_unit_test_teardown(numbers_are_read, clear),
        cmocka_unit_test_teardown(tags_are_read, clear),
        cmocka_unit_test_teardown(answers_are_counted_in_characters, clear),
        cmocka_unit_test_teardown(all_answers_are_right, clear),
        cmocka_unit_test_teardown(texts_are_lines_or_columns, clear),
        cmocka_unit_test_teardown(pairs_to_embed, clear),
        cmocka_unit_test_teardown(what_teaches_nothing_is_refused, clear),
        cmocka_unit_test(encodings_are_converted),
        cmocka_unit_test(bytes_that_mean_nothing_are_refused_by_line),
        cmocka_unit_test_teardown(a_folder_for_each_label, clear),
        cmocka_unit_test_teardown(real_data_sets_are_read, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
