/*
 * pretrain_model.c - config.json of the model that is to be made: an architecture by name, or a file,
 * with other sizes where they are asked for and what the tokenizer decides.
 */
#include "pretrain.h"

#include "say.h"
#include "whole_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sizes are those of the papers and of google/bert_uncased_L-*. */
static const architecture all[] = {
    { "bert-tiny", "bert", CLOZE_VOCABULARY_WORDPIECE, 2, 128, 2, 512, 0, 0, 5e-4,
      OBJECTIVE_WORDS },
    { "bert-mini", "bert", CLOZE_VOCABULARY_WORDPIECE, 4, 256, 4, 1024, 0, 0, 5e-4,
      OBJECTIVE_WORDS },
    { "bert-small", "bert", CLOZE_VOCABULARY_WORDPIECE, 4, 512, 8, 2048, 0, 0, 5e-4,
      OBJECTIVE_WORDS },
    { "bert-medium", "bert", CLOZE_VOCABULARY_WORDPIECE, 8, 512, 8, 2048, 0, 0, 3e-4,
      OBJECTIVE_WORDS },
    { "bert-base", "bert", CLOZE_VOCABULARY_WORDPIECE, 12, 768, 12, 3072, 0, 0, 1e-4,
      OBJECTIVE_WORDS },
    { "bert-large", "bert", CLOZE_VOCABULARY_WORDPIECE, 24, 1024, 16, 4096, 0, 0, 5e-5,
      OBJECTIVE_WORDS },
    { "distilbert", "distilbert", CLOZE_VOCABULARY_WORDPIECE, 6, 768, 12, 3072, 0, 0, 1e-4,
      OBJECTIVE_WORDS },
    { "roberta-base", "roberta", CLOZE_VOCABULARY_BYTE_LEVEL, 12, 768, 12, 3072, 0, 0, 1e-4,
      OBJECTIVE_WORDS },
    { "roberta-large", "roberta", CLOZE_VOCABULARY_BYTE_LEVEL, 24, 1024, 16, 4096, 0, 0, 5e-5,
      OBJECTIVE_WORDS },
    { "distilroberta", "roberta", CLOZE_VOCABULARY_BYTE_LEVEL, 6, 768, 12, 3072, 0, 0, 1e-4,
      OBJECTIVE_WORDS },
    { "albert-base", "albert", CLOZE_VOCABULARY_UNIGRAM, 12, 768, 12, 3072, 128, 0, 1e-4,
      OBJECTIVE_ORDER },
    { "albert-large", "albert", CLOZE_VOCABULARY_UNIGRAM, 24, 1024, 16, 4096, 128, 0, 5e-5,
      OBJECTIVE_ORDER },
    { "electra-small", "electra", CLOZE_VOCABULARY_WORDPIECE, 12, 256, 4, 1024, 128, 0.25, 5e-4,
      OBJECTIVE_REPLACED },
    { "electra-base", "electra", CLOZE_VOCABULARY_WORDPIECE, 12, 768, 12, 3072, 768, 1. / 3, 2e-4,
      OBJECTIVE_REPLACED },
};
enum { USUAL = 2, CONFIG_MOST = 1 << 20, DIGITS = 15 };

/* Names of sizes in config.json, and of the classes in transformers. */
typedef struct family_keys {
    const char *family, *class_name, *layers, *hidden, *heads, *intermediate, *embedding;
} family_keys;

#define USUAL_KEYS "num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size"

static const family_keys families[] = {
    { "bert", "Bert", USUAL_KEYS, NULL },
    { "distilbert", "DistilBert", "n_layers", "dim", "n_heads", "hidden_dim", NULL },
    { "roberta", "Roberta", USUAL_KEYS, NULL },
    { "albert", "Albert", USUAL_KEYS, "embedding_size" },
    { "electra", "Electra", USUAL_KEYS, "embedding_size" },
    { "xlm-roberta", "XLMRoberta", USUAL_KEYS, NULL },
    { "xlm-roberta-xl", "XLMRobertaXL", USUAL_KEYS, NULL },
    { "camembert", "Camembert", USUAL_KEYS, NULL },
    { "roberta-prelayernorm", "RobertaPreLayerNorm", USUAL_KEYS, NULL },
    { "megatron-bert", "MegatronBert", USUAL_KEYS, NULL },
    { "mpnet", "MPNet", USUAL_KEYS, NULL },
    { "deberta", "Deberta", USUAL_KEYS, NULL },
    { "deberta-v2", "DebertaV2", USUAL_KEYS, NULL },
    { "modernbert", "ModernBert", USUAL_KEYS, NULL },
    { "fnet", "FNet", USUAL_KEYS, NULL },
    { "longformer", "Longformer", USUAL_KEYS, NULL },
    { "rembert", "RemBert", USUAL_KEYS, "input_embedding_size" },
};

int architecture_find(const cli_settings *settings, const architecture **out)
{
    const char *name = settings->pretrain.architecture;
    char names[512];
    size_t used = 0;
    *out = settings->pretrain.config || name ? NULL : &all[USUAL];
    if (*out || !name)
        return 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (!strcmp(all[i].name, name))
            *out = &all[i];
        used +=
            (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", all[i].name);
    }
    return *out ? 0
                : say_failure(CLOZE_ERROR_ARGUMENT,
                              "there is no architecture \"%.60s\"; there are %s; --config FILE "
                              "describes any other",
                              name, names);
}

static const family_keys *keys_of(const char *family)
{
    for (size_t i = 0; family && i < sizeof families / sizeof *families; i++)
        if (!strcmp(families[i].family, family))
            return &families[i];
    return NULL;
}

/* ---- where it begins ---- */

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static void put(json_t *config, const char *key, json_t *value)
{
    json_object_set_new(config, key, value); /* what fails is missed when all is written */
}

static void put_size(json_t *config, const char *key, size_t size)
{
    if (key && size)
        put(config, key, json_integer((json_int_t)size));
}

/* What differs between the families, beside names. */
static json_t *usual_settings(const char *family)
{
    bool roberta = !strcmp(family, "roberta"), albert = !strcmp(family, "albert");
    if (!strcmp(family, "distilbert"))
        return json_pack("{s:s, s:f, s:f, s:f, s:f, s:i, s:b, s:f}", "activation", "gelu",
                         "dropout", 0.1, "attention_dropout", 0.1, "seq_classif_dropout", 0.2,
                         "qa_dropout", 0.1, "max_position_embeddings", 512, "sinusoidal_pos_embds",
                         0, "initializer_range", 0.02);
    json_t *config = json_pack(
        "{s:s, s:f, s:f, s:f, s:f, s:i, s:i}", "hidden_act", albert ? "gelu_new" : "gelu",
        "hidden_dropout_prob", albert ? 0.0 : 0.1, "attention_probs_dropout_prob",
        albert ? 0.0 : 0.1, "initializer_range", 0.02, "layer_norm_eps", roberta ? 1e-5 : 1e-12,
        "max_position_embeddings", roberta ? 514 : 512, "type_vocab_size", roberta ? 1 : 2);
    if (config && albert) {
        put(config, "num_hidden_groups", json_integer(1));
        put(config, "inner_group_num", json_integer(1));
        put(config, "classifier_dropout_prob", json_real(0.1));
    }
    return config;
}

static json_t *named(const architecture *from)
{
    const family_keys *keys = keys_of(from->family);
    json_t *config = usual_settings(from->family);
    if (!config || !keys)
        return config;
    put(config, "model_type", json_string(from->family));
    put_size(config, keys->layers, from->layers);
    put_size(config, keys->hidden, from->hidden);
    put_size(config, keys->heads, from->heads);
    put_size(config, keys->intermediate, from->intermediate);
    put_size(config, keys->embedding, from->embedding);
    return config;
}

static int load(const char *path, json_t **out)
{
    json_error_t trouble;
    char *bytes;
    size_t size;
    int code = read_whole_file(path, &bytes, &size);
    if (code)
        return code;
    if (size > CONFIG_MOST)
        code = say_failure(CLOZE_ERROR_LIMIT, "%s is too large for settings", path);
    else if (!(*out = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &trouble)))
        code = say_failure(CLOZE_ERROR_FORMAT, "%s:%d: %s", path, trouble.line, trouble.text);
    else if (!keys_of(json_string_value(json_object_get(*out, "model_type"))))
        code = say_failure(CLOZE_ERROR_UNSUPPORTED,
                           "%s: its \"model_type\" is none that can be made here", path);
    free(bytes);
    return code;
}

/* ---- what is changed ---- */

/* Two width that were given, so that neither is taken for the other's. */
static int change_sizes(const cli_pretraining *asked, const family_keys *keys, json_t *config)
{
    size_t first = 0;
    if (asked->embedding && !keys->embedding)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--embedding is for families whose tables may be narrower, not for %s",
                           keys->family);
    put_size(config, keys->layers, asked->layers);
    put_size(config, keys->hidden, asked->hidden);
    put_size(config, keys->heads, asked->heads);
    put_size(config, keys->intermediate, asked->intermediate);
    put_size(config, keys->embedding, asked->embedding);
    if (json_integer_value(json_object_get(config, "max_position_embeddings")) == 514)
        first = 2; /* of RoBERTa's rows two are never used */
    if (asked->positions)
        put_size(config, "max_position_embeddings", asked->positions + first);
    return 0;
}

static bool put_role(json_t *config, const char *key, const cloze_tokenizer *tokenizer,
                     cloze_token_role role)
{
    uint32_t id;
    if (!cloze_tokenizer_role(tokenizer, role, &id))
        return false;
    put(config, key, json_integer(id));
    return true;
}

static void put_tokens(json_t *config, const cloze_tokenizer *tokenizer)
{
    put_size(config, "vocab_size", cloze_tokenizer_size(tokenizer));
    put_role(config, "pad_token_id", tokenizer, CLOZE_TOKEN_PADDING);
    put_role(config, "bos_token_id", tokenizer, CLOZE_TOKEN_CLASS);
    put_role(config, "eos_token_id", tokenizer, CLOZE_TOKEN_SEPARATOR);
    put_role(config, "cls_token_id", tokenizer, CLOZE_TOKEN_CLASS);
    put_role(config, "sep_token_id", tokenizer, CLOZE_TOKEN_SEPARATOR);
}

/* The trainer gives the class its ending. */
static void put_class(json_t *config, const family_keys *keys)
{
    char name[64];
    json_t *list;
    snprintf(name, sizeof name, "%sModel", keys->class_name);
    if ((list = json_pack("[s]", name)))
        put(config, "architectures", list);
}

static int name_use(pretrain_job *job, const cloze_tokenizer *tokenizer)
{
    uint32_t id;
    cloze_text mask;
    if (!cloze_tokenizer_role(tokenizer, CLOZE_TOKEN_MASK, &id))
        return say_failure(CLOZE_ERROR_UNSUPPORTED,
                           "the tokenizer has no mask token: masked words cannot be learned");
    if (pretrain_objective(job) == OBJECTIVE_REPLACED)
        return 0;
    mask = cloze_tokenizer_token(tokenizer, id);
    snprintf(job->use, sizeof job->use, " \"a text with a %.*s\"", (int)mask.size, mask.data);
    job->kind.use[1] = job->use;
    return 0;
}

/* The same but narrower, with heads of the same size. */
static int narrow(pretrain_job *job, const json_t *config, const family_keys *keys)
{
    const cli_settings *settings = job->train.settings;
    double share = settings->pretrain.generator > 0 ? settings->pretrain.generator
                   : job->architecture              ? job->architecture->generator
                                                    : 0.25;
    json_int_t all_heads = json_integer_value(json_object_get(config, keys->heads));
    json_int_t hidden = json_integer_value(json_object_get(config, keys->hidden));
    json_int_t wide = json_integer_value(json_object_get(config, keys->intermediate));
    json_int_t heads = (json_int_t)((double)all_heads * share + 0.5);
    json_t *own = json_deep_copy(config);
    heads = heads > 0 ? heads : 1;
    wide = (json_int_t)((double)wide * share + 0.5);
    if (!own)
        return out_of_memory();
    put(own, keys->heads, json_integer(heads));
    put(own, keys->hidden, json_integer(all_heads ? hidden / all_heads * heads : hidden));
    put(own, keys->intermediate, json_integer(wide > 0 ? wide : 1));
    job->generator = json_dumps(own, JSON_SORT_KEYS | JSON_REAL_PRECISION(DIGITS));
    json_decref(own);
    return job->generator ? 0 : out_of_memory();
}

static int finish(pretrain_job *job, json_t *config, const cloze_tokenizer *tokenizer)
{
    const family_keys *keys = keys_of(json_string_value(json_object_get(config, "model_type")));
    int code = keys ? change_sizes(&job->train.settings->pretrain, keys, config) : out_of_memory();
    if (!code)
        code = name_use(job, tokenizer);
    if (code)
        return code;
    put_tokens(config, tokenizer);
    put_class(config, keys);
    job->config = json_dumps(config, JSON_SORT_KEYS | JSON_REAL_PRECISION(DIGITS));
    if (!job->config)
        return out_of_memory();
    if (pretrain_objective(job) != OBJECTIVE_REPLACED)
        return 0;
    if (strcmp(keys->family, "electra") != 0)
        return say_failure(CLOZE_ERROR_UNSUPPORTED,
                           "replaced tokens are told by models of the family electra, not %s",
                           keys->family);
    return narrow(job, config, keys);
}

/* transformers hands a model what its tokenizer names. */
static int drop_types(const pretrain_job *job, const json_t *config)
{
    char path[PATH_SIZE + 32];
    cli_output *output = NULL;
    json_t *settings;
    char *text;
    int code;
    snprintf(path, sizeof path, "%s/tokenizer_config.json", job->tokenizer);
    if (job->train.settings->pretrain.tokenizer || json_object_get(config, "type_vocab_size"))
        return 0;
    if (!(settings = json_load_file(path, JSON_REJECT_DUPLICATES, NULL)))
        return say_failure(CLOZE_ERROR_IO, "cannot read %s", path);
    put(settings, "model_input_names", json_pack("[s, s]", "input_ids", "attention_mask"));
    text = json_dumps(settings, JSON_INDENT(2));
    json_decref(settings);
    code = text ? output_open(&output, path) : out_of_memory();
    if (!code) {
        output_text(output, text);
        code = output_close(output, 0);
    }
    free(text);
    return code;
}

int pretrain_config(pretrain_job *job)
{
    const char *path = job->train.settings->pretrain.config;
    cloze_tokenizer *tokenizer = NULL;
    json_t *config = NULL;
    cloze_error error;
    int code = 0;
    if (path)
        code = load(path, &config);
    else if (!(config = named(job->architecture)))
        code = out_of_memory();
    if (!code && cloze_tokenizer_open(&tokenizer, job->tokenizer, NULL, &error))
        code = say_error(&error, NULL);
    if (!code)
        code = finish(job, config, tokenizer);
    if (!code && ranks_lead(&job->train.ranks))
        code = drop_types(job, config);
    cloze_tokenizer_free(tokenizer);
    json_decref(config);
    return code;
}
