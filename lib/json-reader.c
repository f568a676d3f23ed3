/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json-reader.h"

typedef struct Parser {
        FopsSpan left;
        FopsArena *arena;
} Parser;

static void skip_space(Parser *p) {
        while (p->left.size > 0 && memchr(" \t\r\n", p->left.data[0], 4))
                p->left = fops_span_skip(p->left, 1);
}

static bool take(Parser *p, char c) {
        if (p->left.size == 0 || p->left.data[0] != c)
                return false;
        p->left = fops_span_skip(p->left, 1);
        return true;
}

static bool take_word(Parser *p, const char *word) {
        FopsSpan s = fops_span_from_string(word);

        if (!fops_span_starts_with(p->left, s))
                return false;
        p->left = fops_span_skip(p->left, s.size);
        return true;
}

/* --- numbers ---------------------------------------------------------------------------------------------------------- */

static size_t take_digits(Parser *p) {
        size_t n = 0;

        while (n < p->left.size && p->left.data[n] >= '0' && p->left.data[n] <= '9')
                n++;
        p->left = fops_span_skip(p->left, n);
        return n;
}

static bool parse_number(Parser *p, FopsJson *j) {
        FopsSpan start = p->left;
        size_t n;

        (void) take(p, '-');
        if (!take(p, '0') && take_digits(p) == 0)
                return false;
        if (take(p, '.') && take_digits(p) == 0)
                return false;
        if (take(p, 'e') || take(p, 'E')) {
                if (!take(p, '+'))
                        (void) take(p, '-');
                if (take_digits(p) == 0)
                        return false;
        }
        n = start.size - p->left.size;
        j->type = FOPS_JSON_NUMBER;
        j->text = (FopsSpan){ start.data, n };
        return true;
}

/* --- strings ---------------------------------------------------------------------------------------------------------- */

static bool take_unit(Parser *p, uint32_t *ret) {
        uint64_t unit;

        if (p->left.size < 4 || !fops_span_hex_to_u64((FopsSpan){ p->left.data, 4 }, &unit))
                return false;
        p->left = fops_span_skip(p->left, 4);
        *ret = (uint32_t) unit;
        return true;
}

/* Behind \u: one unit of UTF-16, or two. */
static bool take_code_point(Parser *p, uint32_t *ret) {
        uint32_t high, low;

        if (!take_unit(p, &high) || (high >= 0xdc00 && high < 0xe000))
                return false;
        if (high < 0xd800 || high >= 0xe000) {
                *ret = high;
                return true;
        }
        if (!take_word(p, "\\u") || !take_unit(p, &low) || low < 0xdc00 || low >= 0xe000)
                return false;
        *ret = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        return true;
}

static size_t encode(uint32_t c, char *ret) {
        if (c < 0x80) {
                ret[0] = (char) c;
                return 1;
        }
        if (c < 0x800) {
                ret[0] = (char) (0xc0 | c >> 6);
                ret[1] = (char) (0x80 | (c & 0x3f));
                return 2;
        }
        if (c < 0x10000) {
                ret[0] = (char) (0xe0 | c >> 12);
                ret[1] = (char) (0x80 | (c >> 6 & 0x3f));
                ret[2] = (char) (0x80 | (c & 0x3f));
                return 3;
        }
        ret[0] = (char) (0xf0 | c >> 18);
        ret[1] = (char) (0x80 | (c >> 12 & 0x3f));
        ret[2] = (char) (0x80 | (c >> 6 & 0x3f));
        ret[3] = (char) (0x80 | (c & 0x3f));
        return 4;
}

/* What an escape stands for, to @to. 0 if it isn't one. */
static size_t take_escape(Parser *p, char *to) {
        static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
        const char *letter;
        uint32_t c;

        if (take(p, 'u'))
                return take_code_point(p, &c) ? encode(c, to) : 0;
        letter = p->left.size > 0 ? memchr(letters, p->left.data[0], sizeof(letters) - 1) : NULL;
        if (!letter)
                return 0;
        *to = meant[letter - letters];
        p->left = fops_span_skip(p->left, 1);
        return 1;
}

/* How far a string goes: to its quote, escaped ones aside. */
static bool find_end(FopsSpan s, size_t *ret_size, bool *ret_has_escapes) {
        *ret_has_escapes = false;
        for (size_t i = 0; i < s.size; i++) {
                if (s.data[i] == '"') {
                        *ret_size = i;
                        return true;
                }
                if ((unsigned char) s.data[i] < 0x20)
                        return false;
                if (s.data[i] == '\\') {
                        *ret_has_escapes = true;
                        i++;
                }
        }
        return false;
}

/* Behind its first quote. No escape is shorter than what it stands for. */
static bool parse_string(Parser *p, FopsSpan *ret) {
        bool has_escapes;
        size_t size, n = 0;
        Parser inner;
        char *to;

        if (!find_end(p->left, &size, &has_escapes))
                return false;
        inner = (Parser){ .left = { p->left.data, size } };
        p->left = fops_span_skip(p->left, size + 1);
        if (!has_escapes) {
                *ret = inner.left;
                return true;
        }

        to = fops_arena_alloc(p->arena, size);
        if (!to)
                return false;
        while (inner.left.size > 0) {
                size_t taken = 1;

                if (!take(&inner, '\\')) {
                        to[n] = inner.left.data[0];
                        inner.left = fops_span_skip(inner.left, 1);
                } else
                        taken = take_escape(&inner, to + n);
                if (taken == 0)
                        return false;
                n += taken;
        }
        *ret = (FopsSpan){ to, n };
        return true;
}

/* --- values ----------------------------------------------------------------------------------------------------------- */

static bool parse_value(Parser *p, unsigned depth, FopsJson *j);

/* Behind the opening bracket. */
static bool parse_members(Parser *p, unsigned depth, FopsJson *parent, char closing) {
        FopsJson **tail = &parent->first;

        skip_space(p);
        if (take(p, closing))
                return true;
        do {
                FopsJson *j = fops_arena_calloc(p->arena, 1, sizeof(FopsJson));

                if (!j)
                        return false;
                skip_space(p);
                if (parent->type == FOPS_JSON_OBJECT) {
                        if (!take(p, '"') || !parse_string(p, &j->name))
                                return false;
                        skip_space(p);
                        if (!take(p, ':'))
                                return false;
                }
                if (!parse_value(p, depth + 1, j))
                        return false;
                *tail = j;
                tail = &j->next;
                skip_space(p);
        } while (take(p, ','));
        return take(p, closing);
}

static bool parse_value(Parser *p, unsigned depth, FopsJson *j) {
        static const char *const words[] = { [FOPS_JSON_NULL] = "null", [FOPS_JSON_FALSE] = "false", [FOPS_JSON_TRUE] = "true" };

        if (depth > FOPS_JSON_DEPTH_MAX)
                return false;
        skip_space(p);
        if (take(p, '{')) {
                j->type = FOPS_JSON_OBJECT;
                return parse_members(p, depth, j, '}');
        }
        if (take(p, '[')) {
                j->type = FOPS_JSON_ARRAY;
                return parse_members(p, depth, j, ']');
        }
        if (take(p, '"')) {
                j->type = FOPS_JSON_STRING;
                return parse_string(p, &j->text);
        }
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (take_word(p, words[i])) {
                        j->type = (FopsJsonType) i;
                        return true;
                }
        return parse_number(p, j);
}

const FopsJson *fops_json_parse(FopsSpan text, FopsArena *arena) {
        Parser p = { .left = text, .arena = arena };
        FopsJson *j = fops_arena_calloc(arena, 1, sizeof(FopsJson));

        if (!j || !parse_value(&p, 0, j))
                return NULL;
        skip_space(&p);
        return p.left.size == 0 ? j : NULL;
}

/* --- looking ---------------------------------------------------------------------------------------------------------- */

static const FopsJson *find_member(const FopsJson *j, FopsSpan name) {
        if (!j || j->type != FOPS_JSON_OBJECT)
                return NULL;
        for (j = j->first; j; j = j->next)
                if (fops_span_equal(j->name, name))
                        return j;
        return NULL;
}

const FopsJson *fops_json_member(const FopsJson *j, const char *name) {
        return find_member(j, fops_span_from_string(name));
}

const FopsJson *fops_json_at(const FopsJson *j, const char *path) {
        for (;;) {
                size_t n = strcspn(path, ".");

                j = find_member(j, (FopsSpan){ path, n });
                if (path[n] == '\0')
                        return j;
                path += n + 1;
        }
}

FopsSpan fops_json_bytes(const FopsJson *j, FopsArena *arena) {
        size_t n = 0;
        char *bytes;

        if (j && j->type == FOPS_JSON_STRING)
                return j->text;
        if (!j || j->type != FOPS_JSON_ARRAY)
                return FOPS_SPAN_ABSENT;
        for (const FopsJson *i = j->first; i; i = i->next, n++)
                if (i->type != FOPS_JSON_NUMBER || fops_json_number(i) > UINT8_MAX)
                        return FOPS_SPAN_ABSENT;
        bytes = fops_arena_alloc(arena, n);
        if (!bytes)
                return FOPS_SPAN_ABSENT;
        n = 0;
        for (const FopsJson *i = j->first; i; i = i->next)
                bytes[n++] = (char) fops_json_number(i);
        return (FopsSpan){ bytes, n };
}

uint64_t fops_json_number(const FopsJson *j) {
        uint64_t number = 0;

        if (j && j->type == FOPS_JSON_NUMBER)
                (void) fops_span_to_u64(j->text, &number);
        return number;
}

bool fops_json_is_true(const FopsJson *j) {
        return j && j->type == FOPS_JSON_TRUE;
}
