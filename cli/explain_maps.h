/* explain_maps.h - matrices between tokens: attention of every head, or what methods make of it. */
#ifndef CLI_EXPLAIN_MAPS_H
#define CLI_EXPLAIN_MAPS_H

#include "explain.h"

/* Choices of --map, in order. */
enum { MAP_ATTENTION = 1, MAP_ROLLOUT, MAP_VALUE_ZEROING, MAP_GRADIENT };

/* What an explainer sees, of the tokens that are drawn. */
typedef struct cli_maps {
    size_t layers, heads, tokens; /* heads: 1 of what has no heads */
    size_t *token;                /* [tokens] numbers of those that are drawn */
    float **map;                  /* [layers * heads] each [tokens, tokens] */
} cli_maps;

/* `kind` is a choice of --map; `mute` leaves special tokens out. Exit code; in any case maps_clear. */
int maps_gather(cli_maps *out, const cli_explanation *explanation, int kind, bool mute);
void maps_clear(cli_maps *maps);
/* Of as many layers, heads and tokens; else an exit code. */
int maps_subtract(cli_maps *from, const cli_maps *other);
/* Of a layer (from 0) into its first head: the mean of all, or what is furthest from 0. */
void maps_join_heads(cli_maps *maps, size_t layer, bool highest);

#endif
