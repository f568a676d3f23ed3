/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An entry's fields into one datagram of journald's native protocol,
 *   FOPSD_PATH=/srv/data/x\nFOPSD_NAME\n\003\0\0\0\0\0\0\0a\nb\nPRIORITY=6\n
 * the second form for a value that holds a newline; so no value can end its field and begin another.
 *
 * Not sd_journal_sendv(3): it says 0 where there is no socket, and the entry is lost; it waits in sendmsg(2) while
 * journald is stopped, and the watchdog kills us; and it addresses each datagram, so there is nothing to poll. A
 * connected socket tells when journald has read something, and refuses when journald is gone, and then it is connected
 * anew.
 *
 * The values are copied together: one piece of 1.5 KB costs the kernel less than ninety pieces (2.0 µs against 3.6), and
 * it is what has to be kept when journald doesn't take it. */

#include "sink-journal.h"

#include <endian.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "plain.h"

/* What journald hasn't read yet is on the sender's account, 2.3 KB for a usual entry; the kernel doubles what is asked for. That is to be
 * full before journald's queue is, of 512 places where systemd is init: then the socket can be written again when three quarters are
 * free (unix_writable()), and the sender is woken once for 300 entries, while the queue would wake it for each. */
#define SEND_BUFFER_BYTES (512 << 10)

struct FopsSinkJournal {
        int fd;
        bool connected;
        struct sockaddr_un address;
        char *buffer;
        size_t buffer_bytes;
};

FopsSinkJournal *fops_sink_journal_new(const char *path) {
        _cleanup_(fops_sink_journal_freep) FopsSinkJournal *s = NULL;
        int bytes = SEND_BUFFER_BYTES;

        s = calloc(1, sizeof(FopsSinkJournal));
        if (!s)
                return NULL;
        s->address.sun_family = AF_UNIX;
        s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (s->fd < 0 || strlen(path) >= sizeof(s->address.sun_path))
                return NULL;
        strcpy(s->address.sun_path, path);

        /* Without CAP_NET_ADMIN no more than net.core.wmem_max: the queue is shorter then, and that is all. */
        if (setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
                (void) setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
        return TAKE_PTR(s);
}

FopsSinkJournal *fops_sink_journal_free(FopsSinkJournal *s) {
        if (!s)
                return NULL;
        fops_closep(&s->fd);
        free(s->buffer);
        free(s);
        return NULL;
}

static int reserve(FopsSinkJournal *s, const FopsEntry *e) {
        size_t need = 0;
        char *larger;

        for (size_t i = 0; i < e->n_fields; i++)
                need += e->fields[i].name_size + 1 + sizeof(uint64_t) + e->fields[i].value.size + 1;
        if (need > FOPS_JOURNAL_ENTRY_BYTES_MAX)
                return -E2BIG;
        if (need <= s->buffer_bytes)
                return 0;

        need = MAX(need, s->buffer_bytes * 2);
        larger = realloc(s->buffer, need);
        if (!larger)
                return -ENOMEM;
        s->buffer = larger;
        s->buffer_bytes = need;
        return 0;
}

static char *put_field(char *p, const FopsField *field) {
        FopsSpan value = field->value;

        p = fops_copy_short(p, field->name, field->name_size);
        if (field->is_plain) {
                *p++ = '=';
                p = fops_copy_short(p, value.data, value.size);
        } else if (fops_plain_copy(p + 1, value)) {
                /* Nearly all. No newline is plain. */
                *p = '=';
                p += 1 + value.size;
        } else {
                if (memchr(value.data, '\n', value.size)) {
                        *p++ = '\n';
                        p = mempcpy(p, &(uint64_t){ htole64(value.size) }, sizeof(uint64_t));
                } else
                        *p++ = '=';
                p = mempcpy(p, value.data, value.size);
        }
        *p++ = '\n';
        return p;
}

static char *put_fields(char *p, const FopsField *fields, size_t n) {
        for (size_t i = 0; i < n; i++)
                p = put_field(p, fields + i);
        return p;
}

/* As they were put before, or to be put so from now on. */
static char *put_group(char *p, FopsFieldGroup *g) {
        char *end;

        if (g->journal.data)
                return mempcpy(p, g->journal.data, g->journal.size);
        end = put_fields(p, g->fields, g->n_fields);
        g->journal = fops_arena_copy(&g->arena, (FopsSpan){ p, (size_t) (end - p) });
        return end;
}

int fops_sink_journal_compose(FopsSinkJournal *s, const FopsEntry *e, FopsSpan *ret) {
        size_t at = 0;
        char *p;
        int r;

        r = reserve(s, e);
        if (r < 0)
                return r;

        p = s->buffer;
        for (size_t i = 0; i < e->n_groups; i++) {
                p = put_fields(p, e->fields + at, e->groups[i].first - at);
                p = put_group(p, e->groups[i].group);
                at = e->groups[i].first + e->groups[i].group->n_fields;
        }
        p = put_fields(p, e->fields + at, e->n_fields - at);
        *ret = (FopsSpan){ s->buffer, (size_t) (p - s->buffer) };
        return 0;
}

static int write_all(int fd, FopsSpan data) {
        while (data.size > 0) {
                ssize_t n = write(fd, data.data, data.size);

                if (n < 0)
                        return -errno;
                data = fops_span_skip(data, (size_t) n);
        }
        return 0;
}

/* What is too large for a datagram, as a file in memory. journald maps it only if no more and no fewer than these seals
 * are on it, and systemd 252 reads none otherwise from users but root: so no MFD_NOEXEC_SEAL, which is a seal too. */
static int send_memfd(FopsSinkJournal *s, FopsSpan datagram) {
        _cleanup_close_ int fd = memfd_create("fopsd-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = {
                .header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) },
        };
        struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof(control) };
        int r;

        if (fd < 0)
                return -errno;
        r = write_all(fd, datagram);
        if (r < 0)
                return r;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
                return -errno;

        memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
        return sendmsg(s->fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_connected(FopsSinkJournal *s, FopsSpan datagram) {
        if (send(s->fd, datagram.data, datagram.size, MSG_NOSIGNAL) >= 0)
                return 0;
        /* ENOBUFS: the kernel wants a datagram in one piece, and had none so large. */
        return errno == EMSGSIZE || errno == ENOBUFS ? send_memfd(s, datagram) : -errno;
}

int fops_sink_journal_send(FopsSinkJournal *s, FopsSpan datagram) {
        /* The second time for a journald that was started anew since the last entry. */
        for (unsigned n_tried = 0; n_tried < 2; n_tried++) {
                int r;

                if (!s->connected && connect(s->fd, (struct sockaddr *) &s->address, sizeof(s->address)) < 0)
                        return -EAGAIN;
                s->connected = true;

                r = send_connected(s, datagram);
                switch (-r) {
                case ECONNREFUSED:
                case ECONNRESET:
                case ENOTCONN:
                case EPIPE:
                        s->connected = false;
                        break;
                case ENOMEM:
                case ENOBUFS:
                case ENOSPC:
                case EMFILE:
                case ENFILE:
                case ETOOMANYREFS: /* memfds that journald hasn't taken yet */
                        return -EAGAIN;
                default:
                        return r;
                }
        }
        return -EAGAIN;
}

int fops_sink_journal_fd(const FopsSinkJournal *s) {
        return s->fd;
}
