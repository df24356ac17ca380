/*
 * tokenize.c - cloze tokenize: texts to tokens as a table, as ids, or as JSON with the names that
 * Python users know; and back.
 */
#include "commands.h"
#include "input.h"
#include "interrupt.h"
#include "open.h"
#include "say.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Tokens",
    (const command_option[]){
        OPTION("ids", 0, OPTION_FLAG, NULL, ids, "print ids alone, one text a line"),
        OPTION("decode", 0, OPTION_FLAG, NULL, decode, "the texts are ids; print what they say"),
        OPTION("pair", 0, OPTION_WORD, "TEXT", pair, "a second text for every text"),
        OPTION("pair-field", 0, OPTION_WORD, "NAME", pair_field,
               "take second texts from this field of JSON lines"),
        OPTION("tab", 0, OPTION_FLAG, NULL, tab_pairs, "lines hold two texts with a tab between"),
        OPTION("no-special", 0, OPTION_FLAG, NULL, no_special,
               "without [CLS], [SEP] and their like"),
        OPTION("max-length", 0, OPTION_COUNT, "N", max_length,
               "cut at N tokens (default: no limit)"),
        OPTION("truncation", 0, OPTION_CHOICE, "longest_first|only_first|only_second", truncation,
               "which text of a pair is cut"),
        OPTION("truncate-left", 0, OPTION_FLAG, NULL, truncate_left,
               "cut at the beginning instead of the end"),
        OPTION("stride", 0, OPTION_NUMBER, "N", stride,
               "keep what is cut as further windows that share N tokens"),
        OPTION("seed", 0, OPTION_NUMBER, "N", seed,
               "of the dropout that a BPE may have (default: 0)"),
        OPTION("bytes", 0, OPTION_FLAG, NULL, bytes, "offsets in bytes instead of code points"),
        OPTIONS_END },
};

static const option_group model = {
    "Model",
    (const command_option[]){
        OPTION("model", 'm', OPTION_WORD, "MODEL", model,
               "a folder, a tokenizer.json or vocab.txt, or the name of a hub model in the cache "
               "(default: $CLOZE_MODEL, else sentence-transformers/all-MiniLM-L6-v2)"),
        OPTION("revision", 0, OPTION_WORD, "REVISION", revision,
               "branch, tag or commit of a hub model (default: main)"),
        OPTION("pull", 0, OPTION_FLAG, NULL, pull, "download the model if it is not in the cache"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze tokenize \"Tokenizers are great\"", "a table of tokens, ids and offsets" },
    { "cloze tokenize --ids -f corpus.txt", "ids of every line" },
    { "cloze tokenize --json --max-length 128 --stride 32 -f page.txt", "overlapping windows" },
    { "cloze tokenize --decode 101 7592 102", "what ids say" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_tokenize = {
    .name = "tokenize",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "show the tokens of texts",
    .description =
        "Prints the tokens of each text as a table: number, id, offsets into the text, token, and "
        "the piece of the text that it stands for. Offsets count code points, as Python does.\n\n"
        "--json prints one object a line with input_ids, token_type_ids, attention_mask, "
        "special_tokens_mask, offset_mapping, word_ids, sequence_ids and tokens. A text that is "
        "cut into windows (--stride) gives one line each, with overflow_to_sample_mapping.",
    .groups = { &own, &input_options, &model, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct tokenize_job {
    const cli_settings *settings;
    cloze_tokenizer *tokenizer;
    cloze_encoding *encoding;
    cloze_tokenize_options options;
    cloze_token_offset *offsets; /* of a window, in the unit that is printed */
    size_t offset_room, texts;
    cli_output *output;
} tokenize_job;

/* The window's offsets in code points, each sequence in its own text. */
static int fill_offsets(tokenize_job *job, cloze_tokens tokens, cloze_text text, cloze_text pair)
{
    if (tokens.length > job->offset_room) {
        cloze_token_offset *grown = realloc(job->offsets, tokens.length * sizeof *grown);
        if (!grown)
            return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
        job->offsets = grown;
        job->offset_room = tokens.length;
    }
    memcpy(job->offsets, tokens.offsets, tokens.length * sizeof *job->offsets);
    if (job->settings->bytes)
        return 0;
    for (size_t i = 0, end; i < tokens.length; i = end) {
        for (end = i + 1; end < tokens.length && tokens.sequences[end] == tokens.sequences[i];)
            end++;
        if (tokens.sequences[i] >= 0)
            cloze_offsets_to_code_points(tokens.sequences[i] ? pair : text, job->offsets + i,
                                         end - i);
    }
    return 0;
}

static void write_ids(tokenize_job *job, cloze_tokens tokens)
{
    for (size_t i = 0; i < tokens.length; i++)
        output_format(job->output, "%s%u", i ? " " : "", (unsigned)tokens.ids[i]);
    output_text(job->output, "\n");
}

typedef void write_item(tokenize_job *job, cloze_tokens tokens, size_t i);

static void json_id(tokenize_job *job, cloze_tokens tokens, size_t i)
{
    output_format(job->output, "%u", (unsigned)tokens.ids[i]);
}

static void json_type(tokenize_job *job, cloze_tokens tokens, size_t i)
{
    output_format(job->output, "%u", (unsigned)tokens.type_ids[i]);
}

static void json_one(tokenize_job *job, cloze_tokens tokens, size_t i)
{
    (void)tokens, (void)i;
    output_text(job->output, "1");
}

static void json_special(tokenize_job *job, cloze_tokens tokens, size_t i)
{
    output_format(job->output, "%d", tokens.special[i]);
}

static void json_offset(tokenize_job *job, cloze_tokens tokens, size_t i)
{
    (void)tokens;
    output_format(job->output, "[%zu, %zu]", job->offsets[i].begin, job->offsets[i].end);
}

static void json_word(tokenize_job *job, cloze_tokens tokens, size_t i)
{
    if (tokens.words[i] < 0)
        output_text(job->output, "null");
    else
        output_format(job->output, "%lld", (long long)tokens.words[i]);
}

static void json_sequence(tokenize_job *job, cloze_tokens tokens, size_t i)
{
    if (tokens.sequences[i] < 0)
        output_text(job->output, "null");
    else
        output_format(job->output, "%d", (int)tokens.sequences[i]);
}

static void json_token(tokenize_job *job, cloze_tokens tokens, size_t i)
{
    output_json(job->output, cloze_tokenizer_token(job->tokenizer, tokens.ids[i]));
}

static void write_json(tokenize_job *job, cloze_tokens tokens)
{
    static const struct {
        const char *name;
        write_item *write;
    } lists[] = {
        { "input_ids", json_id },          { "token_type_ids", json_type },
        { "attention_mask", json_one },    { "special_tokens_mask", json_special },
        { "offset_mapping", json_offset }, { "word_ids", json_word },
        { "sequence_ids", json_sequence }, { "tokens", json_token },
    };
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        output_format(job->output, "%s\"%s\": [", k ? ", " : "{", lists[k].name);
        for (size_t i = 0; i < tokens.length; i++) {
            output_text(job->output, i ? ", " : "");
            lists[k].write(job, tokens, i);
        }
        output_text(job->output, "]");
    }
    if (job->settings->stride)
        output_format(job->output, ", \"overflow_to_sample_mapping\": %zu", job->texts);
    output_text(job->output, "}\n");
}

static size_t digits_of(size_t number)
{
    size_t digits = 1;
    while (number /= 10)
        digits++;
    return digits;
}

static void write_table(tokenize_job *job, cloze_tokens tokens, cloze_text text, cloze_text pair)
{
    size_t id = 2, token = 5, number = digits_of(tokens.length), begin = 1, end = 1;
    for (size_t i = 0; i < tokens.length; i++) {
        size_t width = cell_columns(cloze_tokenizer_token(job->tokenizer, tokens.ids[i]));
        token = width > token ? width : token;
        width = digits_of(tokens.ids[i]);
        id = width > id ? width : id;
        width = digits_of(job->offsets[i].begin);
        begin = width > begin ? width : begin;
        width = digits_of(job->offsets[i].end);
        end = width > end ? width : end;
    }
    if (begin + end + 1 < 7)
        end = 6 - begin;
    output_format(job->output, "%*s  %*s  %*s  ", (int)number, "#", (int)id, "id",
                  (int)(begin + end + 1), "offsets");
    output_cell(job->output, (cloze_text){ "token", 5 }, token, true);
    output_text(job->output, "  text\n");
    for (size_t i = 0; i < tokens.length; i++) {
        const cloze_token_offset *bytes = &tokens.offsets[i];
        cloze_text whole = tokens.sequences[i] > 0 ? pair : text;
        output_format(job->output, "%*zu  %*u  ", (int)number, i, (int)id, (unsigned)tokens.ids[i]);
        if (tokens.sequences[i] < 0)
            output_format(job->output, "%*s  ", (int)(begin + end + 1), "");
        else
            output_format(job->output, "%*zu-%-*zu  ", (int)begin, job->offsets[i].begin, (int)end,
                          job->offsets[i].end);
        output_cell(job->output, cloze_tokenizer_token(job->tokenizer, tokens.ids[i]),
                    tokens.sequences[i] < 0 ? 0 : token, true);
        if (tokens.sequences[i] >= 0) {
            output_text(job->output, "  ");
            output_cell(job->output,
                        (cloze_text){ whole.data + bytes->begin, bytes->end - bytes->begin }, 0,
                        false);
        }
        output_text(job->output, "\n");
    }
}

static int write_window(tokenize_job *job, size_t window, cloze_text text, cloze_text pair)
{
    cloze_tokens tokens = cloze_encoding_tokens(job->encoding, window);
    int code;
    if (job->settings->ids) {
        write_ids(job, tokens);
        return 0;
    }
    if ((code = fill_offsets(job, tokens, text, pair)))
        return code;
    if (job->settings->json) {
        write_json(job, tokens);
        return 0;
    }
    if (job->texts || window)
        output_text(job->output, "\n");
    write_table(job, tokens, text, pair);
    return 0;
}

static int write_text(tokenize_job *job, const cli_input *input, size_t i)
{
    cloze_text text = input_texts(input)[i], pair = { NULL, 0 };
    char where[PATH_SIZE + 32];
    cloze_error error;
    int code = 0;
    if (input_pairs(input))
        pair = input_pairs(input)[i];
    else if (job->settings->pair)
        pair = (cloze_text){ job->settings->pair, strlen(job->settings->pair) };
    if (cloze_tokenize(job->tokenizer, text, pair, &job->options, job->encoding, &error))
        return say_error(&error, input_where(input, i, where, sizeof where));
    for (size_t w = 0; !code && w < cloze_encoding_windows(job->encoding); w++)
        code = write_window(job, w, text, pair);
    job->texts++;
    return code;
}

/* Numbers with anything between that is no digit: "[101, 102]" and "101 102" are the same. */
static int parse_ids(cloze_text text, const char *where, uint32_t **ids, size_t *count)
{
    uint32_t *out = malloc((text.size / 2 + 1) * sizeof *out);
    *count = 0;
    if (!(*ids = out))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < text.size;) {
        uint64_t number = 0;
        char c = text.data[i];
        if (strchr(" ,[]\t", c) && c) {
            i++;
            continue;
        }
        for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
            number = number * 10 + (uint64_t)(text.data[i] - '0');
            if (number > UINT32_MAX)
                return say_failure(CLOZE_ERROR_TEXT, "%s: an id is too large", where);
        }
        if (i < text.size && !(strchr(" ,[]\t", text.data[i]) && text.data[i]))
            return say_failure(CLOZE_ERROR_TEXT,
                               "%s: ids are numbers with spaces or commas between", where);
        out[(*count)++] = (uint32_t)number;
    }
    return 0;
}

static int write_decoded(tokenize_job *job, const char *where, const uint32_t *ids, size_t count)
{
    char *text;
    size_t size;
    cloze_error error;
    for (size_t i = 0, most = cloze_tokenizer_size(job->tokenizer); i < count; i++)
        if (ids[i] >= most)
            return say_failure(CLOZE_ERROR_TEXT, "%s: there is no id %u; the vocabulary has %zu",
                               where, (unsigned)ids[i], most);
    if (cloze_tokenizer_decode(job->tokenizer, ids, count, job->settings->no_special, &text, &size,
                               &error))
        return say_error(&error, where);
    if (job->settings->json)
        output_json(job->output, (cloze_text){ text, size });
    else
        output_write(job->output, text, size);
    output_text(job->output, "\n");
    cloze_tokenizer_release_text(job->tokenizer, text);
    return 0;
}

static int decode_text(tokenize_job *job, const cli_input *input, size_t i)
{
    char where[PATH_SIZE + 32];
    uint32_t *ids = NULL;
    size_t count;
    int code;
    input_where(input, i, where, sizeof where);
    code = parse_ids(input_texts(input)[i], where, &ids, &count);
    if (!code)
        code = write_decoded(job, where, ids, count);
    free(ids);
    return code;
}

static int stream(tokenize_job *job, cli_input *input)
{
    int code = 0;
    while (!code && input_count(input) && !output_failed(job->output)) {
        for (size_t i = 0; !code && i < input_count(input); i++)
            code = interrupted()           ? (int)EXIT_INTERRUPTED
                   : job->settings->decode ? decode_text(job, input, i)
                                           : write_text(job, input, i);
        output_flush(job->output);
        if (!code)
            code = input_next(input);
    }
    return code;
}

/* Arguments of --decode are one sequence: "--decode 101 102" and "--decode '101 102'". */
static char *join(char **words, size_t count)
{
    size_t size = 1;
    char *joined;
    for (size_t i = 0; i < count; i++)
        size += strlen(words[i]) + 1;
    if (!(joined = malloc(size)))
        return NULL;
    *joined = 0;
    for (size_t i = 0, used = 0; i < count; i++)
        used += (size_t)snprintf(joined + used, size - used, "%s%s", i ? " " : "", words[i]);
    return joined;
}

static int prepare(tokenize_job *job)
{
    const cli_settings *settings = job->settings;
    char path[PATH_SIZE];
    cloze_error error;
    int code = model_find(settings, path, sizeof path);
    job->options = (cloze_tokenize_options){
        .no_special_tokens = settings->no_special,
        .ids_only = settings->ids,
        .max_length = settings->max_length,
        .truncation = settings->truncation ? (cloze_truncation)(settings->truncation - 1)
                                           : CLOZE_TRUNCATE_LONGEST_FIRST,
        .truncate_left = settings->truncate_left,
        .stride = settings->stride,
        .seed = settings->seed,
        .overflow = settings->stride > 0,
    };
    if (code)
        return code;
    if (cloze_tokenizer_open(&job->tokenizer, path, NULL, &error) ||
        cloze_encoding_new(&job->encoding, NULL, &error))
        return say_error(&error, NULL);
    return output_open(&job->output, settings->output);
}

static int check(const cli_settings *settings)
{
    size_t position;
    if (settings->pair_field && !settings->field)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--pair-field needs --field");
    if (settings->stride && !settings->max_length)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--stride needs --max-length");
    if (settings->pair &&
        !text_is_utf8((cloze_text){ settings->pair, strlen(settings->pair) }, &position))
        return say_failure(CLOZE_ERROR_TEXT, "--pair: byte %zu is not UTF-8", position + 1);
    return 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    tokenize_job job = { .settings = &settings };
    cli_input *input = NULL;
    char *joined = NULL;
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    size_t count;
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    argv += first;
    count = (size_t)(argc - first);
    code = check(&settings);
    if (!code && settings.decode && count) {
        if (!(joined = join(argv, count)))
            code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
        argv = &joined;
        count = 1;
    }
    if (!code)
        code = input_open(&input, &settings, argv, count);
    if (!code)
        code = input_next(input);
    if (!code)
        code = prepare(&job);
    if (!code)
        code = stream(&job, input);
    code = output_close(job.output, code);
    cloze_encoding_free(job.encoding);
    cloze_tokenizer_free(job.tokenizer);
    input_close(input);
    free(job.offsets);
    free(joined);
    settings_clear(&settings);
    return code;
}
