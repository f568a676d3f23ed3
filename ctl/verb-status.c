/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsctl status: how the running fopsd is, as it says itself (daemon-status.h).
 *     State: running, as daemon, pid 4711, since 2026-11-22 02:14:35.123
 *   Watches: 1 armed, 0 pending, 0 refused; 14 rules */

#include <stdio.h>
#include <string.h>

#include "daemon-status.h"
#include "pager.h"
#include "prometheus.h"
#include "text.h"
#include "verb.h"

/* Of the column of keys; a longer one pushes its line to the right. */
#define KEY_CHARS_MAX 24
#define RED "\x1b[31m"
#define YELLOW "\x1b[33m"
#define NORMAL "\x1b[0m"

typedef enum Format { FORMAT_TEXT, FORMAT_JSON, FORMAT_PROMETHEUS, _FORMAT_MAX } Format;

static const char *const format_names[_FORMAT_MAX] = {
        [FORMAT_TEXT] = "text", [FORMAT_JSON] = "json", [FORMAT_PROMETHEUS] = "prometheus",
};

static bool format_from_string(const char *word, Format *ret) {
        for (Format f = 0; f < _FORMAT_MAX; f++)
                if (strcmp(word, format_names[f]) == 0) {
                        *ret = f;
                        return true;
                }
        fprintf(stderr, "fopsctl: unknown output format '%s': text, json or prometheus\n", word);
        return false;
}

/* --- text -------------------------------------------------------------------------------------------------------------- */

static uint64_t number_at(const DaemonStatus *d, const char *path) {
        return fops_json_number(fops_json_at(d->json, path));
}

static void print_string(const FopsJson *j) {
        fops_text_print_name(j ? j->text : FOPS_SPAN_LITERAL("?"), stdout);
}

/* Seconds with six digits behind the point: three are enough. */
static void print_time(const FopsJson *j) {
        if (!j || j->text.size < 3 || !fops_text_print_time((FopsSpan){ j->text.data, j->text.size - 3 }, stdout))
                putchar('?');
}

static void print_bytes(uint64_t bytes) {
        static const char *const units[] = { "bytes", "KiB", "MiB", "GiB" };
        double value = (double) bytes;
        size_t unit = 0;

        while (value >= 1024 && unit + 1 < ELEMENTSOF(units)) {
                value /= 1024;
                unit++;
        }
        printf(unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

/* "2 index, 1 unresolved": the members that aren't 0. Returns their sum. */
static uint64_t print_parts(const FopsJson *object) {
        uint64_t sum = 0;

        for (const FopsJson *i = object ? object->first : NULL; i; i = i->next) {
                uint64_t n = fops_json_number(i);

                if (n == 0)
                        continue;
                printf("%s%ju ", sum > 0 ? ", " : "", (uintmax_t) n);
                fops_text_print_name(i->name, stdout);
                sum += n;
        }
        return sum;
}

static void print_losses(const DaemonStatus *d) {
        const FopsJson *last = fops_json_member(d->json, "last_gap"), *count = fops_json_member(last, "count");

        printf("     Lost: ");
        if (print_parts(fops_json_member(d->json, "lost")) == 0)
                printf("nothing");
        putchar('\n');
        if (!last)
                return;
        printf(" Last gap: ");
        print_time(fops_json_member(last, "from"));
        printf(" to ");
        print_time(fops_json_member(last, "until"));
        printf(": %.*s ", count ? (int) count->text.size : 1, count ? count->text.data : "?");
        print_string(fops_json_member(last, "cause"));
        putchar('\n');
}

static void print_summary(const DaemonStatus *d) {
        const FopsJson *latency = fops_json_at(d->json, "canary.latency_seconds"), *kernel = fops_json_member(d->json, "kernel");
        const char *const kernel_states[] = { "OFF", "on", "on, locked until the next boot" };
        uint64_t ring = number_at(d, "ring.bytes");

        printf("    State: ");
        print_string(fops_json_member(d->json, "state"));
        printf(", as ");
        print_string(fops_json_member(d->json, "mode"));
        printf(", pid %u, since ", d->pid);
        print_time(fops_json_member(d->json, "since"));
        printf(", version ");
        print_string(fops_json_member(d->json, "version"));

        printf("\n  Watches: %ju armed, %ju pending, %ju refused; %ju rules\n", (uintmax_t) number_at(d, "targets.armed"),
               (uintmax_t) number_at(d, "targets.pending"), (uintmax_t) number_at(d, "targets.refused"), (uintmax_t) number_at(d, "rules"));
        printf("   Events: %ju records, %ju operations, %ju foreign; %ju filtered, %ju published\n",
               (uintmax_t) number_at(d, "events.records"), (uintmax_t) number_at(d, "events.operations"),
               (uintmax_t) number_at(d, "events.foreign"), (uintmax_t) number_at(d, "events.filtered"),
               (uintmax_t) number_at(d, "events.published"));
        print_losses(d);

        printf("   Buffer: %ju %% of ", (uintmax_t) (ring > 0 ? number_at(d, "ring.used_bytes") * 100 / ring : 0));
        print_bytes(ring);
        printf(" in use, at most ");
        print_bytes(number_at(d, "ring.high_water_bytes"));
        printf("\n  Journal: %ju entries waiting, %ju failed\n", (uintmax_t) number_at(d, "journal.queued"),
               (uintmax_t) number_at(d, "journal.failed"));

        printf("    Index: %ju directories, %ju files, ", (uintmax_t) number_at(d, "index.directories"),
               (uintmax_t) number_at(d, "index.files"));
        print_bytes(number_at(d, "index.bytes"));
        printf("%s\n    Paths: ", fops_json_is_true(fops_json_at(d->json, "index.scanning")) ? ", being scanned" : "");
        if (print_parts(fops_json_member(d->json, "paths")) == 0)
                printf("none yet");

        printf("\n  Latency: ");
        if (latency && strtod(latency->text.data, NULL) > 0)
                printf("%.1f ms\n", strtod(latency->text.data, NULL) * 1000);
        else
                printf("not measured\n");
        if (kernel)
                printf("   Kernel: auditing %s; queue %ju of %ju; %ju lost since the boot\n",
                       kernel_states[MIN(number_at(d, "kernel.enabled"), (uint64_t) 2)], (uintmax_t) number_at(d, "kernel.backlog"),
                       (uintmax_t) number_at(d, "kernel.backlog_limit"), (uintmax_t) number_at(d, "kernel.lost"));
}

static const char *colour_of(FopsSpan state) {
        return fops_span_equal_string(state, "refused") ? RED : fops_span_equal_string(state, "pending") ? YELLOW : "";
}

static size_t key_chars(const FopsJson *watch, FopsArena *arena) {
        const FopsJson *keys = fops_json_member(watch, "keys");
        size_t n = 0;

        for (const FopsJson *key = keys ? keys->first : NULL; key; key = key->next)
                n += fops_json_bytes(key, arena).size + !!key->next;
        return n;
}

static void print_watch(const FopsJson *watch, size_t width, bool colours, FopsArena *arena) {
        const FopsJson *state = fops_json_member(watch, "state"), *target = fops_json_member(watch, "target"),
                       *reason = fops_json_member(watch, "reason"), *keys = fops_json_member(watch, "keys");
        const char *colour = colours && state ? colour_of(state->text) : "";

        fputs(colour, stdout);
        printf("%-8.*s ", state ? (int) state->text.size : 0, state ? state->text.data : "");
        for (const FopsJson *key = keys ? keys->first : NULL; key; key = key->next) {
                fops_text_print_name(fops_json_bytes(key, arena), stdout);
                if (key->next)
                        putchar(',');
        }
        printf("%*s ", (int) (width - MIN(width, key_chars(watch, arena))), "");
        fops_text_print_name(fops_json_bytes(fops_json_member(watch, "path"), arena), stdout);
        if (target) {
                printf(" → ");
                fops_text_print_name(fops_json_bytes(target, arena), stdout);
        }
        if (reason) {
                printf(": ");
                print_string(reason);
        }
        fputs(*colour ? NORMAL "\n" : "\n", stdout);
}

static void print_watches(DaemonStatus *d, bool colours) {
        const FopsJson *watches = fops_json_member(d->json, "watches");
        size_t width = strlen("KEY");

        if (!watches || !watches->first)
                return;
        for (const FopsJson *i = watches->first; i; i = i->next)
                width = MAX(width, MIN(key_chars(i, &d->arena), (size_t) KEY_CHARS_MAX));
        printf("\n%-8s %-*s %s\n", "STATE", (int) width, "KEY", "WATCH");
        for (const FopsJson *i = watches->first; i; i = i->next)
                print_watch(i, width, colours, &d->arena);
}

static void print_operations(const DaemonStatus *d) {
        const FopsJson *operations = fops_json_member(d->json, "operations");

        if (!operations || !operations->first)
                return;
        printf("\n%-12s %12s %12s\n", "OPERATION", "SUCCEEDED", "FAILED");
        for (const FopsJson *i = operations->first; i; i = i->next)
                printf("%-12.*s %12ju %12ju\n", (int) i->name.size, i->name.data,
                       (uintmax_t) fops_json_number(fops_json_member(i, "success")),
                       (uintmax_t) fops_json_number(fops_json_member(i, "failed")));
}

/* --- the verb ---------------------------------------------------------------------------------------------------------- */

static int print(DaemonStatus *d, Format format, bool no_pager) {
        const FopsJson *state = fops_json_member(d->json, "state");
        bool colours = pager_colours();
        Pager pager = {};

        switch (format) {
        case FORMAT_JSON:
                fwrite(d->text.data, 1, d->text.size, stdout);
                break;
        case FORMAT_PROMETHEUS:
                prometheus_print(d->json, stdout);
                break;
        default:
                pager_start(&pager, !no_pager);
                print_summary(d);
                print_watches(d, colours);
                print_operations(d);
                pager_wait(&pager);
                break;
        }
        return state && fops_span_equal_string(state->text, "disabled") ? EXIT_NOTHING : EXIT_FOUND;
}

static int run(const Verb *verb, int argc, char **argv) {
        _cleanup_(daemon_status_done) DaemonStatus status = {};
        const char *word = "text";
        bool no_pager = false;
        const VerbOption options[] = {
                { "output", 'o', .argument = &word },
                { "no-pager", .flag = &no_pager },
                {},
        };
        Format format;
        int r;

        if (!verb_take_options_only(verb, argc, argv, options, &r))
                return r;
        if (!format_from_string(word, &format))
                return EXIT_USAGE;

        r = daemon_status_read(&status);
        if (r >= 0)
                return print(&status, format, no_pager);
        if (r == -ENOENT && format == FORMAT_PROMETHEUS)
                prometheus_print(NULL, stdout);
        daemon_status_complain(r);
        return r == -ENOENT ? EXIT_NOTHING : EXIT_USAGE;
}

const Verb verb_status = {
        .name = "status",
        .synopsis = "[-o FORMAT] [--no-pager]",
        .summary = "Shows how fopsd is: what it watches, what it recorded, what was lost",
        .help = "  -o, --output FORMAT   text (default), json or prometheus\n"
                "      --no-pager        don't start a pager\n",
        .run = run,
};
