/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A table of subvolumes: (0:40, id 257), which stat(2) shows as 0:42  →  number 2  →  keys (4095:2, inode)
 *
 * They are few, and only those on the way to a watched directory are asked for: arrays do. Numbers aren't given twice, so that what
 * the path index has of a subvolume that was deleted is never taken for what is in another one. */

#include "subvolumes.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

/* An entry that is gone is kept for events that come late. They are behind by a burst, not by a minute. */
#define GONE_USEC UINT64_C(60000000)

static void region_done(FopsRegion *r) {
        free(r->tag);
        free(r->path);
        free(r->reach.entries);
}

void fops_subvolumes_done(FopsSubvolumes *s) {
        for (size_t i = 0; i < s->n_regions; i++)
                region_done(s->regions + i);
        free(s->regions);
        free(s->items);
        *s = (FopsSubvolumes){};
}

int fops_subvolumes_put(FopsSubvolumes *s, const FopsSubvolume *v) {
        FopsSubvolume *items, *fresh;

        for (size_t i = 0; i < s->n_items; i++) {
                FopsSubvolume *known = s->items + i;

                if (known->id != v->id || known->dev_major != v->dev_major || known->dev_minor != v->dev_minor)
                        continue;
                known->stat_major = v->stat_major;
                known->stat_minor = v->stat_minor;
                return (int) known->number;
        }

        if (s->n_numbers >= FOPS_SUBVOLUMES_MAX)
                return -ENOSPC;
        items = reallocarray(s->items, s->n_items + 1, sizeof(FopsSubvolume));
        if (!items)
                return -ENOMEM;
        s->items = items;
        fresh = items + s->n_items++;
        *fresh = *v;
        fresh->number = ++s->n_numbers;
        fresh->complete_since_usec = UINT64_MAX;
        return (int) fresh->number;
}

FopsSubvolume *fops_subvolumes_get(const FopsSubvolumes *s, uint32_t number) {
        size_t lo = 0, hi = s->n_items;

        while (lo < hi) {
                size_t mid = lo + (hi - lo) / 2;

                if (s->items[mid].number == number)
                        return s->items + mid;
                if (s->items[mid].number < number)
                        lo = mid + 1;
                else
                        hi = mid;
        }
        return NULL;
}

static void forget_at(FopsSubvolumes *s, size_t i) {
        s->n_items--;
        memmove(s->items + i, s->items + i + 1, (s->n_items - i) * sizeof(FopsSubvolume));
}

void fops_subvolumes_forget(FopsSubvolumes *s, uint32_t number) {
        const FopsSubvolume *v = fops_subvolumes_get(s, number);

        if (v)
                forget_at(s, (size_t) (v - s->items));
}

uint32_t fops_subvolumes_by_stat(const FopsSubvolumes *s, uint32_t major, uint32_t minor) {
        /* The latest: older ones that were shown so are deleted. */
        for (size_t i = s->n_items; i-- > 0;)
                if (s->items[i].stat_major == major && s->items[i].stat_minor == minor)
                        return s->items[i].number;
        return 0;
}

bool fops_subvolumes_share(const FopsSubvolumes *s, uint32_t major, uint32_t minor) {
        for (size_t i = 0; i < s->n_items; i++)
                if (s->items[i].dev_major == major && s->items[i].dev_minor == minor)
                        return true;
        return false;
}

void fops_subvolumes_forget_device(FopsSubvolumes *s, uint32_t major, uint32_t minor) {
        for (size_t i = s->n_items; i-- > 0;)
                if (s->items[i].dev_major == major && s->items[i].dev_minor == minor)
                        forget_at(s, i);
}

void fops_subvolumes_set_complete(FopsSubvolumes *s, uint64_t since_usec) {
        for (size_t i = 0; i < s->n_items; i++)
                s->items[i].complete_since_usec = MIN(s->items[i].complete_since_usec, since_usec);
}

FopsInodeKey fops_subvolume_key(uint32_t number, uint64_t inode) {
        return (FopsInodeKey){ .inode = inode, .dev_major = FOPS_SUBVOLUME_MAJOR, .dev_minor = number };
}

uint32_t fops_subvolume_of(FopsInodeKey key) {
        return key.dev_major == FOPS_SUBVOLUME_MAJOR ? key.dev_minor : 0;
}

/* ---- regions ---- */

static int compare(const char *a, FopsSpan b) {
        size_t size = strlen(a);
        int order = memcmp(a, b.data, MIN(size, b.size));

        return order != 0 ? order : (size > b.size) - (size < b.size);
}

/* Where the region of @tag is in the array, or is to be. */
static size_t find_region(const FopsSubvolumes *s, FopsSpan tag, bool *ret_found) {
        size_t lo = 0, hi = s->n_regions;

        *ret_found = false;
        while (lo < hi && !*ret_found) {
                size_t mid = lo + (hi - lo) / 2;
                int order = compare(s->regions[mid].tag, tag);

                if (order < 0)
                        lo = mid + 1;
                else
                        hi = mid;
                *ret_found = order == 0;
        }
        return hi;
}

FopsRegion *fops_subvolumes_region(const FopsSubvolumes *s, FopsSpan tag) {
        bool found = false;
        size_t i = tag.data ? find_region(s, tag, &found) : 0;

        return found ? s->regions + i : NULL;
}

static FopsRegion *get_region(FopsSubvolumes *s, FopsSpan tag, FopsSpan path) {
        FopsRegion fresh = {}, *regions;
        bool found;
        size_t i = find_region(s, tag, &found);

        if (found)
                return s->regions + i;
        fresh.tag = strndup(tag.data, tag.size);
        fresh.path = strndup(path.data, path.size);
        regions = fresh.tag && fresh.path ? reallocarray(s->regions, s->n_regions + 1, sizeof(FopsRegion)) : NULL;
        if (!regions) {
                region_done(&fresh);
                return NULL;
        }
        s->regions = regions;
        memmove(regions + i + 1, regions + i, (s->n_regions - i) * sizeof(FopsRegion));
        regions[i] = fresh;
        s->n_regions++;
        return regions + i;
}

static FopsSubvolumeEntry *find_entry(FopsSubvolumeEntry *entries, size_t n, FopsInodeKey directory) {
        for (size_t i = 0; i < n; i++)
                if (fops_inode_key_equal(entries[i].directory, directory))
                        return entries + i;
        return NULL;
}

static bool is_listed(const FopsReach *r, uint32_t major, uint32_t minor) {
        for (size_t i = 0; i < MIN(r->n_devices, ELEMENTSOF(r->devices)); i++)
                if (r->devices[i].major == major && r->devices[i].minor == minor)
                        return true;
        return false;
}

bool fops_reach_has_device(const FopsReach *r, uint32_t major, uint32_t minor) {
        return r->n_devices > ELEMENTSOF(r->devices) || is_listed(r, major, minor);
}

void fops_reach_add_device(FopsReach *r, uint32_t major, uint32_t minor) {
        if (fops_reach_has_device(r, major, minor))
                return;
        if (r->n_devices < ELEMENTSOF(r->devices)) {
                r->devices[r->n_devices].major = major;
                r->devices[r->n_devices].minor = minor;
        }
        r->n_devices++;
}

int fops_subvolumes_set_region(FopsSubvolumes *s, FopsSpan tag, FopsSpan path, const FopsReach *found, uint64_t now_usec) {
        FopsRegion *r = get_region(s, tag, path);
        const FopsReach before = r ? r->reach : (FopsReach){};
        FopsSubvolumeEntry *all;
        size_t n = found->n_entries;

        if (!r)
                return -ENOMEM;
        all = calloc(MAX(n + before.n_entries, (size_t) 1), sizeof(FopsSubvolumeEntry));
        if (!all)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++) {
                all[i] = found->entries[i];
                all[i].until_usec = UINT64_MAX;
        }
        for (size_t i = 0; i < before.n_entries; i++) {
                FopsSubvolumeEntry e = before.entries[i], *now = find_entry(all, found->n_entries, e.directory);

                if (now) {
                        now->is_fronted |= e.is_fronted;
                        continue;
                }
                if (!e.is_lasting)
                        e.until_usec = MIN(e.until_usec, now_usec);
                if (e.is_lasting || e.until_usec + GONE_USEC > now_usec)
                        all[n++] = e;
        }
        free(before.entries);

        r->reach = *found;
        r->reach.entries = all;
        r->reach.n_entries = n;
        if (before.n_devices > ELEMENTSOF(before.devices))
                r->reach.n_devices = before.n_devices;
        for (size_t i = 0; i < MIN(before.n_devices, ELEMENTSOF(before.devices)); i++)
                fops_reach_add_device(&r->reach, before.devices[i].major, before.devices[i].minor);
        r->is_wanted = true;
        r->checked_usec = now_usec;
        r->until_usec = UINT64_MAX;
        return 0;
}

void fops_subvolumes_renew_regions(FopsSubvolumes *s, uint64_t now_usec) {
        size_t n = 0;

        for (size_t i = 0; i < s->n_regions; i++) {
                FopsRegion *r = s->regions + i;

                if (!r->is_wanted && r->checked_usec + GONE_USEC < now_usec) {
                        region_done(r);
                        continue;
                }
                r->is_wanted = false;
                s->regions[n++] = *r;
        }
        s->n_regions = n;
}
