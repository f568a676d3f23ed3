/* SPDX-License-Identifier: GPL-2.0-or-later */

/* mountinfo, read again whenever the kernel says that it has changed (proc_pid_mounts(5): POLLPRI). */

#include "mount-follow.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <time.h>

/* A container starts with a score of mounts: they are taken together. */
#define SETTLE_USEC UINT64_C(10000)
#define SETTLE_ACCURACY_USEC UINT64_C(1000)

struct MountFollow {
        int fd;
        sd_event_source *source, *settle;
        FopsMounts mounts;
        MountFollowChanged changed;
        void *userdata;
};

MountFollow *mount_follow_free(MountFollow *f) {
        if (!f)
                return NULL;
        sd_event_source_disable_unref(f->source);
        sd_event_source_disable_unref(f->settle);
        if (f->fd >= 0)
                close(f->fd);
        fops_mounts_done(&f->mounts);
        free(f);
        return NULL;
}

static int on_change(sd_event_source *source _unused_, int fd _unused_, uint32_t events _unused_, void *userdata) {
        MountFollow *f = userdata;
        int enabled, r;

        r = sd_event_source_get_enabled(f->settle, &enabled);
        if (r < 0 || enabled != SD_EVENT_OFF)
                return r;
        r = sd_event_source_set_time_relative(f->settle, SETTLE_USEC);
        return r < 0 ? r : sd_event_source_set_enabled(f->settle, SD_EVENT_ONESHOT);
}

static int on_settled(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        MountFollow *f = userdata;
        FopsMounts before = f->mounts;
        int r;

        r = fops_mounts_read(f->fd, &f->mounts);
        if (r < 0) {
                f->mounts = before;
                return r == -ENOMEM ? r : 0;
        }
        r = f->changed(f->userdata, &before, &f->mounts);
        fops_mounts_done(&before);
        return r;
}

int mount_follow_new(sd_event *event, MountFollowChanged changed, void *userdata, MountFollow **ret) {
        _cleanup_(mount_follow_freep) MountFollow *f = calloc(1, sizeof(MountFollow));
        int r;

        if (!f)
                return -ENOMEM;
        f->changed = changed;
        f->userdata = userdata;
        f->fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        if (f->fd < 0)
                return -errno;

        r = sd_event_add_io(event, &f->source, f->fd, EPOLLPRI, on_change, f);
        if (r >= 0)
                r = sd_event_add_time(event, &f->settle, CLOCK_MONOTONIC, 0, SETTLE_ACCURACY_USEC, on_settled, f);
        if (r >= 0)
                r = sd_event_source_set_enabled(f->settle, SD_EVENT_OFF);
        if (r >= 0)
                r = fops_mounts_read(f->fd, &f->mounts);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(f);
        return 0;
}
