/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What the configuration's never rules drop, for the index to hear of all the same. With a watch on /srv/w,
 *   -a never,exit -S all -F exe=/usr/bin/mv
 *     →  -a always,exit -F arch=b64 -S rename,… -F dir=/srv/w -F exe=/usr/bin/mv -k fopsd:never␁fopsd:TAG
 * Otherwise a directory that mv renames would be told by its old name ever after. In front of the never rules they match nothing that
 * these wouldn't drop, so nobody misses what they take; by its first key the pipeline knows that they are for nobody else.
 *
 * A rule has one place. Where the never rule has one it is that which counts, and one set of rules for all watches: what goes from there
 * into a watch, or back, has to be heard of, and if there is no watch in it or around it, nothing else. */

#include <limits.h>

#include "path.h"
#include "rule-internal.h"

/* Rules that one never rule is worth: each costs every system call of every program a look. With more it takes one set for all
 * watches, which brings what happens elsewhere as well. */
#define HEARD_PER_RULE_MAX ((size_t) 128)

static bool is_place(uint32_t field) {
        return field == AUDIT_DIR || field == AUDIT_WATCH || field == AUDIT_INODE;
}

static bool find_place(const struct audit_rule_data *rule, FopsRuleField *ret) {
        FopsRuleFieldReader reader = { .rule = rule };

        while (fops_rule_field_next(&reader, ret))
                if (is_place(ret->field))
                        return true;
        return false;
}

static bool is_apart(const FopsRuleField *place, const FopsTargets *targets) {
        char text[PATH_MAX], resolved[PATH_MAX];
        FopsSpan path;

        if (place->field != AUDIT_DIR || place->string.size >= sizeof(text))
                return false;
        memcpy(text, place->string.data, place->string.size);
        text[place->string.size] = '\0';
        if (!realpath(text, resolved))
                return false;
        path = fops_span_from_string(resolved);
        for (size_t i = 0; i < targets->n_items; i++) {
                FopsSpan target = fops_span_from_string(targets->items[i].path);

                if (targets->items[i].is_directory && (fops_path_is_below(path, target) || fops_path_is_below(target, path)))
                        return false;
        }
        return true;
}

/* Sets the calls that both have; false if there are none, or the one is for another arch. */
static bool meet(const struct audit_rule_data *never, const struct audit_rule_data *heard, struct audit_rule_data *ret) {
        FopsRuleFieldReader reader = { .rule = never };
        FopsRuleField f;

        for (size_t i = 0; i < AUDIT_BITMASK_SIZE; i++)
                ret->mask[i] = never->mask[i] & heard->mask[i];
        while (fops_rule_field_next(&reader, &f))
                if (f.field == AUDIT_ARCH && f.value != heard->values[0])
                        return false;
        return !fops_rule_data_is_empty(ret);
}

/* What @from has but arch and key; its place, too, only if @with_place. */
static int add_fields(struct audit_rule_data **rule, const struct audit_rule_data *from, bool with_place) {
        FopsRuleFieldReader reader = { .rule = from };
        FopsRuleField f;
        int r = 0;

        while (r == 0 && fops_rule_field_next(&reader, &f)) {
                if (f.field == AUDIT_ARCH || f.field == AUDIT_FILTERKEY || (is_place(f.field) && !with_place))
                        continue;
                r = fops_span_is_present(f.string) ? fops_rule_data_add_string(rule, f.field, f.op, f.string)
                                                   : fops_rule_data_add(*rule, f.field, f.op, f.value);
        }
        return r;
}

static int add_key(struct audit_rule_data **rule, FopsSpan tag) {
        char key[sizeof(FOPS_TAG_NEVER) + FOPS_TAG_BYTES_MAX] = FOPS_TAG_NEVER;
        size_t n = strlen(FOPS_TAG_NEVER);

        if (fops_span_is_present(tag)) {
                key[n++] = AUDIT_KEY_SEPARATOR;
                memcpy(key + n, tag.data, tag.size);
                n += tag.size;
        }
        return fops_rule_data_add_string(rule, AUDIT_FILTERKEY, AUDIT_EQUAL, (FopsSpan){ key, n });
}

static bool is_there(const FopsRules *r, size_t first, const struct audit_rule_data *data) {
        for (size_t i = first; i < r->n_items; i++)
                if (fops_rule_data_equal(r->items[i].data, data))
                        return true;
        return false;
}

/* What both @never and @heard match. @is_placed: in the place of @heard, if @never has none; otherwise in that of @never, or anywhere. */
static int add_both(FopsRules *r, size_t first, const FopsRule *never, const FopsRule *heard, bool is_placed) {
        _cleanup_free_ struct audit_rule_data *data = fops_rule_data_new(fops_rule_data_list(heard->data), AUDIT_ALWAYS);
        int q = 0;

        if (!data)
                return -ENOMEM;
        if (fops_rule_data_list(never->data) != fops_rule_data_list(heard->data) || !meet(never->data, heard->data, data))
                return 0;

        if (heard->data->fields[0] == AUDIT_ARCH)
                q = fops_rule_data_add(data, AUDIT_ARCH, AUDIT_EQUAL, heard->data->values[0]);
        if (q == 0)
                q = add_fields(&data, heard->data, is_placed);
        if (q == 0)
                q = add_fields(&data, never->data, true);
        if (q == 0)
                q = add_key(&data, is_placed ? fops_rule_data_tag(heard->data) : FOPS_SPAN_ABSENT);
        if (q < 0 || is_there(r, first, data))
                return q;
        return fops_rules_append(r, &data, (FopsRule){
                .origin = FOPS_RULE_CONFIG,
                .is_in_front = true,
                .optional = heard->optional,
                .target = is_placed ? heard->target : NULL,
                .config = never->config,
        });
}

/* The first target's, which are like all others but for the place. */
static size_t count_of_one(const FopsRules *heard) {
        size_t n = 0;

        while (n < heard->n_items && heard->items[n].target == heard->items[0].target)
                n++;
        return n;
}

static int hear(FopsRules *r, size_t first, const FopsRule *never, const FopsTargets *targets, const FopsRules *changes,
                const FopsRules *moves) {
        bool is_placed = changes->n_items <= HEARD_PER_RULE_MAX;
        const FopsRules *heard = changes;
        FopsRuleField place;
        size_t n;
        int q = 0;

        if (find_place(never->data, &place)) {
                is_placed = false;
                if (is_apart(&place, targets))
                        heard = moves;
        }
        n = is_placed ? heard->n_items : count_of_one(heard);
        for (size_t i = 0; q == 0 && i < n; i++)
                q = add_both(r, first, never, heard->items + i, is_placed);
        return q;
}

int fops_rules_hear_never(FopsRules *r, const FopsRules *never, const FopsTargets *targets, const FopsRules *changes,
                          const FopsRules *moves, FopsDiags *diags) {
        size_t first = r->n_items;
        int q = 0;

        for (size_t i = 0; q == 0 && i < never->n_items; i++) {
                q = hear(r, first, never->items + i, targets, changes, moves);
                if (q == -E2BIG)
                        q = fops_rule_error(never->items[i].config, diags, "too many fields, a never rule takes %d with fopsd's own",
                                            AUDIT_MAX_FIELDS - 4);
        }
        return q;
}
