/* stream.c - see stream.h. */
#include "stream.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

int stream_open(text_stream *stream, char **texts, size_t count, stream_check *check, void *job)
{
    const cli_settings *settings = stream->settings;
    int code = input_open(&stream->input, settings, texts, count);
    if (!code)
        code = input_next(stream->input);
    if (!code)
        code = open_all(&stream->opened, settings,
                        input_is_last(stream->input) && input_count(stream->input) <= 16);
    if (!code) {
        stream->opened.total = input_is_last(stream->input) ? input_count(stream->input) : 0;
        code = check ? check(job) : 0;
    }
    return code ? code : output_open(&stream->output, settings->output);
}

int stream_run(text_stream *stream, stream_chunk *each, void *job)
{
    int code = 0;
    while (!code && input_count(stream->input) && !output_failed(stream->output)) {
        code = each(job);
        output_flush(stream->output);
        if (!code)
            code = input_next(stream->input);
    }
    return code;
}

void stream_add(text_stream *stream, const cloze_embed_report *report)
{
    stream->opened.done += report->texts;
    stream->report.texts += report->texts;
    stream->report.truncated_texts += report->truncated_texts;
    stream->report.truncated_tokens += report->truncated_tokens;
}

int stream_close(text_stream *stream, int code, const char *option)
{
    progress_end(&stream->opened.progress);
    code = output_close(stream->output, code);
    if (!code)
        say_truncated(&stream->report, option, stream->settings->quiet);
    close_all(&stream->opened);
    input_close(stream->input);
    return code;
}

/* The library numbers texts within a call; people want the line of the file. */
int stream_say_error(const text_stream *stream, const cloze_error *error)
{
    static const char subject[] = "text ";
    char where[PATH_SIZE + 32], *end;
    size_t number;
    if (strncmp(error->message, subject, sizeof subject - 1))
        return say_error(error, NULL);
    number = (size_t)strtoull(error->message + sizeof subject - 1, &end, 10);
    if (!number || number > input_count(stream->input))
        return say_error(error, NULL);
    input_where(stream->input, number - 1, where, sizeof where);
    return say_failure((int)error->status, "%s%s%s", where, *end == ':' ? "" : ": the text", end);
}
