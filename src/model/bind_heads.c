/*
 * bind_heads.c - heads are left out when they cannot be used, since embedding needs none; a note
 * says why.
 */
#include "model/bind.h"

#include "base/error.h"
#include "model/family.h"

#include <stdio.h>
#include <string.h>

/* A matrix [out, in] with its bias, or the gain and shift of a norm: [1, out], in 0. */
static bool head_fits(cz_binder *b, const char *prefix, const char *name, size_t out, size_t in)
{
    char full[CZ_NAME_SIZE], why[CZ_REASON_SIZE];
    cloze_status status;
    snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    b->vector = !in;
    bool fits = cz_bind_find_fitting(b, full, in ? out : 1, in ? in : out, &status, why);
    snprintf(full, sizeof full, "%s%s.bias", prefix, name);
    fits = fits && (b->unbiased || cz_bind_find_fitting(b, full, 1, out, &status, why));
    b->vector = false;
    if (!fits && status == CLOZE_ERROR_MEMORY && !b->status)
        b->status = cz_fail(b->error, status, "%s", why);
    else if (!fits)
        cz_log(&b->network->hooks, CLOZE_LOG_NOTE, "the %s is left out: %s", name, why);
    return fits;
}

static const cz_stored_tensor *find_weight(const cz_binder *b, const char *prefix, const char *name)
{
    char full[CZ_NAME_SIZE];
    snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    return cz_bind_find(b, full);
}

/* Shall there be such a head, whatever the file has? */
static bool is_wanted(const cz_binder *b, cz_head_kind kind)
{
    return b->anew && (b->anew->heads >> kind & 1);
}

static void bind_pooler(cz_binder *b)
{
    cz_network *network = b->network;
    const char *pooler = network->config.family->weight.pooler;
    size_t hidden = network->config.hidden;
    b->making = false;
    for (int kind = 0; kind < CZ_HEADS; kind++)
        b->making |= is_wanted(b, (cz_head_kind)kind) && network->config.family->head[kind].pooled;
    if (pooler && (b->making || find_weight(b, b->prefix, pooler)) &&
        head_fits(b, b->prefix, pooler, hidden, hidden))
        network->pooler = cz_bind_linear(b, "", &pooler, 1, hidden, hidden);
}

static void leave_out(const cz_binder *b, const char *name, const char *why)
{
    cz_log(&b->network->hooks, CLOZE_LOG_NOTE, "the %s is left out: %s", name, why);
}

/* ---- which heads a file has: several may use the same names ---- */

static bool is_named(const cz_family *family, cz_head_kind kind, const char *name)
{
    return family->head[kind].out && !strcmp(family->head[kind].out, name);
}

/* What the architecture says, where it is one that has a single head. Without it a name that
 * several heads could have is that of labels or tags. */
static bool is_asked(const cz_config *config, cz_head_kind kind)
{
    static const char *const ending[CZ_HEADS] = {
        [CZ_HEAD_LABELS] = "ForSequenceClassification",
        [CZ_HEAD_CHOICE] = "ForMultipleChoice",
        [CZ_HEAD_TAGS] = "ForTokenClassification",
        [CZ_HEAD_SPANS] = "ForQuestionAnswering",
    };
    const cz_family *family = config->family;
    const char *name = family->head[kind].out;
    for (int i = 0; i < CZ_HEADS; i++)
        if (ending[i] && strstr(config->architecture, ending[i]))
            return (int)kind == i;
    return kind == CZ_HEAD_LABELS || kind == CZ_HEAD_TAGS ||
           (!is_named(family, CZ_HEAD_LABELS, name) && !is_named(family, CZ_HEAD_TAGS, name));
}

/* Rows of its last product; 0: they are not what such a head has. */
static size_t rows_of(const cz_config *config, cz_head_kind kind, const cz_stored_tensor *weight)
{
    size_t rows = weight->rank == 2 ? weight->shape[0] : 0;
    if (kind == CZ_HEAD_WORDS)
        return config->vocabulary;
    if (kind == CZ_HEAD_CHOICE || kind == CZ_HEAD_REPLACED)
        return rows == 1;
    if (kind == CZ_HEAD_LABELS || kind == CZ_HEAD_TAGS)
        return rows <= CZ_LABELS_MOST ? rows : 0;
    return rows == 2 ? 2 : 0;
}

/* The same of a head that is made: it has no file to be asked. */
static size_t wanted_rows(const cz_binder *b, cz_head_kind kind)
{
    if (kind == CZ_HEAD_WORDS)
        return b->network->config.vocabulary;
    if (kind == CZ_HEAD_CHOICE || kind == CZ_HEAD_REPLACED)
        return 1;
    return kind == CZ_HEAD_LABELS || kind == CZ_HEAD_TAGS ? b->anew->columns : 2;
}

/* ---- binding; heads other than the pooler stand beside the encoder, not under its prefix ---- */

static size_t dense_columns(const cz_config *config, cz_head_kind kind)
{
    return kind == CZ_HEAD_WORDS ? config->words_width : config->hidden;
}

/* What comes before the last product, and may have no bias, and a norm. */
static bool dense_fits(cz_binder *b, cz_head_kind kind)
{
    const cz_config *config = &b->network->config;
    const cz_head_names *names = &config->family->head[kind];
    size_t wide = dense_columns(config, kind);
    if (!names->dense)
        return true;
    b->unbiased = config->unbiased_pooler;
    bool fits = head_fits(b, "", names->dense, wide, config->hidden);
    b->unbiased = config->unbiased_norms;
    fits = fits && (!names->norm || head_fits(b, "", names->norm, wide, 0));
    b->unbiased = false;
    return fits;
}

static void bind_dense(cz_binder *b, cz_head_kind kind)
{
    const cz_config *config = &b->network->config;
    const cz_head_names *names = &config->family->head[kind];
    cz_head *head = &b->network->head[kind];
    size_t wide = dense_columns(config, kind);
    if (!names->dense)
        return;
    b->unbiased = config->unbiased_pooler;
    head->dense = cz_bind_linear(b, "", &names->dense, 1, wide, config->hidden);
    b->unbiased = false;
    if (names->norm)
        head->norm = cz_bind_norm(b, "", names->norm, wide);
}

/* The table of words serves as the last matrix, unless config.json says that it does not. */
static bool bind_words(cz_binder *b, const cz_head_names *names)
{
    cz_network *network = b->network;
    const cz_config *config = &network->config;
    cz_linear_weights *out = &network->head[CZ_HEAD_WORDS].out;
    char bias[CZ_NAME_SIZE], why[CZ_REASON_SIZE];
    cloze_status status;
    b->unbiased = true;
    if (config->unties_words &&
        !head_fits(b, "", names->out, config->vocabulary, config->words_width))
        return false;
    snprintf(bias, sizeof bias, "%s.bias", names->out);
    cz_bind_find(b, bias); /* torch saves it under both names */
    if (!config->unbiased_words && names->bias && (b->making || cz_bind_find(b, names->bias)))
        snprintf(bias, sizeof bias, "%s", names->bias);
    if (!config->unbiased_words &&
        !cz_bind_find_fitting(b, bias, 1, config->vocabulary, &status, why)) {
        leave_out(b, names->out, why);
        return false;
    }
    if (config->unties_words) {
        *out = cz_bind_linear(b, "", &names->out, 1, config->vocabulary, config->words_width);
    } else {
        find_weight(b, "", names->out); /* a copy of the table, which is not needed */
        out->weight = (cz_weight){ .in = config->embedding, .out = config->vocabulary, .parts = 1 };
        out->part[0] = network->embeddings.table[0];
        out->weight.part[0] = &out->part[0]->value;
    }
    if (!config->unbiased_words && !b->status) {
        out->bias[0] = cz_bind_named(b, "", bias, "", 1, config->vocabulary);
        out->weight.bias[0] = b->status ? NULL : &out->bias[0]->value;
    }
    return true;
}

/* What is made is found before what is stored, whose place it takes: that is seen, and of no use. */
static bool make_one(cz_binder *b, const char *name, const char *ending, size_t rows,
                     size_t columns)
{
    char full[CZ_NAME_SIZE];
    snprintf(full, sizeof full, "%s%s", name, ending);
    cz_bind_find(b, full);
    return cz_make(b, full, rows, columns);
}

static bool make_out(cz_binder *b, const char *name, size_t rows, size_t columns)
{
    return make_one(b, name, ".weight", rows, columns) && make_one(b, name, ".bias", 1, rows);
}

static bool bind_out(cz_binder *b, cz_head_kind kind, const cz_head_names *names)
{
    cz_network *network = b->network;
    const cz_stored_tensor *weight = find_weight(b, "", names->out);
    size_t hidden = network->config.hidden;
    size_t rows =
        is_wanted(b, kind) ? wanted_rows(b, kind) : rows_of(&network->config, kind, weight);
    if (is_wanted(b, kind) && b->anew->replace && !make_out(b, names->out, rows, hidden))
        return false;
    if (!rows) {
        leave_out(b, names->out, "its weight is not [labels, hidden]");
        return false;
    }
    if (names->pooled && !network->pooler.weight.out) {
        leave_out(b, names->out, "there is no pooler that could feed it");
        return false;
    }
    if (!head_fits(b, "", names->out, rows, hidden))
        return false;
    network->head[kind].out = cz_bind_linear(b, "", &names->out, 1, rows, hidden);
    return true;
}

static float dropout_of(const cz_config *config, cz_head_dropout drops)
{
    return drops == CZ_DROPS_AS_LAYERS       ? config->hidden_dropout
           : drops == CZ_DROPS_AS_CLASSIFIER ? config->classifier_dropout
           : drops == CZ_DROPS_FOR_SPANS     ? config->spans_dropout
           : drops == CZ_DROPS_FOR_CHOICE    ? config->choice_dropout
                                             : 0;
}

static void bind_head(cz_binder *b, cz_head_kind kind)
{
    const cz_config *config = &b->network->config;
    const cz_family *family = config->family;
    const cz_head_names *names = &family->head[kind];
    const char *probe = kind == CZ_HEAD_WORDS ? names->dense : names->out;
    cz_head *head = &b->network->head[kind];
    b->head = (int)kind;
    b->making = is_wanted(b, kind) && names->out;
    if (!names->out || (!b->making && (!is_asked(config, kind) || !find_weight(b, "", probe))))
        return;
    bool fits = dense_fits(b, kind) &&
                (kind == CZ_HEAD_WORDS ? bind_words(b, names) : bind_out(b, kind, names));
    b->unbiased = false;
    if (!fits)
        return;
    bind_dense(b, kind);
    head->activation = names->acts_as_layers               ? config->activation
                       : family->setting.pooler_activation ? config->pooler_activation
                                                           : names->activation;
    head->dropout = (cz_dropout_site){ dropout_of(config, names->drops), CZ_SITE_CLASSIFIER };
    if (!cz_head_tells_tokens(kind) && kind != CZ_HEAD_ORDER)
        head->before = (cz_dropout_site){ names->drops_first ? config->classifier_dropout
                                                             : config->pooler_dropout,
                                          CZ_SITE_CLASSIFIER_INPUT };
}

void cz_bind_heads(cz_binder *b)
{
    bind_pooler(b);
    const char *prefix = b->prefix;
    b->prefix = "";
    b->of_head = true;
    for (int kind = 0; kind < CZ_HEADS; kind++)
        bind_head(b, (cz_head_kind)kind);
    b->prefix = prefix;
    b->of_head = b->making = false;
}
