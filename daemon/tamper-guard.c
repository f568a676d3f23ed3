/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Changes of auditing by others, as they come, into deeds; deeds, a moment later, into entries and repairs:
 *   alice removed 4 rules of fopsd's with auditctl[4711]; they are back */

#include "tamper-guard.h"

#include <stdio.h>

#include "clock.h"

/* No fight: at most so many restorations in this time. */
#define RESTORATIONS_MAX 10U
#define RESTORATIONS_USEC (UINT64_C(60) * 1000000)

/* audit_enabled in kernel/audit.h. */
enum { ENABLED_OFF = 0, ENABLED_LOCKED = 2 };

static const char *const words[_TAMPER_KIND_MAX] = {
        [TAMPER_RULES] = "rules",     [TAMPER_TRIMMED] = "rules",   [TAMPER_DISABLED] = "disabled", [TAMPER_LOCKED] = "locked",
        [TAMPER_SETTING] = "setting", [TAMPER_LOST] = "lost",         [TAMPER_REGISTRATION] = "registration",
};

void tamper_guard_done(TamperGuard *g) {
        fops_arena_done(&g->arena);
}

/* --- what was done -------------------------------------------------------------------------------------------------------- */

/* Not everything that changes is tampered with: others' rules are theirs, and who sets what is set (journald turns auditing on when it
 * starts) changes nothing. */
static bool read_deed(const TamperGuard *g, const FopsAuditChange *change, TamperDeed *ret) {
        TamperDeed deed = { .value = change->value, .old = change->old };

        if (change->kind == FOPS_CHANGE_RULE_REMOVED && change->is_tagged)
                deed.kind = TAMPER_RULES;
        else if (change->kind == FOPS_CHANGE_TRIMMED)
                deed.kind = TAMPER_TRIMMED;
        else if (change->kind != FOPS_CHANGE_SETTING || change->value == change->old)
                return false;
        else if (fops_span_equal(change->setting, FOPS_SPAN_LITERAL("audit_enabled"))) {
                if (change->value != ENABLED_OFF && change->value != ENABLED_LOCKED)
                        return false;
                deed.kind = change->value == ENABLED_OFF ? TAMPER_DISABLED : TAMPER_LOCKED;
        } else if (fops_span_equal(change->setting, FOPS_SPAN_LITERAL("audit_pid"))) {
                if (!change->is_refused || change->value == 0 || change->old != intake_registered_pid(g->intake))
                        return false;
                deed.kind = TAMPER_REGISTRATION;
        } else
                deed.kind = fops_span_equal(change->setting, FOPS_SPAN_LITERAL("lost")) ? TAMPER_LOST : TAMPER_SETTING;

        /* What was refused has changed nothing, but who tries to be the audit daemon is told. */
        if (change->is_refused && deed.kind != TAMPER_REGISTRATION)
                return false;
        snprintf(deed.setting, sizeof(deed.setting), "%.*s", (int) MIN(change->setting.size, sizeof(deed.setting)), change->setting.data);
        *ret = deed;
        return true;
}

static void publish(TamperGuard *g, const TamperDeed *deed, const char *outcome) {
        char text[128] = "";

        switch (deed->kind) {
        case TAMPER_RULES:
                snprintf(text, sizeof(text), "removed %ju %s of fopsd's", (uintmax_t) deed->n, deed->n == 1 ? "rule" : "rules");
                break;
        case TAMPER_TRIMMED:
                snprintf(text, sizeof(text), "trimmed the trees that fopsd's rules share");
                break;
        case TAMPER_DISABLED:
                snprintf(text, sizeof(text), "turned auditing off");
                break;
        case TAMPER_LOCKED:
                snprintf(text, sizeof(text), "locked the configuration of auditing until the next boot");
                break;
        case TAMPER_SETTING:
                snprintf(text, sizeof(text), "changed %s from %u to %u", deed->setting, deed->old, deed->value);
                break;
        case TAMPER_LOST:
                snprintf(text, sizeof(text), "reset the kernel's count of lost records, which was %u", deed->old);
                break;
        case TAMPER_REGISTRATION:
                snprintf(text, sizeof(text), "tried to register another audit daemon");
                break;
        case _TAMPER_KIND_MAX:
                break;
        }
        publisher_tamper(g->publisher,
                         &(PublisherTamper){
                                 .what = words[deed->kind],
                                 .deed = text,
                                 .outcome = outcome,
                                 .who = &deed->who,
                                 .count = deed->n,
                                 .usec = deed->usec,
                         },
                         fops_pipeline_names(g->pipeline));
}

static bool is_of(const TamperDeed *deed, TamperKind kind) {
        return kind == _TAMPER_KIND_MAX || deed->kind == kind;
}

static bool has_deed(const TamperGuard *g, TamperKind kind) {
        for (size_t i = 0; i < g->n_deeds; i++)
                if (is_of(g->deeds + i, kind))
                        return true;
        return false;
}

/* Those of @kind are done with; _TAMPER_KIND_MAX: all. */
static void drop(TamperGuard *g, TamperKind kind) {
        size_t n = 0;

        for (size_t i = 0; i < g->n_deeds; i++)
                if (!is_of(g->deeds + i, kind))
                        g->deeds[n++] = g->deeds[i];
        g->n_deeds = n;
        if (n == 0)
                fops_arena_reset(&g->arena);
}

/* Tells and drops them. Returns when the first was done, 0 if there is none. */
static uint64_t tell(TamperGuard *g, TamperKind kind, const char *outcome) {
        uint64_t first_usec = UINT64_MAX;

        for (size_t i = 0; i < g->n_deeds; i++)
                if (is_of(g->deeds + i, kind)) {
                        publish(g, g->deeds + i, outcome);
                        first_usec = MIN(first_usec, g->deeds[i].usec);
                }
        drop(g, kind);
        return first_usec == UINT64_MAX ? 0 : first_usec;
}

bool tamper_guard_hear(TamperGuard *g, const FopsAuditChange *change, const FopsOperation *who) {
        bool is_first = !g->is_due || g->n_deeds == 0;
        TamperDeed deed;

        g->is_due = true;
        if (!read_deed(g, change, &deed))
                return is_first;
        for (size_t i = 0; i < g->n_deeds; i++) {
                TamperDeed *d = g->deeds + i;

                if (d->kind == deed.kind && d->who.pid == who->pid && d->who.auid == who->auid && strcmp(d->setting, deed.setting) == 0) {
                        d->value = deed.value;
                        d->n++;
                        return is_first;
                }
        }

        if (g->n_deeds == TAMPER_DEEDS_MAX)
                (void) tell(g, _TAMPER_KIND_MAX, "");
        deed.n = 1;
        deed.usec = fops_event_id_usec(who->event->id);
        deed.who = fops_operation_copy_who(who, &g->arena);
        g->deeds[g->n_deeds++] = deed;
        return is_first;
}

/* --- what is done about it ------------------------------------------------------------------------------------------------ */

/* Back to what it was, if that is wanted. */
static bool may_restore(TamperGuard *g, const FopsConfig *config) {
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (!config->tamper_restore)
                return false;
        if (now > g->restorations_usec + RESTORATIONS_USEC) {
                g->restorations_usec = now;
                g->n_restorations = 0;
        }
        if (g->n_restorations++ == RESTORATIONS_MAX)
                publisher_tamper(g->publisher,
                                 &(PublisherTamper){
                                         .what = "fight",
                                         .deed = "another goes on changing auditing; for a minute it is left so",
                                         .outcome = "",
                                 },
                                 NULL);
        return g->n_restorations <= RESTORATIONS_MAX;
}

static bool is_configured(const FopsConfig *config, const char *setting) {
        return (strcmp(setting, "audit_backlog_limit") == 0 && config->kernel.backlog_limit >= 0) ||
               (strcmp(setting, "audit_backlog_wait_time") == 0 && config->kernel.backlog_wait_time >= 0) ||
               (strcmp(setting, "audit_rate_limit") == 0 && config->kernel.rate_limit >= 0) ||
               (strcmp(setting, "audit_failure") == 0 && config->kernel.failure != FOPS_FAILURE_UNSET);
}

/* The settings that are configured, and auditing itself. True if they are what they should be. */
static bool restore_settings(TamperGuard *g, const FopsConfig *config) {
        int r;

        fops_pipeline_own_changes_until(g->pipeline, UINT64_MAX);
        r = audit_state_apply(g->state, g->control, config);
        fops_pipeline_own_changes_until(g->pipeline, clock_usec(CLOCK_REALTIME));
        return r >= 0;
}

typedef enum RulesState {
        RULES_GONE,  /* they stay away */
        RULES_LATE,  /* the kernel is busy: they come later */
        RULES_THERE, /* all of them. Who put them back doesn't matter: whoever installs rules does that */
} RulesState;

/* What is refused for other reasons wasn't there before. */
static bool is_locked(const FopsRuleSync *sync, const Ruleset *ruleset) {
        for (size_t i = 0; i < ruleset->rules.n_items; i++)
                if (sync->errors[i] == -EPERM)
                        return true;
        for (size_t i = 0; i < ruleset->targets.n_items; i++)
                if (sync->target_errors[i] == -EPERM)
                        return true;
        return false;
}

/* What is missing of the rules comes back. 1; 0: nothing did; -ENOMEM or -EXDEV. */
static int restore_rules(TamperGuard *g, Ruleset *ruleset, RulesState *ret) {
        bool was_uncovered = ruleset->targets.n_groups > 0 && (has_deed(g, TAMPER_TRIMMED) || has_deed(g, TAMPER_RULES));
        FopsRuleSync sync;
        int r;

        /* Whether those that are there cover what they did can't be seen: a rule that was removed and put back doesn't, and while auditing
         * is off nothing tells of a trim. */
        ruleset_uncover(ruleset);
        fops_pipeline_own_changes_until(g->pipeline, UINT64_MAX);
        r = fops_rule_loader_sync(g->control, &ruleset->rules, &ruleset->targets, true, &sync);
        fops_pipeline_own_changes_until(g->pipeline, clock_usec(CLOCK_REALTIME));
        if (r == -ENOMEM || r == -EXDEV)
                return r;
        if (r < 0) {
                *ret = RULES_LATE;
                return 0;
        }

        r = was_uncovered || sync.n_installed > 0;
        *ret = sync.is_late ? RULES_LATE : is_locked(&sync, ruleset) ? RULES_GONE : RULES_THERE;
        fops_rule_sync_done(&sync);
        return r;
}

/* True if one of them was to be set back and it is told. */
static bool tell_settings(TamperGuard *g, const FopsConfig *config, bool are_restored) {
        bool any = false;

        if (g->is_due)
                return false;
        for (size_t i = 0; i < g->n_deeds; i++) {
                bool is_restored = are_restored && is_configured(config, g->deeds[i].setting);

                if (g->deeds[i].kind != TAMPER_SETTING)
                        continue;
                publish(g, g->deeds + i, is_restored ? "; it is set back" : "");
                any |= is_restored;
        }
        drop(g, TAMPER_SETTING);
        return any;
}

/* Is auditing on? If not, nothing else can be mended. */
static bool look_after_auditing(TamperGuard *g, bool was_on, bool is_on) {
        uint64_t usec = tell(g, TAMPER_DISABLED, !was_on && is_on ? "; it is on again" : "");

        if (g->off_usec == 0)
                g->off_usec = usec;
        if (!was_on && g->off_usec == 0) {
                g->off_usec = clock_usec(CLOCK_REALTIME);
                publisher_tamper(g->publisher,
                                 &(PublisherTamper){ .what = words[TAMPER_DISABLED], .deed = "auditing was turned off", .outcome = "" },
                                 NULL);
        }
        if (is_on && g->off_usec > 0) {
                publisher_gap(g->publisher, "auditing was off", 0, g->off_usec, clock_usec(CLOCK_REALTIME));
                g->n_unheard++;
                g->off_usec = 0;
        }
        return is_on;
}

static void tell_rules(TamperGuard *g, bool are_there) {
        const char *outcome = are_there ? "; they are back" : "";
        uint64_t now = clock_usec(CLOCK_REALTIME), usec = tell(g, TAMPER_RULES, outcome), trimmed_usec = tell(g, TAMPER_TRIMMED, outcome);

        if (!are_there)
                return;
        if (usec == 0 || (trimmed_usec > 0 && trimmed_usec < usec))
                usec = trimmed_usec;
        if (usec == 0 && g->were_missing) {
                usec = g->complete_usec;
                publisher_tamper(g->publisher,
                                 &(PublisherTamper){
                                         .what = words[TAMPER_RULES],
                                         .deed = "rules of fopsd's were missing",
                                         .outcome = outcome,
                                 },
                                 NULL);
        }
        if (usec > 0) {
                publisher_gap(g->publisher, "rules were missing", 0, usec, now);
                g->n_unheard++;
        }
        g->complete_usec = now;
        g->were_missing = false;
}

int tamper_guard_look(TamperGuard *g, Ruleset *ruleset) {
        RulesState rules = RULES_GONE;
        struct audit_status status;
        bool may, was_on, is_on, did;
        int r = 0;

        if (!g->is_due || fops_audit_control_get_status(g->control, &status) < 0)
                return 0; /* the kernel is busy; later */
        /* It is set again by what is heard while the kernel is asked for something: that may be a moment too new to have been mended with
         * the rest, and all is told the next time. */
        g->is_due = false;
        was_on = is_on = status.enabled != ENABLED_OFF;

        if (ruleset->targets.n_groups == 0)
                drop(g, TAMPER_TRIMMED);
        may = may_restore(g, &ruleset->config);
        if (may && (!was_on || has_deed(g, TAMPER_SETTING)))
                is_on |= restore_settings(g, &ruleset->config);
        did = tell_settings(g, &ruleset->config, may && is_on) || !was_on;
        if (!look_after_auditing(g, was_on, is_on)) {
                g->is_due = true; /* nobody tells when another turns it on */
                return 0;
        }

        if (may && ruleset->rules.n_items > 0) {
                r = restore_rules(g, ruleset, &rules);
                if (r < 0) {
                        g->is_due = true;
                        return r;
                }
        }
        if (may && !did && r == 0)
                g->n_restorations--; /* for nothing */
        g->were_missing |= r > 0;
        g->is_due |= rules == RULES_LATE;
        if (g->is_due)
                return 0;

        tell_rules(g, rules == RULES_THERE);
        (void) tell(g, _TAMPER_KIND_MAX, "");
        /* Nobody tells when the minute is over. */
        g->is_due = ruleset->config.tamper_restore && !may;
        return 0;
}

void tamper_guard_end(TamperGuard *g) {
        (void) tell(g, _TAMPER_KIND_MAX, "");
}
