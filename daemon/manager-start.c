/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Registration before rules, so that the first event finds a reader; rules before READY. */

#include "manager-parts.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "clock.h"
#include "instance.h"

/* For the kernel to see that a registered process is gone: its socket has long been closed. */
#define TAKE_PLACE_USEC UINT64_C(200000)

int manager_fail(int error, const char *doing) {
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

/* systemd's RuntimeDirectory=, or the place where it would be. */
static const char *runtime_directory(void) {
        const char *given = getenv("RUNTIME_DIRECTORY");

        if (given)
                return given;
        return mkdir("/run/fopsd", 0755) == 0 || errno == EEXIST ? "/run/fopsd" : NULL;
}

static int set_up_events(Manager *m) {
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;

        if ((r = sd_event_new(&m->event)) < 0 ||
            (r = manager_attach_end(m)) < 0 ||
            (r = manager_attach_reload(m)) < 0 ||
            (r = manager_attach_look(m)) < 0 ||
            (r = manager_attach_watchdog(m)) < 0 ||
            (r = manager_attach_flow(m)) < 0)
                return r;
        return coverage_follow(&m->coverage, m->event);
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

/* The rooms that look at what others have made. */
static void wire(Manager *m) {
        m->coverage.pipeline = m->pipeline;
        self_test_start(&m->self_test, m->publisher, m->pipeline);
        m->tamper_guard = (TamperGuard){
                .control = &m->control,
                .intake = m->intake,
                .state = &m->coverage.state,
                .pipeline = m->pipeline,
                .publisher = m->publisher,
        };
        m->company = (Company){ .control = &m->control, .intake = m->intake, .pipeline = m->pipeline, .publisher = m->publisher };
        m->losses = (Losses){ .control = &m->control, .intake = m->intake, .pipeline = m->pipeline, .publisher = m->publisher };
        m->status = (Status){
                .options = m->options, .control = &m->control, .intake = m->intake, .pipeline = m->pipeline, .publisher = m->publisher,
                .coverage = &m->coverage, .self_test = &m->self_test, .losses = &m->losses,
        };
        m->writers = (Writers){ .control = &m->control, .intake = m->intake, .pipeline = m->pipeline };
}

int manager_start(Manager *m, FopsConfig *config) {
        IntakeOrigin origin = {};
        uint32_t other_pid;
        uint64_t last_usec;
        int r;

        /* Records are queueing on the socket: first of all somebody reads. */
        if (m->hand_over.socket_fd >= 0) {
                r = manager_open_intake(m, config, &origin);
                if (r < 0)
                        return manager_fail(r, "taking over");
        }

        self_test_init(&m->self_test, config, runtime_directory());
        m->coverage = (Coverage){
                .control = &m->control, .canary = self_test_target(&m->self_test), .changed = manager_on_coverage_changed, .userdata = m,
        };
        r = coverage_load(&m->coverage, config);
        if (r > 0)
                return 1;
        if (r < 0)
                return manager_fail(r, "compiling the configuration");

        m->publisher = publisher_new(m->options->print, m->options->print_format, FOPS_JOURNAL_SOCKET);
        if (!m->publisher)
                return manager_fail(-ENOMEM, "opening the output");
        m->coverage.publisher = m->publisher;

        r = fops_audit_control_open(&m->control);
        if (r < 0)
                return manager_fail(r, "opening the audit socket");

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
                return manager_fail(r, "asking for the audit status");
        if (!m->intake) {
                /* Before there is a socket to hear of it. */
                r = coverage_apply_settings(&m->coverage, &m->coverage.ruleset->config);
                if (r < 0)
                        return manager_fail(r, "changing audit settings");
                instance_clear_dead_registration(&m->control, TAKE_PLACE_USEC);
                r = manager_open_intake(m, &m->coverage.ruleset->config, &origin);
                if (r < 0)
                        return manager_fail(r, "registering for audit records");
        }

        r = manager_set_up_pipeline(m);
        if (r < 0)
                return manager_fail(r, "setting up");
        wire(m);
        r = set_up_events(m);
        if (r < 0)
                return manager_fail(r, "setting up the event loop");
        r = guests_new(m->event, runtime_directory(), manager_on_guests_changed, m, &m->guests);
        if (r < 0)
                publisher_state(m->publisher, LOG_WARNING, "unsupported", "fopsctl follow can't ask for watches: %s", strerror(-r));
        m->coverage.guests = m->guests;

        /* Of what is taken over the rules are in the kernel, but for the one with our pid, or what was edited meanwhile. */
        m->writers.n_messages = m->n_messages_looked = intake_stats(m->intake).n_messages;
        m->writers.may_sleep = origin.socket_adopted;
        r = coverage_install(&m->coverage, origin.socket_adopted);
        if (r < 0)
                return manager_fail(r, "installing rules");

        m->tamper_guard.complete_usec = clock_usec(CLOCK_REALTIME);
        manager_say_ready(m, "started");
        losses_begin(&m->losses, &origin);
        say_origin(m, &origin, last_usec);
        r = status_open(&m->status, m->event, runtime_directory());
        if (r < 0)
                publisher_state(m->publisher, LOG_NOTICE, "unasked", "fopsctl status has nobody to ask: %s", strerror(-r));
        m->is_ready_due = true;
        manager_notify(m);

        if (m->coverage.ruleset->config.canary.startup)
                self_test_sing(&m->self_test);
        r = coverage_scan(&m->coverage);
        return r < 0 ? manager_fail(r, "indexing the watched trees") : 0;
}
