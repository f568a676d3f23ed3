/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The whole way: captured records in, entries out. */

#include <libaudit.h>

#include "test-records.h"
#include "test-records-index.h"

#include "path.h"
#include "pipeline.h"
#include "rule-compiler.h"

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

static int setup_together(void **state, size_t n_together) {
        FopsPipelineOptions options = { .correlator = FOPS_CORRELATOR_OPTIONS_DEFAULT, .proc_fd = -EBADF, .publish = publish };
        Fixture *f = calloc(1, sizeof(Fixture));

        if (!f)
                return -1;
        f->f = open_memstream(&f->text, &f->size);
        options.userdata = f;
        options.correlator.offline = true;
        options.n_together = n_together;
        f->pipeline = fops_pipeline_new(&options);
        *state = f;
        return f->f && f->pipeline ? 0 : -1;
}

static int setup(void **state) {
        return setup_together(state, 0);
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

static void push_lines_of(Fixture *f, const char *name) {
        _cleanup_free_ char *path = NULL, *text = NULL;
        size_t size = 0;
        FILE *file;

        assert_true(asprintf(&path, "%s/%s", getenv("FOPS_TEST_DATA"), name) > 0);
        file = fopen(path, "re");
        assert_non_null(file);
        assert_true(getdelim(&text, &size, '\0', file) > 0);
        fclose(file);
        push_text(f, fops_span_from_string(text));
}

static void push_file(Fixture *f, const char *name) {
        push_lines_of(f, name);
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

static void push_kept(FopsPipeline *p, uint16_t type, const char *text, uint64_t now_usec) {
        assert_int_equal(fops_pipeline_push_kept(p, type, fops_span_from_string(text), 1, false, now_usec), 0);
}

static void test_an_event_whose_rest_is_there_is_not_torn_by_a_pause(void **state) {
        static const char call[] = "audit(1.002:3): arch=c000003e syscall=87 success=yes exit=0 a0=1 a1=2 a2=0 a3=0 items=2 pid=7 key=\"k\"";
        const uint64_t pause = 5 * FOPS_CORRELATOR_TIMEOUT_USEC;
        FopsPipelineOptions options = { .correlator = FOPS_CORRELATOR_OPTIONS_DEFAULT, .proc_fd = -EBADF, .publish = publish };
        _cleanup_(fops_pipeline_freep) FopsPipeline *live = NULL;
        Fixture *f = *state;

        options.userdata = f;
        live = fops_pipeline_new(&options);
        assert_non_null(live);
        push_kept(live, AUDIT_SYSCALL, call, 1000);
        push_kept(live, AUDIT_CWD, "audit(1.002:3): cwd=\"/srv\"", 1000);
        assert_int_equal(fops_pipeline_advance(live, 1000), 0);

        /* All of it has waited for so long. */
        push_kept(live, AUDIT_PATH, "audit(1.002:3): item=0 name=\"/srv/\" inode=2 dev=fe:00 mode=040755 nametype=PARENT", pause);
        push_kept(live, AUDIT_SYSCALL, "audit(9.002:4): arch=c000003e syscall=87 success=yes exit=0 a0=1 a1=2 a2=0 a3=0 pid=8", pause);
        push_kept(live, AUDIT_PATH, "audit(1.002:3): item=1 name=\"/srv/x\" inode=7 dev=fe:00 mode=0100644 nametype=DELETE", pause);
        push_kept(live, AUDIT_EOE, "audit(1.002:3): ", pause);
        assert_published(f, "delete success /srv/x key k\n");

        /* The other one's time began when it may have come. */
        assert_int_equal(fops_pipeline_advance(live, pause + FOPS_CORRELATOR_TIMEOUT_USEC - 1), 0);
        assert_int_equal(fops_pipeline_correlator_stats(live).n_timed_out, 0);
        assert_int_equal(fops_pipeline_advance(live, pause + FOPS_CORRELATOR_TIMEOUT_USEC), 0);
        assert_int_equal(fops_pipeline_correlator_stats(live).n_timed_out, 1);
        assert_published(f, "delete success\n");
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

/* --- with a path index ------------------------------------------------------------------------------------------------ */

/* A pipeline that watches /srv/data, which is directory 20. Events come at 1000 s and some milliseconds. */
typedef struct Watching {
        FopsPipeline *pipeline;
        FopsPathIndex *index;
        FopsWatch watch;
        FopsTarget target;
        FopsTargets targets;
        FopsWatchSet *set;
        Fixture *published;
        char tag[FOPS_TAG_BYTES_MAX];
        unsigned serial;
        FopsInodeKey new_tree;
        unsigned n_new_trees, n_observed;
        bool swallows; /* what it observes */
        /* What a look into /srv/data, or below it, finds. */
        uint64_t names_inode, names_usec, names_directory;
        const char *name;
        const char *older_name; /* its other link, or NULL */
} Watching;

static char *watch_keys[] = { (char *) "data", NULL };

static int watching_publish(void *userdata, const FopsEntry *e, const FopsOperation *op) {
        Watching *w = userdata;

        return publish(w->published, e, op);
}

static void watching_new_tree(void *userdata, FopsInodeKey directory) {
        Watching *w = userdata;

        w->new_tree = directory;
        w->n_new_trees++;
}

static bool watching_observe(void *userdata, const FopsOperation *op) {
        Watching *w = userdata;

        assert_true(op->tag.data);
        assert_false(op->path.data); /* before anything else is done with it */
        w->n_observed++;
        return w->swallows;
}

static int watching_read_names(void *userdata, FopsSpan path, uint64_t inode, FopsArena *arena _unused_, FopsInodeNames *ret) {
        const Watching *w = userdata;

        if (!fops_span_starts_with(path, FOPS_SPAN_LITERAL("/srv/data")))
                return -ENOENT;
        *ret = (FopsInodeNames){
                .directory = { .inode = w->names_directory, .dev_major = 0xfe, .dev_is_certain = true },
                .names = { fops_span_from_string(w->name) },
                .n = w->name && inode == w->names_inode,
                .usec = w->names_usec,
        };
        return 0;
}

static int watching_look_up(void *userdata, FopsSpan path, FopsInode *ret_inode) {
        const Watching *w = userdata;

        if (!w->name || !(fops_span_equal_string(fops_path_basename(path), w->name) ||
                          (w->older_name && fops_span_equal_string(fops_path_basename(path), w->older_name))))
                return -ENOENT;
        *ret_inode = (FopsInode){ .inode = w->names_inode, .n_links = w->older_name ? 2 : 1, .dev_major = 0xfe, .dev_is_certain = true };
        return 0;
}

static int watching_read_fd(void *userdata _unused_, uint32_t pid _unused_, int fd _unused_, FopsArena *arena _unused_,
                            FopsSpan *ret_path _unused_, FopsInode *ret_inode _unused_) {
        return -ENOENT;
}

static int watching_canonicalize(void *userdata _unused_, FopsSpan path _unused_, FopsArena *arena _unused_,
                                 FopsSpan *ret_path _unused_, FopsInode *ret_inode _unused_) {
        return -ENOENT;
}

static int watching_shares_root(void *userdata _unused_, uint32_t pid _unused_) {
        return -ESRCH;
}

static const FopsWorld watching_world = {
        .read_fd = watching_read_fd,
        .canonicalize = watching_canonicalize,
        .look_up = watching_look_up,
        .read_names = watching_read_names,
        .shares_root = watching_shares_root,
};

/* "changed KIND [SETTING] by COMM PID login AUID" */
static void watching_changed(void *userdata, const FopsAuditChange *change, const FopsOperation *who) {
        Watching *w = userdata;

        fprintf(w->published->f, "changed %d %.*s by %.*s %u login %d\n", (int) change->kind, (int) change->setting.size,
                change->setting.data ? change->setting.data : "", (int) who->comm.size, who->comm.data ? who->comm.data : "", who->pid,
                (int) who->auid);
}

static void watching_init(Watching *w, Fixture *f) {
        FopsPipelineOptions options = {
                .world = &watching_world, .world_userdata = w,
                .correlator = FOPS_CORRELATOR_OPTIONS_DEFAULT, .proc_fd = -EBADF, .publish = watching_publish,
                .new_tree = watching_new_tree, .observe = watching_observe, .changed = watching_changed, .self_pid = 815,
                .userdata = w,
        };

        *w = (Watching){ .published = f, .index = index_new() };
        w->watch = (FopsWatch){ .path = (char *) "/srv/data", .ops = FOPS_OP_MASK_ALL, .recursive = true, .keys = watch_keys };
        w->target = (FopsTarget){ .watch = &w->watch, .path = w->watch.path, .is_directory = true };
        w->targets = (FopsTargets){ &w->target, 1 };
        w->set = fops_watch_set_new(&w->targets);
        fops_target_tag(&w->target, w->tag);
        options.correlator.offline = true;
        options.index = w->index;
        w->pipeline = fops_pipeline_new(&options);
        assert_true(w->set && w->pipeline);
        fops_pipeline_set_watches(w->pipeline, w->set, 0);
        index_add_root(w->index, 20, "/srv/data");
}

static void watching_done(Watching *w) {
        fops_pipeline_free(w->pipeline);
        fops_watch_set_free(w->set);
        fops_path_index_free(w->index);
}

static void push_format(Watching *w, const char *format, ...) _printf_(2, 3);
static void push_format(Watching *w, const char *format, ...) {
        FopsRecordStatus status;
        FopsRecordDiag diag;
        char line[1024];
        va_list ap;

        va_start(ap, format);
        assert_true(vsnprintf(line, sizeof(line), format, ap) < (int) sizeof(line));
        va_end(ap);
        assert_int_equal(fops_pipeline_push_line(w->pipeline, fops_span_from_string(line), &status, &diag), 0);
        assert_int_equal(status, FOPS_RECORD_OK);
}

/* One call by the process @pid, on @name in the directory @parent. Its PATH items are @items, which may name both. */
static void push_call(Watching *w, unsigned msec, unsigned pid, const char *tag, int nr, const char *items[static 5]) {
        w->serial++;
        push_format(w, "type=SYSCALL msg=audit(1000.%03u:%u): arch=c000003e syscall=%d success=yes exit=0 a0=5 a1=1 a2=6 a3=0 ppid=1 pid=%u "
                       "uid=0 gid=0 euid=0 comm=\"x\" exe=\"/x\" key=%s%s%s", msec, w->serial, nr, pid, tag ? "\"" : "", tag ? tag : "(null)",
                    tag ? "\"" : "");
        for (size_t i = 0; i < 5 && items[i]; i++)
                push_format(w, "type=PATH msg=audit(1000.%03u:%u): item=%zu %s ouid=0 ogid=0 rdev=00:00", msec, w->serial, i, items[i]);
        push_format(w, "type=PROCTITLE msg=audit(1000.%03u:%u): proctitle=\"x\"", msec, w->serial);
}

static void push_two(Watching *w, unsigned msec, unsigned pid, const char *tag, int nr, uint64_t parent, const char *name, uint64_t inode,
                     const char *mode, const char *type) {
        char directory[128], object[128];

        snprintf(directory, sizeof(directory), "name=\"w\" inode=%ju dev=fe:00 mode=040755 nametype=PARENT", (uintmax_t) parent);
        snprintf(object, sizeof(object), "name=\"%s\" inode=%ju dev=fe:00 mode=%s nametype=%s", name, (uintmax_t) inode, mode, type);
        push_call(w, msec, pid, tag, nr, (const char *[5]){ directory, object });
}

static void push_mkdir(Watching *w, unsigned msec, unsigned pid, uint64_t parent, const char *name, uint64_t inode) {
        push_two(w, msec, pid, w->tag, 258, parent, name, inode, "040755", "CREATE");
}

static void push_delete(Watching *w, unsigned msec, unsigned pid, uint64_t parent, const char *name) {
        push_two(w, msec, pid, w->tag, 263, parent, name, 99, "0100644", "DELETE");
}

static void test_an_event_that_comes_before_its_directory_waits_for_it(void **state) {
        FopsPipelineStats stats;
        Watching w;

        watching_init(&w, *state);
        push_delete(&w, 2, 2, 21, "x");
        assert_published(*state, "");
        push_mkdir(&w, 1, 1, 20, "sub", 21);
        assert_published(*state, "mkdir success /srv/data/sub key data\ndelete success /srv/data/sub/x key data\n");
        stats = fops_pipeline_stats(w.pipeline);
        assert_int_equal(stats.n_parked, 1);
        assert_int_equal(stats.n_parked_in_vain, 0);
        assert_int_equal(stats.n_events, 2);
        assert_int_equal(fops_pipeline_next_deadline(w.pipeline), UINT64_MAX);
        watching_done(&w);
}

static void test_what_waits_for_one_another_comes_out_in_their_order(void **state) {
        Watching w;

        watching_init(&w, *state);
        push_delete(&w, 3, 3, 22, "x");
        push_mkdir(&w, 2, 2, 21, "b", 22);
        assert_published(*state, "");
        push_mkdir(&w, 1, 1, 20, "a", 21);
        assert_published(*state, "mkdir success /srv/data/a key data\nmkdir success /srv/data/a/b key data\n"
                                 "delete success /srv/data/a/b/x key data\n");
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_parked, 2);
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_parked_in_vain, 0);
        watching_done(&w);
}

static void test_what_makes_other_directories_known_frees_nobody_else(void **state) {
        Watching w;

        watching_init(&w, *state);
        push_delete(&w, 2, 2, 21, "x");
        push_mkdir(&w, 1, 1, 20, "other", 23);
        assert_published(*state, "mkdir success /srv/data/other key data\n");
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_parked, 1);
        push_mkdir(&w, 1, 3, 20, "sub", 21);
        assert_published(*state, "mkdir success /srv/data/sub key data\ndelete success /srv/data/sub/x key data\n");
        watching_done(&w);
}

static void test_an_early_event_waits_for_a_moment_only(void **state) {
        const uint64_t at = UINT64_C(1000002000);
        Watching w;

        watching_init(&w, *state);
        push_delete(&w, 2, 2, 21, "x");
        assert_int_equal(fops_pipeline_next_deadline(w.pipeline), at + 50000);
        push_mkdir(&w, 1, 1, 20, "other", 23);
        assert_published(*state, "mkdir success /srv/data/other key data\n");
        /* To be looked at again is no reason to wait longer. */
        assert_int_equal(fops_pipeline_next_deadline(w.pipeline), at + 50000);
        assert_int_equal(fops_pipeline_advance(w.pipeline, at + 49999), 0);
        assert_published(*state, "");
        assert_int_equal(fops_pipeline_advance(w.pipeline, at + 50000), 0);
        assert_published(*state, "delete success key data\n");
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_parked_in_vain, 1);
        assert_int_equal(fops_pipeline_next_deadline(w.pipeline), UINT64_MAX);
        watching_done(&w);
}

static void test_what_comes_later_cannot_have_made_the_directory(void **state) {
        Watching w;

        watching_init(&w, *state);
        push_delete(&w, 2, 2, 21, "x");
        push_mkdir(&w, 3, 3, 20, "later", 21);
        assert_published(*state, "delete success key data\nmkdir success /srv/data/later key data\n");

        /* Nor can what comes next from the same process, within a tick of the clock. */
        push_delete(&w, 4, 4, 22, "x");
        push_mkdir(&w, 4, 4, 20, "next", 22);
        assert_published(*state, "delete success key data\nmkdir success /srv/data/next key data\n");
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_parked_in_vain, 2);
        watching_done(&w);
}

static void test_the_end_sends_on_what_waits(void **state) {
        Watching w;

        watching_init(&w, *state);
        push_delete(&w, 2, 2, 21, "x");
        push_delete(&w, 2, 3, 22, "y");
        assert_int_equal(fops_pipeline_flush(w.pipeline), 0);
        assert_published(*state, "delete success key data\ndelete success key data\n");
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_parked_in_vain, 2);

        /* And freeing throws it away without a leak. */
        push_delete(&w, 3, 4, 21, "z");
        watching_done(&w);
        assert_published(*state, "");
}

static void test_of_too_many_that_wait_the_oldest_goes_on(void **state) {
        Watching w;

        watching_init(&w, *state);
        for (unsigned i = 0; i < 256; i++)
                push_delete(&w, 2, 2 + i, 21, i == 0 ? "oldest" : "x");
        assert_published(*state, "");
        push_delete(&w, 2, 300, 21, "newest");
        assert_published(*state, "delete success key data\n");
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_parked, 257);
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_parked_in_vain, 1);
        watching_done(&w);
}

static void test_only_what_our_rules_brought_waits(void **state) {
        Watching w;

        watching_init(&w, *state);
        push_two(&w, 2, 2, "others", 263, 21, "x", 99, "0100644", "DELETE");
        assert_published(*state, "record SYSCALL\n");
        /* A known directory among those it names is enough. */
        push_delete(&w, 2, 3, 20, "y");
        assert_published(*state, "delete success /srv/data/y key data\n");
        fops_pipeline_set_watches(w.pipeline, NULL, 0);
        push_delete(&w, 2, 4, 21, "z");
        assert_published(*state, "delete success\n");
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_parked, 0);
        watching_done(&w);
}

static void test_a_removed_directory_may_be_a_new_one_that_was_not_heard_of(void **state) {
        Watching w;

        watching_init(&w, *state);
        push_mkdir(&w, 1, 1, 20, "old", 21);
        push_two(&w, 2, 1, w.tag, 84, 20, "old", 21, "040755", "DELETE");
        assert_published(*state, "mkdir success /srv/data/old key data\nrmdir success /srv/data/old key data\n");
        push_delete(&w, 4, 2, 21, "x");
        assert_published(*state, "");
        push_mkdir(&w, 3, 1, 20, "new", 21);
        assert_published(*state, "mkdir success /srv/data/new key data\ndelete success /srv/data/new/x key data\n");
        watching_done(&w);
}

/* As on ext4: mkdir /srv/data/old; rmdir /srv/data/old; mkdir /tmp/e; touch /tmp/e/f; mv /tmp/e/f /srv/data/g */
static void test_a_removed_directory_may_be_one_outside_of_the_watch(void **state) {
        static const char *items[5] = {
                "name=\"/tmp/e/\" inode=21 dev=fe:00 mode=040755 nametype=PARENT", "name=\"/w/\" inode=20 dev=fe:00 mode=040755 nametype=PARENT",
                "name=\"/tmp/e/f\" inode=50 dev=fe:00 mode=0100644 nametype=DELETE", "name=\"/w/g\" inode=50 dev=fe:00 mode=0100644 nametype=CREATE",
        };
        Watching w;

        watching_init(&w, *state);
        fops_pipeline_set_index_complete(w.pipeline, 0);
        push_mkdir(&w, 1, 1, 20, "old", 21);
        push_two(&w, 2, 1, w.tag, 84, 20, "old", 21, "040755", "DELETE");
        assert_published(*state, "mkdir success /srv/data/old key data\nrmdir success /srv/data/old key data\n");
        push_call(&w, 2, 1, w.tag, 264, items);
        assert_published(*state, "rename success -> /srv/data/g key data\n");

        /* What began before, but ended after, was in the removed one. */
        push_delete(&w, 1, 2, 21, "x");
        push_delete(&w, 3, 3, 20, "y");
        assert_published(*state, "delete success /srv/data/old/x key data\ndelete success /srv/data/y key data\n");
        watching_done(&w);
}

static void test_what_a_never_rule_would_drop_is_for_the_index_alone(void **state) {
        static const char *items[5] = {
                "name=\"/w/\" inode=20 dev=fe:00 mode=040755 nametype=PARENT", "name=\"/w/\" inode=20 dev=fe:00 mode=040755 nametype=PARENT",
                "name=\"/w/a\" inode=21 dev=fe:00 mode=040755 nametype=DELETE", "name=\"/w/b\" inode=21 dev=fe:00 mode=040755 nametype=CREATE",
        };
        Watching w;

        watching_init(&w, *state);
        push_mkdir(&w, 1, 1, 20, "a", 21);
        assert_published(*state, "mkdir success /srv/data/a key data\n");
        push_call(&w, 2, 1, FOPS_TAG_NEVER, 264, items);
        push_two(&w, 3, 1, FOPS_TAG_NEVER, 258, 21, "c", 22, "040755", "CREATE");
        assert_published(*state, "");
        push_delete(&w, 4, 1, 22, "x");
        assert_published(*state, "delete success /srv/data/b/c/x key data\n");
        watching_done(&w);
}

static void test_a_directory_from_outside_is_told_to_be_scanned(void **state) {
        static const char *items[5] = {
                "name=\"/tmp/\" inode=500 dev=fe:00 mode=040755 nametype=PARENT", "name=\"/w/\" inode=20 dev=fe:00 mode=040755 nametype=PARENT",
                "name=\"/tmp/t\" inode=50 dev=fe:00 mode=040755 nametype=DELETE", "name=\"/w/t\" inode=50 dev=fe:00 mode=040755 nametype=CREATE",
        };
        Watching w;

        watching_init(&w, *state);
        push_mkdir(&w, 1, 1, 20, "inside", 51);
        assert_int_equal(w.n_new_trees, 0);
        push_call(&w, 2, 1, w.tag, 264, items);
        assert_int_equal(w.n_new_trees, 1);
        assert_true(fops_inode_key_equal(w.new_tree, index_key(50)));
        assert_indexed(w.index, 50, true, "/srv/data/t");
        watching_done(&w);
}

static void test_what_is_observed_and_taken_goes_no_further(void **state) {
        Watching w;

        watching_init(&w, *state);
        w.swallows = true;
        push_mkdir(&w, 1, 1, 20, "taken", 21);
        push_delete(&w, 2, 1, 77, "early"); /* nor does it wait */
        push_two(&w, 3, 1, NULL, 258, 20, "others", 22, "040755", "CREATE");
        assert_int_equal(w.n_observed, 2);
        assert_indexed(w.index, 21, true, NULL);
        assert_indexed(w.index, 22, true, "/srv/data/others");
        assert_published(*state, "mkdir success /srv/data/others key data\n");

        w.swallows = false;
        push_mkdir(&w, 4, 1, 20, "seen", 23);
        assert_int_equal(w.n_observed, 3);
        assert_published(*state, "mkdir success /srv/data/seen key data\n");
        watching_done(&w);
}

static void test_our_own_changes_are_no_news_and_those_of_others_are(void **state) {
        Watching w;

        watching_init(&w, *state);
        fops_pipeline_own_changes_until(w.pipeline, UINT64_C(1000500000));
        push_format(&w, "type=CONFIG_CHANGE msg=audit(1000.500:1): op=set audit_backlog_limit=8192 old=64 auid=0 ses=1 res=1");
        push_format(&w, "type=CONFIG_CHANGE msg=audit(1000.400:2): auid=0 ses=1 op=add_rule key=666F6F01%s list=4 res=1", "666F7073643A3132");
        assert_int_equal(fops_pipeline_flush(w.pipeline), 0);
        assert_published(*state, "");

        push_format(&w, "type=CONFIG_CHANGE msg=audit(1000.501:3): op=set audit_enabled=0 old=1 auid=0 ses=1 res=1");
        push_format(&w, "type=CONFIG_CHANGE msg=audit(1000.400:4): auid=0 ses=1 op=add_rule key=\"foo\" list=4 res=1");
        push_format(&w, "type=CONFIG_CHANGE msg=audit(1000.400:5): auid=0 ses=1 op=remove_rule key=(null) list=4 res=1");
        assert_int_equal(fops_pipeline_flush(w.pipeline), 0);
        assert_published(*state, "changed 0 audit_enabled by  0 login 0\nrecord CONFIG_CHANGE\n"
                                 "changed 1  by  0 login 0\nrecord CONFIG_CHANGE\nchanged 2  by  0 login 0\nrecord CONFIG_CHANGE\n");

        /* The clock was an hour ahead when we made ours. */
        fops_pipeline_own_changes_until(w.pipeline, UINT64_C(1000500000) + UINT64_C(3600) * 1000000);
        push_format(&w, "type=CONFIG_CHANGE msg=audit(1000.502:7): op=set audit_enabled=0 old=1 auid=0 ses=1 res=1");
        assert_int_equal(fops_pipeline_flush(w.pipeline), 0);
        assert_published(*state, "changed 0 audit_enabled by  0 login 0\nrecord CONFIG_CHANGE\n");
        fops_pipeline_own_changes_until(w.pipeline, UINT64_MAX);
        push_format(&w, "type=CONFIG_CHANGE msg=audit(1000.503:8): op=set audit_enabled=0 old=1 auid=0 ses=1 res=1");
        assert_int_equal(fops_pipeline_flush(w.pipeline), 0);
        assert_published(*state, "");

        /* Who decodes a log wants to see all of it. */
        fops_pipeline_set_watches(w.pipeline, NULL, 0);
        push_format(&w, "type=CONFIG_CHANGE msg=audit(1000.100:6): op=set audit_backlog_limit=8192 old=64 auid=0 ses=1 res=1");
        assert_int_equal(fops_pipeline_flush(w.pipeline), 0);
        assert_published(*state, "record CONFIG_CHANGE\n");
        watching_done(&w);
}

#define CALL_OF(serial, pid, comm) \
        "type=SYSCALL msg=audit(1000.400:" serial "): arch=c000003e syscall=44 success=yes exit=60 a0=3 a1=0 a2=3c a3=0 items=0 ppid=1 pid=" pid \
        " auid=1000 uid=0 gid=0 euid=0 tty=(none) ses=2 comm=\"" comm "\" exe=\"/usr/sbin/x\" key=(null)"

static void test_who_changed_auditing_is_told_even_if_records_of_others_are_dropped(void **state) {
        static const char removed[] = "type=CONFIG_CHANGE msg=audit(1000.400:%s): auid=1000 ses=2 op=remove_rule key=666F6F01666F7073643A3132 list=4 res=1";
        Watching w;

        watching_init(&w, *state);
        fops_pipeline_set_options(w.pipeline, 0, false, false, false, true);
        fops_pipeline_own_changes_until(w.pipeline, UINT64_C(1000399000));

        /* Two requests in one system call. */
        push_format(&w, "type=CONFIG_CHANGE msg=audit(1000.400:1): op=set audit_enabled=0 old=1 auid=1000 ses=2 res=1");
        push_format(&w, removed, "1");
        push_format(&w, CALL_OF("1", "4711", "auditctl"));
        push_format(&w, "type=EOE msg=audit(1000.400:1): ");
        assert_published(*state, "changed 0 audit_enabled by auditctl 4711 login 1000\nchanged 2  by auditctl 4711 login 1000\n");

        /* fopsd itself. */
        push_format(&w, removed, "2");
        push_format(&w, CALL_OF("2", "815", "fopsd"));
        push_format(&w, "type=EOE msg=audit(1000.400:2): ");
        assert_published(*state, "");

        /* Without a SYSCALL record it is a matter of the time; what the kernel does by itself is nobody's. */
        push_format(&w, removed, "3");
        push_format(&w, "type=CONFIG_CHANGE msg=audit(1000.400:4): op=remove_rule dir=\"/srv/data\" key=\"fopsd:12\" list=4 res=1");
        assert_int_equal(fops_pipeline_flush(w.pipeline), 0);
        assert_published(*state, "changed 2  by  0 login 1000\n");
        fops_pipeline_own_changes_until(w.pipeline, UINT64_C(1000400000));
        push_format(&w, removed, "5");
        assert_int_equal(fops_pipeline_flush(w.pipeline), 0);
        assert_published(*state, "");
        watching_done(&w);
}

static void test_what_no_watch_wants_is_counted_and_keeps_the_index_true(void **state) {
        Watching w;

        watching_init(&w, *state);
        w.watch.ops = FOPS_OP_BIT(FOPS_OP_CHMOD);
        push_mkdir(&w, 1, 1, 20, "sub", 21);
        assert_published(*state, "");
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_filtered, 1);
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_foreign, 0);
        assert_indexed(w.index, 21, true, "/srv/data/sub");
        watching_done(&w);
}

/* --- names that are read in their directory --------------------------------------------------------------------------- */

#define T0 UINT64_C(1000000000) /* 1000.000 s */

/* io_uring's: no names. Both directories may be one. */
static void push_uring(Watching *w, unsigned msec, unsigned op, const char *items[static 4]) {
        unsigned n = 0;

        while (n < 4 && items[n])
                n++;
        w->serial++;
        push_format(w, "type=URINGOP msg=audit(1000.%03u:%u): uring_op=%u success=yes exit=0 items=%u ppid=1 pid=9 uid=0 gid=0 euid=0 key=\"%s\"",
                    msec, w->serial, op, n, w->tag);
        for (unsigned i = 0; i < n; i++)
                push_format(w, "type=PATH msg=audit(1000.%03u:%u): item=%u name=(null) %s ouid=0 ogid=0 rdev=00:00", msec, w->serial, i, items[i]);
}

#define URING_ITEM(ino, mode, type) "inode=" #ino " dev=fe:00 mode=" mode " nametype=" type
#define URING_FILE_MADE(ino) ((const char *[4]){ URING_ITEM(20, "040755", "PARENT"), URING_ITEM(ino, "0100644", "CREATE") })
#define URING_FILE_GONE(ino) ((const char *[4]){ URING_ITEM(20, "040755", "PARENT"), URING_ITEM(ino, "0100644", "DELETE") })
#define URING_DIRECTORY_MADE(ino) ((const char *[4]){ URING_ITEM(20, "040755", "PARENT"), URING_ITEM(ino, "040755", "CREATE") })

enum { OPENAT = 18, RENAMEAT = 35, UNLINKAT = 36, MKDIRAT = 37 };

static void finds(Watching *w, uint64_t inode, const char *name, uint64_t usec) {
        w->names_inode = inode;
        w->name = name;
        w->names_usec = usec;
}

static void sighted_init(Watching *w, Fixture *f) {
        watching_init(w, f);
        w->names_directory = 20;
        fops_pipeline_set_index_scanned(w->pipeline, 0);
        fops_pipeline_set_index_complete(w->pipeline, 0);
}

static void test_a_name_that_was_read_is_told_when_nothing_can_contradict_it_any_more(void **state) {
        Watching w;

        sighted_init(&w, *state);
        finds(&w, 30, "new", T0 + 2000);
        push_uring(&w, 1, OPENAT, URING_FILE_MADE(30));
        push_delete(&w, 2, 2, 20, "x");
        push_delete(&w, 22, 2, 20, "y");
        assert_published(*state, "delete success /srv/data/x key data\ndelete success /srv/data/y key data\n");
        assert_indexed(w.index, 30, false, NULL);
        push_format(&w, "type=USER_LOGIN msg=audit(1000.022:900): pid=1");
        assert_published(*state, "record USER_LOGIN\n");
        push_format(&w, "type=USER_LOGIN msg=audit(1000.023:901): pid=1");
        assert_published(*state, "create success /srv/data/new key data\nrecord USER_LOGIN\n");
        assert_indexed(w.index, 30, false, "/srv/data/new");
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_sighted, 1);
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_sighted_in_vain, 0);

        /* So that later its removal is told. */
        push_uring(&w, 30, UNLINKAT, URING_FILE_GONE(30));
        assert_published(*state, "delete /srv/data/new key data\n");
        /* It may have been refused, for the name is there still. */
        assert_indexed(w.index, 30, false, "/srv/data/new");
        finds(&w, 0, NULL, 0);
        push_uring(&w, 31, UNLINKAT, URING_FILE_GONE(30));
        assert_published(*state, "delete /srv/data/new key data\n");
        assert_indexed(w.index, 30, false, NULL);
        watching_done(&w);
}

static void test_a_name_that_may_be_a_later_one_is_not_told(void **state) {
        static const char *renamed[4] = {
                URING_ITEM(20, "040755", "PARENT"), URING_ITEM(30, "0100644", "DELETE"), URING_ITEM(20, "040755", "PARENT"),
                URING_ITEM(30, "0100644", "CREATE"),
        };
        Watching w;

        sighted_init(&w, *state);
        /* Made as "tmp", and already renamed when we looked. */
        finds(&w, 30, "final", T0 + 2000);
        push_uring(&w, 1, OPENAT, URING_FILE_MADE(30));
        push_uring(&w, 2, RENAMEAT, renamed);
        assert_published(*state, "create success key data in /srv/data\n");
        assert_indexed(w.index, 30, false, NULL);
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_sighted_in_vain, 1);
        push_delete(&w, 30, 2, 20, "x");
        assert_published(*state, "rename success -> /srv/data/final key data in /srv/data\ndelete success /srv/data/x key data\n");
        assert_indexed(w.index, 30, false, "/srv/data/final");

        /* Removed, and its inode another's, by an ordinary call. */
        finds(&w, 31, "second", T0 + 42000);
        push_uring(&w, 40, OPENAT, URING_FILE_MADE(31));
        push_two(&w, 42, 7, w.tag, 263, 20, "first", 31, "0100644", "DELETE");
        assert_published(*state, "create success key data in /srv/data\ndelete success /srv/data/first key data\n");

        /* One name more, of which it isn't known which came first. */
        finds(&w, 32, "second", T0 + 52000);
        push_uring(&w, 50, OPENAT, URING_FILE_MADE(32));
        push_two(&w, 51, 7, w.tag, 265, 20, "link", 32, "0100644", "CREATE");
        assert_published(*state, "create success key data in /srv/data\nlink success -> /srv/data/link key data\n");
        watching_done(&w);
}

static void test_until_its_new_name_is_certain_a_renamed_file_has_none(void **state) {
        static const char *renamed[4] = {
                URING_ITEM(20, "040755", "PARENT"), URING_ITEM(30, "0100644", "DELETE"), URING_ITEM(20, "040755", "PARENT"),
                URING_ITEM(30, "0100644", "CREATE"),
        };
        Watching w;

        sighted_init(&w, *state);
        index_put(w.index, 20, "old", 30, false);
        finds(&w, 30, "new", T0 + 2000);
        push_uring(&w, 1, RENAMEAT, renamed);
        assert_indexed(w.index, 30, false, NULL);
        push_delete(&w, 30, 2, 20, "x");
        assert_published(*state, "rename success /srv/data/old -> /srv/data/new key data\ndelete success /srv/data/x key data\n");
        assert_indexed(w.index, 30, false, "/srv/data/new");

        /* A link takes nothing away. */
        finds(&w, 30, "hard", T0 + 42000);
        w.older_name = "new";
        push_uring(&w, 41, 39, URING_FILE_MADE(30));
        assert_indexed(w.index, 30, false, "/srv/data/new");
        push_delete(&w, 70, 2, 20, "x");
        assert_published(*state, "link success /srv/data/new -> /srv/data/hard key data\ndelete success /srv/data/x key data\n");
        assert_indexed(w.index, 30, false, NULL);

        /* A new place that doesn't become known is one more. */
        finds(&w, 31, "late", T0 + 82000);
        w.older_name = "lone";
        index_put(w.index, 20, "lone", 31, false);
        push_uring(&w, 81, 39, URING_FILE_MADE(31));
        assert_int_equal(fops_pipeline_flush(w.pipeline), 0);
        assert_indexed(w.index, 31, false, NULL);
        assert_published(*state, "link success /srv/data/lone key data\n");
        watching_done(&w);
}

static void test_until_its_new_name_is_certain_nothing_is_below_a_renamed_directory(void **state) {
        static const char *renamed[4] = {
                URING_ITEM(20, "040755", "PARENT"), URING_ITEM(30, "040755", "DELETE"), URING_ITEM(20, "040755", "PARENT"),
                URING_ITEM(30, "040755", "CREATE"),
        };
        Watching w;

        sighted_init(&w, *state);
        index_put(w.index, 20, "old", 30, true);
        index_put(w.index, 30, "below", 31, true);
        finds(&w, 30, "new", T0 + 2000);
        push_uring(&w, 1, RENAMEAT, renamed);
        assert_indexed(w.index, 30, true, NULL);
        assert_indexed(w.index, 31, true, NULL);
        push_delete(&w, 30, 2, 31, "x");
        assert_published(*state, "rename success /srv/data/old -> /srv/data/new key data\n"
                                 "delete success /srv/data/new/below/x key data\n");
        watching_done(&w);
}

static void test_what_happened_after_the_look_contradicts_nothing(void **state) {
        Watching w;

        sighted_init(&w, *state);
        finds(&w, 30, "new", T0 + 2000);
        push_uring(&w, 1, OPENAT, URING_FILE_MADE(30));
        finds(&w, 0, NULL, 0);
        push_uring(&w, 3, UNLINKAT, URING_FILE_GONE(30));
        assert_published(*state, "create success /srv/data/new key data\ndelete /srv/data/new key data\n");

        /* A call that failed did nothing. */
        finds(&w, 31, "other", T0 + 6000);
        push_uring(&w, 5, OPENAT, URING_FILE_MADE(31));
        w.serial++;
        push_format(&w, "type=SYSCALL msg=audit(1000.006:%u): arch=c000003e syscall=87 success=no exit=-13 a0=5 a1=1 a2=6 a3=0 ppid=1 pid=3 "
                        "uid=0 gid=0 euid=0 comm=\"x\" exe=\"/x\" key=(null)", w.serial);
        push_format(&w, "type=PATH msg=audit(1000.006:%u): item=0 name=\"q\" inode=31 dev=fe:00 mode=0100644 nametype=DELETE", w.serial);
        push_format(&w, "type=PROCTITLE msg=audit(1000.006:%u): proctitle=\"x\"", w.serial);
        assert_published(*state, "record SYSCALL\n");
        push_delete(&w, 50, 2, 20, "x");
        assert_published(*state, "create success /srv/data/other key data\ndelete success /srv/data/x key data\n");
        watching_done(&w);
}

static void test_a_name_is_certain_too_when_nothing_comes_any_more(void **state) {
        Watching w;

        sighted_init(&w, *state);
        finds(&w, 30, "new", T0 + 2000);
        push_uring(&w, 1, OPENAT, URING_FILE_MADE(30));
        /* What there is to read may not have been read. */
        assert_int_equal(fops_pipeline_next_deadline(w.pipeline), T0 + 1000 + 20000);
        assert_int_equal(fops_pipeline_advance(w.pipeline, T0 + 90000), 0);
        assert_published(*state, "");
        assert_int_equal(fops_pipeline_next_deadline(w.pipeline), T0 + 90000 + 20000);
        assert_int_equal(fops_pipeline_advance(w.pipeline, T0 + 90000 + 19999), 0);
        assert_published(*state, "");
        assert_int_equal(fops_pipeline_advance(w.pipeline, T0 + 90000 + 20000), 0);
        assert_published(*state, "create success /srv/data/new key data\n");
        assert_int_equal(fops_pipeline_next_deadline(w.pipeline), UINT64_MAX);

        /* Each thing that comes interrupts the quiet. */
        finds(&w, 31, "other", T0 + 200000);
        push_uring(&w, 200, OPENAT, URING_FILE_MADE(31));
        assert_int_equal(fops_pipeline_advance(w.pipeline, T0 + 200000), 0);
        push_delete(&w, 200, 2, 20, "x");
        assert_int_equal(fops_pipeline_advance(w.pipeline, T0 + 220000), 0);
        assert_published(*state, "delete success /srv/data/x key data\n");
        assert_int_equal(fops_pipeline_advance(w.pipeline, T0 + 240000), 0);
        assert_published(*state, "create success /srv/data/other key data\n");

        /* And of what was looked for only then, the answer isn't as old as the quiet. */
        push_uring(&w, 300, OPENAT, (const char *[4]){ URING_ITEM(21, "040755", "PARENT"), URING_ITEM(32, "0100644", "CREATE") });
        assert_int_equal(fops_pipeline_advance(w.pipeline, T0 + 300000), 0);
        index_put(w.index, 20, "sub", 21, true);
        w.names_directory = 21;
        finds(&w, 32, "third", T0 + 350000);
        assert_int_equal(fops_pipeline_advance(w.pipeline, T0 + 350000), 0);
        assert_int_equal(fops_pipeline_next_deadline(w.pipeline), T0 + 370000);
        assert_int_equal(fops_pipeline_advance(w.pipeline, T0 + 369999), 0);
        assert_published(*state, "");
        assert_int_equal(fops_pipeline_advance(w.pipeline, T0 + 370000), 0);
        assert_published(*state, "create success /srv/data/sub/third key data\n");
        watching_done(&w);
}

static void test_what_is_made_in_a_new_directory_waits_for_its_name(void **state) {
        Watching w;

        sighted_init(&w, *state);
        finds(&w, 30, "dir", T0 + 2000);
        push_uring(&w, 1, MKDIRAT, URING_DIRECTORY_MADE(30));
        push_delete(&w, 3, 3, 30, "inside");
        push_delete(&w, 7, 3, 20, "x");
        assert_published(*state, "delete success /srv/data/x key data\n");
        push_delete(&w, 25, 3, 20, "y");
        assert_published(*state, "mkdir success /srv/data/dir key data\ndelete success /srv/data/dir/inside key data\n"
                                 "delete success /srv/data/y key data\n");
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_parked_in_vain, 0);
        watching_done(&w);
}

static void test_the_end_tells_no_name_that_is_not_certain(void **state) {
        Watching w;

        sighted_init(&w, *state);
        finds(&w, 30, "new", T0 + 2000);
        push_uring(&w, 1, OPENAT, URING_FILE_MADE(30));
        assert_int_equal(fops_pipeline_flush(w.pipeline), 0);
        assert_published(*state, "create success key data in /srv/data\n");

        /* Freeing leaks nothing. */
        push_uring(&w, 2, OPENAT, URING_FILE_MADE(30));
        watching_done(&w);
        assert_published(*state, "");
}

static void test_of_too_many_new_names_the_oldest_goes_without(void **state) {
        Watching w;

        sighted_init(&w, *state);
        for (unsigned i = 0; i < 257; i++) {
                char item[128];

                assert_published(*state, "");
                finds(&w, 1000 + i, "new", T0 + 2000);
                snprintf(item, sizeof(item), "inode=%u dev=fe:00 mode=0100644 nametype=CREATE", 1000 + i);
                push_uring(&w, 1, OPENAT, (const char *[4]){ URING_ITEM(20, "040755", "PARENT"), item });
        }
        assert_published(*state, "create success key data in /srv/data\n");
        assert_int_equal(fops_pipeline_stats(w.pipeline).n_sighted_in_vain, 1);
        watching_done(&w);
}

/* --- what waits is read once --------------------------------------------------------------------------------------------- */

static void test_what_waits_is_observed_once(void **state) {
        Watching w;

        watching_init(&w, *state);
        push_delete(&w, 2, 2, 21, "x");
        push_mkdir(&w, 1, 1, 20, "other", 23);
        push_mkdir(&w, 1, 3, 20, "another", 24);
        push_mkdir(&w, 1, 4, 20, "sub", 21);
        assert_int_equal(w.n_observed, 4);
        assert_published(*state, "mkdir success /srv/data/other key data\nmkdir success /srv/data/another key data\n"
                                 "mkdir success /srv/data/sub key data\ndelete success /srv/data/sub/x key data\n");
        watching_done(&w);
}

static void test_what_is_below_a_directory_that_comes_back_is_not_known_until_it_is_seen(void **state) {
        static const char *out[5] = {
                "name=\"/w/\" inode=20 dev=fe:00 mode=040755 nametype=PARENT", "name=\"/tmp/\" inode=500 dev=fe:00 mode=040755 nametype=PARENT",
                "name=\"/w/a\" inode=21 dev=fe:00 mode=040755 nametype=DELETE", "name=\"/tmp/a\" inode=21 dev=fe:00 mode=040755 nametype=CREATE",
        };
        static const char *in[5] = {
                "name=\"/tmp/\" inode=500 dev=fe:00 mode=040755 nametype=PARENT", "name=\"/w/\" inode=20 dev=fe:00 mode=040755 nametype=PARENT",
                "name=\"/tmp/a\" inode=21 dev=fe:00 mode=040755 nametype=DELETE", "name=\"/w/b\" inode=21 dev=fe:00 mode=040755 nametype=CREATE",
        };
        const FopsPathLink below = { index_key(21), FOPS_SPAN_LITERAL("below"), index_key(22), true };
        Watching w;

        watching_init(&w, *state);
        push_mkdir(&w, 1, 1, 20, "a", 21);
        push_mkdir(&w, 1, 1, 21, "below", 22);
        push_call(&w, 2, 1, w.tag, 264, out);
        assert_published(*state, "mkdir success /srv/data/a key data\nmkdir success /srv/data/a/below key data\n"
                                 "rename success /srv/data/a key data\n");
        assert_indexed(w.index, 22, true, NULL);
        push_delete(&w, 4, 2, 22, "x");
        assert_published(*state, "");
        push_call(&w, 4, 1, w.tag, 264, in);
        assert_published(*state, "rename success -> /srv/data/b key data\n");
        assert_indexed(w.index, 21, true, "/srv/data/b");
        assert_indexed(w.index, 22, true, NULL);
        push_mkdir(&w, 5, 1, 21, "new", 23);
        assert_published(*state, "delete success key data\nmkdir success /srv/data/b/new key data\n");
        assert_int_equal(fops_path_index_put(w.index, &below, FOPS_PUT_SCANNED), FOPS_INDEX_KNOWN);
        push_delete(&w, 6, 2, 22, "y");
        assert_published(*state, "delete success /srv/data/b/below/y key data\n");
        watching_done(&w);
}

static void test_older_events_go_on_whoever_they_wait_for(void **state) {
        Watching w;

        watching_init(&w, *state);
        push_delete(&w, 5, 2, 21, "x"); /* of another process and the same time: it stays */
        push_delete(&w, 4, 3, 22, "y");
        push_delete(&w, 5, 4, 23, "z");
        assert_published(*state, "delete success key data\n");
        /* A foreign record has a time too. */
        push_format(&w, "type=USER_LOGIN msg=audit(1000.005:900): pid=1");
        assert_published(*state, "record USER_LOGIN\n");
        push_format(&w, "type=USER_LOGIN msg=audit(1000.006:901): pid=1");
        assert_published(*state, "delete success key data\ndelete success key data\nrecord USER_LOGIN\n");
        watching_done(&w);
}

static void test_requests_of_io_uring_are_not_one_after_another(void **state) {
        static const char *early[4] = { URING_ITEM(77, "040755", "PARENT"), URING_ITEM(99, "0100644", "DELETE") };
        Watching w;

        watching_init(&w, *state);
        push_uring(&w, 2, UNLINKAT, early);
        push_uring(&w, 2, UNLINKAT, early);
        assert_published(*state, "");
        push_mkdir(&w, 1, 1, 20, "sub", 77);
        assert_published(*state, "mkdir success /srv/data/sub key data\ndelete key data in /srv/data/sub\n"
                                 "delete key data in /srv/data/sub\n");
        watching_done(&w);
}

static void test_an_index_that_is_ahead_of_an_event_keeps_what_it_saw_to_itself(void **state) {
        static const char *in[5] = {
                "name=\"/tmp/\" inode=500 dev=fe:00 mode=040755 nametype=PARENT", "name=\"/w/\" inode=20 dev=fe:00 mode=040755 nametype=PARENT",
                "name=\"/tmp/t\" inode=50 dev=fe:00 mode=040755 nametype=DELETE", "name=\"/w/t\" inode=50 dev=fe:00 mode=040755 nametype=CREATE",
        };
        Watching w;

        watching_init(&w, *state);
        fops_pipeline_set_index_scanned(w.pipeline, T0);
        fops_pipeline_set_index_complete(w.pipeline, T0);
        push_call(&w, 1, 1, w.tag, 264, in);
        assert_int_equal(w.n_new_trees, 1);
        fops_pipeline_set_index_scanned(w.pipeline, UINT64_MAX);
        fops_pipeline_set_index_complete(w.pipeline, UINT64_MAX);
        /* The scan of it, which is as new as 1000.020 s, sees a directory of an inode that was another one's before. */
        index_put(w.index, 50, "new", 60, true);
        fops_pipeline_set_index_scanned(w.pipeline, T0 + 20000);
        fops_pipeline_set_index_complete(w.pipeline, T0 + 20000);
        push_delete(&w, 10, 2, 60, "x");
        push_delete(&w, 11, 2, 20, "y");
        assert_published(*state, "rename success -> /srv/data/t key data\ndelete success key data\ndelete success /srv/data/y key data\n");
        push_delete(&w, 20, 2, 60, "z");
        assert_published(*state, "delete success /srv/data/t/new/z key data\n");
        watching_done(&w);
}

static void test_at_the_beginning_too_a_scan_is_ahead_of_older_events(void **state) {
        Watching w;

        watching_init(&w, *state);
        index_put(w.index, 20, "sub", 21, true);
        push_delete(&w, 5, 2, 21, "x");
        fops_pipeline_set_index_scanned(w.pipeline, T0 + 20000);
        push_delete(&w, 10, 2, 21, "y");
        assert_published(*state, "delete success key data\n");
        /* Not all was scanned; but what was is told. */
        push_delete(&w, 20, 2, 21, "z");
        assert_published(*state, "delete success key data\ndelete success /srv/data/sub/z key data\n");
        watching_done(&w);
}

static void test_what_others_have_overtaken_is_not_told_where_its_directory_is_since(void **state) {
        Watching w;

        watching_init(&w, *state);
        fops_pipeline_set_index_scanned(w.pipeline, 0);
        push_delete(&w, 4, 2, 60, "x");
        push_mkdir(&w, 4, 3, 60, "made", 61);
        push_mkdir(&w, 4, 1, 20, "other", 70);
        assert_published(*state, "mkdir success /srv/data/other key data\n");
        index_put(w.index, 20, "u", 60, true);
        push_delete(&w, 5, 1, 20, "y");
        assert_published(*state, "delete success key data\nmkdir success key data\ndelete success /srv/data/y key data\n");

        /* What it made there isn't known until it is seen. */
        assert_indexed(w.index, 60, true, "/srv/data/u");
        assert_indexed(w.index, 61, true, NULL);
        assert_int_equal(w.n_new_trees, 1);
        watching_done(&w);
}

static void test_a_directory_that_is_gone_is_not_the_next_one_of_its_inode(void **state) {
        Watching w;

        watching_init(&w, *state);
        push_delete(&w, 4, 2, 50, "x");
        push_two(&w, 4, 1, w.tag, 84, 20, "t", 50, "040755", "DELETE");
        push_mkdir(&w, 4, 3, 20, "new", 50);
        assert_published(*state, "delete success key data\nrmdir success /srv/data/t key data\nmkdir success /srv/data/new key data\n");
        watching_done(&w);
}

static void test_what_is_in_two_directories_does_not_wait(void **state) {
        static const char *in[5] = {
                "name=\"/u/\" inode=50 dev=fe:00 mode=040755 nametype=PARENT", "name=\"/v/\" inode=51 dev=fe:00 mode=040755 nametype=PARENT",
                "name=\"/u/t\" inode=60 dev=fe:00 mode=0100644 nametype=DELETE", "name=\"/v/t\" inode=60 dev=fe:00 mode=0100644 nametype=CREATE",
        };
        Watching w;

        watching_init(&w, *state);
        push_call(&w, 4, 2, w.tag, 264, in);
        push_mkdir(&w, 4, 1, 20, "new", 50);
        assert_published(*state, "rename success key data\nmkdir success /srv/data/new key data\n");
        watching_done(&w);
}

static void test_when_a_tree_comes_in_no_removed_directory_is_known_any_more(void **state) {
        static const char *in[5] = {
                "name=\"/tmp/\" inode=500 dev=fe:00 mode=040755 nametype=PARENT", "name=\"/w/\" inode=20 dev=fe:00 mode=040755 nametype=PARENT",
                "name=\"/tmp/t\" inode=50 dev=fe:00 mode=040755 nametype=DELETE", "name=\"/w/t\" inode=50 dev=fe:00 mode=040755 nametype=CREATE",
        };
        Watching w;

        watching_init(&w, *state);
        push_mkdir(&w, 1, 1, 20, "old", 21);
        push_two(&w, 2, 1, w.tag, 84, 20, "old", 21, "040755", "DELETE");
        assert_true(fops_path_index_is_ghost(w.index, index_key(21)));
        push_call(&w, 3, 1, w.tag, 264, in);
        assert_false(fops_path_index_is_ghost(w.index, index_key(21)));
        assert_indexed(w.index, 21, true, NULL);
        watching_done(&w);
}

/* Also those that end by time alone, at their place among the others. */
static void test_events_that_are_dealt_with_together_are_told_as_one_by_one(void **state _unused_) {
        static const char *const names[] = { "mixed.log", "uring.log", "hostile.log", "rename.log", "types.log", "edge.log" };
        static const size_t n_together[] = { 0, 1, 2, 7, 1000 };
        Fixture *fixtures[ELEMENTSOF(n_together)];

        for (size_t i = 0; i < ELEMENTSOF(n_together); i++) {
                void *fixture = NULL;

                assert_int_equal(setup_together(&fixture, n_together[i]), 0);
                fixtures[i] = fixture;
                for (size_t j = 0; j < ELEMENTSOF(names); j++) {
                        push_text(fixtures[i], FOPS_SPAN_LITERAL("type=CWD msg=audit(1.000:1): cwd=\"/\"\n"));
                        push_lines_of(fixtures[i], names[j]);
                }
                if (n_together[i] == 1000) {
                        assert_int_equal(fflush(fixtures[i]->f), 0);
                        assert_true(fixtures[i]->size < fixtures[0]->size);
                }
                assert_int_equal(fops_pipeline_flush(fixtures[i]->pipeline), 0);
                assert_int_equal(fflush(fixtures[i]->f), 0);
                assert_string_equal(fixtures[i]->text, fixtures[0]->text);
        }
        for (size_t i = 0; i < ELEMENTSOF(n_together); i++)
                teardown((void **) (fixtures + i));
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
                TEST(test_an_event_whose_rest_is_there_is_not_torn_by_a_pause),
                TEST(test_a_reader_that_is_gone_is_told_at_once),
                TEST(test_every_type_of_record_gets_through),
                TEST(test_an_event_that_comes_before_its_directory_waits_for_it),
                TEST(test_what_waits_for_one_another_comes_out_in_their_order),
                TEST(test_what_makes_other_directories_known_frees_nobody_else),
                TEST(test_an_early_event_waits_for_a_moment_only),
                TEST(test_what_comes_later_cannot_have_made_the_directory),
                TEST(test_the_end_sends_on_what_waits),
                TEST(test_of_too_many_that_wait_the_oldest_goes_on),
                TEST(test_only_what_our_rules_brought_waits),
                TEST(test_a_removed_directory_may_be_a_new_one_that_was_not_heard_of),
                TEST(test_a_removed_directory_may_be_one_outside_of_the_watch),
                TEST(test_what_a_never_rule_would_drop_is_for_the_index_alone),
                TEST(test_a_directory_from_outside_is_told_to_be_scanned),
                TEST(test_what_is_observed_and_taken_goes_no_further),
                TEST(test_our_own_changes_are_no_news_and_those_of_others_are),
                TEST(test_who_changed_auditing_is_told_even_if_records_of_others_are_dropped),
                TEST(test_what_no_watch_wants_is_counted_and_keeps_the_index_true),
                TEST(test_a_name_that_was_read_is_told_when_nothing_can_contradict_it_any_more),
                TEST(test_a_name_that_may_be_a_later_one_is_not_told),
                TEST(test_until_its_new_name_is_certain_a_renamed_file_has_none),
                TEST(test_until_its_new_name_is_certain_nothing_is_below_a_renamed_directory),
                TEST(test_what_happened_after_the_look_contradicts_nothing),
                TEST(test_a_name_is_certain_too_when_nothing_comes_any_more),
                TEST(test_what_is_made_in_a_new_directory_waits_for_its_name),
                TEST(test_the_end_tells_no_name_that_is_not_certain),
                TEST(test_of_too_many_new_names_the_oldest_goes_without),
                TEST(test_what_waits_is_observed_once),
                TEST(test_what_is_below_a_directory_that_comes_back_is_not_known_until_it_is_seen),
                TEST(test_older_events_go_on_whoever_they_wait_for),
                TEST(test_requests_of_io_uring_are_not_one_after_another),
                TEST(test_an_index_that_is_ahead_of_an_event_keeps_what_it_saw_to_itself),
                TEST(test_at_the_beginning_too_a_scan_is_ahead_of_older_events),
                TEST(test_what_others_have_overtaken_is_not_told_where_its_directory_is_since),
                TEST(test_a_directory_that_is_gone_is_not_the_next_one_of_its_inode),
                TEST(test_what_is_in_two_directories_does_not_wait),
                TEST(test_when_a_tree_comes_in_no_removed_directory_is_known_any_more),
                cmocka_unit_test(test_events_that_are_dealt_with_together_are_told_as_one_by_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
