/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* From one life to the next: the audit socket and the ring stay in systemd's descriptor store while no fopsd runs. The registration
 * outlives its process as long as its socket is open, so records queue on it meanwhile. */

#include <stdbool.h>

typedef struct HandOver {
        int socket_fd, ring_fd; /* owned; negative: not there */
} HandOver;

/* Takes what systemd hands to this process, and closes what isn't known. To be called once. */
HandOver hand_over_receive(void);
void hand_over_done(HandOver *h);

/* Puts one into the store, in place of what is there by that name. What was received is still there: not that, since it would be
 * out of the store for a moment. True if somebody was there to tell; whether systemd keeps it (FileDescriptorStoreMax=) can't be
 * known. */
bool hand_over_store_socket(int fd);
bool hand_over_store_ring(int fd);

/* Takes both out of the store again. */
void hand_over_forget(void);

/* Is this service being restarted, or stopped for good? Asks systemd; no if that can't be asked. Waits some seconds at most for each
 * answer. */
bool hand_over_is_restart(void);
