/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A robust mutex that its owner hasn't got any more → setsockopt(2). */

#include "keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include "audit-socket.h"
#include "util.h"

/* Of the memory that is free so much may be taken, if that is more: a busy machine takes its time to start the next fopsd. */
#define FREE_PART 4U

/* Where the two descriptors are put, so that all others can be closed: the next fopsd must not find anything held by this process. */
enum { PIPE_FD = 3, SOCKET_FD = 4 };

static uint64_t free_bytes(void) {
        struct sysinfo info;

        return sysinfo(&info) < 0 ? 0 : (uint64_t) info.freeram * info.mem_unit;
}

static pthread_mutex_t *new_mutex(void) {
        pthread_mutex_t *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        pthread_mutexattr_t attributes;

        if (m == MAP_FAILED)
                return NULL;
        (void) pthread_mutexattr_init(&attributes);
        (void) pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        (void) pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
        (void) pthread_mutex_init(m, &attributes);
        (void) pthread_mutexattr_destroy(&attributes);
        return m;
}

static void free_mutex(pthread_mutex_t *m) {
        (void) munmap(m, sizeof(*m));
}

static _Noreturn void keep(int pipe_fd, int socket_fd, pthread_mutex_t *reader, uint64_t bytes, uint64_t bytes_max) {
        ssize_t n;
        char byte;

        (void) prctl(PR_SET_NAME, "fopsd-keeper");
        /* systemd stops all processes of a service at once; this one goes after the other. */
        (void) signal(SIGTERM, SIG_IGN);
        (void) signal(SIGINT, SIG_IGN);
        (void) signal(SIGHUP, SIG_IGN);

        pipe_fd = fcntl(pipe_fd, F_DUPFD, SOCKET_FD + 1);
        socket_fd = fcntl(socket_fd, F_DUPFD, SOCKET_FD + 1);
        if (pipe_fd < 0 || socket_fd < 0 || dup2(pipe_fd, PIPE_FD) < 0 || dup2(socket_fd, SOCKET_FD) < 0)
                _exit(EXIT_FAILURE);
        (void) close_range(0, PIPE_FD - 1, 0);
        (void) close_range(SOCKET_FD + 1, ~0U, 0);

        do
                n = read(PIPE_FD, &byte, 1);
        while (n < 0 && errno == EINTR);
        if (n > 0)
                (void) pthread_mutex_lock(reader);
        audit_socket_make_room(SOCKET_FD, MAX(bytes, free_bytes() / FREE_PART), MAX(bytes_max, free_bytes() / FREE_PART));
        _exit(EXIT_SUCCESS);
}

int keeper_start(int socket_fd, uint64_t bytes, uint64_t bytes_max, Keeper *ret) {
        pthread_mutex_t *reader = new_mutex();
        int fds[2], error;
        pid_t pid;

        if (!reader)
                return -ENOMEM;
        if (pipe2(fds, O_CLOEXEC) < 0) {
                error = -errno;
                free_mutex(reader);
                return error;
        }
        pid = fork();
        if (pid < 0) {
                error = -errno;
                close(fds[0]);
                close(fds[1]);
                free_mutex(reader);
                return error;
        }
        if (pid == 0) {
                close(fds[1]);
                keep(fds[0], socket_fd, reader, bytes, bytes_max);
        }
        close(fds[0]);
        *ret = (Keeper){ .fd = fds[1], .pid = pid, .reader = reader };
        return 0;
}

void keeper_begin_reading(Keeper *k) {
        if (k->fd < 0)
                return;
        (void) pthread_mutex_lock(k->reader);
        (void) !write(k->fd, "r", 1);
}

void keeper_end_reading(Keeper *k) {
        if (k->fd >= 0)
                (void) pthread_mutex_unlock(k->reader);
}

void keeper_end(Keeper *k) {
        if (k->fd < 0)
                return;
        close(k->fd);
        while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        free_mutex(k->reader);
        *k = KEEPER_NONE;
}
