/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A cgroup's path into unit and container:
 *   /system.slice/docker-4f1c…(64 hex).scope        unit docker-4f1c….scope, container 4f1c…, runtime docker
 * The unit as systemd's cg_path_get_unit() finds it, the same that journald writes as _SYSTEMD_UNIT. The container as the
 * engines name their cgroups; of nested ones the innermost. A user who may make cgroups of his own (user@1000.service is
 * his) may give them an engine's names: container and runtime are what the cgroup says, the unit is what systemd made. */

#include "process-table.h"

/* systemd's UNIT_NAME_MAX, with the NUL. */
#define UNIT_NAME_BYTES_MAX ((size_t) 256)

static bool is_hex_id(FopsSpan s) {
        if (s.size != 64)
                return false;
        for (size_t i = 0; i < s.size; i++)
                if (!memchr("0123456789abcdef", s.data[i], 16))
                        return false;
        return true;
}

static bool is_decimal(FopsSpan s) {
        uint64_t number;

        return fops_span_to_u64(s, &number);
}

/* Takes @prefix off the front of *@s, if it is there. */
static bool take_prefix(FopsSpan *s, FopsSpan prefix) {
        if (!fops_span_starts_with(*s, prefix))
                return false;
        *s = fops_span_skip(*s, prefix.size);
        return true;
}

static bool take_suffix(FopsSpan *s, FopsSpan suffix) {
        if (!fops_span_ends_with(*s, suffix))
                return false;
        s->size -= suffix.size;
        return true;
}

/* The next component of a path, without slashes; absent at the end. */
static FopsSpan next_component(FopsSpan *path) {
        FopsSpan c;

        while (path->size > 0 && path->data[0] == '/')
                *path = fops_span_skip(*path, 1);
        if (path->size == 0)
                return FOPS_SPAN_ABSENT;

        for (c = (FopsSpan){ path->data, 0 }; c.size < path->size && path->data[c.size] != '/';)
                c.size++;
        *path = fops_span_skip(*path, c.size);
        return c;
}

/* unit_name_is_valid() with UNIT_NAME_PLAIN, and UNIT_NAME_INSTANCE if @instance. */
static bool is_unit_name(FopsSpan s, bool instance) {
        static const FopsSpan types[] = {
                FOPS_SPAN_LITERAL("service"),   FOPS_SPAN_LITERAL("scope"),  FOPS_SPAN_LITERAL("slice"),
                FOPS_SPAN_LITERAL("socket"),    FOPS_SPAN_LITERAL("mount"),  FOPS_SPAN_LITERAL("swap"),
                FOPS_SPAN_LITERAL("automount"), FOPS_SPAN_LITERAL("target"), FOPS_SPAN_LITERAL("device"),
                FOPS_SPAN_LITERAL("timer"),     FOPS_SPAN_LITERAL("path"),
        };
        const char *dot, *at;
        FopsSpan name;
        bool known = false;

        if (!s.data || s.size >= UNIT_NAME_BYTES_MAX)
                return false;
        dot = memrchr(s.data, '.', s.size);
        if (!dot || dot == s.data)
                return false;
        name = (FopsSpan){ s.data, (size_t) (dot - s.data) };

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                known = known || fops_span_equal(fops_span_skip(s, name.size + 1), types[i]);
        if (!known)
                return false;

        for (size_t i = 0; i < name.size; i++) {
                char c = name.data[i];

                if (!(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !memchr(":-_.\\@", c, 6))
                        return false;
        }

        at = memchr(name.data, '@', name.size);
        return !at || (instance && at > name.data && at + 1 < dot);
}

/* systemd puts an underscore before a name that the kernel's own files could collide with. */
static FopsSpan unescape_cgroup(FopsSpan s) {
        take_prefix(&s, FOPS_SPAN_LITERAL("_"));
        return s;
}

/* The first component below the slices, if it is a unit's name. */
static FopsSpan parse_unit(FopsSpan path) {
        for (;;) {
                FopsSpan c = next_component(&path), name = unescape_cgroup(c);

                if (c.size < strlen("x.y") || !is_unit_name(name, true))
                        return FOPS_SPAN_ABSENT;
                if (!fops_span_ends_with(name, FOPS_SPAN_LITERAL(".slice")))
                        return name;
                if (!is_unit_name(name, false)) /* a slice has no instances */
                        return FOPS_SPAN_ABSENT;
        }
}

static int hex_digit(char c) {
        const char *digits = "0123456789abcdef", *p = memchr(digits, c, 16);

        return p ? (int) (p - digits) : -1;
}

/* systemd's unit_name_unescape(), as far as a machine's name needs it: \x2d is a dash. Absent when memory is out. */
static FopsSpan unescape_machine(FopsArena *arena, FopsSpan s) {
        FopsSpan name = fops_arena_copy(arena, s);
        char *p = (char *) name.data;
        size_t n = 0;

        for (size_t i = 0; i < name.size; n++)
                if (name.size - i >= 4 && p[i] == '\\' && p[i + 1] == 'x' && hex_digit(p[i + 2]) >= 0 &&
                    hex_digit(p[i + 3]) >= 0) {
                        p[n] = (char) (hex_digit(p[i + 2]) << 4 | hex_digit(p[i + 3]));
                        i += 4;
                } else
                        p[n] = p[i++];
        return (FopsSpan){ name.data, n };
}

/* libvirt registers its guests with machined as well: qemu-3-NAME has no container, lxc-4711-NAME isn't nspawn's. */
static bool is_libvirt_machine(FopsSpan name) {
        FopsSpan number = name;
        const char *dash;

        if (!take_prefix(&number, FOPS_SPAN_LITERAL("qemu-")) && !take_prefix(&number, FOPS_SPAN_LITERAL("lxc-")))
                return false;
        dash = memchr(number.data, '-', number.size);
        return dash && is_decimal((FopsSpan){ number.data, (size_t) (dash - number.data) });
}

/* PREFIX-<64 hex>.scope (systemd's cgroup driver) or PREFIX-<64 hex> (cgroupfs). "libpod-conmon-…" isn't inside of the
 * container, and has no such id. */
static bool parse_prefixed(FopsSpan c, FopsCgroup *ret) {
        static const struct {
                FopsSpan prefix, runtime;
        } engines[] = {
                { FOPS_SPAN_LITERAL("docker-"), FOPS_SPAN_LITERAL("docker") },
                { FOPS_SPAN_LITERAL("libpod-payload-"), FOPS_SPAN_LITERAL("podman") },
                { FOPS_SPAN_LITERAL("libpod-"), FOPS_SPAN_LITERAL("podman") },
                { FOPS_SPAN_LITERAL("cri-containerd-"), FOPS_SPAN_LITERAL("containerd") },
                { FOPS_SPAN_LITERAL("nerdctl-"), FOPS_SPAN_LITERAL("containerd") },
                { FOPS_SPAN_LITERAL("crio-"), FOPS_SPAN_LITERAL("cri-o") },
        };

        take_suffix(&c, FOPS_SPAN_LITERAL(".scope"));
        for (size_t i = 0; i < ELEMENTSOF(engines); i++) {
                FopsSpan id = c;

                if (take_prefix(&id, engines[i].prefix) && is_hex_id(id)) {
                        ret->container = id;
                        ret->runtime = engines[i].runtime;
                        return true;
                }
        }
        return false;
}

/* An id or a name alone; its parent tells whose: /docker/<64 hex>, /docker/buildkit/ID, /lxc/NAME, /kubepods/…/pod…/<64
 * hex>. */
static bool parse_bare(FopsSpan c, FopsSpan parent, bool in_kubepods, FopsCgroup *ret) {
        static const struct {
                FopsSpan parent, runtime;
                bool hex;
        } parents[] = {
                { FOPS_SPAN_LITERAL("docker"), FOPS_SPAN_LITERAL("docker"), true },
                { FOPS_SPAN_LITERAL("libpod_parent"), FOPS_SPAN_LITERAL("podman"), true },
                { FOPS_SPAN_LITERAL("k8s.io"), FOPS_SPAN_LITERAL("containerd"), true },
                { FOPS_SPAN_LITERAL("buildkit"), FOPS_SPAN_LITERAL("buildkit"), false },
                { FOPS_SPAN_LITERAL("lxc"), FOPS_SPAN_LITERAL("lxc"), false },
                { FOPS_SPAN_LITERAL("lxc.payload"), FOPS_SPAN_LITERAL("lxc"), false },
        };

        for (size_t i = 0; i < ELEMENTSOF(parents); i++)
                if (fops_span_equal(parent, parents[i].parent) && (!parents[i].hex || is_hex_id(c))) {
                        ret->container = c;
                        ret->runtime = parents[i].runtime;
                        return true;
                }

        if (in_kubepods && is_hex_id(c)) {
                ret->container = c;
                ret->runtime = FOPS_SPAN_LITERAL("kubernetes");
                return true;
        }
        return false;
}

/* PREFIX NAME SUFFIX → NAME */
static bool take_between(FopsSpan c, FopsSpan prefix, FopsSpan suffix, FopsSpan *ret) {
        if (!take_prefix(&c, prefix) || !take_suffix(&c, suffix) || c.size == 0)
                return false;
        *ret = c;
        return true;
}

/* machine-NAME.scope, systemd-nspawn@NAME.service, lxc.payload.NAME. */
static bool parse_named(FopsSpan c, FopsArena *arena, FopsCgroup *ret) {
        FopsSpan name;

        if (take_between(c, FOPS_SPAN_LITERAL("lxc.payload."), FOPS_SPAN_LITERAL(""), &name)) {
                ret->container = name;
                ret->runtime = FOPS_SPAN_LITERAL("lxc");
                return true;
        }

        if (!take_between(c, FOPS_SPAN_LITERAL("machine-"), FOPS_SPAN_LITERAL(".scope"), &name) &&
            !take_between(c, FOPS_SPAN_LITERAL("systemd-nspawn@"), FOPS_SPAN_LITERAL(".service"), &name))
                return false;
        name = unescape_machine(arena, name);
        if (name.size == 0 || is_libvirt_machine(name))
                return false;
        ret->container = name;
        ret->runtime = FOPS_SPAN_LITERAL("nspawn");
        return true;
}

void fops_cgroup_parse(FopsSpan path, FopsArena *arena, FopsCgroup *ret) {
        FopsSpan parent = FOPS_SPAN_ABSENT, rest = path, c;
        bool in_kubepods = false, just_found = false;

        *ret = (FopsCgroup){ .unit = parse_unit(path) };

        while (c = next_component(&rest), fops_span_is_present(c)) {
                /* The nspawn process itself, beside "payload": it belongs to the host. */
                if (just_found && fops_span_equal_string(ret->runtime, "nspawn") && fops_span_equal_string(c, "supervisor"))
                        ret->container = ret->runtime = FOPS_SPAN_ABSENT;

                just_found = parse_prefixed(c, ret) || parse_bare(c, parent, in_kubepods, ret) || parse_named(c, arena, ret);
                in_kubepods = in_kubepods || fops_span_starts_with(c, FOPS_SPAN_LITERAL("kubepods"));
                parent = just_found ? FOPS_SPAN_ABSENT : c; /* a container called "lxc" is no directory of containers */
        }
}

FopsSpan fops_cgroup_path_from_proc(FopsSpan text) {
        FopsSpan unified = FOPS_SPAN_ABSENT, systemd = FOPS_SPAN_ABSENT;

        while (text.size > 0) {
                const char *newline = memchr(text.data, '\n', text.size);
                FopsSpan line = { text.data, newline ? (size_t) (newline - text.data) : text.size };
                const char *first = memchr(line.data, ':', line.size), *second;
                FopsSpan controllers, path;

                text = fops_span_skip(text, line.size + 1);
                if (!first)
                        continue;
                controllers = fops_span_skip(line, (size_t) (first - line.data) + 1);
                second = memchr(controllers.data, ':', controllers.size);
                if (!second)
                        continue;
                controllers.size = (size_t) (second - controllers.data);
                path = fops_span_skip(line, (size_t) (second - line.data) + 1);
                /* The kernel's word for a cgroup that was removed under a process about to end. */
                take_suffix(&path, FOPS_SPAN_LITERAL(" (deleted)"));

                if (controllers.size == 0)
                        unified = path;
                else if (fops_span_equal_string(controllers, "name=systemd"))
                        systemd = path;
        }

        /* On a hybrid machine the unified hierarchy may be there and hold everything in its root. */
        if (unified.size > 1 || !fops_span_is_present(systemd))
                return unified;
        return systemd;
}
