/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Records of type CONFIG_CHANGE, each written somewhere else in the kernel:
 *   op=set audit_enabled=0 old=1 auid=1000 ses=2 subj=… res=1          audit.c: audit_log_config_change()
 *   auid=1000 ses=2 subj=… op=remove_rule key="…" list=4 res=1         auditfilter.c: audit_log_rule_change(), on request
 *   pid=1 uid=0 auid=1000 ses=2 op=remove_rule audit_enabled=2 res=0   audit.c: a request while locked
 *   op=remove_rule dir="/srv/data" key="…" list=4 res=1                audit_tree.c: the directory is gone
 *   pid=1 uid=0 auid=1000 ses=2 subj=… op=trim res=1                   audit.c: audit_receive_msg()
 *   auid=1000 ses=2 op=updated_rules path="/etc/x" key="…" list=4      audit_watch.c: the file is another one now
 * Only a request has neither path nor dir. */

#include "audit-change.h"

#include "operation.h"
#include "rule-compiler.h"
#include "target-group.h"

static bool has(FopsSpan body, const char *name, const char *text) {
        FopsArena arena = {};
        FopsSpan value = fops_value_decode(fops_field_find(body, name), &arena);
        bool r = value.size > 0 && memmem(value.data, value.size, text, strlen(text));

        fops_arena_done(&arena);
        return r;
}

static FopsChangeKind kind_from_op(FopsSpan op) {
        if (fops_span_equal(op, FOPS_SPAN_LITERAL("set")))
                return FOPS_CHANGE_SETTING;
        if (fops_span_equal(op, FOPS_SPAN_LITERAL("add_rule")))
                return FOPS_CHANGE_RULE_ADDED;
        if (fops_span_equal(op, FOPS_SPAN_LITERAL("remove_rule")))
                return FOPS_CHANGE_RULE_REMOVED;
        if (fops_span_equal(op, FOPS_SPAN_LITERAL("trim")))
                return FOPS_CHANGE_TRIMMED;
        return FOPS_CHANGE_OTHER;
}

/* The setting is the field after op, by its own name. */
static void read_setting(FopsSpan body, FopsAuditChange *c) {
        FopsFieldReader reader = fops_field_reader(body);
        bool is_next = false;
        FopsValue value;
        FopsSpan name;

        while (fops_field_next(&reader, &name, &value)) {
                if (is_next) {
                        c->setting = name;
                        (void) fops_span_to_u32(value.raw, &c->value);
                        (void) fops_span_to_u32(fops_field_find(body, "old").raw, &c->old);
                        return;
                }
                is_next = fops_span_equal(name, FOPS_SPAN_LITERAL("op"));
        }
}

static uint32_t read_u32(FopsSpan body, const char *name, uint32_t otherwise) {
        uint32_t n;

        return fops_span_to_u32(fops_field_find(body, name).raw, &n) ? n : otherwise;
}

FopsAuditChange fops_audit_change_read(FopsSpan body) {
        FopsAuditChange c = {
                .kind = kind_from_op(fops_field_find(body, "op").raw),
                .is_refused = fops_span_equal(fops_field_find(body, "res").raw, FOPS_SPAN_LITERAL("0")),
                .is_request = !fops_span_is_present(fops_field_find(body, "path").raw) &&
                              !fops_span_is_present(fops_field_find(body, "dir").raw),
                .is_tagged = has(body, "key", FOPS_TAG_PREFIX),
                .is_of_anchor = has(body, "dir", FOPS_ANCHORS_DIRECTORY "/"),
                .pid = read_u32(body, "pid", 0),
                .uid = read_u32(body, "uid", FOPS_ID_UNSET),
                .auid = read_u32(body, "auid", FOPS_ID_UNSET),
                .session = read_u32(body, "ses", FOPS_ID_UNSET),
                .subj = fops_field_find(body, "subj").raw,
        };

        if (c.kind == FOPS_CHANGE_SETTING)
                read_setting(body, &c);
        return c;
}
