/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Bytes as UTF-8, twice: what journalctl -o json takes for text, and what may be shown on a terminal. Pure and
 * thread-safe. */

#include "span.h"

/* The character at the front of @s, as systemd's utf8_encoded_valid_unichar() accepts it: shortest form, no surrogates,
 * no noncharacters, not over U+10FFFF. Returns how many bytes it takes and sets *@ret; 0 if there is none (@s empty or
 * not UTF-8). */
size_t fops_utf8_decode(FopsSpan s, uint32_t *ret);

/* systemd's utf8_is_printable(): all of @s is such characters, and no control character but tab and newline. */
bool fops_utf8_is_printable(FopsSpan s);

/* False for a character that could make a line look like something else than what it holds: control characters, line and
 * paragraph separators, bidirectional overrides, whatever has no width. */
bool fops_utf8_is_safe(uint32_t c);

/* True for every kind of blank, the ASCII space and those that look like it. */
bool fops_utf8_is_space(uint32_t c);
