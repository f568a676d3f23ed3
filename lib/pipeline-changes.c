/* SPDX-License-Identifier: GPL-2.0-or-later */

/* CONFIG_CHANGE op=remove_rule key="identity"  →  another's doing, to be told, or fopsd's own, no news. */

#include <libaudit.h>

#include "pipeline-parts.h"

/* No change of ours takes longer. What is older is another's, made since the clock was set back. */
#define OWN_CHANGES_USEC (UINT64_C(600) * 1000000)

void fops_pipeline_own_changes_until(FopsPipeline *p, uint64_t realtime_usec) {
        p->own_changes_until_usec = realtime_usec;
}

static bool is_of_our_time(const FopsPipeline *p, uint64_t usec) {
        return p->own_changes_until_usec == UINT64_MAX ||
               (usec <= p->own_changes_until_usec && usec + OWN_CHANGES_USEC >= p->own_changes_until_usec);
}

/* fopsd's own changes come back as events: of rules with its tag on them, of settings and the registration about when it made them.
 * @pid: who asked for it; 0: not known, which is so for fopsd itself too where a `never` rule is about it. */
static bool is_own_change(const FopsPipeline *p, const FopsEvent *event, const FopsAuditChange *change, uint32_t pid) {
        if (!change->is_request)
                return change->is_tagged && !change->is_of_anchor;
        if (pid > 0 && p->options.self_pid > 0)
                return pid == p->options.self_pid;
        if (change->kind == FOPS_CHANGE_RULE_ADDED)
                return change->is_tagged;
        return (change->kind != FOPS_CHANGE_RULE_REMOVED || change->is_tagged) && is_of_our_time(p, fops_event_id_usec(event->id));
}

static bool is_change(const FopsPipeline *p, const FopsEvent *event, size_t i, const FopsOperation *op, FopsAuditChange *ret,
                      bool *ret_own) {
        if (event->records[i].type != AUDIT_CONFIG_CHANGE)
                return false;
        *ret = fops_audit_change_read(event->records[i].body);
        *ret_own = is_own_change(p, event, ret, op ? op->pid : ret->pid);
        return true;
}

bool fops_pipeline_has_own_changes_only(const FopsPipeline *p, const FopsEvent *event, const FopsOperation *op) {
        FopsAuditChange change;
        bool own = false;

        for (size_t i = 0; i < event->n_records; i++)
                if (is_change(p, event, i, op, &change, &own) && !own)
                        return false;
        return own;
}

void fops_pipeline_tell_changes(FopsPipeline *p, FopsEvent *event, FopsOperation *op) {
        FopsAuditChange change;
        bool own;

        for (size_t i = 0; i < event->n_records; i++) {
                FopsOperation who;

                if (!is_change(p, event, i, op, &change, &own) || own)
                        continue;
                if (op) {
                        fops_pipeline_attribute(p, op, &event->arena);
                        who = *op;
                } else
                        who = (FopsOperation){
                                .event = event, .pid = change.pid, .uid = change.uid, .gid = FOPS_ID_UNSET, .euid = FOPS_ID_UNSET,
                                .auid = change.auid, .session = change.session, .subj = change.subj, .new_uid = FOPS_ID_UNSET,
                                .new_gid = FOPS_ID_UNSET,
                        };
                p->options.changed(p->options.userdata, &change, &who);
        }
}
