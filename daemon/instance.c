/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A name in the abstract namespace of sockets to the process that bound it. */

#include "instance.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* kauditd sends a record within milliseconds. */
#define FIND_OUT_USEC 10000
#define FIND_OUT_TRIES 20

static bool is_fopsd(uint32_t pid) {
        char path[sizeof("/proc//comm") + 11], comm[32] = "";
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%u/comm", pid);
        f = fopen(path, "re");
        if (!f)
                return false;
        if (!fgets(comm, sizeof(comm), f))
                comm[0] = '\0';
        fclose(f);
        return strcmp(comm, "fopsd\n") == 0;
}

static int bind_or_connect(int (*call)(int, const struct sockaddr *, socklen_t), int *ret_fd) {
        /* Abstract: it holds in every mount namespace, as no lock file would, and goes with its process. */
        static const struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0fopsd/instance" };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0 ||
            call(fd, (const struct sockaddr *) &name, offsetof(struct sockaddr_un, sun_path) + sizeof("\0fopsd/instance") - 1) < 0)
                return -errno;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int find_holder(uint32_t *ret_pid) {
        _cleanup_close_ int fd = -EBADF;
        struct ucred peer;
        socklen_t size = sizeof(peer);
        int r;

        r = bind_or_connect(connect, &fd);
        if (r < 0)
                return r;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
                return -errno;
        *ret_pid = (uint32_t) peer.pid;
        return 0;
}

int instance_claim(uint32_t *ret_pid) {
        for (int i = 0;; i++) {
                _cleanup_close_ int fd = -EBADF;
                uint32_t pid = 0;
                int r;

                r = bind_or_connect(bind, &fd);
                if (r >= 0)
                        return listen(fd, 1) < 0 ? -errno : TAKE_FD(fd);
                if (r != -EADDRINUSE)
                        return r;

                if (find_holder(&pid) >= 0 && is_fopsd(pid)) {
                        *ret_pid = pid;
                        return -EBUSY;
                }
                /* A child of one that was killed may have it for a moment longer. */
                if (i >= FIND_OUT_TRIES)
                        return -EADDRINUSE;
                usleep(FIND_OUT_USEC);
        }
}

void instance_clear_dead_registration(FopsAuditControl *control, uint64_t timeout_usec) {
        struct audit_status status;

        for (uint64_t i = 0; i < timeout_usec / FIND_OUT_USEC; i++) {
                if (fops_audit_control_get_status(control, &status) < 0 || status.pid == 0)
                        return;
                if (kill((pid_t) status.pid, 0) == 0 || errno != ESRCH)
                        return;
                /* Again, ever less often, since the socket may just be being closed: systemd has a process of its own do that. */
                if ((i & (i - 1)) == 0 && fops_audit_control_touch(control) < 0)
                        return;
                usleep(FIND_OUT_USEC);
        }
}
