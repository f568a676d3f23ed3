/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The life of fopsd: registration before rules, so that the first event finds a reader; rules before READY; on the way out rules
 * first, then what the kernel still holds, then the registration. */

#include "manager.h"

#include <fcntl.h>
#include <libaudit.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "audit-socket.h"
#include "audit-state.h"
#include "canary.h"
#include "gaps.h"
#include "instance.h"
#include "mount-follow.h"
#include "path.h"
#include "pipeline.h"
#include "publisher.h"
#include "ruleset.h"
#include "tree-scan.h"
#include "watch-follow.h"

/* Messages taken in one go, before signals and the watchdog get their turn: about 20 ms of work. */
#define MESSAGES_AT_ONCE 1024U
/* How often losses are looked for and the status line is renewed, if anything happened at all. */
#define LOOK_USEC (UINT64_C(2) * 1000000)
/* At the end: how long to go on reading what the kernel and the socket still hold. A full buffer of 64 MiB is some 20,000 events, a
 * second's work; the largest that can be configured takes under a minute. Foreign records may never end. */
#define DRAIN_USEC (UINT64_C(120) * 1000000)
#define TRICKLE_USEC (UINT64_C(3) * 1000000)
/* A canary that isn't heard for this long is dead: records are there within milliseconds, on a busy machine within a second. */
#define CANARY_WAIT_USEC (UINT64_C(10) * 1000000)
/* A deadline need not be met to the microsecond. */
#define DEADLINE_ACCURACY_USEC UINT64_C(10000)

typedef struct Manager {
        const Options *options;
        sd_event *event;
        FopsAuditControl control;
        AuditState state;
        AuditSocket *socket;
        FopsSourceMode mode; /* DAEMON or LISTENER */
        Ruleset *ruleset;
        FopsPathIndex *index;
        TreeScan *scan;
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
        bool indexed; /* once, and said */
        bool owns_rules; /* no other fopsd is there: what bears our tag is ours */
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
        audit_socket_free(m->socket);
        fops_pipeline_free(m->pipeline);
        tree_scan_free(m->scan);
        watch_follow_free(m->follow);
        mount_follow_free(m->mount_follow);
        fops_path_index_free(m->index);
        ruleset_free(m->ruleset);
        publisher_free(m->publisher);
        canary_done(&m->canary);
        audit_state_done(&m->state);
        fops_audit_control_done(&m->control);
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

static int on_entry(void *userdata, const FopsEntry *entry, const FopsOperation *op _unused_) {
        Manager *m = userdata;

        return publisher_publish(m->publisher, entry);
}

static int on_message(void *userdata, uint16_t type, FopsSpan text) {
        Manager *m = userdata;

        return fops_pipeline_push(m->pipeline, type, text, clock_usec(CLOCK_MONOTONIC));
}

static int stop_with(Manager *m, int error) {
        m->failure = error;
        return sd_event_exit(m->event, 0);
}

static int arm_deadline(Manager *m) {
        uint64_t deadline = fops_pipeline_next_deadline(m->pipeline);
        int r;

        if (deadline == UINT64_MAX)
                return sd_event_source_set_enabled(m->deadline, SD_EVENT_OFF);
        r = sd_event_source_set_time(m->deadline, deadline);
        return r < 0 ? r : sd_event_source_set_enabled(m->deadline, SD_EVENT_ONESHOT);
}

static int on_readable(sd_event_source *source _unused_, int fd _unused_, uint32_t events _unused_, void *userdata) {
        Manager *m = userdata;
        int r;

        r = audit_socket_receive(m->socket, MESSAGES_AT_ONCE, on_message, m);
        if (r >= 0)
                r = fops_pipeline_advance(m->pipeline, clock_usec(CLOCK_MONOTONIC));
        if (r < 0)
                return stop_with(m, r);
        return arm_deadline(m);
}

static int on_deadline(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Manager *m = userdata;
        int r;

        r = fops_pipeline_advance(m->pipeline, clock_usec(CLOCK_MONOTONIC));
        if (r < 0)
                return stop_with(m, r);
        return arm_deadline(m);
}

/* --- the path index ----------------------------------------------------------------------------------------------------- */

static void on_new_tree(void *userdata, FopsInodeKey directory) {
        Manager *m = userdata;

        if (tree_scan_add_directory(m->scan, directory) < 0)
                return;
        fops_pipeline_set_index_complete(m->pipeline, UINT64_MAX);
}

static void on_scanned(void *userdata) {
        Manager *m = userdata;
        FopsPathIndexStats index = fops_path_index_stats(m->index);
        TreeScanStats scan = tree_scan_stats(m->scan);

        /* What was cut for want of room, or couldn't be read, may be anywhere. */
        fops_pipeline_set_index_complete(m->pipeline,
                                         index.n_refused + index.n_evicted == 0 ? clock_usec(CLOCK_REALTIME) : UINT64_MAX);
        if (!m->indexed)
                publisher_state(m->publisher, LOG_INFO, "indexed", "watched trees indexed: %ju directories, %ju files, in %ju ms",
                                (uintmax_t) (index.n_entries - index.n_files), (uintmax_t) index.n_files, (uintmax_t) scan.usec / 1000);
        m->indexed = true;
}

/* Directories that are watched, and those that watched files are in, become known at once, all below in the background. */
static int index_targets(Manager *m) {
        const FopsTargets *targets = &m->ruleset->targets;
        int r;

        r = tree_scan_read_mounts(m->scan);
        for (size_t i = 0; r >= 0 && i < targets->n_items; i++) {
                const FopsTarget *t = targets->items + i;
                FopsSpan path = fops_span_from_string(t->path);

                /* Of a missing file the directory. */
                if (!t->is_missing || t->has_parent)
                        r = t->is_directory ? tree_scan_add_root(m->scan, path) : tree_scan_add_file(m->scan, path);
        }
        fops_pipeline_set_index_complete(m->pipeline, r >= 0 && !tree_scan_is_busy(m->scan) ? clock_usec(CLOCK_REALTIME) : UINT64_MAX);
        return r;
}

static int set_up_index(Manager *m) {
        uint8_t seed[16];

        if (getrandom(seed, sizeof(seed), 0) != sizeof(seed))
                return -EIO;
        m->index = fops_path_index_new(m->ruleset->config.index_max_entries, seed);
        return m->index ? 0 : -ENOMEM;
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

/* --- what is lost, and the status line --------------------------------------------------------------------------------- */

static void count_losses(Manager *m, uint64_t counts[static _GAP_CAUSE_MAX]) {
        FopsCorrelatorStats correlator = fops_pipeline_correlator_stats(m->pipeline);
        AuditSocketStats socket_stats = audit_socket_stats(m->socket);
        struct audit_status status;

        counts[GAP_KERNEL_LOST] = fops_audit_control_get_status(&m->control, &status) < 0 ? m->gaps.counts[GAP_KERNEL_LOST] : status.lost;
        counts[GAP_SOCKET_OVERRUN] = socket_stats.n_overruns;
        counts[GAP_TRUNCATED] = socket_stats.n_truncated;
        counts[GAP_MALFORMED] = fops_pipeline_stats(m->pipeline).n_malformed;
        counts[GAP_EVENT_EVICTED] = correlator.n_evicted;
        counts[GAP_EVENT_CUT] = correlator.n_truncated;
        counts[GAP_EVENT_TIMED_OUT] = correlator.n_timed_out;
        counts[GAP_JOURNAL] = publisher_n_failed(m->publisher);
}

static void look(Manager *m) {
        uint64_t counts[_GAP_CAUSE_MAX];

        count_losses(m, counts);
        gaps_look(&m->gaps, counts, clock_usec(CLOCK_REALTIME), m->publisher);
}

static void notify_status(Manager *m, const char *prefix) {
        FopsPipelineStats stats = fops_pipeline_stats(m->pipeline);

        (void) sd_notifyf(false,
                          "%sSTATUS=%s: %zu targets armed, %zu pending, %zu rules; %ju operations, %ju foreign events, %ju lost by the kernel; "
                          "latency %ju.%ju ms",
                          prefix, mode_name(m->mode), m->ruleset->targets.n_items - m->ruleset->n_pending, m->ruleset->n_pending,
                          m->ruleset->rules.n_items, (uintmax_t) stats.n_operations, (uintmax_t) stats.n_foreign,
                          (uintmax_t) m->gaps.counts[GAP_KERNEL_LOST], (uintmax_t) m->canary.latency_usec / 1000,
                          (uintmax_t) m->canary.latency_usec / 100 % 10);
}

/* A writer that found the kernel's queue full can miss its being emptied: audit_log_start() looks at the queue before it is on the
 * wait queue, and if no record comes after its own it sleeps for all of backlog_wait_time, a minute, with the queue empty. Any
 * record wakes it; so after a while of work one is made, by setting what is set already. */
static void wake_writers(Manager *m) {
        struct audit_status status;

        if (m->mode != FOPS_SOURCE_DAEMON || fops_audit_control_get_status(&m->control, &status) < 0 || status.backlog > 0)
                return;
        status.mask = AUDIT_STATUS_BACKLOG_WAIT_TIME;
        (void) fops_audit_control_set_status(&m->control, &status);
        fops_pipeline_own_changes_until(m->pipeline, clock_usec(CLOCK_REALTIME));
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        uint64_t n_messages = audit_socket_stats(m->socket).n_messages;
        int r;

        look_after_canary(m);
        if (fops_path_index_stats(m->index).n_evicted > 0)
                fops_pipeline_set_index_complete(m->pipeline, UINT64_MAX);
        if (n_messages != m->n_messages_looked) {
                if (n_messages - m->n_messages_looked > 64) /* more than what waking made: the least backlog limit in use */
                        wake_writers(m);
                m->n_messages_looked = n_messages;
                look(m);
                notify_status(m, "");
        }

        r = sd_event_source_set_time(source, usec + LOOK_USEC);
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

static void say_ready(Manager *m, const char *state) {
        fops_pipeline_own_changes_until(m->pipeline, clock_usec(CLOCK_REALTIME));
        publisher_state(m->publisher, LOG_INFO, state, "fopsd %s: %zu %s, %zu rules in the kernel, as %s", state,
                        m->ruleset->config.n_watches, m->ruleset->config.n_watches == 1 ? "watch" : "watches",
                        m->ruleset->rules.n_items, mode_name(m->mode));

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
        return r < 0 ? r : index_targets(m);
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
                r = tree_scan_remove_root(m->scan, fops_span_from_string(t->path));
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

        r = tree_scan_read_mounts(m->scan);
        for (size_t i = 0; r >= 0 && i < before->n_items; i++)
                if (!fops_mounts_by_id(now, before->items[i].id) && is_below_target(m, before->items[i].path))
                        r = tree_scan_remove_root(m->scan, fops_span_from_string(before->items[i].path));
        for (size_t i = 0; r >= 0 && i < now->n_items; i++) {
                const FopsMount *mount = now->items + i;

                if (fops_mounts_by_id(before, mount->id) || !is_below_target(m, mount->path))
                        continue;
                r = fops_rule_loader_follow_mount(&m->control, mount->path);
                if (r < 0)
                        publisher_state(m->publisher, LOG_ERR, "refused", "what is mounted at %s can't be watched: %s", mount->path,
                                        strerror(-r));
                r = tree_scan_add_root(m->scan, fops_span_from_string(mount->path));
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

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info _unused_, void *userdata _unused_) {
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
            (r = sd_event_add_io(m->event, NULL, audit_socket_fd(m->socket), POLLIN, on_readable, m)) < 0 ||
            (r = sd_event_add_time(m->event, &m->deadline, CLOCK_MONOTONIC, UINT64_MAX, DEADLINE_ACCURACY_USEC, on_deadline, m)) < 0 ||
            (r = sd_event_add_time(m->event, &m->look, CLOCK_MONOTONIC, clock_usec(CLOCK_MONOTONIC) + LOOK_USEC, 0, on_look, m)) < 0 ||
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
                .index = m->index,
                .new_tree = on_new_tree,
                .observe = on_operation,
                .publish = on_entry,
                .userdata = m,
        };

        m->pipeline = fops_pipeline_new(&options);
        if (!m->pipeline)
                return -ENOMEM;
        return pipeline_follow_config(m);
}

static int start(Manager *m, FopsConfig *config) {
        uint64_t counts[_GAP_CAUSE_MAX];
        FopsDiags diags = {};
        uint32_t other_pid;
        int r;

        set_up_canary(m, config);
        r = ruleset_new(config, m->has_canary ? &m->canary_target : NULL, &diags, &m->ruleset);
        fops_diags_print(&diags, stderr);
        fops_diags_done(&diags);
        if (r > 0)
                return -EINVAL;
        if (r < 0)
                return fail(r, "compiling the configuration");

        m->publisher = publisher_new(m->options->print, m->options->print_format);
        if (!m->publisher)
                return fail(-ENOMEM, "opening the output");

        r = fops_audit_control_open(&m->control);
        if (r < 0)
                return fail(r, "opening the audit socket");

        r = instance_find_other(&m->control, &other_pid);
        if (r < 0)
                return fail(r, "asking for the kernel's rules");
        if (other_pid > 0) {
                fprintf(stderr, "fopsd: another fopsd is running, pid %u\n", other_pid);
                return -EBUSY;
        }
        m->owns_rules = true;

        r = audit_state_begin(&m->state, &m->control, runtime_directory());
        if (r < 0)
                return fail(r, "asking for the audit status");
        /* Before there is a socket to hear of it. */
        r = apply_settings(m, &m->ruleset->config);
        if (r < 0)
                return fail(r, "changing audit settings");
        r = audit_socket_new(m->ruleset->config.source.mode, m->ruleset->config.source.buffer_bytes, &m->socket, &m->mode);
        if (r < 0)
                return fail(r, "registering for audit records");

        r = set_up_index(m);
        if (r >= 0)
                r = set_up_pipeline(m);
        if (r < 0)
                return fail(r, "setting up");
        r = set_up_events(m);
        if (r >= 0)
                r = tree_scan_new(m->event, m->index, on_scanned, m, &m->scan);
        if (r >= 0)
                r = watch_follow_new(m->event, on_watches_changed, m, &m->follow);
        if (r >= 0)
                r = watch_follow_set(m->follow, m->ruleset->config.watches, m->ruleset->config.n_watches);
        if (r >= 0)
                r = mount_follow_new(m->event, on_mounts_changed, m, &m->mount_follow);
        if (r < 0)
                return fail(r, "setting up the event loop");

        count_losses(m, counts);
        gaps_init(&m->gaps, counts, clock_usec(CLOCK_REALTIME));

        r = apply_rules(m, m->ruleset);
        if (r < 0)
                return fail(r, "installing rules");

        say_ready(m, "started");
        notify_status(m, "READY=1\n");

        if (m->has_canary && m->ruleset->config.canary.startup)
                sing(m);
        r = index_targets(m);
        return r < 0 ? fail(r, "indexing the watched trees") : 0;
}

/* Records that the kernel made before the rules went are still ours. */
static void drain(Manager *m) {
        uint64_t until = clock_usec(CLOCK_MONOTONIC) + DRAIN_USEC;
        struct audit_status status;

        while (clock_usec(CLOCK_MONOTONIC) < until) {
                int r = audit_socket_receive(m->socket, MESSAGES_AT_ONCE, on_message, m);

                if (r < 0)
                        return;
                /* A trickle is what others do now; only a queue is what was there. */
                if (r < (int) MESSAGES_AT_ONCE && clock_usec(CLOCK_MONOTONIC) + DRAIN_USEC > until + TRICKLE_USEC)
                        return;
                if (r == 0 && (fops_audit_control_get_status(&m->control, &status) < 0 || status.backlog == 0)) {
                        struct pollfd p = { .fd = audit_socket_fd(m->socket), .events = POLLIN };

                        /* kauditd takes a record off its queue before it sends it. */
                        if (poll(&p, 1, 20) <= 0)
                                return;
                }
        }
}

static void end(Manager *m) {
        FopsPipelineStats stats;

        (void) sd_notify(false, "STOPPING=1");
        if (!m->owns_rules)
                return;

        (void) fops_rule_loader_remove_all(&m->control, NULL);
        if (m->socket && m->pipeline) {
                drain(m);
                (void) fops_pipeline_flush(m->pipeline);
                look(m);

                stats = fops_pipeline_stats(m->pipeline);
                publisher_state(m->publisher, LOG_INFO, "stopped", "fopsd stopped: %ju operations, %ju foreign events",
                                (uintmax_t) stats.n_operations, (uintmax_t) stats.n_foreign);
        }
        (void) audit_state_restore(&m->state, &m->control);
}

int manager_run(const Options *options, FopsConfig *config) {
        _cleanup_(manager_done) Manager m = { .options = options, .control.fd = -EBADF };
        int r;

        r = start(&m, config);
        if (r >= 0) {
                r = sd_event_loop(m.event);
                if (r >= 0)
                        r = m.failure;
                if (r == -EPIPE)
                        r = 0; /* the reader has seen enough */
                else if (r < 0)
                        fail(r, "working");
        }

        end(&m);
        return r;
}
