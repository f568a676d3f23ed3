/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Events of fanotify into entries. An event has a handle of the directory and the name in it; the handle's path is what
 * /proc/self/fd says when it is open. */

#include "follow-close.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <time.h>

#include "path.h"
#include "text.h"

/* How long to wait for records of what happened before: journald tells of new entries four times a second. */
#define HOLD_USEC UINT64_C(500000)
/* More than this at once are called out early, in their own order still. */
#define HELD_MAX 1024U
/* What read(2) takes at once: some hundred events. */
#define BUFFER_BYTES ((size_t) 32768)

typedef struct Closing {
        struct Closing *next;
        uint64_t usec;
        int pid;
        char exe[PATH_MAX], comm[32];
        size_t path_size;
        char path[];
} Closing;

struct FollowClose {
        FollowHandlers handlers;
        const FollowScope *scope; /* borrowed */
        int fd;
        int *root_fds;  /* one in each file system, for the handles */
        size_t n_root_fds;
        sd_event_source *source, *timer;
        Closing *oldest, *newest;
        size_t n_held;
        FopsEntry entry;
        FopsArena arena; /* of one event */
};

FollowClose *follow_close_free(FollowClose *c) {
        if (!c)
                return NULL;
        sd_event_source_disable_unref(c->source);
        sd_event_source_disable_unref(c->timer);
        for (Closing *closing = c->oldest, *next; closing; closing = next) {
                next = closing->next;
                free(closing);
        }
        for (size_t i = 0; i < c->n_root_fds; i++)
                close(c->root_fds[i]);
        free(c->root_fds);
        if (c->fd >= 0)
                close(c->fd);
        fops_entry_done(&c->entry);
        fops_arena_done(&c->arena);
        free(c);
        return NULL;
}

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

/* --- entries ---------------------------------------------------------------------------------------------------------- */

static void add_message(FopsEntry *e, FopsSpan path, FopsSpan program, int pid) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return;
        fputs("closed ", f);
        fops_text_print_name(path, f);
        fputs(" after writing", f);
        if (program.data && program.size > 0) {
                fputs(" with ", f);
                fops_text_print_name(program, f);
                fprintf(f, "[%d]", pid);
        }
        if (fclose(f) == 0)
                fops_entry_add(e, "MESSAGE", fops_arena_copy(&e->arena, (FopsSpan){ text, size }));
}

static int call_out(FollowClose *c, const Closing *closing) {
        FopsSpan path = { closing->path, closing->path_size };
        FopsEntry *e = &c->entry;

        fops_entry_begin(e, FOPS_KIND_OPERATION, 6);
        add_message(e, path, fops_span_from_string(closing->comm), closing->pid);
        fops_entry_printf(e, "FOPSD_TIME", "%ju.%03u", (uintmax_t) (closing->usec / 1000000),
                          (unsigned) (closing->usec / 1000 % 1000));
        fops_entry_add(e, "FOPSD_OP", FOPS_SPAN_LITERAL("close_write"));
        fops_entry_add(e, "FOPSD_CLASS", FOPS_SPAN_LITERAL("write"));
        fops_entry_add(e, "FOPSD_RESULT", FOPS_SPAN_LITERAL("success"));
        fops_entry_add(e, "FOPSD_PATH", path);
        fops_entry_add(e, "FOPSD_DIR", fops_path_dirname(path));
        if (closing->pid > 0)
                fops_entry_add_i64(e, "FOPSD_PID", closing->pid);
        fops_entry_add(e, "FOPSD_EXE", fops_span_from_string(closing->exe));
        fops_entry_add(e, "FOPSD_COMM", fops_span_from_string(closing->comm));
        return c->handlers.entry(c->handlers.userdata, e);
}

/* Calls out what is older than @usec, and, whatever its age, the oldest above @n_max. */
static int call_out_older(FollowClose *c, uint64_t usec, size_t n_max) {
        int r = 0;

        while (r >= 0 && c->oldest && (c->oldest->usec < usec || c->n_held > n_max)) {
                Closing *closing = c->oldest;

                c->oldest = closing->next;
                if (!c->oldest)
                        c->newest = NULL;
                c->n_held--;
                r = call_out(c, closing);
                free(closing);
        }
        return r;
}

int follow_close_catch_up(FollowClose *c, uint64_t usec) {
        return call_out_older(c, usec, HELD_MAX);
}

/* Calls out what has waited long enough, and comes again for the rest. */
static int call_out_due(FollowClose *c) {
        int r;

        r = call_out_older(c, now_usec() - HOLD_USEC, HELD_MAX);
        if (r < 0 || !c->oldest)
                return r;
        r = sd_event_source_set_time_relative(c->timer, HOLD_USEC / 2);
        return r < 0 ? r : sd_event_source_set_enabled(c->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec _unused_, void *userdata) {
        int r;

        r = call_out_due(userdata);
        return r < 0 ? follow_end(sd_event_source_get_event(source), r) : 0;
}

/* --- events ----------------------------------------------------------------------------------------------------------- */

/* The directory of a handle, by whichever root's file system knows it. False if it is gone. */
static bool find_directory(const FollowClose *c, struct file_handle *handle, char ret[static PATH_MAX]) {
        for (size_t i = 0; i < c->n_root_fds; i++) {
                _cleanup_close_ int fd = open_by_handle_at(c->root_fds[i], handle, O_PATH | O_CLOEXEC);
                char link[sizeof("/proc/self/fd/") + 11];
                ssize_t n;

                if (fd < 0)
                        continue;
                snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
                n = readlink(link, ret, PATH_MAX - 1);
                if (n > 0 && ret[0] == '/') {
                        ret[n] = '\0';
                        return true;
                }
        }
        return false;
}

/* Who, as far as it is still there: it may be on its way out. */
static void find_process(Closing *closing) {
        char path[sizeof("/proc//comm") + 11];
        ssize_t n;
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%d/exe", closing->pid);
        n = readlink(path, closing->exe, sizeof(closing->exe) - 1);
        closing->exe[MAX(n, (ssize_t) 0)] = '\0';
        snprintf(path, sizeof(path), "/proc/%d/comm", closing->pid);
        f = fopen(path, "re");
        if (!f)
                return;
        if (!fgets(closing->comm, sizeof(closing->comm), f))
                closing->comm[0] = '\0';
        closing->comm[strcspn(closing->comm, "\n")] = '\0';
        fclose(f);
}

static int hold(FollowClose *c, FopsSpan path, int pid) {
        Closing *closing = calloc(1, sizeof(Closing) + path.size);

        if (!closing)
                return -ENOMEM;
        closing->usec = now_usec();
        closing->pid = pid;
        closing->path_size = path.size;
        memcpy(closing->path, path.data, path.size);
        find_process(closing);

        if (c->newest)
                c->newest->next = closing;
        else
                c->oldest = closing;
        c->newest = closing;
        c->n_held++;
        return 0;
}

static int take_event(FollowClose *c, const struct fanotify_event_metadata *event) {
        struct fanotify_event_info_fid *info = (void *) (event + 1);
        struct file_handle *handle = (void *) info->handle;
        char directory[PATH_MAX], text[PATH_MAX + NAME_MAX + 2];
        FopsSpan path = { .data = text };
        FollowPlace place;

        if (event->mask & FAN_Q_OVERFLOW) {
                fprintf(stderr, "fopsctl: more files were closed than could be told\n");
                return 0;
        }
        if (event->event_len < sizeof(*event) + sizeof(*info) + sizeof(*handle) ||
            info->hdr.info_type != FAN_EVENT_INFO_TYPE_DFID_NAME || !find_directory(c, handle, directory))
                return 0;
        /* The name is behind the handle. */
        path.size = (size_t) snprintf(text, sizeof(text), "%s/%s", strcmp(directory, "/") == 0 ? "" : directory,
                                      (const char *) handle->f_handle + handle->handle_bytes);
        /* Of a whole file system most is none of ours. */
        fops_arena_reset(&c->arena);
        return follow_scope_place(c->scope, &c->arena, path, false, &place) ? hold(c, path, event->pid) : 0;
}

static int on_events(sd_event_source *source, int fd, uint32_t revents _unused_, void *userdata) {
        char buffer[BUFFER_BYTES] __attribute__((__aligned__(__alignof__(struct fanotify_event_metadata))));
        const struct fanotify_event_metadata *event = (const void *) buffer;
        FollowClose *c = userdata;
        ssize_t size = read(fd, buffer, sizeof(buffer));
        int r = 0;

        while (size > 0 && r >= 0 && FAN_EVENT_OK(event, size)) {
                r = take_event(c, event);
                size -= event->event_len;
                event = (const void *) ((const char *) event + event->event_len);
        }
        if (r >= 0)
                r = call_out_due(c);
        return r < 0 ? follow_end(sd_event_source_get_event(source), r) : 0;
}

/* --- roots ------------------------------------------------------------------------------------------------------------ */

static int add_root(FollowClose *c, const FollowRoot *root, bool recursive) {
        FopsSpan dir = root->is_directory ? root->path : fops_path_dirname(root->path);
        _cleanup_free_ char *path = strndup(dir.data, dir.size);
        _cleanup_close_ int fd = -EBADF;
        bool whole = recursive && root->is_directory;
        int *root_fds;

        if (!path)
                return -ENOMEM;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fanotify_mark(c->fd, FAN_MARK_ADD | (whole ? FAN_MARK_FILESYSTEM : 0),
                                    FAN_CLOSE_WRITE | (whole ? 0 : FAN_EVENT_ON_CHILD), fd, NULL) < 0)
                return -errno;
        root_fds = reallocarray(c->root_fds, c->n_root_fds + 1, sizeof(int));
        if (!root_fds)
                return -ENOMEM;
        c->root_fds = root_fds;
        c->root_fds[c->n_root_fds++] = TAKE_FD(fd);
        return 0;
}

int follow_close_new(sd_event *event, FollowHandlers handlers, const FollowScope *scope, FollowClose **ret) {
        _cleanup_(follow_close_freep) FollowClose *c = calloc(1, sizeof(FollowClose));
        int r = 0;

        if (!c)
                return -ENOMEM;
        c->handlers = handlers;
        c->scope = scope;
        c->fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DFID_NAME, O_RDONLY);
        if (c->fd < 0)
                return -errno;
        for (size_t i = 0; i < scope->n_roots && r >= 0; i++)
                r = add_root(c, scope->roots + i, scope->recursive);
        if (r >= 0)
                r = sd_event_add_io(event, &c->source, c->fd, EPOLLIN, on_events, c);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &c->timer, CLOCK_MONOTONIC, HOLD_USEC, 0, on_timer, c);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}
