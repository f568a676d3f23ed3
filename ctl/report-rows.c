/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report-rows.h"

#include <stdio.h>
#include <string.h>

#include "csv.h"
#include "json.h"
#include "text.h"

#define BAR_CHARS 40U
#define BOLD "\x1b[1m"
#define NORMAL "\x1b[0m"

void report_rows_done(ReportRows *r) {
        fops_arena_done(&r->arena);
}

static FopsSpan time_value(FopsArena *arena, uint64_t usec) {
        return fops_arena_printf(arena, "%ju.%03u", (uintmax_t) (usec / 1000000), (unsigned) (usec / 1000 % 1000));
}

static void print_headings(const ReportRows *r, const Report *report) {
        switch (r->format) {
        case OUTPUT_TEXT:
                printf("%s%10s %8s  %-23s  %s%s\n", r->bold ? BOLD : "", "COUNT", "FAILED", "LAST", report->heading,
                       r->bold ? NORMAL : "");
                break;
        case OUTPUT_CSV:
                if (r->n_rows == 0)
                        printf("REPORT,VALUE,COUNT,FAILED,FIRST,LAST\n");
                break;
        default:
                break;
        }
}

static void print_row(ReportRows *r, const Report *report, const TallyRow *row, uint64_t most) {
        FopsSpan first = time_value(&r->arena, row->first_usec), last = time_value(&r->arena, row->last_usec);

        switch (r->format) {
        case OUTPUT_TEXT:
                printf("%10ju %8ju  ", (uintmax_t) row->count, (uintmax_t) row->failed);
                if (!fops_text_print_time(last, stdout))
                        printf("%-23s", "-");
                printf("  ");
                fops_text_print_name(row->value, stdout);
                if (report->counting == COUNT_HOUR)
                        printf(" %.*s", (int) MAX(row->count * BAR_CHARS / most, (uint64_t) 1),
                               "########################################");
                printf("\n");
                break;
        case OUTPUT_CSV:
                printf("%s,", report->name);
                fops_csv_print_value(row->value, true, stdout);
                printf(",%ju,%ju,", (uintmax_t) row->count, (uintmax_t) row->failed);
                (void) fops_text_print_time(first, stdout);
                printf(",");
                (void) fops_text_print_time(last, stdout);
                printf("\n");
                break;
        default:
                printf("{\"report\":\"%s\",\"value\":", report->name);
                fops_json_print_value(row->value, stdout);
                printf(",\"count\":%ju,\"failed\":%ju,\"first\":\"%s\",\"last\":\"%s\"}\n", (uintmax_t) row->count,
                       (uintmax_t) row->failed, first.data ? first.data : "", last.data ? last.data : "");
                break;
        }
        r->n_rows++;
}

void report_rows_print(ReportRows *r, const Report *report, Tally *tally, uint64_t lines) {
        const TallyRow *rows;
        uint64_t most = 1;
        size_t n_rows;

        rows = tally_rows(tally, report->counting == COUNT_HOUR ? TALLY_BY_VALUE : TALLY_BY_COUNT, &n_rows);
        if (n_rows == 0)
                return;
        if (r->n_rows > 0 && r->format == OUTPUT_TEXT)
                printf("\n");
        print_headings(r, report);
        for (size_t k = 0; k < n_rows; k++)
                most = MAX(most, rows[k].count);
        for (size_t k = 0; k < n_rows && k < lines; k++) {
                fops_arena_reset(&r->arena);
                print_row(r, report, rows + k, most);
        }
        if (tally_left_out(tally) > 0)
                fprintf(stderr, "fopsctl: %s: %ju more, of values for which there was no room\n", report->name,
                        (uintmax_t) tally_left_out(tally));
}

int report_rows_print_entry(ReportRows *r, const Report *report, const FopsEntry *e) {
        const char *const *names = report->fields;

        errno = 0;
        if (r->n_rows++ == 0 && r->format != OUTPUT_JSON)
                for (size_t i = 0; i < ELEMENTSOF(report->fields) && names[i]; i++)
                        printf("%s%s%s", i == 0 ? "" : r->format == OUTPUT_CSV ? "," : "  ", names[i] + strlen("FOPSD_"),
                               i + 1 == ELEMENTSOF(report->fields) || !names[i + 1] ? "\n" : "");
        for (size_t i = 0; i < ELEMENTSOF(report->fields) && names[i]; i++) {
                FopsSpan value = fops_entry_get(e, names[i]);
                bool is_time = i == 0;

                switch (r->format) {
                case OUTPUT_TEXT:
                        if (i > 0)
                                printf("  ");
                        if (is_time)
                                (void) fops_text_print_time(value, stdout);
                        else if (!value.data)
                                printf("-");
                        else
                                fops_text_print_name(value, stdout);
                        break;
                case OUTPUT_CSV:
                        if (i > 0)
                                printf(",");
                        if (is_time)
                                (void) fops_text_print_time(value, stdout);
                        else
                                fops_csv_print_value(value, true, stdout);
                        break;
                default:
                        if (!value.data)
                                continue;
                        printf("%s\"%s\":", i > 0 ? "," : "{", names[i]);
                        fops_json_print_value(value, stdout);
                        break;
                }
        }
        printf(r->format == OUTPUT_JSON ? "}\n" : "\n");
        return !ferror(stdout) ? 0 : errno > 0 ? -errno : -EIO;
}
