/*
 * maximum_flow.c - Dinic 1970: as long as there are shortest paths from the source to the sink, all of
 * them are filled. Edges are matrices, so nodes that a search has seen are never looked at again
 * and paths are looked for along rows.
 */
#include "explain/maximum_flow.h"

#include <math.h>
#include <string.h>

/* An edge that can take less than this is full: what is lost of a flow of at most 1 is far below what
 * float attention can tell. */
#define FULL 1e-14

typedef struct flowing {
    const cz_flow_graph *graph;
    cz_flow_room *room;
    size_t source, sink; /* nodes */
} flowing;

bool cz_flow_room_make(cz_flow_room *room, const cz_flow_graph *graph,
                       const cloze_allocator *allocator)
{
    size_t n = graph->tokens, edges = graph->layers * n * n, nodes = (graph->layers + 1) * n;
    *room = (cz_flow_room){
        .left = cz_allocate(allocator, edges, sizeof *room->left),
        .far = cz_allocate(allocator, nodes, sizeof *room->far),
        .next = cz_allocate(allocator, nodes, sizeof *room->next),
        .waiting = cz_allocate(allocator, nodes, sizeof *room->waiting),
        .unseen = cz_allocate(allocator, nodes, sizeof *room->unseen),
        .unseen_count = cz_allocate(allocator, graph->layers + 1, sizeof *room->unseen_count),
        .path = cz_allocate(allocator, nodes, sizeof *room->path),
    };
    return room->left && room->far && room->next && room->waiting && room->unseen &&
           room->unseen_count && room->path;
}

void cz_flow_room_clear(cz_flow_room *room, const cloze_allocator *allocator)
{
    cz_release(allocator, room->left);
    cz_release(allocator, room->far);
    cz_release(allocator, room->next);
    cz_release(allocator, room->waiting);
    cz_release(allocator, room->unseen);
    cz_release(allocator, room->unseen_count);
    cz_release(allocator, room->path);
}

/* Of the edge down from token i of `level` to token j below. */
static size_t edge_of(const cz_flow_graph *graph, size_t level, size_t i, size_t j)
{
    return ((level - 1) * graph->tokens + i) * graph->tokens + j;
}

/* What can go from one node to another on a neighbouring level: down what the edge can still take, up
 * what flows down it. */
static double room_between(const flowing *f, size_t from, size_t to)
{
    size_t n = f->graph->tokens;
    if (from > to) {
        size_t edge = edge_of(f->graph, from / n, from % n, to % n);
        return f->room->left[edge];
    }
    size_t edge = edge_of(f->graph, to / n, to % n, from % n);
    return f->graph->capacity[edge] - f->room->left[edge];
}

/* ---- how far nodes are from the sink ---- */

/* Nodes of a level from which something can go to `node`. */
static void see_level(const flowing *f, size_t level, uint32_t node, size_t *last)
{
    cz_flow_room *room = f->room;
    uint32_t *unseen = room->unseen + level * f->graph->tokens, kept = 0;
    for (uint32_t k = 0; k < room->unseen_count[level]; k++) {
        uint32_t from = unseen[k];
        if (room_between(f, from, node) > FULL) {
            room->far[from] = room->far[node] + 1;
            room->waiting[(*last)++] = from;
        } else {
            unseen[kept++] = from;
        }
    }
    room->unseen_count[level] = kept;
}

/* False: nothing can reach the sink any more. */
static bool measure(const flowing *f)
{
    cz_flow_room *room = f->room;
    size_t n = f->graph->tokens, layers = f->graph->layers, last = 0;
    for (size_t node = 0; node < (layers + 1) * n; node++) {
        room->far[node] = UINT32_MAX;
        room->next[node] = 0;
        room->unseen[node] = (uint32_t)node;
    }
    for (size_t level = 0; level <= layers; level++)
        room->unseen_count[level] = (uint32_t)n;
    room->far[f->sink] = 0;
    room->unseen[f->sink] = (uint32_t)(n - 1);
    room->unseen_count[0] = (uint32_t)(n - 1);
    room->waiting[last++] = (uint32_t)f->sink;
    for (size_t first = 0; first < last; first++) {
        uint32_t node = room->waiting[first];
        size_t level = node / n;
        if (room->far[f->source] <= room->far[node])
            break;
        if (level < layers)
            see_level(f, level + 1, node, &last);
        if (level > 0)
            see_level(f, level - 1, node, &last);
    }
    return room->far[f->source] != UINT32_MAX;
}

/* ---- paths ---- */

/* The next node nearer to the sink to which something can go, or UINT32_MAX. */
static uint32_t step_from(const flowing *f, uint32_t node)
{
    cz_flow_room *room = f->room;
    size_t n = f->graph->tokens, level = node / n;
    for (; room->next[node] < 2 * n; room->next[node]++) {
        bool up = room->next[node] >= n;
        if (up ? level == f->graph->layers : level == 0)
            continue;
        size_t to = (up ? (level + 1) * n - n : (level - 1) * n) + room->next[node];
        if (room->far[to] != UINT32_MAX && room->far[to] + 1 == room->far[node] &&
            room_between(f, node, to) > FULL)
            return (uint32_t)to;
    }
    return UINT32_MAX;
}

/* Fills the path of so many edges; *left is where it is filled first. */
static double fill(const flowing *f, size_t edges, size_t *left)
{
    cz_flow_room *room = f->room;
    size_t n = f->graph->tokens;
    double most = INFINITY;
    for (size_t k = 0; k < edges; k++)
        most = fmin(most, room_between(f, room->path[k], room->path[k + 1]));
    *left = edges;
    for (size_t k = edges; k-- > 0;) {
        size_t from = room->path[k], to = room->path[k + 1];
        if (from > to)
            room->left[edge_of(f->graph, from / n, from % n, to % n)] -= most;
        else
            room->left[edge_of(f->graph, to / n, to % n, from % n)] += most;
        if (!(room_between(f, from, to) > FULL))
            *left = k;
    }
    return most;
}

/* All shortest paths. */
static double fill_paths(const flowing *f)
{
    cz_flow_room *room = f->room;
    double sum = 0;
    size_t edges = 0;
    room->path[0] = (uint32_t)f->source;
    for (;;) {
        uint32_t node = room->path[edges];
        if (node == f->sink) {
            sum += fill(f, edges, &edges);
            continue;
        }
        uint32_t to = step_from(f, node);
        if (to != UINT32_MAX) {
            room->path[++edges] = to;
            continue;
        }
        if (!edges)
            return sum;
        room->next[room->path[--edges]]++; /* a dead end */
    }
}

double cz_maximum_flow(const cz_flow_graph *graph, size_t source, size_t sink, cz_flow_room *room)
{
    size_t n = graph->tokens;
    flowing f = { graph, room, graph->layers * n + source, sink };
    double sum = 0;
    memcpy(room->left, graph->capacity, graph->layers * n * n * sizeof *room->left);
    while (measure(&f))
        sum += fill_paths(&f);
    return sum;
}
