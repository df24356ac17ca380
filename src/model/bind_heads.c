/*
 * bind_heads.c - heads are left out when they cannot be used, since embedding needs none; a note
 * says why.
 */
#include "model/bind.h"

#include "base/error.h"
#include "model/family.h"

#include <stdio.h>

/* A matrix [out, in] with its bias, or the gain and shift of a norm: [1, out], in 0. */
static bool head_fits(const cz_binder *b, const char *prefix, const char *name, size_t out,
                      size_t in)
{
    char full[CZ_NAME_SIZE], why[CZ_REASON_SIZE];
    cloze_status status;
    snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    bool fits = cz_bind_find_fitting(b, full, in ? out : 1, in ? in : out, &status, why);
    snprintf(full, sizeof full, "%s%s.bias", prefix, name);
    fits = fits && (b->unbiased || cz_bind_find_fitting(b, full, 1, out, &status, why));
    if (!fits)
        cz_log(&b->network->hooks, CLOZE_LOG_NOTE, "the %s is left out: %s", name, why);
    return fits;
}

static const cz_stored_tensor *find_weight(const cz_binder *b, const char *prefix, const char *name)
{
    char full[CZ_NAME_SIZE];
    snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    return cz_bind_find(b, full);
}

/* Heads other than the pooler stand beside the encoder, not under its prefix. */
static cz_linear_weights bind_beside(cz_binder *b, const char *name, size_t out, size_t in)
{
    const char *prefix = b->prefix;
    b->prefix = "";
    cz_linear_weights head = cz_bind_linear(b, "", &name, 1, out, in);
    b->prefix = prefix;
    return head;
}

static void bind_pooler(cz_binder *b)
{
    cz_network *network = b->network;
    const char *pooler = network->config.family->weight.pooler;
    size_t hidden = network->config.hidden;
    if (pooler && find_weight(b, b->prefix, pooler) &&
        head_fits(b, b->prefix, pooler, hidden, hidden))
        network->pooler = cz_bind_linear(b, "", &pooler, 1, hidden, hidden);
}

static void leave_out(const cz_binder *b, const char *name, const char *why)
{
    cz_log(&b->network->hooks, CLOZE_LOG_NOTE, "the %s is left out: %s", name, why);
}

/* What comes before the classifier's last product, and may have no bias, and a norm. */
static bool dense_fits(cz_binder *b)
{
    const cz_config *config = &b->network->config;
    const char *norm = config->family->classifier.norm;
    b->unbiased = config->unbiased_pooler;
    bool fits = head_fits(b, "", config->family->classifier.dense, config->hidden, config->hidden);
    b->unbiased = config->unbiased_norms;
    fits = fits && (!norm || head_fits(b, "", norm, config->hidden, 0));
    b->unbiased = false;
    return fits;
}

static void bind_dense(cz_binder *b)
{
    cz_network *network = b->network;
    const cz_config *config = &network->config;
    const char *prefix = b->prefix, *norm = config->family->classifier.norm;
    b->unbiased = config->unbiased_pooler;
    network->classifier.dense =
        bind_beside(b, config->family->classifier.dense, config->hidden, config->hidden);
    b->unbiased = false;
    b->prefix = "";
    if (norm)
        network->classifier.norm = cz_bind_norm(b, "", norm, config->hidden);
    b->prefix = prefix;
}

static void bind_classifier(cz_binder *b)
{
    cz_network *network = b->network;
    const cz_family *family = network->config.family;
    const char *name = family->classifier.out, *dense = family->classifier.dense;
    size_t hidden = network->config.hidden;
    const cz_stored_tensor *weight = name ? find_weight(b, "", name) : NULL;
    float dropout = network->config.classifier_dropout;
    network->classifier = (cz_classifier){
        .activation = network->config.pooler_activation,
        .before = { network->config.pooler_dropout, CZ_SITE_CLASSIFIER_INPUT },
        .dropout = { dropout, CZ_SITE_CLASSIFIER },
    };
    if (!weight)
        return;
    if (weight->rank != 2 || !weight->shape[0] || weight->shape[0] > CZ_LABELS_MOST) {
        leave_out(b, name, "its weight is not [labels, hidden]");
        return;
    }
    if (!dense && !network->pooler.weight.out) {
        leave_out(b, name, "there is no pooler that could feed it");
        return;
    }
    size_t labels = weight->shape[0];
    if ((dense && !dense_fits(b)) || !head_fits(b, "", name, labels, hidden))
        return;
    network->config.labels = labels;
    if (dense)
        bind_dense(b);
    network->classifier.out = bind_beside(b, name, labels, hidden);
}

void cz_bind_heads(cz_binder *b)
{
    bind_pooler(b);
    bind_classifier(b);
}
