/* SPDX-License-Identifier: GPL-2.0-or-later */

/* sd_listen_fds(3) in, FDSTORE=1 out; and the job that systemd has for this unit. */

#include "hand-over.h"

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>

#include "util.h"

#define SOCKET_NAME "fopsd-audit"
#define RING_NAME "fopsd-ring"

/* Taken for a stop, a restart would take the rules out and lose what happens until they are back: a busy machine has its time. */
#define ANSWER_USEC (UINT64_C(10) * 1000000)

/* PID 1 on a machine that boots or has no time. */
#define FORGET_USEC (UINT64_C(5) * 1000000)

HandOver hand_over_receive(void) {
        HandOver h = { .socket_fd = -EBADF, .ring_fd = -EBADF };
        char **names = NULL;
        int n = sd_listen_fds_with_names(true, &names);

        for (int i = 0; i < n; i++) {
                int fd = SD_LISTEN_FDS_START + i;

                /* Two of a name: an old one that systemd wasn't told to forget. The last was put in last. */
                int *place = strcmp(names[i], SOCKET_NAME) == 0 ? &h.socket_fd : strcmp(names[i], RING_NAME) == 0 ? &h.ring_fd : NULL;

                if (place) {
                        if (*place >= 0)
                                close(*place);
                        *place = fd;
                } else
                        close(fd);
                free(names[i]);
        }
        free(names);
        return h;
}

void hand_over_done(HandOver *h) {
        if (h->socket_fd >= 0)
                close(h->socket_fd);
        if (h->ring_fd >= 0)
                close(h->ring_fd);
        *h = (HandOver){ .socket_fd = -EBADF, .ring_fd = -EBADF };
}

void hand_over_forget(void) {
        (void) sd_notify(false, "FDSTOREREMOVE=1\nFDNAME=" SOCKET_NAME);
        (void) sd_notify(false, "FDSTOREREMOVE=1\nFDNAME=" RING_NAME);
        /* While systemd holds the socket the kernel keeps to it. */
        (void) sd_notify_barrier(false, FORGET_USEC);
}

/* FDPOLL=0: an overrun is an error condition of the socket, and no reason to drop it. */
bool hand_over_store_socket(int fd) {
        (void) sd_notify(false, "FDSTOREREMOVE=1\nFDNAME=" SOCKET_NAME);
        return sd_pid_notify_with_fds(0, false, "FDSTORE=1\nFDPOLL=0\nFDNAME=" SOCKET_NAME, &fd, 1) > 0;
}

bool hand_over_store_ring(int fd) {
        (void) sd_notify(false, "FDSTOREREMOVE=1\nFDNAME=" RING_NAME);
        return sd_pid_notify_with_fds(0, false, "FDSTORE=1\nFDPOLL=0\nFDNAME=" RING_NAME, &fd, 1) > 0;
}

static int ask_for_job(char **ret_type) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *unit = NULL, *job = NULL;
        const char *unit_path, *job_path;
        uint32_t id;
        int r;

        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, ANSWER_USEC);
        if (r >= 0)
                r = sd_bus_call_method(bus, "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                                       "GetUnitByPID", NULL, &unit, "u", 0);
        if (r >= 0)
                r = sd_bus_message_read(unit, "o", &unit_path);
        if (r >= 0)
                r = sd_bus_get_property(bus, "org.freedesktop.systemd1", unit_path, "org.freedesktop.systemd1.Unit", "Job", NULL, &job,
                                        "(uo)");
        if (r >= 0)
                r = sd_bus_message_read(job, "(uo)", &id, &job_path);
        if (r >= 0 && id == 0)
                r = -ENOENT;
        if (r >= 0)
                r = sd_bus_get_property_string(bus, "org.freedesktop.systemd1", job_path, "org.freedesktop.systemd1.Job", "JobType", NULL,
                                               ret_type);
        return r;
}

bool hand_over_is_restart(void) {
        _cleanup_free_ char *type = NULL;

        if (!getenv("NOTIFY_SOCKET") || ask_for_job(&type) < 0)
                return false;
        return strcmp(type, "restart") == 0 || strcmp(type, "try-restart") == 0;
}
