/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The few macros every room uses: scoped clean-up and ownership hand-over. */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((__cleanup__(f)))
#define _printf_(a, b) __attribute__((__format__(__printf__, a, b)))
#define _unused_ __attribute__((__unused__))
#define _always_inline_ inline __attribute__((__always_inline__))
#define _fallthrough_ __attribute__((__fallthrough__))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Moves a pointer (or descriptor) out of a variable with a clean-up attribute. */
#define TAKE_PTR(p)                     \
        ({                              \
                __typeof__(p) *_q = &(p); \
                __typeof__(p) _v = *_q; \
                *_q = NULL;             \
                _v;                     \
        })
#define TAKE_FD(fd)             \
        ({                      \
                int *_q = &(fd); \
                int _v = *_q;   \
                *_q = -EBADF;   \
                _v;             \
        })

/* static inline void fops_NAMEp(T *p): the clean-up form of a destructor that takes NULL. */
#define FOPS_DEFINE_CLEANUP(type, func)                  \
        static inline void func##p(type *p) {            \
                if (*p)                                  \
                        func(*p);                        \
        }

static inline void fops_freep(void *p) {
        free(*(void **) p);
}

static inline void fops_closep(int *fd) {
        if (*fd >= 0)
                close(*fd);
}

#define _cleanup_free_ _cleanup_(fops_freep)
#define _cleanup_close_ _cleanup_(fops_closep)
