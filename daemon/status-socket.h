/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where fopsd can be asked how it is: whoever connects to RUNTIME_DIRECTORY/status gets one text, and the end of it.
 *
 *   $ socat -u UNIX-CONNECT:/run/fopsd/status -
 *
 * A socket, as it takes nothing but the file system: fopsd is there before the bus is, and where no systemd is. Nothing is read from
 * those who ask, so a daemon with capabilities parses nothing of anybody's; and it is open to all, as a status is. What they can cost
 * is bounded: few at once, the oldest goes for the newest, and only so many a second. */

#include <stdio.h>
#include <systemd/sd-event.h>

typedef struct StatusSocket StatusSocket;

/* Listens in @directory; a socket that was left there is replaced. @print writes the text for one who has come. 0 or -errno. */
int status_socket_new(sd_event *event, const char *directory, void (*print)(void *userdata, FILE *f), void *userdata, StatusSocket **ret);

/* Removes the socket. Takes NULL and returns NULL. Before the event loop goes. */
StatusSocket *status_socket_free(StatusSocket *s);
