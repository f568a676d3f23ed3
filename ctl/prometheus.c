/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One table: which member of the status is which metric. */

#include "prometheus.h"

typedef struct Metric {
        const char *name, *type, *path, *help;
        const char *labels[2]; /* given: the member is an object, and so are its members for the second; their names are the values */
} Metric;

static const Metric metrics[] = {
        { "fopsd_start_time_seconds", "gauge", "since", "When fopsd started, in seconds since the epoch." },
        { "fopsd_configuration_reloads_total", "counter", "configuration.reloads", "Configurations that were taken after the first." },
        { "fopsd_configuration_refused_total", "counter", "configuration.refused", "Configurations that were refused." },
        { "fopsd_targets", "gauge", "targets", "What is to be watched, by state.", { "state" } },
        { "fopsd_rules", "gauge", "rules", "Rules that fopsd wants in the kernel." },
        { "fopsd_operations_total", "counter", "operations", "File operations published.", { "op", "result" } },
        { "fopsd_records_total", "counter", "events.records", "Audit records read." },
        { "fopsd_events_total", "counter", "events.complete", "Audit events put together." },
        { "fopsd_events_waiting", "gauge", "events.waiting", "Audit events whose records aren't all there yet." },
        { "fopsd_foreign_events_total", "counter", "events.foreign", "Audit events of no rule of fopsd's." },
        { "fopsd_filtered_operations_total", "counter", "events.filtered", "Operations that a filter left out." },
        { "fopsd_published_entries_total", "counter", "events.published", "Entries made of events." },
        { "fopsd_lost_total", "counter", "lost", "What was lost, by cause.", { "cause" } },
        { "fopsd_writers_waited_seconds_total", "counter", "writers_waited_seconds",
          "Time that processes waited for room in the kernel's queue." },
        { "fopsd_ring_size_bytes", "gauge", "ring.bytes", "Size of the buffer for records." },
        { "fopsd_ring_used_bytes", "gauge", "ring.used_bytes", "What of it is in use." },
        { "fopsd_ring_high_water_bytes", "gauge", "ring.high_water_bytes", "The most that ever was." },
        { "fopsd_ring_throttled_total", "counter", "ring.throttled", "Times that it was too full to read on." },
        { "fopsd_messages_total", "counter", "ring.messages", "Messages read from the kernel." },
        { "fopsd_forged_messages_total", "counter", "ring.forged", "Messages that weren't the kernel's." },
        { "fopsd_socket_overruns_total", "counter", "ring.overruns", "Overruns of the socket's buffer." },
        { "fopsd_journal_queued_entries", "gauge", "journal.queued", "Entries that journald hasn't taken yet." },
        { "fopsd_journal_failed_total", "counter", "journal.failed", "Entries that journald didn't take." },
        { "fopsd_journal_blocked_seconds_total", "counter", "journal.blocked_seconds", "Time that journald took nothing." },
        { "fopsd_paths_total", "counter", "paths", "Paths, by how they are known.", { "source" } },
        { "fopsd_index_directories", "gauge", "index.directories", "Directories in the index." },
        { "fopsd_index_files", "gauge", "index.files", "Files in the index." },
        { "fopsd_index_max_entries", "gauge", "index.max_entries", "The most that it may hold." },
        { "fopsd_index_size_bytes", "gauge", "index.bytes", "Memory of the index." },
        { "fopsd_index_evicted_total", "counter", "index.evicted", "Files that had to leave the index." },
        { "fopsd_index_refused_total", "counter", "index.refused", "What the index had no room for." },
        { "fopsd_index_scanning", "gauge", "index.scanning", "1 while watched trees are being scanned." },
        { "fopsd_index_unreadable_directories_total", "counter", "index.unreadable", "Directories that couldn't be read." },
        { "fopsd_canary_latency_seconds", "gauge", "canary.latency_seconds", "From an operation to its entry; 0: not measured." },
        { "fopsd_kernel_enabled", "gauge", "kernel.enabled", "Auditing: 0 off, 1 on, 2 locked." },
        { "fopsd_kernel_backlog", "gauge", "kernel.backlog", "Records in the kernel's queue." },
        { "fopsd_kernel_backlog_limit", "gauge", "kernel.backlog_limit", "The most that may be." },
        { "fopsd_kernel_lost_total", "counter", "kernel.lost", "Records that the kernel lost since the boot." },
};

static void print_value(const FopsJson *j, FILE *f) {
        if (j->type == FOPS_JSON_NUMBER)
                fwrite(j->text.data, 1, j->text.size, f);
        else
                fputc(fops_json_is_true(j) ? '1' : '0', f);
        fputc('\n', f);
}

static void print_label(const char *name, FopsSpan value, FILE *f) {
        fprintf(f, "%s=\"", name);
        for (size_t i = 0; i < value.size; i++)
                if (value.data[i] == '\n')
                        fputs("\\n", f);
                else {
                        if (value.data[i] == '"' || value.data[i] == '\\')
                                fputc('\\', f);
                        fputc(value.data[i], f);
                }
        fputc('"', f);
}

static void print_heading(const char *name, const char *type, const char *help, FILE *f) {
        fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_samples(const Metric *m, const FopsJson *j, FILE *f) {
        if (!m->labels[0]) {
                fprintf(f, "%s ", m->name);
                print_value(j, f);
                return;
        }
        for (const FopsJson *i = j->first; i; i = i->next) {
                const FopsJson *last = m->labels[1] ? i->first : i;

                for (; last; last = m->labels[1] ? last->next : NULL) {
                        fprintf(f, "%s{", m->name);
                        print_label(m->labels[0], i->name, f);
                        if (m->labels[1]) {
                                fputc(',', f);
                                print_label(m->labels[1], last->name, f);
                        }
                        fputs("} ", f);
                        print_value(last, f);
                }
        }
}

static void print_word(const char *name, const char *help, const char *label, const FopsJson *word, FILE *f) {
        if (!word)
                return;
        print_heading(name, "gauge", help, f);
        fprintf(f, "%s{", name);
        print_label(label, word->text, f);
        fputs("} 1\n", f);
}

void prometheus_print(const FopsJson *status, FILE *f) {
        print_heading("fopsd_up", "gauge", "Whether fopsd is running.", f);
        fprintf(f, "fopsd_up %d\n", status ? 1 : 0);
        print_word("fopsd_version_info", "The version that is running.", "version", fops_json_member(status, "version"), f);
        print_word("fopsd_mode_info", "As what it gets its records.", "mode", fops_json_member(status, "mode"), f);
        print_word("fopsd_state_info", "How it is, in a word.", "state", fops_json_member(status, "state"), f);

        for (size_t i = 0; i < ELEMENTSOF(metrics); i++) {
                const FopsJson *j = fops_json_at(status, metrics[i].path);

                if (!j || (metrics[i].labels[0] && !j->first))
                        continue;
                print_heading(metrics[i].name, metrics[i].type, metrics[i].help, f);
                print_samples(metrics + i, j, f);
        }
}
