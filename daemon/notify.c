/* SPDX-License-Identifier: GPL-2.0-or-later */

/* NOTIFY_SOCKET=/run/systemd/notify, or @abstract. sd_notify(3) blocks while the queue of that socket is full, and all services share it:
 * a few hundred messages, and there is no room until systemd goes on. Messages with descriptors are left to sd_notify(3). */

#include "notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int notify(const char *format, ...) {
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = -EBADF;
        socklen_t address_size;
        va_list ap;
        int size;

        if (!path)
                return 0;
        if ((path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(address.sun_path))
                return -EINVAL;
        strcpy(address.sun_path, path);
        address_size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(path));
        if (path[0] == '@')
                address.sun_path[0] = '\0';

        va_start(ap, format);
        size = vasprintf(&text, format, ap);
        va_end(ap);
        if (size < 0) {
                text = NULL;
                return -ENOMEM;
        }

        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (sendto(fd, text, (size_t) size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *) &address, address_size) < 0)
                return -errno;
        return 1;
}
