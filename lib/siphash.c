/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Bytes and a seed into 64 bits: "" under a seed of zeroes → 0xd1fba762150c532c.
 *
 * File names are chosen by whoever is watched. With a hash they can compute (FNV, CRC) a few thousand names that fall
 * into one bucket make every lookup a walk of a list. Aumasson and Bernstein's SipHash hides where anything falls from
 * who doesn't know the seed; one round a word and three at the end is the form that Rust, Python and Ruby use for their
 * tables: collisions can't be found from outside, which is all that a table needs, at half the price of SipHash-2-4. */

#include "siphash.h"

#include <endian.h>
#include <string.h>

static inline uint64_t rotate(uint64_t v, unsigned n) {
        return v << n | v >> (64 - n);
}

static inline void sip_round(uint64_t v[static 4]) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
}

static inline uint64_t load_le64(const void *p) {
        uint64_t v;

        memcpy(&v, p, sizeof(v));
        return le64toh(v);
}

uint64_t fops_siphash13(const uint8_t seed[static 16], const void *data, size_t size) {
        uint64_t k0 = load_le64(seed), k1 = load_le64(seed + 8), word;
        uint64_t v[4] = {
                k0 ^ UINT64_C(0x736f6d6570736575),
                k1 ^ UINT64_C(0x646f72616e646f6d),
                k0 ^ UINT64_C(0x6c7967656e657261),
                k1 ^ UINT64_C(0x7465646279746573),
        };
        const uint8_t *p = data;
        size_t n = size;

        for (; n >= 8; p += 8, n -= 8) {
                word = load_le64(p);
                v[3] ^= word;
                sip_round(v);
                v[0] ^= word;
        }

        /* What is left over, and the length in the top byte. */
        word = (uint64_t) size << 56;
        for (size_t i = 0; i < n; i++)
                word |= (uint64_t) p[i] << 8 * i;
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;

        v[2] ^= 0xff;
        sip_round(v);
        sip_round(v);
        sip_round(v);
        return v[0] ^ v[1] ^ v[2] ^ v[3];
}
