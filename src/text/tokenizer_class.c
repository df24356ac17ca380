/* tokenizer_class.c - the table of tokenizer classes; the strings come from the files of models. */
#include "text/tokenizer_class.h"

#include <string.h>

#define ALL          ((1u << CZ_SPECIALS) - 1)
#define BIT(special) (1u << CZ_SPECIAL_##special)

#define ENDS_LITERAL "[CLS] $A [SEP] $B:1 [SEP]:1"
#define ENDS_DOUBLE  "<s> $A </s> </s> $B </s>"
#define STEPS_PLAIN  "map strip-right marks"
#define STEPS_CLEAN  "quotes accents lower map spaces"

static const cz_tokenizer_class classes[] = {
    { .names = " Bert ConvBert DistilBert Electra Funnel LayoutLM Lxmert MobileBert "
               "Retribert SqueezeBert BertGeneration DPRReader DPRQuestionEncoder "
               "DPRContextEncoder RealmRetriever Realm ",
      .types = " megatronbert ",
      .files = CZ_OLD_LINES,
      .specials = { NULL, NULL, "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]" },
      .ends = "CLS $A SEP $B:1 SEP:1" },
    { .names = " MPNet ",
      .files = CZ_OLD_LINES,
      .specials = { "<s>", "</s>", "[UNK]", "</s>", "<pad>", "<s>", "<mask>" },
      .objects = ALL,
      .mask_strips = true,
      .ends = "CLS $A SEP SEP $B:1 SEP:1" },
    { .names = " Roberta Longformer ",
      .types = " robertaprelayernorm ",
      .files = CZ_OLD_MERGES,
      .specials = { "<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>" },
      .objects = ALL,
      .normalized = ALL & ~BIT(MASK),
      .mask_strips = true,
      .trims = true },
    { .names = " Deberta ",
      .files = CZ_OLD_MERGES,
      .specials = { "[CLS]", "[SEP]", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]" },
      .objects = ALL,
      .normalized = BIT(MASK),
      .mask_strips = true,
      .ends = ENDS_LITERAL },
    { .names = " GPT2 ",
      .files = CZ_OLD_MERGES,
      .specials = { "<|endoftext|>", "<|endoftext|>", "<|endoftext|>", NULL, NULL, NULL, NULL },
      .objects = BIT(BEGIN) | BIT(END) | BIT(UNKNOWN) | BIT(PADDING),
      .normalized = BIT(BEGIN) | BIT(END) | BIT(UNKNOWN) | BIT(PADDING) },
    { .names = " Albert ",
      .files = CZ_OLD_PIECES,
      .specials = { "[CLS]", "[SEP]", "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]" },
      .objects = BIT(MASK),
      .mask_strips = true,
      .ends = ENDS_LITERAL,
      .steps = STEPS_CLEAN,
      .lower = true,
      .comma = 100 },
    { .names = " FNet ",
      .files = CZ_OLD_PIECES,
      .specials = { NULL, NULL, "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]" },
      .objects = BIT(MASK) | BIT(CLASS) | BIT(SEPARATOR),
      .mask_strips = true,
      .ends = ENDS_LITERAL,
      .steps = STEPS_CLEAN,
      .accents = true,
      .comma = 100 },
    { .names = " RemBert ",
      .files = CZ_OLD_PIECES,
      .specials = { "[CLS]", "[SEP]", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]" },
      .objects = BIT(MASK),
      .normalized = BIT(MASK),
      .mask_strips = true,
      .ends = ENDS_LITERAL,
      .steps = "quotes spaces accents lower map",
      .accents = true },
    { .names = " BigBird ",
      .files = CZ_OLD_PIECES,
      .specials = { "<s>", "</s>", "<unk>", "[SEP]", "<pad>", "[CLS]", "[MASK]" },
      .objects = ALL,
      .normalized = ALL,
      .mask_strips = true,
      .ends = ENDS_LITERAL,
      .steps = STEPS_PLAIN },
    { .names = " Camembert ",
      .files = CZ_OLD_PIECES,
      .layout = CZ_PIECES_BEHIND_FIVE,
      .specials = { "<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>" },
      .objects = BIT(MASK),
      .mask_strips = true,
      .ends = ENDS_DOUBLE,
      .steps = STEPS_PLAIN },
    { .names = " XLMRoberta ",
      .types = " xlmrobertaxl ",
      .files = CZ_OLD_PIECES,
      .layout = CZ_PIECES_BEHIND_FOUR,
      .specials = { "<s>", "</s>", "<unk>", "</s>", "<pad>", "<s>", "<mask>" },
      .objects = BIT(MASK),
      .mask_strips = true,
      .ends = ENDS_DOUBLE,
      .steps = STEPS_PLAIN },
    { .names = " DebertaV2 ",
      .files = CZ_OLD_PIECES,
      .specials = { "[CLS]", "[SEP]", "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]" },
      .objects = BIT(UNKNOWN),
      .normalized = BIT(UNKNOWN),
      .ends = ENDS_LITERAL,
      .steps = "lower strip map spaces",
      .punctuation = true },
    { .names = " T5 ",
      .files = CZ_OLD_PIECES,
      .layout = CZ_PIECES_AND_EXTRAS,
      .specials = { NULL, "</s>", "<unk>", NULL, "<pad>", NULL, NULL },
      .objects = BIT(END) | BIT(UNKNOWN) | BIT(PADDING),
      .ends = "$A </s> $B </s>",
      .steps = STEPS_PLAIN,
      .scheme = true },
    { .names = " Reformer ",
      .files = CZ_OLD_PIECES,
      .specials = { NULL, "</s>", "<unk>", NULL, NULL, NULL, NULL },
      .steps = STEPS_PLAIN },
};

enum { CLASSES = sizeof classes / sizeof *classes };

/* A SentencePiece model of which nothing is known. */
static const cz_tokenizer_class plain_pieces = { .names = "",
                                                 .files = CZ_OLD_PIECES,
                                                 .steps = STEPS_PLAIN };

static bool ends_with(const char *name, size_t size, const char *ending)
{
    size_t length = strlen(ending);
    return size >= length && !memcmp(name + size - length, ending, length);
}

static char plain(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* Whether `names` has the name; `loosely`: whatever its case, and its hyphens left out. */
static bool has_name(const char *names, const char *name, size_t size, bool loosely)
{
    for (; *names; names++) {
        const char *at = names + 1;
        size_t i = 0;
        if (*names != ' ')
            continue;
        for (; i < size; i++) {
            if (loosely && (name[i] == '-' || name[i] == '_'))
                continue;
            if (loosely ? plain(*at) != plain(name[i]) : *at != name[i])
                break;
            at++;
        }
        if (i == size && at > names + 1 && *at == ' ')
            return true;
    }
    return false;
}

const cz_tokenizer_class *cz_tokenizer_class_named(const char *name)
{
    size_t size = strlen(name);
    if (ends_with(name, size, "Fast"))
        size -= strlen("Fast");
    if (!ends_with(name, size, "Tokenizer"))
        return NULL;
    size -= strlen("Tokenizer");
    for (size_t i = 0; i < CLASSES; i++)
        if (has_name(classes[i].names, name, size, false))
            return &classes[i];
    return NULL;
}

const cz_tokenizer_class *cz_tokenizer_class_of_model(const char *type)
{
    for (size_t i = 0; i < CLASSES; i++)
        if (has_name(classes[i].names, type, strlen(type), true) ||
            (classes[i].types && has_name(classes[i].types, type, strlen(type), true)))
            return &classes[i];
    return NULL;
}

const cz_tokenizer_class *cz_tokenizer_class_by_files(cz_old_files files)
{
    return files == CZ_OLD_LINES ? &classes[0] : files == CZ_OLD_PIECES ? &plain_pieces : NULL;
}
