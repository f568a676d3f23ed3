/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "reload.h"

#include <signal.h>
#include <time.h>

/* How often it is asked: it has room for twenty questions a second. */
#define ASK_USEC 100000
/* The kernel takes some 12 ms to remove a rule. */
#define PATIENCE_SEC 300

static uint64_t n_read(const DaemonStatus *d) {
        return fops_json_number(fops_json_at(d->json, "configuration.reloads")) +
               fops_json_number(fops_json_at(d->json, "configuration.refused"));
}

int daemon_reload(const DaemonStatus *before, DaemonStatus *ret) {
        uint64_t n_refused = fops_json_number(fops_json_at(before->json, "configuration.refused"));
        time_t until = time(NULL) + PATIENCE_SEC;

        if (kill((pid_t) before->pid, SIGHUP) < 0)
                return errno == ESRCH ? -ENOENT : -errno;

        do {
                DaemonStatus now;
                int r;

                usleep(ASK_USEC);
                r = daemon_status_read(&now);
                if (r < 0)
                        return r;
                /* Another process has read it when it started. */
                if (now.pid != before->pid || n_read(&now) != n_read(before)) {
                        *ret = now;
                        return now.pid == before->pid &&
                               fops_json_number(fops_json_at(now.json, "configuration.refused")) != n_refused;
                }
                daemon_status_done(&now);
        } while (time(NULL) < until);
        return -ETIMEDOUT;
}
