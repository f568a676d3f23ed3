/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Records of which most was read before. What differs from event to event the kernel writes first (kernel/auditsc.c):
 *   arch=c000003e syscall=257 success=yes exit=3 a0=4 a1=7ffe a2=80 a3=0 items=1 ppid=| 4700 pid=4711 … exe="/usr/bin/rm" key="data"
 *   item=0 name="/etc/x" inode=7| dev=fe:00 mode=0100644 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL cap_fp=0 …
 * That is read here, field by field in this order; and the rest, behind the bar, says what it said the last time.
 *
 * That holds for any bytes: of a SYSCALL's fields the first of a name counts, so none of the rest can speak of the call, and none of
 * what is in front of it speaks of the caller. A PATH whose rest has another item= or name= isn't remembered. A PROCTITLE is known as a
 * whole: a process has the same in all its events. */

#include "memo.h"
#include "operation-internal.h"

struct FopsOperationMemory {
        FopsMemo *callers, *items, *titles;
};

/* In a place of the memo, whose text its own texts are in, or in .decoded. */
typedef struct KnownCaller {
        FopsCaller caller;
        size_t n_decoded;
        char decoded[FOPS_MEMO_TEXT_BYTES_MAX / 2]; /* of hex, two digits a byte */
} KnownCaller;

typedef struct KnownTitle {
        size_t size;
        char title[FOPS_MEMO_TEXT_BYTES_MAX / 2], line[FOPS_MEMO_TEXT_BYTES_MAX / 2];
} KnownTitle;

typedef enum FirstField {
        ARCH, SYSCALL, SUCCESS, EXIT, A0, A1, A2, A3, ITEMS, PPID, /* of a SYSCALL */
        ITEM, NAME, INODE,                                         /* of a PATH */
        _FIRST_FIELD_MAX,
} FirstField;

static const FopsFieldName fields[_FIRST_FIELD_MAX] = {
        [ARCH] = FOPS_FIELD_NAME("arch"),   [SYSCALL] = FOPS_FIELD_NAME("syscall"), [SUCCESS] = FOPS_FIELD_NAME("success"),
        [EXIT] = FOPS_FIELD_NAME("exit"),   [A0] = FOPS_FIELD_NAME("a0"),           [A1] = FOPS_FIELD_NAME("a1"),
        [A2] = FOPS_FIELD_NAME("a2"),       [A3] = FOPS_FIELD_NAME("a3"),           [ITEMS] = FOPS_FIELD_NAME("items"),
        [PPID] = FOPS_FIELD_NAME("ppid"),   [ITEM] = FOPS_FIELD_NAME("item"),       [NAME] = FOPS_FIELD_NAME("name"),
        [INODE] = FOPS_FIELD_NAME("inode"),
};

FopsOperationMemory *fops_operation_memory_new(void) {
        _cleanup_(fops_operation_memory_freep) FopsOperationMemory *m = calloc(1, sizeof(FopsOperationMemory));

        if (!m)
                return NULL;
        m->callers = fops_memo_new(sizeof(KnownCaller));
        m->items = fops_memo_new(sizeof(FopsItem));
        m->titles = fops_memo_new(sizeof(KnownTitle));
        return m->callers && m->items && m->titles ? TAKE_PTR(m) : NULL;
}

FopsOperationMemory *fops_operation_memory_free(FopsOperationMemory *m) {
        if (m) {
                fops_memo_free(m->callers);
                fops_memo_free(m->items);
                fops_memo_free(m->titles);
                free(m);
        }
        return NULL;
}

static _always_inline_ bool take_u32(FopsFieldReader *r, uint32_t *ret) {
        uint64_t n;

        if (!fops_field_take_u64(r, &n) || n > UINT32_MAX)
                return false;
        *ret = (uint32_t) n;
        return true;
}

static FopsSpan rest_of(const FopsFieldReader *r) {
        return (FopsSpan){ r->p, (size_t) (r->end - r->p) };
}

/* --- the caller --------------------------------------------------------------------------------------------------------- */

/* Capital letters lack a bit that digits, small letters, '=' and ' ' have. @s isn't shorter than a word. */
static bool has_capitals(FopsSpan s) {
        const uint64_t small = UINT64_C(0x2020202020202020);
        uint64_t all, word;

        memcpy(&all, s.data + s.size - sizeof(all), sizeof(all));
        for (size_t i = 0; i + sizeof(word) < s.size; i += sizeof(word)) {
                memcpy(&word, s.data + i, sizeof(word));
                all &= word;
        }
        return (all & small) != small;
}

/* The four arguments. The kernel writes them with %lx, which is what they are written with in the end, too. */
static bool read_arguments(FopsFieldReader *r, FopsOperation *op) {
        const char *start = NULL;
        bool has_zeros = false;

        for (unsigned i = 0; i < ELEMENTSOF(op->args); i++) {
                const char *value;

                if (!fops_field_expect(r, fields + A0 + i))
                        return false;
                value = r->p;
                if (i == 0)
                        start = value - strlen("a0=");
                if (!fops_field_take_hex(r, op->args + i))
                        return false;
                has_zeros |= *value == '0' && r->p > value + 1;
        }
        op->n_args = ELEMENTSOF(op->args);
        op->args_text = (FopsSpan){ start, (size_t) (r->p - start) };
        if (has_zeros || has_capitals(op->args_text))
                op->args_text = FOPS_SPAN_ABSENT;
        return true;
}

/* Up to the value of ppid=. What is set when it fails is what reading the record as any sets too. */
static bool read_call(FopsFieldReader *r, FopsOperation *op, FopsRawCall *raw) {
        uint64_t n;
        bool negative;
        uint32_t nr;

        if (!fops_field_expect(r, fields + ARCH) || !fops_field_take_hex(r, &n) || n > UINT32_MAX)
                return false;
        op->arch = (uint32_t) n;
        if (!fops_field_expect(r, fields + SYSCALL) || !take_u32(r, &nr))
                return false;
        op->nr = nr <= INT32_MAX ? (int) nr : -1;

        if (!fops_field_expect(r, fields + SUCCESS))
                return false;
        raw->has_success = true;
        raw->success = fops_span_equal(fops_field_take_value(r).raw, FOPS_SPAN_LITERAL("yes"));
        if (!fops_field_expect(r, fields + EXIT))
                return false;
        negative = r->p < r->end && *r->p == '-';
        r->p += negative;
        /* A quote is one in front of all of the value only. */
        if ((negative && r->p < r->end && *r->p == '"') || !fops_field_take_u64(r, &n) || n > INT64_MAX)
                return false;
        op->has_exit = true;
        op->exit = negative ? -(int64_t) n : (int64_t) n;

        return read_arguments(r, op) && fops_field_expect(r, fields + ITEMS) && take_u32(r, &nr) && fops_field_expect(r, fields + PPID);
}

/* Is @s in @text? Then it goes to the same place in what begins at @to. */
static bool move(FopsSpan *s, FopsSpan text, const char *to) {
        uintptr_t at = (uintptr_t) s->data - (uintptr_t) text.data;

        if (at > text.size || s->size > text.size - at)
                return false;
        s->data = to + at;
        return true;
}

bool fops_operation_recall_call(FopsOperationMemory *m, FopsSpan body, FopsArena *arena, FopsOperation *op, FopsRawCall *raw,
                                FopsCaller *ret, FopsSpan *ret_rest) {
        FopsFieldReader r = fops_field_reader(body);
        FopsSpan decoded = FOPS_SPAN_ABSENT;
        const KnownCaller *known;
        FopsMemoPlace *place;

        *ret_rest = FOPS_SPAN_ABSENT;
        if (!m || !read_call(&r, op, raw))
                return false;
        *ret_rest = rest_of(&r);
        place = fops_memo_recall(m->callers, *ret_rest);
        if (!place)
                return false;

        known = (const void *) place->value;
        if (known->n_decoded > 0) {
                decoded = fops_arena_copy(arena, (FopsSpan){ known->decoded, known->n_decoded });
                if (!decoded.data)
                        return false;
        }
        *ret = known->caller;
        for (FopsSpan *s = ret->texts; s < ret->texts + ELEMENTSOF(ret->texts); s++)
                if (s->data && !move(s, (FopsSpan){ place->text, place->size }, ret_rest->data))
                        move(s, (FopsSpan){ known->decoded, known->n_decoded }, decoded.data);
        return true;
}

void fops_operation_remember_call(FopsOperationMemory *m, FopsSpan rest, const FopsCaller *caller) {
        FopsMemoPlace *place = rest.data ? fops_memo_remember(m->callers, rest) : NULL;
        KnownCaller *known;

        if (!place)
                return;
        known = (void *) place->value;
        known->caller = *caller;
        known->n_decoded = 0;
        for (FopsSpan *s = known->caller.texts; s < known->caller.texts + ELEMENTSOF(caller->texts); s++) {
                if (!s->data || move(s, rest, place->text))
                        continue;
                if (s->size > sizeof(known->decoded) - known->n_decoded) {
                        place->size = 0;
                        return;
                }
                memcpy(known->decoded + known->n_decoded, s->data, s->size);
                s->data = known->decoded + known->n_decoded;
                known->n_decoded += s->size;
        }
}

/* --- the item ----------------------------------------------------------------------------------------------------------- */

bool fops_operation_recall_item(FopsOperationMemory *m, FopsSpan body, FopsArena *arena, FopsItem *ret, FopsSpan *ret_rest) {
        FopsFieldReader r = fops_field_reader(body);
        FopsMemoPlace *place;
        uint64_t inode;
        unsigned index;
        FopsValue name;

        *ret_rest = FOPS_SPAN_ABSENT;
        if (!m || !fops_field_expect(&r, fields + ITEM) || !take_u32(&r, &index) || !fops_field_expect(&r, fields + NAME))
                return false;
        name = fops_field_take_value(&r);
        if (!fops_field_expect(&r, fields + INODE) || !fops_field_take_u64(&r, &inode))
                return false;
        *ret_rest = rest_of(&r);
        place = fops_memo_recall(m->items, *ret_rest);
        if (!place)
                return false;

        *ret = *(const FopsItem *) (const void *) place->value;
        ret->index = index;
        ret->inode = inode;
        ret->name = fops_value_decode(name, arena);
        return true;
}

void fops_operation_remember_item(FopsOperationMemory *m, FopsSpan rest, const FopsItem *item) {
        FopsMemoPlace *place = NULL;

        if (rest.data && !fops_field_find(rest, "item").raw.data && !fops_field_find(rest, "name").raw.data)
                place = fops_memo_remember(m->items, rest);
        if (place)
                *(FopsItem *) (void *) place->value = *item;
}

/* --- the title ---------------------------------------------------------------------------------------------------------- */

bool fops_operation_recall_title(FopsOperationMemory *m, FopsSpan body, FopsArena *arena, FopsSpan *ret_title, FopsSpan *ret_line) {
        FopsMemoPlace *place = m ? fops_memo_recall(m->titles, body) : NULL;
        const KnownTitle *known;
        FopsSpan title, line;

        if (!place)
                return false;
        known = (const void *) place->value;
        title = fops_arena_copy(arena, (FopsSpan){ known->title, known->size });
        line = fops_arena_copy(arena, (FopsSpan){ known->line, known->size });
        if (!title.data || !line.data)
                return false;
        *ret_title = title;
        *ret_line = line;
        return true;
}

void fops_operation_remember_title(FopsOperationMemory *m, FopsSpan body, FopsSpan title, FopsSpan line) {
        FopsMemoPlace *place = NULL;
        KnownTitle *known;

        if (m && title.data && line.size == title.size && title.size <= sizeof(known->title))
                place = fops_memo_remember(m->titles, body);
        if (!place)
                return;
        known = (void *) place->value;
        known->size = title.size;
        memcpy(known->title, title.data, title.size);
        memcpy(known->line, line.data, line.size);
}
