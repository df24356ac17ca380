/*
 * explain/maximum_flow.h - the maximum flow from a token of the last layer to an input token, through
 * layers of tokens that are joined by edges down to all tokens of the layer below.
 */
#ifndef CZ_EXPLAIN_MAXIMUM_FLOW_H
#define CZ_EXPLAIN_MAXIMUM_FLOW_H

#include "base/memory.h"

#include <stdint.h>

/* Nodes are levels 0 (the input) to `layers`, `tokens` of each. Matrix l of the capacities is of edges from
 * level l + 1, rows, to level l. */
typedef struct cz_flow_graph {
    size_t layers, tokens;
    const double *capacity; /* [layers, tokens, tokens] */
} cz_flow_graph;

/* Room for one flow at a time. */
typedef struct cz_flow_room {
    double *left;           /* [layers, tokens, tokens] what edges can still take */
    uint32_t *far;          /* [nodes] edges to the sink that a path needs */
    uint32_t *next;         /* [nodes] the edge to be tried next */
    uint32_t *waiting;      /* [nodes] search from the sink */
    uint32_t *unseen;       /* [nodes] level by level, */
    uint32_t *unseen_count; /* [layers + 1] so many */
    uint32_t *path;         /* [nodes] */
} cz_flow_room;

/* False when memory is out; clear it all the same. */
bool cz_flow_room_make(cz_flow_room *room, const cz_flow_graph *graph,
                       const cloze_allocator *allocator);
void cz_flow_room_clear(cz_flow_room *room, const cloze_allocator *allocator);
double cz_maximum_flow(const cz_flow_graph *graph, size_t source, size_t sink, cz_flow_room *room);

#endif
