/* SPDX-License-Identifier: GPL-2.0-or-later */

/* read(2) from a pipe whose other end only the parent has → end of file → setsockopt(2). */

#include "keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "audit-socket.h"
#include "util.h"

/* Where the two descriptors are put, so that all others can be closed: the next fopsd must not find anything held by this process. */
enum { PIPE_FD = 3, SOCKET_FD = 4 };

static _Noreturn void keep(int pipe_fd, int socket_fd, uint64_t bytes, uint64_t bytes_max) {
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

        while (read(PIPE_FD, &byte, 1) < 0 && errno == EINTR)
                ;
        audit_socket_make_room(SOCKET_FD, bytes, bytes_max);
        _exit(EXIT_SUCCESS);
}

int keeper_start(int socket_fd, uint64_t bytes, uint64_t bytes_max, Keeper *ret) {
        int fds[2];
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        pid = fork();
        if (pid < 0) {
                int error = -errno;

                close(fds[0]);
                close(fds[1]);
                return error;
        }
        if (pid == 0) {
                close(fds[1]);
                keep(fds[0], socket_fd, bytes, bytes_max);
        }
        close(fds[0]);
        *ret = (Keeper){ .fd = fds[1], .pid = pid };
        return 0;
}

void keeper_end(Keeper *k) {
        if (k->fd < 0)
                return;
        close(k->fd);
        while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        *k = KEEPER_NONE;
}
