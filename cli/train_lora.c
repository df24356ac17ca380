/* train_lora.c - LoRA, from what was asked: names of maps out of a list, and what the run's facts say. */
#include "train.h"

#include "say.h"

#include <stdlib.h>
#include <string.h>

static int fill_targets(train_job *job, const char *list)
{
    cli_keep *keep = &job->data.read[PART_TRAIN].keep;
    cloze_lora *lora = &job->options.lora;
    cell_list parts = { 0 };
    const char **targets = NULL;
    int code = 0;
    if (!cells_split(&parts, (cloze_text){ list, strlen(list) }, ',') ||
        !(targets = keep_room(keep, parts.count + 1, sizeof *targets)))
        code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < parts.count && !code; i++) {
        cloze_text part = cell_trimmed(parts.item[i]), copy;
        if (!part.size)
            code = say_failure(CLOZE_ERROR_ARGUMENT, "--lora-targets is a list of names as in "
                                                     "query,value; one of them is empty");
        else if (!keep_text(keep, part, &copy))
            code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
        else
            targets[i] = copy.data;
    }
    lora->targets = targets;
    lora->target_count = parts.count;
    free(parts.item);
    return code;
}

int train_lora(train_job *job)
{
    const cli_training *train = &job->settings->train;
    job->options.lora = (cloze_lora){ .rank = train->lora,
                                      .alpha = train->lora_alpha > 0 ? train->lora_alpha : 0,
                                      .stabilized = train->lora_stabilized,
                                      .dropout = train->lora_dropout,
                                      .merge = train->merge };
    return train->lora_targets ? fill_targets(job, train->lora_targets) : 0;
}

int train_lora_check(const cli_training *train)
{
    const struct {
        bool given;
        const char *option;
    } all[] = { { train->lora_targets, "lora-targets" },
                { train->lora_alpha >= 0, "lora-alpha" },
                { train->lora_stabilized, "lora-stabilized" },
                { train->lora_dropout > 0, "lora-dropout" },
                { train->merge, "merge" } };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].given && !train->lora)
            return say_failure(CLOZE_ERROR_ARGUMENT, "--%s is a setting of LoRA: --lora RANK",
                               all[i].option);
    if (train->lora && (train->freeze_body || train->freeze_embeddings || train->freeze_layers))
        return say_failure(CLOZE_ERROR_ARGUMENT, "--lora leaves everything but the head as it is: "
                                                 "there is nothing to freeze");
    return 0;
}
