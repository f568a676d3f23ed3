/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A file descriptor into lines: one buffer, read into whole, lines handed out in place. */

#include "line-reader.h"

struct LineReader {
        int fd;
        size_t start, end; /* what is read and not handed out */
        bool at_end;
        char data[LINE_BYTES_MAX];
};

LineReader *line_reader_new(int fd) {
        LineReader *r = malloc(sizeof(LineReader));

        if (!r)
                return NULL;
        r->fd = fd;
        r->start = r->end = 0;
        r->at_end = false;
        return r;
}

LineReader *line_reader_free(LineReader *r) {
        free(r);
        return NULL;
}

static int fill(LineReader *r) {
        ssize_t n;

        if (r->start > 0) {
                memmove(r->data, r->data + r->start, r->end - r->start);
                r->end -= r->start;
                r->start = 0;
        }

        do
                n = read(r->fd, r->data + r->end, LINE_BYTES_MAX - r->end);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;

        r->at_end = n == 0;
        r->end += (size_t) n;
        return 0;
}

int line_reader_next(LineReader *r, FopsSpan *ret) {
        for (size_t searched = 0;;) {
                size_t size = r->end - r->start;
                char *line = r->data + r->start, *stop;
                int q;

                stop = size > searched ? memchr(line + searched, '\n', size - searched) : NULL;
                if (stop) {
                        *ret = (FopsSpan){ line, (size_t) (stop - line) };
                        r->start += ret->size + 1;
                        return 1;
                }
                searched = size;

                if (size == LINE_BYTES_MAX || (r->at_end && size > 0)) {
                        *ret = (FopsSpan){ line, size };
                        r->start = r->end;
                        return 1;
                }
                if (r->at_end)
                        return 0;

                q = fill(r);
                if (q < 0)
                        return q;
        }
}
