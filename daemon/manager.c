/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The life of fopsd: registration before rules, so that the first event finds a reader; rules before READY; on the way out rules
 * first, then what the kernel still holds, then the registration. Or, when it is only to be restarted, none of these: socket and
 * ring stay in systemd's descriptor store, the rules in the kernel, and the next life goes on from there. */

#include "manager.h"

#include <fcntl.h>
#include <libaudit.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "alive.h"
#include "audit-state.h"
#include "canary.h"
#include "gaps.h"
#include "hand-over.h"
#include "instance.h"
#include "intake.h"
#include "mount-follow.h"
#include "path.h"
#include "pipeline.h"
#include "publisher.h"
#include "ruleset.h"
#include "trees.h"
#include "watch-follow.h"

/* How often losses are looked for and the status line is renewed, if anything happened at all. */
#define LOOK_USEC (UINT64_C(2) * 1000000)
#define LOOK_OVERLOADED_USEC UINT64_C(50000)
/* After a change by another: what belongs together is over by then (journald opens its audit socket and sets the flag). */
#define LOOK_SOON_USEC UINT64_C(100000)
/* No fight: at most so many restorations in this time. */
#define RESTORATIONS_MAX 10U
#define RESTORATIONS_USEC (UINT64_C(60) * 1000000)
/* At the end: how long to go on reading what the kernel, the socket and the ring still hold. A full ring of 64 MiB is some 30,000
 * events, two seconds' work; the largest that can be configured takes under a minute. */
#define DRAIN_USEC (UINT64_C(120) * 1000000)
/* How long to wait for journald at the end: it is restarted within seconds. */
#define FLUSH_USEC (UINT64_C(30) * 1000000)
/* What waits for more of its kind isn't waited for when it keeps this much of the ring from being used again. */
#define PERCENT_PRESSING 50U
/* A canary that isn't heard for this long is dead: records are there within milliseconds, on a busy machine within a second. */
#define CANARY_WAIT_USEC (UINT64_C(10) * 1000000)
/* A deadline need not be met to the microsecond. */
#define DEADLINE_ACCURACY_USEC UINT64_C(10000)

typedef struct Manager {
        const Options *options;
        sd_event *event;
        FopsAuditControl control;
        int instance_fd;
        AuditState state;
        HandOver hand_over; /* what a life before left */
        Alive alive;
        Intake *intake;
        Ruleset *ruleset;
        Trees *trees;
        WatchFollow *follow;
        MountFollow *mount_follow;
        Canary canary;
        FopsTarget canary_target;
        bool has_canary, canary_said;
        uint64_t canary_usec; /* when it last sang */
        FopsPipeline *pipeline;
        Publisher *publisher;
        Gaps gaps;
        sd_event_source *deadline, *look;
        uint64_t n_messages_looked;
        bool writers_may_sleep;
        bool owns_rules; /* no other fopsd is there: what bears our tag is ours */
        bool is_stored;  /* there is a descriptor store */
        bool is_changed; /* by another, audit's configuration */
        unsigned n_restorations;
        uint64_t restorations_usec, seen_on_usec; /* the first of them; CLOCK_REALTIME when auditing was last seen on */
        bool rules_are_due; /* not applied yet, since the kernel's queue is full */
        uint64_t started_usec, fed_usec; /* the watchdog, when not by the event loop */
        bool is_restart; /* another life follows: everything is left to it */
        int failure; /* what ended the loop, if not a signal */
} Manager;

static uint64_t clock_usec(clockid_t clock) {
        struct timespec t;

        clock_gettime(clock, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static void manager_done(Manager *m) {
        sd_event_source_unref(m->deadline);
        sd_event_source_unref(m->look);
        intake_free(m->intake);
        hand_over_done(&m->hand_over);
        alive_done(&m->alive);
        fops_pipeline_free(m->pipeline);
        trees_free(m->trees);
        watch_follow_free(m->follow);
        mount_follow_free(m->mount_follow);
        ruleset_free(m->ruleset);
        publisher_free(m->publisher);
        canary_done(&m->canary, m->is_restart);
        audit_state_done(&m->state);
        fops_audit_control_done(&m->control);
        if (m->instance_fd >= 0)
                close(m->instance_fd);
        sd_event_unref(m->event);
}

static int fail(int error, const char *doing) {
        const char *why;

        switch (-error) {
        case EPROTONOSUPPORT:
                why = "this kernel has no audit subsystem";
                break;
        case EPERM:
                why = "not permitted: it takes CAP_AUDIT_CONTROL and CAP_AUDIT_READ, or root";
                break;
        case ECONNREFUSED:
                why = "refused: audit belongs to the first pid and user namespaces, this is a container";
                break;
        case EEXIST:
                why = "another audit daemon is registered; see source.mode in fopsd.conf(5)";
                break;
        default:
                why = strerror(-error);
                break;
        }
        fprintf(stderr, "fopsd: %s: %s\n", doing, why);
        return error;
}

static const char *mode_name(FopsSourceMode mode) {
        return mode == FOPS_SOURCE_DAEMON ? "daemon" : "listener";
}

/* systemd's RuntimeDirectory=, or the place where it would be. */
static const char *runtime_directory(void) {
        const char *given = getenv("RUNTIME_DIRECTORY");

        if (given)
                return given;
        return mkdir("/run/fopsd", 0700) == 0 || errno == EEXIST ? "/run/fopsd" : NULL;
}

/* --- records ---------------------------------------------------------------------------------------------------------- */

/* Somebody else has changed something. */
static void look_soon(Manager *m) {
        m->is_changed = true;
        if (sd_event_get_state(m->event) != SD_EVENT_FINISHED)
                (void) sd_event_source_set_time(m->look, clock_usec(CLOCK_MONOTONIC) + LOOK_SOON_USEC);
}

static int on_entry(void *userdata, const FopsEntry *entry, const FopsOperation *op _unused_) {
        Manager *m = userdata;
        int r;

        r = publisher_publish(m->publisher, entry);
        if (entry->kind == FOPS_KIND_RECORD && fops_span_equal(fops_entry_get(entry, "FOPSD_RECORD_TYPE"), FOPS_SPAN_LITERAL("CONFIG_CHANGE")))
                look_soon(m);
        /* What isn't with journald yet isn't done with. */
        if (r >= 0 && publisher_is_blocked(m->publisher))
                r = intake_set_paused(m->intake, true);
        return r;
}

static int on_message(void *userdata, const RingMessage *message) {
        Manager *m = userdata;

        return fops_pipeline_push_kept(m->pipeline, message->type, message->text, message->position, message->replayed,
                                       clock_usec(CLOCK_MONOTONIC));
}

static void on_released(void *userdata, uint64_t cookie) {
        Manager *m = userdata;

        intake_done(m->intake, cookie);
}

static int stop_with(Manager *m, int error) {
        m->failure = error;
        return sd_event_exit(m->event, 0);
}

static int arm_deadline(Manager *m) {
        uint64_t deadline = fops_pipeline_next_deadline(m->pipeline);
        int r;

        if (sd_event_get_state(m->event) == SD_EVENT_FINISHED)
                return 0; /* draining */
        if (deadline == UINT64_MAX || publisher_is_blocked(m->publisher))
                return sd_event_source_set_enabled(m->deadline, SD_EVENT_OFF);
        r = sd_event_source_set_time(m->deadline, deadline);
        return r < 0 ? r : sd_event_source_set_enabled(m->deadline, SD_EVENT_ONESHOT);
}

/* Deadlines wait as the records do while journald takes nothing. */
static int advance(Manager *m) {
        int r = 0;

        if (!publisher_is_blocked(m->publisher))
                r = fops_pipeline_advance(m->pipeline, clock_usec(CLOCK_MONOTONIC));
        if (r >= 0 && intake_percent_used(m->intake) >= PERCENT_PRESSING)
                r = fops_pipeline_let_go(m->pipeline);
        return r;
}

static int on_batch(void *userdata) {
        Manager *m = userdata;
        int r;

        r = advance(m);
        return r < 0 ? r : arm_deadline(m);
}

static int on_deadline(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Manager *m = userdata;
        int r;

        r = on_batch(m);
        return r < 0 ? stop_with(m, r) : 0;
}

/* The kernel is about to be asked for something. It may be the hundredth rule in a row: the watchdog is fed here too. */
static int on_request(void *userdata) {
        Manager *m = userdata;

        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (now >= m->fed_usec + LOOK_USEC && sd_watchdog_enabled(false, NULL) > 0) {
                (void) sd_notify(false, "WATCHDOG=1");
                m->fed_usec = now;
        }
        return intake_relieve(m->intake);
}

static void on_unblocked(void *userdata) {
        Manager *m = userdata;
        int r;

        r = intake_set_paused(m->intake, false);
        if (r >= 0)
                r = on_batch(m);
        if (r < 0)
                (void) stop_with(m, r);
}

static void on_new_tree(void *userdata, FopsInodeKey directory) {
        Manager *m = userdata;

        trees_add_unknown(m->trees, directory);
}

/* --- the canary ---------------------------------------------------------------------------------------------------------- */

static bool on_operation(void *userdata, const FopsOperation *op) {
        Manager *m = userdata;
        bool waiting = m->canary.sung_usec > 0;

        if (!canary_hear(&m->canary, op, fops_pipeline_pairing(m->pipeline), clock_usec(CLOCK_MONOTONIC)))
                return false;
        if (waiting && !m->canary_said)
                publisher_state(m->publisher, LOG_INFO, "canary", "an operation of fopsd's own was recorded and came back after %ju.%ju ms",
                                (uintmax_t) m->canary.latency_usec / 1000, (uintmax_t) m->canary.latency_usec / 100 % 10);
        m->canary_said = true;
        return true;
}

static void sing(Manager *m) {
        int r = canary_sing(&m->canary, clock_usec(CLOCK_MONOTONIC));

        if (r < 0)
                publisher_state(m->publisher, LOG_WARNING, "canary", "no self-test: %s", strerror(-r));
}

/* Sings when it is time to, and says so if a song wasn't heard. */
static void look_after_canary(Manager *m) {
        uint64_t interval = m->ruleset->config.canary.interval_usec, now = clock_usec(CLOCK_MONOTONIC);

        if (m->canary.sung_usec > 0) {
                if (now < m->canary.sung_usec + CANARY_WAIT_USEC)
                        return;
                publisher_state(m->publisher, LOG_ERR, "canary",
                                "an operation of fopsd's own was not recorded within %ju s: others' may not be either",
                                (uintmax_t) (CANARY_WAIT_USEC / 1000000));
                m->canary.sung_usec = 0;
                m->canary_said = false; /* that it is well again is news */
                m->canary_usec = now;
        } else if (m->has_canary && interval > 0 && now >= m->canary_usec + interval) {
                m->canary_usec = now;
                sing(m);
        }
}

static void set_up_canary(Manager *m, const FopsConfig *config) {
        if (!config->canary.startup && config->canary.interval_usec == 0)
                return;
        canary_init(&m->canary, runtime_directory());
        m->has_canary = canary_target(&m->canary, &m->canary_target);
        (void) signal(SIGCHLD, SIG_IGN); /* the canary's children */
}

static int apply_rules_taken_over(Manager *m);

/* --- what is lost, and the status line --------------------------------------------------------------------------------- */

static void count_losses(Manager *m, uint64_t counts[static _GAP_CAUSE_MAX]) {
        FopsCorrelatorStats correlator = fops_pipeline_correlator_stats(m->pipeline);
        RingStats ring = intake_stats(m->intake);
        struct audit_status status;

        counts[GAP_KERNEL_LOST] = m->gaps.counts[GAP_KERNEL_LOST];
        counts[GAP_MISSING] = m->gaps.counts[GAP_MISSING];
        if (fops_audit_control_get_status(&m->control, &status) >= 0) {
                counts[GAP_KERNEL_LOST] = status.lost;
                /* While processes wait for room in the queue, events may be late. */
                if (status.backlog == 0)
                        counts[GAP_MISSING] = fops_serials_settle(intake_serials(m->intake));
        }
        /* A registered daemon's overrun loses nothing: the kernel keeps the record and comes again, and counts it lost if it can't. */
        counts[GAP_SOCKET_OVERRUN] = intake_mode(m->intake) == FOPS_SOURCE_LISTENER ? ring.n_overruns : m->gaps.counts[GAP_SOCKET_OVERRUN];
        counts[GAP_TRUNCATED] = ring.n_truncated;
        counts[GAP_MALFORMED] = fops_pipeline_stats(m->pipeline).n_malformed;
        counts[GAP_EVENT_EVICTED] = correlator.n_evicted;
        counts[GAP_EVENT_CUT] = correlator.n_truncated;
        counts[GAP_EVENT_TIMED_OUT] = correlator.n_timed_out;
        counts[GAP_JOURNAL] = publisher_n_failed(m->publisher);
}

/* What has been told is kept for the next life. */
static void note_counts(Manager *m) {
        RingNotes *notes = intake_notes(m->intake);

        notes->kernel_lost = m->gaps.counts[GAP_KERNEL_LOST];
        notes->n_overruns = m->gaps.counts[GAP_SOCKET_OVERRUN];
        notes->n_truncated = m->gaps.counts[GAP_TRUNCATED];
        notes->n_missing = m->gaps.counts[GAP_MISSING];
}

static void look(Manager *m) {
        uint64_t counts[_GAP_CAUSE_MAX];

        count_losses(m, counts);
        gaps_look(&m->gaps, counts, clock_usec(CLOCK_REALTIME), m->publisher);
        note_counts(m);
}

static void notify_status(Manager *m, const char *prefix) {
        FopsPipelineStats stats = fops_pipeline_stats(m->pipeline);

        (void) sd_notifyf(false,
                          "%sSTATUS=%s: %zu targets armed, %zu pending, %zu rules; %ju operations, %ju foreign events, %ju lost by the kernel; "
                          "latency %ju.%ju ms",
                          prefix, mode_name(intake_mode(m->intake)), m->ruleset->targets.n_items - m->ruleset->n_pending, m->ruleset->n_pending,
                          m->ruleset->rules.n_items, (uintmax_t) stats.n_operations, (uintmax_t) stats.n_foreign,
                          (uintmax_t) m->gaps.counts[GAP_KERNEL_LOST], (uintmax_t) m->canary.latency_usec / 1000,
                          (uintmax_t) m->canary.latency_usec / 100 % 10);
}

/* A writer that found the kernel's queue full can miss its being emptied: audit_log_start() looks at the queue before it is on the
 * wait queue, and if no record comes after its own it sleeps for all of backlog_wait_time, a minute, with the queue empty. Any
 * record wakes it; so after a while of work one is made, by setting what is set already. Not while the queue is in use: these records
 * would push others out, and if the registration is another's this process would wait like any writer. */
static void wake_writers(Manager *m) {
        struct audit_status status;

        if (!m->writers_may_sleep || intake_mode(m->intake) != FOPS_SOURCE_DAEMON ||
            intake_percent_used(m->intake) >= PERCENT_PRESSING || fops_audit_control_get_status(&m->control, &status) < 0 ||
            status.backlog > 0)
                return;
        m->writers_may_sleep = false;
        status.mask = AUDIT_STATUS_BACKLOG_WAIT_TIME;
        (void) fops_audit_control_set_status(&m->control, &status);
        fops_pipeline_own_changes_until(m->pipeline, clock_usec(CLOCK_REALTIME));
}

/* Back to what it was, if that is wanted. Returns 1 if it may be done, 0 if not. */
static int may_restore(Manager *m) {
        uint64_t now = clock_usec(CLOCK_MONOTONIC);

        if (!m->ruleset->config.tamper_restore)
                return 0;
        if (now > m->restorations_usec + RESTORATIONS_USEC) {
                m->restorations_usec = now;
                m->n_restorations = 0;
        }
        if (m->n_restorations++ == RESTORATIONS_MAX)
                publisher_tamper(m->publisher, "fight", "another goes on changing auditing; for a minute it is left so");
        return m->n_restorations <= RESTORATIONS_MAX;
}

/* Is auditing on, and are the rules there? */
static int look_after_tampering(Manager *m) {
        uint64_t seen_usec = m->seen_on_usec;
        struct audit_status status;
        FopsRuleSync sync;
        int r;

        if (fops_audit_control_get_status(&m->control, &status) < 0)
                return 0; /* the kernel is busy; later */
        m->is_changed = false;
        if (status.enabled == 0) {
                if (m->seen_on_usec > 0)
                        publisher_tamper(m->publisher, "disabled", "auditing was turned off by another");
                if (may_restore(m)) {
                        status = (struct audit_status){ .mask = AUDIT_STATUS_ENABLED, .enabled = 1 };
                        r = fops_audit_control_set_status(&m->control, &status);
                        if (r < 0)
                                return 0;
                        publisher_gap(m->publisher, "auditing was off", 0, seen_usec, clock_usec(CLOCK_REALTIME));
                } else {
                        m->seen_on_usec = 0; /* said */
                        return 0;
                }
        }
        m->seen_on_usec = clock_usec(CLOCK_REALTIME);
        fops_pipeline_own_changes_until(m->pipeline, m->seen_on_usec);

        if (m->ruleset->rules.n_items == 0 || !may_restore(m))
                return 0;
        r = fops_rule_loader_sync(&m->control, &m->ruleset->rules, &sync);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        if (sync.n_installed > 0) {
                publisher_tamper(m->publisher, "rules", "rules of fopsd were removed by another; they are back");
                publisher_gap(m->publisher, "rules were missing", 0, seen_usec, clock_usec(CLOCK_REALTIME));
        } else if (m->n_restorations > 0)
                m->n_restorations--; /* nothing to restore */
        fops_rule_sync_done(&sync);
        return 0;
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        uint64_t n_messages = intake_stats(m->intake).n_messages;
        int r;

        if (m->rules_are_due) {
                r = apply_rules_taken_over(m);
                if (r < 0)
                        return stop_with(m, r);
        }

        alive_touch(&m->alive);
        if (m->is_changed) {
                r = look_after_tampering(m);
                if (r < 0)
                        return stop_with(m, r);
        }
        look_after_canary(m);
        trees_look(m->trees);
        if (n_messages - m->n_messages_looked > 64) /* more than what waking made: the least backlog limit in use */
                m->writers_may_sleep = true;
        wake_writers(m);
        if (n_messages != m->n_messages_looked) {
                m->n_messages_looked = n_messages;
                look(m);
                notify_status(m, "");
                m->seen_on_usec = clock_usec(CLOCK_REALTIME); /* records come */
        }

        r = sd_event_source_set_time(source, usec + (m->rules_are_due ? LOOK_OVERLOADED_USEC : LOOK_USEC));
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* --- configuration ----------------------------------------------------------------------------------------------------- */

static int pipeline_follow_config(Manager *m) {
        const FopsConfig *c = &m->ruleset->config;

        fops_pipeline_set_options(m->pipeline, c->attribution.ancestry, c->attribution.unit, c->attribution.container, c->journal_full,
                                  c->source.foreign == FOPS_FOREIGN_DROP);
        return fops_pipeline_set_watches(m->pipeline, m->ruleset->watch_set);
}

static int apply_settings(Manager *m, const FopsConfig *c) {
        int r;

        r = audit_state_apply(&m->state, &m->control, c);
        if (r == -EPERM) {
                publisher_state(m->publisher, LOG_WARNING, "locked", "the kernel's audit settings are locked until the next boot");
                return 0;
        }
        return r;
}

/* The rules, and what the configuration wants done last of all. */
static int apply_rules(Manager *m, const Ruleset *ruleset) {
        const FopsConfig *c = &ruleset->config;
        int r;

        r = ruleset_install(ruleset, &m->control, m->publisher);
        if (r < 0)
                return r;

        if (c->kernel.loginuid_immutable) {
                r = fops_audit_control_set_loginuid_immutable(&m->control);
                if (r < 0)
                        publisher_state(m->publisher, LOG_WARNING, "unsupported", "login uids can't be made immutable: %s", strerror(-r));
        }
        if (c->kernel.lock) {
                r = fops_audit_control_set_status(&m->control, &(struct audit_status){ .mask = AUDIT_STATUS_ENABLED, .enabled = 2 });
                if (r < 0 && r != -EPERM)
                        return r;
        }
        return 0;
}

/* Of what is taken over the rules are in the kernel already, but for what was edited meanwhile: no harm in doing it a little later, when
 * the kernel isn't busy. */
static int apply_rules_taken_over(Manager *m) {
        int r;

        r = apply_settings(m, &m->ruleset->config);
        if (r >= 0)
                r = apply_rules(m, m->ruleset);
        m->rules_are_due = r == -EBUSY;
        return m->rules_are_due ? 0 : r;
}

static void say_ready(Manager *m, const char *state) {
        fops_pipeline_own_changes_until(m->pipeline, clock_usec(CLOCK_REALTIME));
        publisher_state(m->publisher, LOG_INFO, state, "fopsd %s: %zu %s, %zu rules in the kernel, as %s", state,
                        m->ruleset->config.n_watches, m->ruleset->config.n_watches == 1 ? "watch" : "watches",
                        m->ruleset->rules.n_items, mode_name(intake_mode(m->intake)));

        for (size_t i = 0; i < m->ruleset->targets.n_items; i++)
                if (m->ruleset->targets.items[i].is_missing)
                        publisher_state(m->publisher, LOG_NOTICE, "pending", "nothing to watch at %s yet",
                                        m->ruleset->targets.items[i].path);
}

/* The pipeline turns from the old set to the new one; then the old one may go. What was armed by old rules and is on its way still
 * finds its watch by path; its tag may be gone. */
static int swap_ruleset(Manager *m, Ruleset *fresh) {
        Ruleset *old = m->ruleset;

        int r;

        m->ruleset = fresh;
        r = pipeline_follow_config(m);
        ruleset_free(old);
        return r < 0 ? r : trees_add_targets(m->trees, &fresh->targets);
}

/* What came and what went is said, and what went is forgotten. */
static int say_armed(Manager *m, const Ruleset *old, const Ruleset *fresh) {
        int r = 0;

        for (size_t i = 0; i < fresh->targets.n_items; i++) {
                const FopsTarget *t = fresh->targets.items + i;

                if (!t->is_missing && !ruleset_is_armed(old, t))
                        publisher_state(m->publisher, LOG_INFO, "armed", "%s appeared and is watched", t->path);
        }
        for (size_t i = 0; r >= 0 && i < old->targets.n_items; i++) {
                const FopsTarget *t = old->targets.items + i;

                if (t->is_missing || ruleset_is_armed(fresh, t))
                        continue;
                publisher_state(m->publisher, LOG_NOTICE, "disarmed", "%s is gone; it is watched again when it reappears", t->path);
                r = trees_remove(m->trees, t->path);
        }
        return r;
}

/* The same configuration meets another file system. */
static int on_watches_changed(void *userdata) {
        _cleanup_(ruleset_freep) Ruleset *fresh = NULL;
        Manager *m = userdata;
        FopsDiags diags = {};
        int r;

        /* First of all, so that what appears while we look is told again. */
        r = watch_follow_set(m->follow, m->ruleset->config.watches, m->ruleset->config.n_watches);
        if (r >= 0)
                r = ruleset_renew(m->ruleset, m->has_canary ? &m->canary_target : NULL, &diags, &fresh);
        fops_diags_done(&diags);
        if (r < 0)
                return stop_with(m, r);
        if (r > 0)
                return 0;

        r = ruleset_install(fresh, &m->control, m->publisher);
        if (r < 0)
                publisher_state(m->publisher, LOG_ERR, "refused", "rules can't be changed: %s", strerror(-r));
        r = say_armed(m, m->ruleset, fresh);
        if (r >= 0)
                r = swap_ruleset(m, TAKE_PTR(fresh));
        notify_status(m, "");
        return r < 0 ? stop_with(m, r) : 0;
}

static bool is_below_target(const Manager *m, const char *path) {
        const FopsTargets *targets = &m->ruleset->targets;

        for (size_t i = 0; i < targets->n_items; i++)
                if (targets->items[i].is_directory &&
                    fops_path_is_below(fops_span_from_string(path), fops_span_from_string(targets->items[i].path)))
                        return true;
        return false;
}

/* What is mounted in a watched tree belongs to it, and a mount can bring a watched path, or take it. */
static int on_mounts_changed(void *userdata, const FopsMounts *before, const FopsMounts *now) {
        Manager *m = userdata;
        int r;

        r = trees_read_mounts(m->trees);
        for (size_t i = 0; r >= 0 && i < before->n_items; i++)
                if (!fops_mounts_by_id(now, before->items[i].id) && is_below_target(m, before->items[i].path))
                        r = trees_remove(m->trees, before->items[i].path);
        for (size_t i = 0; r >= 0 && i < now->n_items; i++) {
                const FopsMount *mount = now->items + i;

                if (fops_mounts_by_id(before, mount->id) || !is_below_target(m, mount->path))
                        continue;
                r = fops_rule_loader_follow_mount(&m->control, mount->path);
                if (r < 0)
                        publisher_state(m->publisher, LOG_ERR, "refused", "what is mounted at %s can't be watched: %s", mount->path,
                                        strerror(-r));
                r = trees_add(m->trees, mount->path);
        }
        return r < 0 ? stop_with(m, r) : on_watches_changed(m);
}

/* A second configuration is loaded and compiled beside the first; the first goes only when all of the second is good. */
static int reload(Manager *m) {
        _cleanup_(ruleset_freep) Ruleset *fresh = NULL;
        FopsDiags diags = {};
        FopsConfig config;
        int r;

        r = options_load_config(m->options, &config, &diags);
        if (r == 0)
                r = ruleset_new(&config, m->has_canary ? &m->canary_target : NULL, &diags, &fresh);
        if (diags.n_items > 0)
                fops_diags_print(&diags, stderr);
        if (r > 0)
                publisher_refused(m->publisher, &diags);
        fops_diags_done(&diags);
        if (r != 0)
                return MIN(r, 0);

        r = apply_settings(m, &fresh->config);
        if (r >= 0)
                r = apply_rules(m, fresh);
        if (r < 0) {
                publisher_state(m->publisher, LOG_ERR, "refused", "reload failed, the running configuration stays: %s", strerror(-r));
                return 0;
        }

        r = watch_follow_set(m->follow, fresh->config.watches, fresh->config.n_watches);
        if (r < 0)
                return r;
        r = swap_ruleset(m, TAKE_PTR(fresh));
        say_ready(m, "reloaded");
        return r;
}

static int on_reload(sd_event_source *source _unused_, const struct signalfd_siginfo *info _unused_, void *userdata) {
        Manager *m = userdata;
        int r;

        (void) sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%ju", (uintmax_t) clock_usec(CLOCK_MONOTONIC));
        r = reload(m);
        notify_status(m, "READY=1\n");
        return r < 0 ? stop_with(m, r) : 0;
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info _unused_, void *userdata) {
        Manager *m = userdata;

        m->is_restart = hand_over_is_restart();
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* --- start and end ----------------------------------------------------------------------------------------------------- */

static int set_up_events(Manager *m) {
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;

        r = sd_event_new(&m->event);
        if (r < 0)
                return r;
        if ((r = sd_event_add_signal(m->event, NULL, SIGTERM, on_end, m)) < 0 ||
            (r = sd_event_add_signal(m->event, NULL, SIGINT, on_end, m)) < 0 ||
            (r = sd_event_add_signal(m->event, NULL, SIGHUP, on_reload, m)) < 0 ||
            (r = sd_event_add_time(m->event, &m->deadline, CLOCK_MONOTONIC, UINT64_MAX, DEADLINE_ACCURACY_USEC, on_deadline, m)) < 0 ||
            (r = sd_event_add_time(m->event, &m->look, CLOCK_MONOTONIC, m->started_usec + LOOK_OVERLOADED_USEC, 0, on_look, m)) < 0 ||
            (r = sd_event_source_set_enabled(m->deadline, SD_EVENT_OFF)) < 0)
                return r;

        r = sd_event_set_watchdog(m->event, true);
        return MIN(r, 0);
}

static int set_up_pipeline(Manager *m) {
        FopsPipelineOptions options = {
                .correlator = FOPS_CORRELATOR_OPTIONS_DEFAULT,
                .world = &fops_world_live,
                .proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC),
                .self_pid = (uint32_t) getpid(),
                .serials = intake_serials(m->intake),
                .index = trees_index(m->trees),
                .new_tree = on_new_tree,
                .observe = on_operation,
                .publish = on_entry,
                .userdata = m,
        };

        options.correlator.release = on_released;
        options.correlator.userdata = m;

        m->pipeline = fops_pipeline_new(&options);
        if (!m->pipeline)
                return -ENOMEM;
        return pipeline_follow_config(m);
}

/* How far what is counted from one life to the next was told already. */
static void begin_gaps(Manager *m, const IntakeOrigin *origin) {
        uint64_t counts[_GAP_CAUSE_MAX];

        count_losses(m, counts);
        if (origin->has_predecessor) {
                counts[GAP_KERNEL_LOST] = origin->predecessor.kernel_lost;
                counts[GAP_SOCKET_OVERRUN] = origin->predecessor.n_overruns;
                counts[GAP_TRUNCATED] = origin->predecessor.n_truncated;
                counts[GAP_MISSING] = origin->predecessor.n_missing;
        }
        gaps_init(&m->gaps, counts, clock_usec(CLOCK_REALTIME));
        note_counts(m);
}

/* What came over from a life before, and what didn't. */
static void say_origin(Manager *m, const IntakeOrigin *origin, uint64_t last_usec) {
        begin_gaps(m, origin);

        if (origin->socket_adopted && origin->ring_adopted)
                publisher_state(m->publisher, LOG_INFO, "resumed", "took over from pid %u: its records queued meanwhile, %ju bytes waited",
                                origin->predecessor.pid, (uintmax_t) origin->n_waiting_bytes);
        if (origin->ring_error < 0)
                publisher_gap(m->publisher,
                              origin->ring_error == -EPROTO ? "records left by another version of fopsd" : "records left in a damaged ring",
                              0, last_usec, clock_usec(CLOCK_REALTIME));
        if (!origin->socket_adopted && last_usec > 0)
                publisher_gap(m->publisher, "no fopsd was running", 0, last_usec, clock_usec(CLOCK_REALTIME));
}

static int open_intake(Manager *m, const FopsConfig *config, IntakeOrigin *ret_origin) {
        const IntakeHandlers handlers = { .message = on_message, .batch = on_batch, .userdata = m };
        int r;

        r = intake_new(&m->hand_over, config->source.mode, config->source.buffer_bytes, &handlers, ret_origin, &m->intake);
        if (r >= 0)
                m->is_stored = intake_store(m->intake, ret_origin);
        return r;
}

static int start(Manager *m, FopsConfig *config) {
        IntakeOrigin origin = {};
        FopsDiags diags = {};
        uint32_t other_pid;
        uint64_t last_usec;
        int r;

        /* Records are queueing on the socket: first of all somebody reads. */
        if (m->hand_over.socket_fd >= 0) {
                r = open_intake(m, config, &origin);
                if (r < 0)
                        return fail(r, "taking over");
        }

        set_up_canary(m, config);
        r = ruleset_new(config, m->has_canary ? &m->canary_target : NULL, &diags, &m->ruleset);
        fops_diags_print(&diags, stderr);
        fops_diags_done(&diags);
        if (r > 0)
                return -EINVAL;
        if (r < 0)
                return fail(r, "compiling the configuration");

        m->publisher = publisher_new(m->options->print, m->options->print_format, FOPS_JOURNAL_SOCKET);
        if (!m->publisher)
                return fail(-ENOMEM, "opening the output");

        r = fops_audit_control_open(&m->control);
        if (r < 0)
                return fail(r, "opening the audit socket");

        m->instance_fd = instance_claim(&other_pid);
        if (m->instance_fd == -EBUSY) {
                fprintf(stderr, "fopsd: another fopsd is running, pid %u\n", other_pid);
                return -EBUSY;
        }
        if (m->instance_fd < 0)
                publisher_state(m->publisher, LOG_WARNING, "instance", "can't make sure that no other fopsd is running: %s",
                                strerror(-m->instance_fd));
        m->owns_rules = true;

        alive_begin(&m->alive, runtime_directory(), &last_usec);
        r = audit_state_begin(&m->state, &m->control, runtime_directory());
        if (r < 0)
                return fail(r, "asking for the audit status");
        if (!m->intake) {
                /* Before there is a socket to hear of it. */
                r = apply_settings(m, &m->ruleset->config);
                if (r < 0)
                        return fail(r, "changing audit settings");
                instance_clear_dead_registration(&m->control);
                r = open_intake(m, &m->ruleset->config, &origin);
                if (r < 0)
                        return fail(r, "registering for audit records");
        }

        r = trees_new(m->ruleset->config.index_max_entries, m->publisher, &m->trees);
        if (r >= 0)
                r = set_up_pipeline(m);
        if (r < 0)
                return fail(r, "setting up");
        r = set_up_events(m);
        if (r >= 0)
                r = trees_start(m->trees, m->event, m->pipeline);
        if (r >= 0)
                r = watch_follow_new(m->event, on_watches_changed, m, &m->follow);
        if (r >= 0)
                r = watch_follow_set(m->follow, m->ruleset->config.watches, m->ruleset->config.n_watches);
        if (r >= 0)
                r = mount_follow_new(m->event, on_mounts_changed, m, &m->mount_follow);
        if (r >= 0)
                r = publisher_attach(m->publisher, m->event, on_unblocked, m);
        if (r >= 0)
                r = intake_attach(m->intake, m->event);
        if (r < 0)
                return fail(r, "setting up the event loop");
        m->control.pace = on_request;
        m->control.userdata = m;

        /* Of what is taken over the rules are in the kernel, but for the one with our pid, or what was edited meanwhile. */
        m->n_messages_looked = intake_stats(m->intake).n_messages;
        m->writers_may_sleep = origin.socket_adopted;
        r = origin.socket_adopted ? apply_rules_taken_over(m) : apply_rules(m, m->ruleset);
        if (r < 0)
                return fail(r, "installing rules");

        m->seen_on_usec = clock_usec(CLOCK_REALTIME);
        say_ready(m, "started");
        say_origin(m, &origin, last_usec);
        notify_status(m, "READY=1\n");

        if (m->has_canary && m->ruleset->config.canary.startup)
                sing(m);
        r = trees_add_targets(m->trees, &m->ruleset->targets);
        return r < 0 ? fail(r, "indexing the watched trees") : 0;
}

/* Another life follows: the rules stay, the records queue on the socket, and what is in the ring of incomplete events is left to it. */
static void leave(Manager *m) {
        bool clean = m->failure >= 0 && fops_pipeline_let_go(m->pipeline) >= 0 &&
                     publisher_flush(m->publisher, FLUSH_USEC) >= 0 && publisher_attach(m->publisher, NULL, NULL, NULL) >= 0;

        look(m);
        publisher_state(m->publisher, LOG_INFO, "leaving", "fopsd leaves to its next life: %ju operations so far",
                        (uintmax_t) fops_pipeline_stats(m->pipeline).n_operations);
        intake_leave(m->intake, clean);
        alive_done(&m->alive);
}

static void end(Manager *m) {
        FopsPipelineStats stats;

        (void) sd_notify(false, "STOPPING=1");
        if (!m->owns_rules)
                return;
        if (m->is_restart && m->intake && m->pipeline && m->event) {
                leave(m);
                return;
        }

        if (m->intake && m->pipeline) {
                (void) publisher_flush(m->publisher, FLUSH_USEC);
                (void) publisher_attach(m->publisher, NULL, NULL, NULL);
        }
        (void) fops_rule_loader_remove_all(&m->control, NULL);
        if (m->intake && m->pipeline) {
                /* Records that the kernel made before the rules went are still ours. */
                intake_drain(m->intake, &m->control, DRAIN_USEC);
                (void) fops_pipeline_flush(m->pipeline);
                /* All has had its time: what isn't there by now doesn't come. */
                (void) fops_serials_settle(intake_serials(m->intake));
                look(m);

                stats = fops_pipeline_stats(m->pipeline);
                publisher_state(m->publisher, LOG_INFO, "stopped", "fopsd stopped: %ju operations, %ju foreign events",
                                (uintmax_t) stats.n_operations, (uintmax_t) stats.n_foreign);
        }
        if (m->intake)
                intake_end(m->intake);
        m->control.pace = NULL;
        instance_clear_dead_registration(&m->control);
        (void) audit_state_restore(&m->state, &m->control);
        alive_end(&m->alive);
}

int manager_run(const Options *options, FopsConfig *config) {
        _cleanup_(manager_done) Manager m = {
                .options = options, .started_usec = clock_usec(CLOCK_MONOTONIC), .control.fd = -EBADF, .instance_fd = -EBADF, .hand_over = hand_over_receive(), .alive = ALIVE_NONE,
        };
        int r;

        r = start(&m, config);
        if (r >= 0) {
                r = sd_event_loop(m.event);
                if (r >= 0)
                        r = m.failure;
                if (r == -EPIPE)
                        r = 0; /* the reader has seen enough */
                else if (r < 0) {
                        m.failure = fail(r, "working");
                        m.is_restart = m.is_stored;
                }
        }

        end(&m);
        return r;
}
