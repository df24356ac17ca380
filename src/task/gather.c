/* gather.c - sequences put one behind the other into the batch of a session. */
#include "task/engine.h"

#include "base/error.h"

void cz_session_clear(cloze_session *session)
{
    session->tokens = session->sequences = session->longest = 0;
}

cz_batch cz_session_batch(const cloze_session *session)
{
    return (cz_batch){
        .tokens = session->tokens,
        .packing = { session->sequences, session->begin, session->length, session->longest },
        .ids = session->ids,
        .positions = session->positions,
        .types = session->types,
    };
}

cloze_status cz_session_check(const cloze_session *session, size_t owner, size_t length,
                              cloze_error *error)
{
    size_t longest = session->model->network->config.longest;
    size_t most = longest < session->batch_tokens ? longest : session->batch_tokens;
    if (!length)
        return cz_fail(error, CLOZE_ERROR_TEXT, "text %zu has no tokens", owner + 1);
    if (length > most)
        return cz_fail(error, CLOZE_ERROR_TEXT,
                       "text %zu has %zu tokens, more than the limit of %zu", owner + 1, length,
                       most);
    return CLOZE_OK;
}

bool cz_session_takes(const cloze_session *session, size_t length)
{
    return session->tokens + length <= session->batch_tokens;
}

cloze_status cz_session_append(cloze_session *session, size_t owner, const uint32_t *ids,
                               const uint32_t *types, size_t length, size_t skip,
                               cloze_error *error)
{
    const cz_config *config = &session->model->network->config;
    for (size_t i = 0; i < length; i++) {
        size_t at = session->tokens + i;
        uint32_t type = types ? types[i] : 0;
        if (ids[i] >= config->vocabulary || (config->types && type >= config->types))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "text %zu: id %u with type %u is outside the model's tables (%zu, %zu)",
                           owner + 1, ids[i], type, config->vocabulary, config->types);
        session->ids[at] = ids[i];
        session->types[at] = type;
    }
    cz_config_positions(config, ids, length, session->positions + session->tokens);
    session->begin[session->sequences] = session->tokens;
    session->length[session->sequences] = length;
    session->owner[session->sequences] = owner;
    session->skip[session->sequences] = skip;
    session->sequences++;
    session->tokens += length;
    if (length > session->longest)
        session->longest = length;
    return CLOZE_OK;
}
