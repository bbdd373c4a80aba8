/* The bound: what a hand-written book costs that reads the same COMMAND rows and
 * writes the same EVENT rows as the kernel, event for event.
 *
 * Direct ladder, intrusive queues, a bitmap of three tiers, one pool of 64-byte
 * orders. Limit, fill-and-kill and protected market orders, cancel, replace. No
 * accounts, margin, phases, self-match prevention or minimum: those are what the
 * kernel does on top. The reasons (ORDER_UNKNOWN, ...) are defined by bound.py, from engine.schema.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ENTER = 1, REPLACE = 2, CANCEL = 3 };
enum { ENTERED = 1, RESTED = 2, FILLED = 3, CANCELED = 4, REPLACED = 5, REJECTED = 8 };
enum { LIMIT = 1, MARKET = 3, FAK = 4, MAKER = 1, TAKER = 2, BUY = 0, SLOT_BITS = 24 };

typedef struct {
    int64_t seq, time, received;
    int32_t account, instrument, session, key;
    uint32_t text;
    uint8_t kind, version;
    uint16_t flags;
    int64_t order_id, tag, price, trigger, quantity, display, minimum;
    int32_t smp_id, expiry, protection, give_up;
    uint8_t side, type, tif, smp_rule, capacity, spare[3];
} command;

typedef struct {
    int64_t seq, time, order_id, tag, price, quantity, leaves, trade_id, other;
    int32_t account, instrument, session;
    uint32_t n;
    uint8_t kind;
    int8_t side;
    uint8_t reason, role;
    uint32_t flags;
} event;

typedef struct {
    int64_t id, tag, price, leaves;
    uint32_t prev, next, rank;
    int32_t account, session, instrument;
    uint8_t side, tif, spare[6];
} order;

typedef struct { uint32_t head, tail; } level;

/* Ranks run from 1, the farthest from the market, so the best is the greatest. */
typedef struct {
    level *levels;
    uint64_t *words, *groups;
    uint64_t top, best;
} ladder;

typedef struct {
    int64_t ranks, instruments, orders_max, entered, trades;
    uint32_t fresh, unused;
    order *orders;
    ladder *ladders;
    event *out;
} book;

_Static_assert(sizeof(command) == 128 && sizeof(event) == 96 && sizeof(order) == 64, "layouts");

static int64_t words_of(const book *b) { return b->ranks / 64 + 1; }

void book_clear(book *b) {
    memset(b->orders, 0, sizeof(order) * (size_t)(b->orders_max + 1));
    for (int64_t i = 0; i < 2 * b->instruments; i++) {
        ladder *l = &b->ladders[i];
        memset(l->levels, 0, sizeof(level) * (size_t)(b->ranks + 1));
        memset(l->words, 0, 8 * (size_t)words_of(b));
        memset(l->groups, 0, 8 * 64);
        l->top = l->best = 0;
    }
    b->fresh = 1;
    b->unused = 0;
    b->entered = b->trades = 0;
}

book *book_open(int64_t instruments, int64_t ranks, int64_t orders_max) {
    book *b = calloc(1, sizeof *b);
    b->ranks = ranks;
    b->instruments = instruments;
    b->orders_max = orders_max;
    b->orders = aligned_alloc(64, sizeof(order) * (size_t)(orders_max + 1));
    b->ladders = calloc((size_t)(2 * instruments), sizeof(ladder));
    for (int64_t i = 0; i < 2 * instruments; i++) {
        b->ladders[i].levels = calloc((size_t)(ranks + 1), sizeof(level));
        b->ladders[i].words = calloc((size_t)words_of(b), 8);
        b->ladders[i].groups = calloc(64, 8);
    }
    book_clear(b);
    return b;
}

void book_close(book *b) {
    for (int64_t i = 0; i < 2 * b->instruments; i++) {
        free(b->ladders[i].levels);
        free(b->ladders[i].words);
        free(b->ladders[i].groups);
    }
    free(b->ladders);
    free(b->orders);
    free(b);
}

static inline uint64_t high_bit(uint64_t word) { return 63 - (uint64_t)__builtin_clzll(word); }

static inline void occupy(ladder *l, uint64_t rank) {
    l->words[rank >> 6] |= 1ull << (rank & 63);
    l->groups[rank >> 12] |= 1ull << (rank >> 6 & 63);
    l->top |= 1ull << (rank >> 12);
    if (rank > l->best) l->best = rank;
}

static inline uint64_t below(const ladder *l, uint64_t rank) {
    uint64_t word = rank >> 6, group = rank >> 12;
    uint64_t bits = l->words[word] & ((1ull << (rank & 63)) - 1);
    if (bits) return word << 6 | high_bit(bits);
    bits = l->groups[group] & ((1ull << (word & 63)) - 1);
    if (!bits) {
        bits = l->top & ((1ull << group) - 1);
        if (!bits) return 0;
        group = high_bit(bits);
        bits = l->groups[group];
    }
    word = group << 6 | high_bit(bits);
    return word << 6 | high_bit(l->words[word]);
}

static inline void vacate(ladder *l, uint64_t rank) {
    if (!(l->words[rank >> 6] &= ~(1ull << (rank & 63))))
        if (!(l->groups[rank >> 12] &= ~(1ull << (rank >> 6 & 63))))
            l->top &= ~(1ull << (rank >> 12));
    if (rank == l->best) l->best = below(l, rank);
}

static inline ladder *ladder_of(book *b, const order *o) {
    return &b->ladders[2 * o->instrument + o->side];
}

static inline void join(book *b, uint32_t slot) {
    order *o = &b->orders[slot];
    ladder *l = ladder_of(b, o);
    level *v = &l->levels[o->rank];
    o->prev = v->tail;
    o->next = 0;
    if (v->tail) {
        b->orders[v->tail].next = slot;
    } else {
        v->head = slot;
        occupy(l, o->rank);
    }
    v->tail = slot;
}

static inline void leave(book *b, uint32_t slot) {
    order *o = &b->orders[slot];
    ladder *l = ladder_of(b, o);
    level *v = &l->levels[o->rank];
    if (o->prev) b->orders[o->prev].next = o->next; else v->head = o->next;
    if (o->next) b->orders[o->next].prev = o->prev; else v->tail = o->prev;
    if (!v->head) vacate(l, o->rank);
}

static inline void release(book *b, uint32_t slot) {
    b->orders[slot].id = 0;
    b->orders[slot].next = b->unused;
    b->unused = slot;
}

static inline event *tell(book *b, const command *c, const order *o, uint8_t kind,
                          int64_t quantity, uint32_t *n) {
    event *e = b->out++;
    *e = (event){.seq = c->seq, .time = c->time, .order_id = o->id, .tag = o->tag,
                 .price = o->price, .quantity = quantity, .leaves = o->leaves,
                 .account = o->account, .instrument = o->instrument, .session = o->session,
                 .n = (*n)++, .kind = kind, .side = (int8_t)o->side};
    return e;
}

static void refuse(book *b, const command *c, uint8_t reason) {
    *b->out++ = (event){.seq = c->seq, .time = c->time, .order_id = c->order_id, .tag = c->tag,
                        .account = c->account, .instrument = c->instrument,
                        .session = c->session, .kind = REJECTED, .reason = reason,
                        .side = c->kind == ENTER ? (int8_t)c->side : -1};
}

static inline void cross(book *b, const command *c, order *taker, uint32_t *n) {
    ladder *other = &b->ladders[2 * taker->instrument + 1 - taker->side];
    uint64_t limit = (uint64_t)b->ranks + 1 - taker->rank;
    while (taker->leaves > 0 && other->best >= limit) {
        uint32_t slot = other->levels[other->best].head;
        order *maker = &b->orders[slot];
        int64_t traded = taker->leaves < maker->leaves ? taker->leaves : maker->leaves;
        b->trades++;
        taker->leaves -= traded;
        maker->leaves -= traded;
        event *e = tell(b, c, taker, FILLED, traded, n);
        e->price = maker->price;
        e->trade_id = b->trades;
        e->role = TAKER;
        e = tell(b, c, maker, FILLED, traded, n);
        e->trade_id = b->trades;
        e->role = MAKER;
        if (!maker->leaves) {
            leave(b, slot);
            release(b, slot);
        }
    }
}

static inline void rest(book *b, const command *c, uint32_t slot, uint32_t *n) {
    order *o = &b->orders[slot];
    if (!o->leaves) {
        release(b, slot);
    } else if (o->tif == FAK) {
        event *e = tell(b, c, o, CANCELED, o->leaves, n);
        e->leaves = 0;
        e->reason = UNFILLED;
        release(b, slot);
    } else {
        join(b, slot);
        event *e = tell(b, c, o, RESTED, o->leaves, n);
        e->other = o->leaves;
    }
}

static inline uint32_t rank_of(const book *b, int side, int64_t price) {
    return (uint32_t)(side == BUY ? price + 1 : b->ranks - price);
}

static inline int64_t limit_of(const book *b, const command *c) {
    if (c->type == LIMIT) return c->price;
    const ladder *other = &b->ladders[2 * c->instrument + 1 - c->side];
    if (!other->best) return -1;
    int64_t best = (int64_t)other->best;
    int64_t price = c->side == BUY ? b->ranks - best + c->protection : best - 1 - c->protection;
    return price < 0 ? 0 : price >= b->ranks ? b->ranks - 1 : price;
}

static inline void enter(book *b, const command *c) {
    if (c->side > 1 || (c->type != LIMIT && c->type != MARKET))
        return refuse(b, c, TYPE_UNKNOWN);
    if (c->quantity <= 0) return refuse(b, c, QUANTITY_NOT_POSITIVE);
    int64_t price = limit_of(b, c);
    if (c->type != LIMIT && price < 0) return refuse(b, c, NO_OPPOSITE);
    if (price < 0 || price >= b->ranks) return refuse(b, c, PRICE_OFF_LADDER);
    uint32_t slot = b->unused, n = 0;
    if (slot) {
        b->unused = b->orders[slot].next;
    } else {
        if (b->fresh > b->orders_max) return refuse(b, c, ORDERS_FULL);
        slot = b->fresh++;
    }
    order *o = &b->orders[slot];
    o->id = ++b->entered << SLOT_BITS | slot;
    o->tag = c->tag;
    o->price = price;
    o->leaves = c->quantity;
    o->rank = rank_of(b, c->side, price);
    o->account = c->account;
    o->session = c->session;
    o->instrument = c->instrument;
    o->side = c->side;
    o->tif = c->tif;
    event *e = tell(b, c, o, ENTERED, o->leaves, &n);
    e->flags = c->type | (uint32_t)c->tif << 8 | (uint32_t)c->flags << 16;
    cross(b, c, o, &n);
    rest(b, c, slot, &n);
}

static inline uint32_t find(const book *b, const command *c, uint8_t *reason) {
    uint64_t slot = (uint64_t)c->order_id & ((1u << SLOT_BITS) - 1);
    if (c->order_id <= 0 || slot > (uint64_t)b->orders_max || b->orders[slot].id != c->order_id
        || b->orders[slot].instrument != c->instrument) {
        *reason = ORDER_UNKNOWN;
        return 0;
    }
    if (b->orders[slot].account != c->account) *reason = ORDER_NOT_YOURS;
    return (uint32_t)slot;
}

static inline void cancel(book *b, const command *c) {
    uint8_t reason = 0;
    uint32_t slot = find(b, c, &reason), n = 0;
    if (reason) return refuse(b, c, reason);
    leave(b, slot);
    tell(b, c, &b->orders[slot], CANCELED, b->orders[slot].leaves, &n)->leaves = 0;
    release(b, slot);
}

static inline void replace(book *b, const command *c) {
    uint8_t reason = 0;
    uint32_t slot = find(b, c, &reason), n = 0;
    if (reason) return refuse(b, c, reason);
    if (c->quantity <= 0) return refuse(b, c, QUANTITY_NOT_POSITIVE);
    if (c->price < 0 || c->price >= b->ranks) return refuse(b, c, PRICE_OFF_LADDER);
    order *o = &b->orders[slot];
    if (c->tag) o->tag = c->tag;
    if (c->price == o->price && c->quantity <= o->leaves) {
        o->leaves = c->quantity;
        tell(b, c, o, REPLACED, o->leaves, &n);
        return;
    }
    leave(b, slot);
    o->price = c->price;
    o->leaves = c->quantity;
    o->rank = rank_of(b, o->side, c->price);
    tell(b, c, o, REPLACED, o->leaves, &n);
    cross(b, c, o, &n);
    rest(b, c, slot, &n);
}

/* Returns how many events it wrote; the caller gives room for them. */
int64_t book_step(book *b, const command *rows, int64_t count, event *events) {
    b->out = events;
    for (const command *c = rows; c < rows + count; c++) {
        if (c->instrument < 0 || c->instrument >= b->instruments) {
            refuse(b, c, INSTRUMENT_UNKNOWN);
        } else if (c->kind == ENTER) {
            enter(b, c);
        } else if (c->kind == CANCEL) {
            cancel(b, c);
        } else if (c->kind == REPLACE) {
            replace(b, c);
        }
    }
    return b->out - events;
}
