/* SPDX-License-Identifier: GPL-2.0-or-later */

/* struct audit_rule_data, built and read: three parallel arrays of fields, operators and values, a bit mask of system calls,
 * and the strings one behind another without separators, each as long as its field's value says:
 *   fields  { ARCH,       DIR, FILTERKEY }
 *   values  { 0xc000003e,   9,        24 }
 *   buf     "/srv/datadata\x01fopsd:0123456789abcdef"
 * The kernel reads it in audit_data_to_entry() and gives it back, normalised, from audit_krule_to_data()
 * (kernel/auditfilter.c). Rules that come from the kernel are read with the same care as any input. */

#include "rule-internal.h"

struct audit_rule_data *fops_rule_data_new(uint32_t list, uint32_t action) {
        struct audit_rule_data *rule = calloc(1, sizeof(*rule));

        if (!rule)
                return NULL;
        rule->flags = list;
        rule->action = action;
        return rule;
}

size_t fops_rule_data_size(const struct audit_rule_data *data) {
        return sizeof(*data) + data->buflen;
}

int fops_rule_data_add(struct audit_rule_data *rule, uint32_t field, uint32_t op, uint32_t value) {
        uint32_t i = rule->field_count;

        if (i >= AUDIT_MAX_FIELDS)
                return -E2BIG;

        rule->fields[i] = field;
        rule->fieldflags[i] = op;
        rule->values[i] = value;
        rule->field_count++;
        return 0;
}

int fops_rule_data_add_string(struct audit_rule_data **rule, uint32_t field, uint32_t op, FopsSpan value) {
        struct audit_rule_data *grown;
        uint32_t buflen = (*rule)->buflen;

        if ((*rule)->field_count >= AUDIT_MAX_FIELDS || value.size > UINT16_MAX)
                return -E2BIG;

        grown = realloc(*rule, sizeof(*grown) + buflen + value.size);
        if (!grown)
                return -ENOMEM;
        if (value.size > 0)
                memcpy(grown->buf + buflen, value.data, value.size);
        grown->buflen = buflen + (uint32_t) value.size;
        *rule = grown;
        return fops_rule_data_add(grown, field, op, (uint32_t) value.size);
}

int fops_rule_data_add_all(struct audit_rule_data **rule, const struct audit_rule_data *from) {
        FopsRuleFieldReader reader = { .rule = from };
        FopsRuleField f;

        while (fops_rule_field_next(&reader, &f)) {
                int r = fops_span_is_present(f.string) ? fops_rule_data_add_string(rule, f.field, f.op, f.string)
                                                       : fops_rule_data_add(*rule, f.field, f.op, f.value);
                if (r < 0)
                        return r;
        }

        return 0;
}

void fops_rule_data_set_bit(struct audit_rule_data *rule, unsigned nr) {
        rule->mask[nr / 32] |= UINT32_C(1) << (nr % 32);
}

/* The last word stays clear: it holds the class bits, which the kernel takes out. auditctl -l doesn't look at it either. */
void fops_rule_data_set_all(struct audit_rule_data *rule) {
        for (size_t i = 0; i < AUDIT_BITMASK_SIZE - 1; i++)
                rule->mask[i] = UINT32_MAX;
}

bool fops_rule_data_has_bit(const struct audit_rule_data *rule, unsigned nr) {
        return rule->mask[nr / 32] & (UINT32_C(1) << (nr % 32));
}

bool fops_rule_data_is_all(const struct audit_rule_data *rule) {
        for (size_t i = 0; i < AUDIT_BITMASK_SIZE - 1; i++)
                if (rule->mask[i] != UINT32_MAX)
                        return false;
        return true;
}

bool fops_rule_data_is_empty(const struct audit_rule_data *rule) {
        for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++)
                if (rule->mask[i] != 0)
                        return false;
        return true;
}

static bool is_string_field(uint32_t field) {
        switch (field) {
        case AUDIT_SUBJ_USER:
        case AUDIT_SUBJ_ROLE:
        case AUDIT_SUBJ_TYPE:
        case AUDIT_SUBJ_SEN:
        case AUDIT_SUBJ_CLR:
        case AUDIT_OBJ_USER:
        case AUDIT_OBJ_ROLE:
        case AUDIT_OBJ_TYPE:
        case AUDIT_OBJ_LEV_LOW:
        case AUDIT_OBJ_LEV_HIGH:
        case AUDIT_WATCH:
        case AUDIT_DIR:
        case AUDIT_FILTERKEY:
        case AUDIT_EXE:
                return true;
        default:
                return false;
        }
}

bool fops_rule_field_next(FopsRuleFieldReader *r, FopsRuleField *ret) {
        const struct audit_rule_data *rule = r->rule;
        FopsRuleField f;

        if (r->index >= rule->field_count || r->index >= AUDIT_MAX_FIELDS)
                return false;

        f = (FopsRuleField){
                .field = rule->fields[r->index],
                .op = rule->fieldflags[r->index],
                .value = rule->values[r->index],
        };
        r->index++;

        if (is_string_field(f.field)) {
                f.string = (FopsSpan){ rule->buf + r->offset, MIN(f.value, rule->buflen - r->offset) };
                r->offset += (uint32_t) f.string.size;
        }

        *ret = f;
        return true;
}

bool fops_rule_data_equal(const struct audit_rule_data *a, const struct audit_rule_data *b) {
        size_t bytes = a->field_count * sizeof(a->fields[0]);

        /* The kernel forgets PREPEND once the rule is in its place. */
        return fops_rule_data_list(a) == fops_rule_data_list(b) && a->action == b->action &&
               a->field_count == b->field_count && a->field_count <= AUDIT_MAX_FIELDS && a->buflen == b->buflen &&
               memcmp(a->fields, b->fields, bytes) == 0 && memcmp(a->values, b->values, bytes) == 0 &&
               memcmp(a->fieldflags, b->fieldflags, bytes) == 0 && memcmp(a->buf, b->buf, a->buflen) == 0 &&
               memcmp(a->mask, b->mask, sizeof(a->mask)) == 0;
}

/* One hash, or two with a dot between. */
static bool is_hashes(FopsSpan s) {
        uint64_t value;

        if (s.size == 33 && s.data[16] == '.' && fops_span_hex_to_u64(fops_span_skip(s, 17), &value))
                s.size = 16;
        return s.size == 16 && fops_span_hex_to_u64(s, &value);
}

/* Exactly what we write, so that nobody's own key "fopsd:…" makes us delete their rule. */
static bool is_tag(FopsSpan key) {
        FopsSpan prefix = FOPS_SPAN_LITERAL(FOPS_TAG_PREFIX);

        if (!fops_span_starts_with(key, prefix))
                return false;
        return fops_span_equal_string(key, FOPS_TAG_SELF) || fops_span_equal_string(key, FOPS_TAG_RULE) ||
               fops_span_equal_string(key, FOPS_TAG_NEVER) ||
               is_hashes(fops_span_skip(key, prefix.size));
}

FopsSpan fops_rule_data_tag(const struct audit_rule_data *data) {
        FopsRuleFieldReader reader = { .rule = data };
        FopsRuleField f;

        while (fops_rule_field_next(&reader, &f)) {
                if (f.field == AUDIT_FILTERKEY) {
                        const char *separator = memrchr(f.string.data, AUDIT_KEY_SEPARATOR, f.string.size);
                        FopsSpan last = f.string;

                        if (separator)
                                last = fops_span_skip(last, (size_t) (separator + 1 - last.data));
                        if (is_tag(last))
                                return last;
                }
                if (f.field == AUDIT_PID && f.op == AUDIT_NOT_EQUAL && f.value == FOPS_MARK_PID)
                        return FOPS_SPAN_LITERAL(FOPS_TAG_RULE);
        }

        return FOPS_SPAN_ABSENT;
}

void fops_rules_done(FopsRules *r) {
        for (size_t i = 0; i < r->n_items; i++)
                free(r->items[i].data);
        free(r->items);
        *r = (FopsRules){};
}

int fops_rules_append(FopsRules *r, struct audit_rule_data **data, FopsRule rule) {
        /* Grows at powers of two; the count itself says when. */
        if ((r->n_items & (r->n_items - 1)) == 0) {
                FopsRule *items = reallocarray(r->items, r->n_items ? r->n_items * 2 : 1, sizeof(FopsRule));

                if (!items)
                        return -ENOMEM;
                r->items = items;
        }

        rule.data = TAKE_PTR(*data);
        r->items[r->n_items++] = rule;
        return 0;
}

FopsSpan fops_rule_data_path(const struct audit_rule_data *data) {
        FopsRuleFieldReader reader = { .rule = data };
        FopsRuleField f;

        while (fops_rule_field_next(&reader, &f))
                if (f.field == AUDIT_DIR || f.field == AUDIT_WATCH)
                        return f.string;
        return FOPS_SPAN_ABSENT;
}
