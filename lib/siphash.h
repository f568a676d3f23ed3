/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* SipHash-1-3: a hash under a secret seed, for tables whose keys others choose. Pure and thread-safe. */

#include "util.h"

/* The same bytes under the same seed give the same number on every machine. @data need not be aligned. */
uint64_t fops_siphash13(const uint8_t seed[static 16], const void *data, size_t size);
