/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The life of fopsd: registration before rules, so that the first event finds a reader; rules before READY; on the way out rules
 * first, then what the kernel still holds, then the registration. Or, when it is only to be restarted, none of these: socket and
 * ring stay in systemd's descriptor store, the rules in the kernel, and the next life goes on from there. */

#include "manager.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "alive.h"
#include "clock.h"
#include "company.h"
#include "coverage.h"
#include "guests.h"
#include "hand-over.h"
#include "instance.h"
#include "intake.h"
#include "losses.h"
#include "pipeline.h"
#include "publisher.h"
#include "self-test.h"
#include "status.h"
#include "tamper-guard.h"
#include "writers.h"

/* How often losses are looked for and the status line is renewed, if anything happened at all. */
#define LOOK_USEC (UINT64_C(2) * 1000000)
#define LOOK_OVERLOADED_USEC UINT64_C(50000)
/* After a change by another: what belongs together is over by then (journald opens its audit socket and sets the flag). */
#define LOOK_SOON_USEC UINT64_C(100000)
/* At the end: how long to go on reading what the kernel, the socket and the ring still hold. A full ring of 64 MiB is some 30,000
 * events, two seconds' work; the largest that can be configured takes under a minute. */
#define DRAIN_USEC (UINT64_C(120) * 1000000)
/* How long to wait for journald at the end: it is restarted within seconds. */
#define FLUSH_USEC (UINT64_C(30) * 1000000)

/* For the kernel to see that a registered process is gone: at the start the socket has long been closed, at the end it is being. */
#define TAKE_PLACE_USEC UINT64_C(200000)
#define LEAVE_PLACE_USEC (UINT64_C(5) * 1000000)
/* What waits for more of its kind isn't waited for when it keeps this much of the ring from being used again. */
#define PERCENT_PRESSING 50U
/* A deadline need not be met to the microsecond. */
#define DEADLINE_ACCURACY_USEC UINT64_C(10000)

typedef struct Manager {
        const Options *options;
        sd_event *event;
        FopsAuditControl control;
        int instance_fd;
        HandOver hand_over; /* what a life before left */
        Alive alive;
        Intake *intake;
        FopsPipeline *pipeline;
        Publisher *publisher;
        Coverage coverage;
        Guests *guests;
        TamperGuard tamper_guard;
        SelfTest self_test;
        Company company;
        Losses losses;
        Status status;
        Writers writers;
        sd_event_source *deadline, *look;
        uint64_t n_messages_looked;
        bool owns_rules; /* no other fopsd is there: what bears our tag is ours */
        bool is_stored;  /* there is a descriptor store */
        uint64_t started_usec, fed_usec; /* the watchdog, when not by the event loop */
        bool is_restart; /* another life follows: everything is left to it */
        int failure; /* what ended the loop, if not a signal */
} Manager;

static void manager_done(Manager *m) {
        sd_event_source_unref(m->deadline);
        sd_event_source_unref(m->look);
        status_done(&m->status);
        intake_free(m->intake);
        hand_over_done(&m->hand_over);
        alive_done(&m->alive);
        fops_pipeline_free(m->pipeline);
        guests_free(m->guests);
        coverage_done(&m->coverage);
        tamper_guard_done(&m->tamper_guard);
        publisher_free(m->publisher);
        self_test_done(&m->self_test, m->is_restart);
        fops_audit_control_done(&m->control);
        if (m->instance_fd >= 0)
                close(m->instance_fd);
        sd_event_unref(m->event);
}

static int fail(int error, const char *doing) {
        const char *why;

        switch (-error) {
        case EPROTONOSUPPORT:
                why = "this kernel has no auditing, or was booted with audit=0";
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
        return mkdir("/run/fopsd", 0755) == 0 || errno == EEXIST ? "/run/fopsd" : NULL;
}

/* --- records ---------------------------------------------------------------------------------------------------------- */

static void look_soon(Manager *m) {
        if (sd_event_get_state(m->event) != SD_EVENT_FINISHED)
                (void) sd_event_source_set_time(m->look, clock_usec(CLOCK_MONOTONIC) + LOOK_SOON_USEC);
}

static void on_change(void *userdata, const FopsAuditChange *change, const FopsOperation *who) {
        Manager *m = userdata;

        if (company_hear(&m->company, change, m->coverage.ruleset->config.source.mode) ||
            tamper_guard_hear(&m->tamper_guard, change, who))
                look_soon(m);
}

static int on_entry(void *userdata, const FopsEntry *entry, const FopsOperation *op) {
        Manager *m = userdata;
        int r;

        r = publisher_publish(m->publisher, entry);
        if (op)
                status_count(&m->status, op);
        /* What isn't with journald yet isn't done with. */
        if (r >= 0 && publisher_is_blocked(m->publisher))
                r = intake_set_paused(m->intake, true);
        return r;
}

static void on_begin(void *userdata) {
        Manager *m = userdata;

        fops_pipeline_begin_batch(m->pipeline);
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

/* By which deadlines are over: what an event waits for may be in the ring, as long as what is read is older than the deadline. */
static uint64_t time_of_reading(const Manager *m) {
        uint64_t now = clock_usec(CLOCK_MONOTONIC), realtime = clock_usec(CLOCK_REALTIME);
        uint64_t newest = fops_pipeline_stats(m->pipeline).newest_usec;

        if (!intake_is_behind(m->intake) || newest == 0 || newest >= realtime)
                return now;
        return now - MIN(now, realtime - newest);
}

/* Deadlines wait as the records do while journald takes nothing. */
static int advance(Manager *m) {
        int r = 0;

        if (!publisher_is_blocked(m->publisher))
                r = fops_pipeline_advance(m->pipeline, time_of_reading(m));
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

        trees_add_unknown(m->coverage.trees, directory);
}

static bool on_operation(void *userdata, const FopsOperation *op) {
        Manager *m = userdata;

        return self_test_hear(&m->self_test, op);
}

/* --- now and then ------------------------------------------------------------------------------------------------------- */

static void notify_status(Manager *m, const char *prefix) {
        FopsPipelineStats stats = fops_pipeline_stats(m->pipeline);
        const Ruleset *ruleset = m->coverage.ruleset;
        uint64_t latency_usec = m->self_test.canary.latency_usec;

        (void) sd_notifyf(false,
                          "%sSTATUS=%s: %zu targets armed, %zu pending, %zu rules; %ju operations, %ju foreign events, %ju lost by the kernel; "
                          "latency %ju.%ju ms",
                          prefix, mode_name(intake_mode(m->intake)), ruleset->targets.n_items - ruleset->n_pending, ruleset->n_pending,
                          ruleset->rules.n_items, (uintmax_t) stats.n_operations, (uintmax_t) stats.n_foreign,
                          (uintmax_t) m->losses.gaps.counts[GAP_KERNEL_LOST], (uintmax_t) latency_usec / 1000,
                          (uintmax_t) latency_usec / 100 % 10);
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        uint64_t n_messages = intake_stats(m->intake).n_messages;
        int r;

        alive_touch(&m->alive);
        r = coverage_look(&m->coverage);
        if (r >= 0)
                r = tamper_guard_look(&m->tamper_guard, m->coverage.ruleset);
        if (r == -EXDEV)
                r = coverage_unshare(&m->coverage);
        if (r >= 0)
                r = company_look(&m->company, m->coverage.ruleset->config.source.mode);
        if (r < 0)
                return stop_with(m, r);
        self_test_look(&m->self_test, m->coverage.ruleset->config.canary.interval_usec);
        writers_look(&m->writers);
        (void) losses_make_record(&m->losses);
        if (n_messages != m->n_messages_looked || !losses_are_settled(&m->losses)) {
                m->n_messages_looked = n_messages;
                losses_look(&m->losses);
                notify_status(m, "");
        }

        r = sd_event_source_set_time(source, usec + (m->coverage.is_due ? LOOK_OVERLOADED_USEC :
                                                     m->tamper_guard.n_deeds > 0 ? LOOK_SOON_USEC : LOOK_USEC));
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* --- configuration ------------------------------------------------------------------------------------------------------ */

static void say_ready(Manager *m, const char *state) {
        const Ruleset *ruleset = m->coverage.ruleset;

        fops_pipeline_own_changes_until(m->pipeline, clock_usec(CLOCK_REALTIME));
        publisher_state(m->publisher, LOG_INFO, state, "fopsd %s: %zu %s, %zu rules in the kernel, as %s", state,
                        ruleset->config.n_watches, ruleset->config.n_watches == 1 ? "watch" : "watches", ruleset->rules.n_items,
                        mode_name(intake_mode(m->intake)));
        coverage_say_pending(&m->coverage);
}

static int on_coverage_changed(void *userdata, int error) {
        Manager *m = userdata;

        if (error < 0)
                return stop_with(m, error);
        notify_status(m, "");
        return 0;
}

static int on_reload(sd_event_source *source _unused_, const struct signalfd_siginfo *info _unused_, void *userdata) {
        Manager *m = userdata;
        int r;

        (void) sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%ju", (uintmax_t) clock_usec(CLOCK_MONOTONIC));
        r = coverage_reload(&m->coverage, m->options);
        if (r > 0) {
                m->status.n_reloads++;
                say_ready(m, "reloaded");
        } else
                m->status.n_refused++;
        notify_status(m, "READY=1\n");
        return r < 0 ? stop_with(m, r) : 0;
}

static int on_guests_changed(void *userdata) {
        Manager *m = userdata;
        int r;

        r = coverage_reload(&m->coverage, m->options);
        if (r > 0)
                say_ready(m, "reloaded");
        notify_status(m, "");
        return r < 0 ? stop_with(m, r) : r == 0;
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
                .index = trees_index(m->coverage.trees),
                .new_tree = on_new_tree,
                .changed = on_change,
                .observe = on_operation,
                .publish = on_entry,
                .userdata = m,
        };

        options.correlator.release = on_released;
        options.correlator.userdata = m;

        m->pipeline = fops_pipeline_new(&options);
        return m->pipeline ? 0 : -ENOMEM;
}

/* What came over from a life before, and what didn't. */
static void say_origin(Manager *m, const IntakeOrigin *origin, uint64_t last_usec) {
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
        const IntakeHandlers handlers = { .begin = on_begin, .message = on_message, .batch = on_batch, .userdata = m };
        int r;

        r = intake_new(&m->hand_over, config->source.mode, config->source.buffer_bytes, &handlers, ret_origin, &m->intake);
        if (r >= 0)
                m->is_stored = intake_store(m->intake, ret_origin);
        return r;
}

/* The rooms that look at what others have made. */
static void wire(Manager *m) {
        m->coverage.pipeline = m->pipeline;
        self_test_start(&m->self_test, m->publisher, m->pipeline);
        m->tamper_guard = (TamperGuard){
                .control = &m->control, .intake = m->intake, .state = &m->coverage.state, .pipeline = m->pipeline, .publisher = m->publisher,
        };
        m->company = (Company){ .control = &m->control, .intake = m->intake, .pipeline = m->pipeline, .publisher = m->publisher };
        m->losses = (Losses){ .control = &m->control, .intake = m->intake, .pipeline = m->pipeline, .publisher = m->publisher };
        m->status = (Status){
                .options = m->options, .control = &m->control, .intake = m->intake, .pipeline = m->pipeline, .publisher = m->publisher,
                .coverage = &m->coverage, .self_test = &m->self_test, .losses = &m->losses,
        };
        m->writers = (Writers){ .control = &m->control, .intake = m->intake, .pipeline = m->pipeline };
}

/* 0; or 1 or -errno, after messages, as manager_run(). */
static int start(Manager *m, FopsConfig *config) {
        IntakeOrigin origin = {};
        uint32_t other_pid;
        uint64_t last_usec;
        int r;

        /* Records are queueing on the socket: first of all somebody reads. */
        if (m->hand_over.socket_fd >= 0) {
                r = open_intake(m, config, &origin);
                if (r < 0)
                        return fail(r, "taking over");
        }

        self_test_init(&m->self_test, config, runtime_directory());
        m->coverage = (Coverage){
                .control = &m->control, .canary = self_test_target(&m->self_test), .changed = on_coverage_changed, .userdata = m,
        };
        r = coverage_load(&m->coverage, config);
        if (r > 0)
                return 1;
        if (r < 0)
                return fail(r, "compiling the configuration");

        m->publisher = publisher_new(m->options->print, m->options->print_format, FOPS_JOURNAL_SOCKET);
        if (!m->publisher)
                return fail(-ENOMEM, "opening the output");
        m->coverage.publisher = m->publisher;

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
        r = coverage_begin(&m->coverage, runtime_directory());
        if (r < 0)
                return fail(r, "asking for the audit status");
        if (!m->intake) {
                /* Before there is a socket to hear of it. */
                r = coverage_apply_settings(&m->coverage, &m->coverage.ruleset->config);
                if (r < 0)
                        return fail(r, "changing audit settings");
                instance_clear_dead_registration(&m->control, TAKE_PLACE_USEC);
                r = open_intake(m, &m->coverage.ruleset->config, &origin);
                if (r < 0)
                        return fail(r, "registering for audit records");
        }

        r = set_up_pipeline(m);
        if (r < 0)
                return fail(r, "setting up");
        wire(m);
        r = set_up_events(m);
        if (r >= 0)
                r = coverage_follow(&m->coverage, m->event);
        if (r >= 0)
                r = publisher_attach(m->publisher, m->event, on_unblocked, m);
        if (r >= 0)
                r = intake_attach(m->intake, m->event);
        if (r < 0)
                return fail(r, "setting up the event loop");
        r = guests_new(m->event, runtime_directory(), on_guests_changed, m, &m->guests);
        if (r < 0)
                publisher_state(m->publisher, LOG_WARNING, "unsupported", "fopsctl follow can't ask for watches: %s", strerror(-r));
        m->coverage.guests = m->guests;
        m->control.pace = on_request;
        m->control.userdata = m;

        /* Of what is taken over the rules are in the kernel, but for the one with our pid, or what was edited meanwhile. */
        m->writers.n_messages = m->n_messages_looked = intake_stats(m->intake).n_messages;
        m->writers.may_sleep = origin.socket_adopted;
        r = coverage_install(&m->coverage, origin.socket_adopted);
        if (r < 0)
                return fail(r, "installing rules");

        m->tamper_guard.complete_usec = clock_usec(CLOCK_REALTIME);
        say_ready(m, "started");
        losses_begin(&m->losses, &origin);
        say_origin(m, &origin, last_usec);
        r = status_open(&m->status, m->event, runtime_directory());
        if (r < 0)
                publisher_state(m->publisher, LOG_NOTICE, "unasked", "fopsctl status has nobody to ask: %s", strerror(-r));
        notify_status(m, "READY=1\n");

        if (m->coverage.ruleset->config.canary.startup)
                self_test_sing(&m->self_test);
        r = coverage_scan(&m->coverage);
        return r < 0 ? fail(r, "indexing the watched trees") : 0;
}

/* Another life follows: the rules stay, the records queue on the socket, and what is in the ring of incomplete events is left to it. */
static void leave(Manager *m) {
        bool clean = m->failure >= 0 && fops_pipeline_let_go(m->pipeline) >= 0 &&
                     publisher_flush(m->publisher, FLUSH_USEC) >= 0 && publisher_attach(m->publisher, NULL, NULL, NULL) >= 0;

        losses_look(&m->losses);
        tamper_guard_end(&m->tamper_guard);
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
        if (m->pipeline)
                fops_pipeline_own_changes_until(m->pipeline, UINT64_MAX);
        (void) fops_rule_loader_remove_all(&m->control, NULL);
        if (m->intake && m->pipeline) {
                /* Records that the kernel made before the rules went are still ours. */
                intake_drain(m->intake, &m->control, DRAIN_USEC);
                if (losses_make_record(&m->losses))
                        intake_drain(m->intake, &m->control, DRAIN_USEC);
                (void) fops_pipeline_flush(m->pipeline);
                /* All has had its time: what isn't there by now doesn't come. */
                (void) fops_serials_settle(intake_serials(m->intake));
                losses_look(&m->losses);
                tamper_guard_end(&m->tamper_guard);

                stats = fops_pipeline_stats(m->pipeline);
                publisher_state(m->publisher, LOG_INFO, "stopped", "fopsd stopped: %ju operations, %ju foreign events",
                                (uintmax_t) stats.n_operations, (uintmax_t) stats.n_foreign);
        }
        if (m->intake)
                intake_end(m->intake);
        m->control.pace = NULL;
        instance_clear_dead_registration(&m->control, LEAVE_PLACE_USEC);
        coverage_restore_settings(&m->coverage);
        alive_end(&m->alive);
}

int manager_run(const Options *options, FopsConfig *config) {
        _cleanup_(manager_done) Manager m = {
                .options = options, .started_usec = clock_usec(CLOCK_MONOTONIC), .control.fd = -EBADF, .instance_fd = -EBADF,
                .hand_over = hand_over_receive(), .alive = ALIVE_NONE,
        };
        int r;

        r = start(&m, config);
        if (r == 0) {
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
