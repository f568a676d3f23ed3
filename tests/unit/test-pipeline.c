/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The whole way: captured records in, entries out. */

#include <libaudit.h>

#include "test-records.h"

#include "pipeline.h"

typedef struct Fixture {
        FopsPipeline *pipeline;
        char *text; /* what was published */
        size_t size, n_seen;
        FILE *f;
        int result; /* of publishing */
} Fixture;

/* "OP RESULT PATH [-> NEW_PATH] [in DIR] SOURCE", or "record TYPE". */
static int publish(void *userdata, const FopsEntry *e, const FopsOperation *op) {
        static const struct {
                const char *prefix, *name;
        } fields[] = {
                { "", "FOPSD_OP" }, { " ", "FOPSD_RESULT" }, { " ", "FOPSD_PATH" }, { " -> ", "FOPSD_NEW_PATH" }, { " => ", "FOPSD_TARGET" },
                { " replacing ", "FOPSD_REPLACED_INODE" }, { " at ", "FOPSD_NODE" }, { " key ", "FOPSD_KEY" },
        };
        Fixture *f = userdata;

        if (f->result < 0)
                return f->result;
        assert_int_equal(op == NULL, e->kind == FOPS_KIND_RECORD);
        if (!op)
                fprintf(f->f, "record %s", fops_entry_get(e, "FOPSD_RECORD_TYPE").data);
        for (size_t i = 0; op && i < ELEMENTSOF(fields); i++) {
                FopsSpan value = fops_entry_get(e, fields[i].name);

                if (value.data)
                        fprintf(f->f, "%s%.*s", fields[i].prefix, (int) value.size, value.data);
        }
        /* FOPSD_DIR goes without saying where there is a path. */
        if (op && !op->path.data && op->dir.data)
                fprintf(f->f, " in %.*s", (int) op->dir.size, op->dir.data);
        fputc('\n', f->f);
        return 0;
}

static int setup(void **state) {
        FopsPipelineOptions options = { .correlator = FOPS_CORRELATOR_OPTIONS_DEFAULT, .proc_fd = -EBADF, .publish = publish };
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f)
                return -1;
        f->f = open_memstream(&f->text, &f->size);
        options.userdata = f;
        options.correlator.offline = true;
        f->pipeline = fops_pipeline_new(&options);
        *state = f;
        return f->f && f->pipeline ? 0 : -1;
}

static int teardown(void **state) {
        Fixture *f = *state;

        fops_pipeline_free(f->pipeline);
        fclose(f->f);
        free(f->text);
        free(f);
        return 0;
}

static void push_text(Fixture *f, FopsSpan text) {
        FopsRecordStatus status;
        FopsRecordDiag diag;
        FopsSpan line;

        while (next_line(&text, &line))
                assert_int_equal(fops_pipeline_push_line(f->pipeline, line, &status, &diag), 0);
}

static void push_file(Fixture *f, const char *name) {
        _cleanup_free_ char *path = NULL, *text = NULL;
        size_t size = 0;
        FILE *file;

        assert_true(asprintf(&path, "%s/%s", getenv("FOPS_TEST_DATA"), name) > 0);
        file = fopen(path, "re");
        assert_non_null(file);
        assert_true(getdelim(&text, &size, '\0', file) > 0);
        fclose(file);
        push_text(f, fops_span_from_string(text));
        assert_int_equal(fops_pipeline_flush(f->pipeline), 0);
}

/* Compares what was published since the last time. */
static void assert_published(Fixture *f, const char *expected) {
        assert_int_equal(fflush(f->f), 0);
        assert_string_equal(f->text + f->n_seen, expected);
        f->n_seen = f->size;
}

static void test_captured_renames_are_read_as_they_were_made(void **state) {
        Fixture *f = *state;

        push_file(f, "rename.log");
        assert_published(f, "create success /srv/data/a key data\n"
                            "create success /srv/data/b key data\n"
                            "rename success /srv/data/a -> /srv/data/b replacing 1065069 key data\n"
                            "rename success /srv/data/b -> /srv/outside key data\n"
                            "rename success /srv/outside -> /srv/data/sub/in key data\n"
                            "create success /srv/data/sub/y key data\n"
                            "exchange success /srv/data/sub/in -> /srv/data/sub/y key data\n"
                            "symlink success /srv/data/sl => sub/in key data\n"
                            "modify success /srv/data/sl key data\n"
                            "delete success /srv/data/sl key data\n"
                            "delete success /srv/data/sub/in key data\n"
                            "delete success /srv/data/sub/y key data\n");
}

static void test_names_at_descriptors_are_not_guessed_offline(void **state) {
        Fixture *f = *state;

        push_file(f, "dirfd.log");
        assert_published(f, "list success /srv/data/sub key data\n"
                            "list success /srv/data key data\n"
                            "create success key data\n"
                            "modify success key data\n"
                            "rename success key data\n"
                            "rename success key data\n"
                            "mkdir success key data\n"
                            "chmod success key data\n"
                            "link success key data\n"
                            "delete success key data\n"
                            "rmdir success key data\n"
                            "symlink success => sub key data\n"
                            "delete success key data\n"
                            "delete success key data\n");
}

static void test_strange_names_come_out_as_their_bytes(void **state) {
        Fixture *f = *state;

        push_file(f, "names.log");
        assert_published(f, "create success /srv/data/sp ace key data\n"
                            "create success /srv/data/new\nline\"q key data\n"
                            "create success /srv/data/\xff\xfe key data\n"
                            "delete success /srv/data/sp ace key data\n"
                            "delete success /srv/data/new\nline\"q key data\n"
                            "delete success /srv/data/\xff\xfe key data\n"
                            "mkdir success /srv/data/gone key data\n"
                            "rmdir success key data\n"
                            "delete failed key data in /srv/data\n"
                            "mkdir failed key data in /srv/data\n"
                            "rmdir failed /srv/data key data\n");
}

static void test_descriptors_say_nothing_offline(void **state) {
        Fixture *f = *state;

        push_file(f, "fd.log");
        assert_published(f, "create success /srv/data/f key data\n"
                            "chmod success key data\n"
                            "chown success key data\n"
                            "setxattr success key data\n"
                            "removexattr success key data\n"
                            "truncate success /srv/data/f key data\n"
                            "chmod success /srv/data/f key data\n"
                            "setxattr success /srv/data/f key data\n"
                            "removexattr success /srv/data/f key data\n"
                            "delete success /srv/data/f key data\n");
}

static void test_io_uring_is_read_too(void **state) {
        Fixture *f = *state;

        push_file(f, "io_uring-uring-exit-rule.log");
        assert_published(f, "create success key data\ndelete key data\n");
}

static void test_the_loss_of_a_watch_is_in_the_event_of_the_deletion(void **state) {
        Fixture *f = *state;

        push_file(f, "rm-rf-watch-root.log");
        assert_published(f, "delete success key data\n"
                            "rmdir success key data\n"
                            "rmdir success key data\n"
                            "delete success key data\n"
                            "rmdir success /srv/data\n");
}

static void test_other_records_pass_through(void **state) {
        FopsPipelineStats stats;
        Fixture *f = *state;

        push_text(f, FOPS_SPAN_LITERAL("node=web1 type=USER_LOGIN msg=audit(1.002:3): pid=1 msg='op=login'\n"
                                       "type=UNKNOWN[1998] msg=audit(1.002:4): a=b\n"));
        assert_published(f, "record USER_LOGIN\n");
        assert_int_equal(fops_pipeline_flush(f->pipeline), 0);
        assert_published(f, "record UNKNOWN[1998]\n");

        fops_pipeline_set_options(f->pipeline, 0, false, false, false, true);
        push_text(f, FOPS_SPAN_LITERAL("type=USER_LOGIN msg=audit(1.002:5): pid=1\n"));
        assert_published(f, "");
        stats = fops_pipeline_stats(f->pipeline);
        assert_int_equal(stats.n_foreign, 3);
        assert_int_equal(stats.n_published, 2);
        assert_int_equal(stats.n_operations, 0);
}

static void test_malformed_records_are_counted_and_stop_nothing(void **state) {
        FopsRecordDiag diag = {};
        FopsRecordStatus status;
        Fixture *f = *state;

        assert_int_equal(fops_pipeline_push_line(f->pipeline, FOPS_SPAN_LITERAL("type=PATH msg=audit(x"), &status, &diag), 0);
        assert_int_equal(status, FOPS_RECORD_MALFORMED);
        assert_int_equal(diag.offset, 20);
        assert_int_equal(fops_pipeline_push_line(f->pipeline, FOPS_SPAN_LITERAL("----"), &status, &diag), 0);
        assert_int_equal(status, FOPS_RECORD_BLANK);
        assert_int_equal(fops_pipeline_push(f->pipeline, AUDIT_PATH, FOPS_SPAN_LITERAL("nonsense"), 0), 0);
        assert_int_equal(fops_pipeline_stats(f->pipeline).n_malformed, 2);
        assert_int_equal(fops_pipeline_stats(f->pipeline).n_records, 0);

        push_text(f, FOPS_SPAN_LITERAL(CALL_64("syscall=87 success=yes exit=0 a0=1 a1=2 a2=0 a3=0")
                                               PARENT("/srv/", 2) FILE_ITEM("/srv/x", 7, "DELETE") RECORD("PROCTITLE", "proctitle=7368")));
        assert_published(f, "delete success /srv/x\n");
}

static void test_an_event_whose_end_is_missing_leaves_by_the_clock_of_the_log(void **state) {
        Fixture *f = *state;

        push_text(f, FOPS_SPAN_LITERAL("type=CONFIG_CHANGE msg=audit(100.000:1): op=x\n"
                                       "type=AVC msg=audit(101.999:2): a=b\n"));
        assert_published(f, "");
        /* A host whose clock is behind turns nothing back. */
        push_text(f, FOPS_SPAN_LITERAL("node=b type=AVC msg=audit(50.000:1): a=b\n"));
        assert_published(f, "");
        push_text(f, FOPS_SPAN_LITERAL("type=AVC msg=audit(102.000:3): a=b\n"));
        assert_published(f, "record CONFIG_CHANGE\n");
        /* The latest time there can be doesn't tear the events behind it apart. */
        push_text(f, FOPS_SPAN_LITERAL("type=AVC msg=audit(9223372036854.999:4): a=b\n"));
        assert_published(f, "record AVC\nrecord AVC\nrecord AVC\n");
        push_text(f, FOPS_SPAN_LITERAL(CALL_64("syscall=87 success=yes exit=0 a0=1 a1=2 a2=0 a3=0")
                                               PARENT("/srv/", 2) FILE_ITEM("/srv/x", 7, "DELETE") RECORD("PROCTITLE", "proctitle=7368")));
        assert_published(f, "delete success /srv/x\n");
}

static void test_live_events_leave_at_eoe_or_at_their_deadline(void **state) {
        static const FopsSpan call = FOPS_SPAN_LITERAL("audit(1.002:3): arch=c000003e syscall=87 success=yes exit=0 a0=1 a1=2 a2=0 a3=0");
        FopsPipelineOptions options = { .correlator = FOPS_CORRELATOR_OPTIONS_DEFAULT, .proc_fd = -EBADF, .publish = publish };
        _cleanup_(fops_pipeline_freep) FopsPipeline *live = NULL;
        Fixture *f = *state;

        options.userdata = f;
        live = fops_pipeline_new(&options);
        assert_non_null(live);
        assert_int_equal(fops_pipeline_push(live, AUDIT_SYSCALL, call, 1000), 0);
        assert_int_equal(fops_pipeline_push(live, AUDIT_PROCTITLE, FOPS_SPAN_LITERAL("audit(1.002:3): proctitle=7368"), 1000), 0);
        assert_published(f, "");
        assert_int_equal(fops_pipeline_push(live, AUDIT_EOE, FOPS_SPAN_LITERAL("audit(1.002:3): "), 1000), 0);
        assert_published(f, "delete success\n");

        assert_int_equal(fops_pipeline_push(live, AUDIT_SYSCALL, call, 2000), 0);
        assert_int_equal(fops_pipeline_next_deadline(live), 2000 + FOPS_CORRELATOR_TIMEOUT_USEC);
        assert_int_equal(fops_pipeline_advance(live, 2000 + FOPS_CORRELATOR_TIMEOUT_USEC - 1), 0);
        assert_published(f, "");
        assert_int_equal(fops_pipeline_advance(live, 2000 + FOPS_CORRELATOR_TIMEOUT_USEC), 0);
        assert_published(f, "delete success\n");
        assert_int_equal(fops_pipeline_correlator_stats(live).n_timed_out, 1);
        assert_int_equal(fops_pipeline_resolver_stats(live).n_by_source[FOPS_PATH_UNRESOLVED], 2);
}

static void test_a_reader_that_is_gone_is_told_at_once(void **state) {
        FopsRecordStatus status;
        FopsRecordDiag diag;
        Fixture *f = *state;

        f->result = -EPIPE;
        assert_int_equal(fops_pipeline_push_line(f->pipeline, FOPS_SPAN_LITERAL("type=USER_LOGIN msg=audit(1.002:3): a=b"), &status, &diag),
                         -EPIPE);
        f->result = 0;
}

static void test_every_type_of_record_gets_through(void **state) {
        FopsPipelineStats stats;
        Fixture *f = *state;

        push_file(f, "types.log");
        stats = fops_pipeline_stats(f->pipeline);
        assert_int_equal(stats.n_malformed, 0);
        assert_true(stats.n_events > 20);
        assert_int_equal(stats.n_events, stats.n_operations + stats.n_foreign);
        assert_int_equal(stats.n_events, stats.n_published);
        assert_int_equal(fops_pipeline_correlator_stats(f->pipeline).n_truncated, 0);
}

int main(void) {
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_captured_renames_are_read_as_they_were_made),
                TEST(test_names_at_descriptors_are_not_guessed_offline),
                TEST(test_strange_names_come_out_as_their_bytes),
                TEST(test_descriptors_say_nothing_offline),
                TEST(test_io_uring_is_read_too),
                TEST(test_the_loss_of_a_watch_is_in_the_event_of_the_deletion),
                TEST(test_other_records_pass_through),
                TEST(test_malformed_records_are_counted_and_stop_nothing),
                TEST(test_an_event_whose_end_is_missing_leaves_by_the_clock_of_the_log),
                TEST(test_live_events_leave_at_eoe_or_at_their_deadline),
                TEST(test_a_reader_that_is_gone_is_told_at_once),
                TEST(test_every_type_of_record_gets_through),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
