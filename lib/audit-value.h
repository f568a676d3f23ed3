/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The value of one audit field as audit_log_untrustedstring() writes it: "quoted" if it has no space, quote, control or
 * non-ASCII byte, else HEX without quotes; (null) and (none) for nothing. A file named (null) is "(null)", quoted. */

#include "arena.h"

typedef struct FopsValue {
        FopsSpan raw; /* without the quotes; absent if the field isn't there */
        bool quoted;
} FopsValue;

/* An untrusted string to its bytes: quoted ones are borrowed, hex is decoded into @arena. (null), (none), ? and an absent
 * value give absent. A bare value that isn't even hex digits is borrowed as it is: user space and old kernels write such.
 * Absent also when memory is out. */
FopsSpan fops_value_decode(FopsValue v, FopsArena *arena);

/* As fops_value_decode(), but a bare value is never hex: for trusted fields like tty=pts0 or success=yes. */
FopsSpan fops_value_plain(FopsValue v);
