/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsd --print=json -w PATH through a pipe. Nothing goes to the journal, and its rate limit holds nothing back. */

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "config.h"
#include "follow-source.h"
#include "json-read.h"
#include "line-reader.h"

struct FollowFopsd {
        FollowHandlers handlers;
        sd_event_source *source;
        pid_t pid;
        int fd;
        LineReader *reader;
        FopsEntry entry;
        bool is_ready;
};

FollowFopsd *follow_fopsd_free(FollowFopsd *f) {
        if (!f)
                return NULL;
        sd_event_source_disable_unref(f->source);
        /* Its reader goes first: it never waits for us. */
        if (f->fd >= 0)
                close(f->fd);
        if (f->pid > 0) {
                (void) kill(f->pid, SIGTERM);
                while (waitpid(f->pid, NULL, 0) < 0 && errno == EINTR)
                        ;
        }
        line_reader_free(f->reader);
        fops_entry_done(&f->entry);
        free(f);
        return NULL;
}

/* Where it is installed beside this program: /usr/bin/fopsctl, /usr/sbin/fopsd. */
static int find_program(char ret[static PATH_MAX]) {
        char self[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

        if (n < 0)
                return -errno;
        self[n] = '\0';
        n = snprintf(ret, PATH_MAX, "%s/sbin/fopsd", dirname(dirname(self)));
        return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static _Noreturn void run(const char *program, const char *const *paths, const char *ops, int out_fd, pid_t parent) {
        size_t n = 0, n_paths = 0;
        const char **argv;

        while (paths[n_paths])
                n_paths++;
        argv = calloc(n_paths * 4 + 3, sizeof(char *));
        /* However we end, it is told; a terminal's Ctrl-C is for us alone. */
        if (!argv || dup2(out_fd, STDOUT_FILENO) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || setpgid(0, 0) < 0 ||
            getppid() != parent)
                _exit(127);
        /* What memory doesn't suffice for ends the list, and fopsd says that an argument is missing. */
        argv[n++] = "fopsd";
        argv[n++] = "--print=json";
        for (size_t i = 0; i < n_paths; i++) {
                argv[n++] = "-w";
                argv[n++] = fops_config_escape_path(paths[i]);
                argv[n++] = "-o";
                argv[n++] = ops;
        }
        execv(program, (char *const *) argv);
        fprintf(stderr, "fopsctl: %s: %s\n", program, strerror(errno));
        _exit(127);
}

static int take(FollowFopsd *f, FopsSpan line) {
        bool is_state;
        int r;

        r = fops_json_read(&f->entry, line);
        if (r < 0)
                return r;
        is_state = fops_span_equal_string(fops_entry_get(&f->entry, "FOPSD_KIND"), "state");
        if (is_state && !f->is_ready && fops_span_equal_string(fops_entry_get(&f->entry, "FOPSD_STATE"), "started")) {
                f->is_ready = true;
                f->handlers.ready(f->handlers.userdata);
        }
        return is_state ? 0 : f->handlers.entry(f->handlers.userdata, &f->entry);
}

static int on_line(sd_event_source *source, int fd _unused_, uint32_t revents _unused_, void *userdata) {
        FollowFopsd *f = userdata;
        FopsSpan line;
        int r;

        while ((r = line_reader_next(f->reader, &line)) > 0) {
                r = take(f, line);
                if (r < 0)
                        return follow_end(sd_event_source_get_event(source), r);
        }
        if (r == -EAGAIN)
                return 0;
        if (r == 0) {
                if (f->is_ready)
                        fprintf(stderr, "fopsctl: fopsd has ended\n");
                r = FOLLOW_SAID; /* else it said why itself */
        }
        return follow_end(sd_event_source_get_event(source), r);
}

int follow_fopsd_new(sd_event *event, FollowHandlers handlers, const char *const *paths, const char *ops, FollowFopsd **ret) {
        _cleanup_(follow_fopsd_freep) FollowFopsd *f = calloc(1, sizeof(FollowFopsd));
        char program[PATH_MAX];
        pid_t self = getpid();
        int r, pipe_fds[2];

        if (!f)
                return -ENOMEM;
        f->fd = -EBADF;
        f->handlers = handlers;
        r = find_program(program);
        if (r < 0)
                return r;
        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return -errno;
        f->fd = pipe_fds[0];

        fflush(stdout);
        f->pid = fork();
        r = f->pid < 0 ? -errno : 0;
        if (f->pid == 0)
                run(program, paths, ops, pipe_fds[1], self);
        close(pipe_fds[1]);
        if (r < 0)
                return r;

        /* Only this end: the writer waits. */
        if (fcntl(f->fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        f->reader = line_reader_new(f->fd);
        if (!f->reader)
                return -ENOMEM;
        r = sd_event_add_io(event, &f->source, f->fd, EPOLLIN, on_line, f);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(f);
        return 0;
}
