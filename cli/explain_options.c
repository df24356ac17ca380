/* explain_options.c - what explain alone can be told. */
#include "explain.h"

const option_group explain_aims = {
    "What is explained",
    (const command_option[]){
        OPTION("task", 0, OPTION_CHOICE, "classify|tag|answer|fill|similar", explain.task,
               "a label, the tag of a word, an answer, a masked word, or the likeness of two texts "
               "(default: what the model is for)"),
        OPTION("pair", 0, OPTION_WORD, "TEXT", pair, "a second text"),
        OPTION("context", 'c', OPTION_WORD, "TEXT", pair, "the same: where an answer lies"),
        OPTION("context-file", 'C', OPTION_WORD, "FILE", context_file,
               "the second text is the whole of FILE"),
        OPTION("pair-field", 0, OPTION_WORD, "NAME", pair_field,
               "take second texts from this field of JSON lines"),
        OPTION("tab", 0, OPTION_FLAG, NULL, tab_pairs, "lines hold two texts with a tab between"),
        OPTION("value", 0, OPTION_CHOICE, "logit|margin|probability", explain.value,
               "the number: a logit, its lead over another one, or a probability (default: logit)"),
        OPTION("label", 0, OPTION_WORD, "NAME", explain.label,
               "the label, tag or token instead of the one that the model says"),
        OPTION("against", 0, OPTION_WORD, "NAME", explain.against,
               "what the margin is over (default: the best other one)"),
        OPTION("at", 0, OPTION_WORD, "PLACE", explain.at,
               "which word, mask or answer: a word of the text, or its bytes BEGIN or BEGIN:END"),
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "refuse inputs longer than this (default: what the model takes)"),
        OPTIONS_END },
};

const option_group explain_ways = {
    "How",
    (const command_option[]){
        OPTION("method", 'M', OPTION_WORD, "NAMES", explain.methods,
               "methods with commas between, or all (default: occlusion)"),
        OPTION("list-methods", 0, OPTION_FLAG, NULL, explain.list_methods,
               "tell what each method answers"),
        OPTION("absent", 0, OPTION_CHOICE, "mask|pad|unknown|remove", explain.absence,
               "what stands where a unit is taken away (default: the mask, else padding)"),
        OPTION("layer", 0, OPTION_REAL, "N", explain.layer,
               "of attention, from 1; of gradients: what layer N makes (default: the word "
               "embeddings)"),
        OPTION("head", 0, OPTION_REAL, "N", explain.head,
               "of attention, from 0 (default: the mean of all)"),
        OPTION("highest", 0, OPTION_FLAG, NULL, explain.highest,
               "attention: the highest of the heads instead of their mean"),
        OPTION("steps", 0, OPTION_COUNT, "N", explain.steps,
               "integrated gradients: points at first (default: 50)"),
        OPTION("bound", 0, OPTION_REAL, "X", explain.bound,
               "steps are doubled until the gap is this share of the difference (default: 0.05)"),
        OPTION("samples", 0, OPTION_COUNT, "N", explain.samples,
               "of methods that draw (default: each has its own)"),
        OPTION("noise", 0, OPTION_REAL, "X", explain.noise,
               "smoothgrad: a share of the embeddings' range (default: 0.1)"),
        OPTION("seed", 0, OPTION_NUMBER, "N", seed, "of what is drawn (default: 0)"), OPTIONS_END },
};

const option_group explain_units = {
    "Units",
    (const command_option[]){
        OPTION("unit", 'u', OPTION_CHOICE, "word|token|sentence", explain.unit,
               "what is taken as one, and gets a number (default: word)"),
        OPTION("span", 0, OPTION_WORDS, "BEGIN:END", explain.spans,
               "bytes of the text (pair:BEGIN:END: of the second) as a unit instead; may be "
               "repeated"),
        OPTION("fixed", 0, OPTION_CHOICE, "text|pair", explain.fixed,
               "nothing of this text is taken away or changed: only the other has units"),
        OPTIONS_END },
};

const option_group explain_faces = {
    "What is shown",
    (const command_option[]){
        OPTION_TOP("the N largest bars (default: 20, of several methods 10)"),
        OPTION("all", 0, OPTION_FLAG, NULL, all, "all bars"),
        OPTION(
            "colour", 0, OPTION_CHOICE, "auto|always|never", explain.colour,
            "colours in the text (default: on terminals of 256 or more, unless NO_COLOR is set)"),
        OPTION("csv", 0, OPTION_FLAG, NULL, explain.csv,
               "print comma-separated values, one number a row"),
        OPTIONS_END },
};

const option_group explain_truth = {
    "Is it true?",
    (const command_option[]){
        OPTION("evaluate", 0, OPTION_FLAG, NULL, explain.evaluate,
               "measure how true the methods' numbers are, over all texts, beside random ones "
               "(methods: all by default)"),
        OPTION("rivals", 0, OPTION_COUNT, "N", explain.rivals,
               "random attributions beside each text (default: 20)"),
        OPTION("random-weights", 0, OPTION_CHOICE, "all|cascade|none", explain.randomize,
               "explain a model of random weights, too: all at once, or from the head down "
               "(default: all)"),
        OPTION("sensitivity", 0, OPTION_FLAG, NULL, explain.sensitivity,
               "measure how far the numbers move when the embeddings do, too: ten times the work"),
        OPTION("beam", 0, OPTION_COUNT, "N", explain.beam,
               "orders kept in the search for the best and the worst one of more than 10 units "
               "(default: 5, none above 32 units)"),
        OPTION("curves", 0, OPTION_WORD, "FILE", explain.curves,
               "draw the curves of deletion and insertion; .png, .svg or .pdf"),
        OPTIONS_END },
};

const option_group explain_pictures = {
    "Pictures",
    (const command_option[]){
        OPTION("picture", 0, OPTION_WORD, "FILE", picture,
               "draw the coloured text and the bars of every method (.png, .svg or .pdf)"),
        OPTION("attention", 0, OPTION_WORD, "FILE", explain.attention,
               "draw what looks at what: a head (--layer and --head), the mean of a layer's heads "
               "(--layer), or all layers and heads on one sheet"),
        OPTION("map", 0, OPTION_CHOICE, "attention|rollout|value-zeroing|gradient", explain.map,
               "what --attention draws: weights as they are, or what each layer has of each token "
               "by the methods of these names"),
        OPTION(
            "scale", 0, OPTION_CHOICE, "linear|log|row", explain.scale,
            "of attention: as it is (the default of one map), by powers of ten, or as shares of a "
            "row's highest (the default of a sheet)"),
        OPTION("colours", 0, OPTION_CHOICE, "blue|violet|diverging|red-blue", explain.colours,
               "of attention: white to blue (the default), violet to yellow, blue to orange, red "
               "to blue"),
        OPTION(
            "mute", 0, OPTION_FLAG, NULL, explain.mute,
            "of attention: leave out special tokens, which much attention falls on for no reason"),
        OPTION("page", 0, OPTION_WORD, "FILE", explain.page,
               "write all of it as one HTML page to look around in, attention included (methods: "
               "all by default; with --evaluate figures, too)"),
        OPTION("versus", 0, OPTION_WORD, "TEXT", explain.versus,
               "draw how this text differs from TEXT, which must have as many parts"),
        OPTION("versus-model", 0, OPTION_WORD, "MODEL", explain.versus_model,
               "draw how the model differs from MODEL about this text"),
        OPTIONS_END },
};
