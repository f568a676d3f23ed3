/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Paths of cgroups as systemd and the container engines make them, against unit, container and runtime. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "process-table.h"

#define ID "4f1c8a6e2b7d90354f1c8a6e2b7d90354f1c8a6e2b7d90354f1c8a6e2b7d9035"
#define ID2 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

typedef struct Case {
        const char *path, *unit, *container, *runtime;
} Case;

static void assert_span(const char *path, FopsSpan s, const char *expected) {
        if (!expected ? fops_span_is_present(s) : !fops_span_equal_string(s, expected))
                fail_msg("%s: \"%.*s\" instead of \"%s\"", path, (int) s.size, s.data ? s.data : "",
                         expected ? expected : "(absent)");
}

static void check_all(const Case *cases, size_t n_cases) {
        for (size_t i = 0; i < n_cases; i++) {
                const Case *c = cases + i;
                FopsArena arena = {};
                FopsCgroup cgroup;

                fops_cgroup_parse(fops_span_from_string(c->path), &arena, &cgroup);
                assert_span(c->path, cgroup.unit, c->unit);
                assert_span(c->path, cgroup.container, c->container);
                assert_span(c->path, cgroup.runtime, c->runtime);
                fops_arena_done(&arena);
        }
}

/* The expectations are systemd's own, from test_path_get_unit() of its src/test/test-cgroup-util.c, and more. */
static void test_the_unit_is_the_one_systemd_says(_unused_ void **state) {
        static const Case cases[] = {
                { "/system.slice/nginx.service", "nginx.service", NULL, NULL },
                { "/system.slice/nginx.service/worker", "nginx.service", NULL, NULL },
                { "/system.slice/foobar.service/sdfdsaf", "foobar.service", NULL, NULL },
                { "/system.slice/getty@tty5.service", "getty@tty5.service", NULL, NULL },
                { "/system.slice/getty@tty5.service/aaa/bbb", "getty@tty5.service", NULL, NULL },
                { "/system.slice/getty@tty5.service/", "getty@tty5.service", NULL, NULL },
                { "/system.slice/getty@tty6.service/tty5", "getty@tty6.service", NULL, NULL },
                { "/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", NULL, NULL },
                { "sadfdsafsda", NULL, NULL, NULL },
                { "/system.slice/getty####@tty6.service/xxx", NULL, NULL, NULL },
                { "/system.slice/system-waldo.slice/foobar.service/sdfdsaf", "foobar.service", NULL, NULL },
                { "/system.slice/system-waldo.slice/_cpu.service/sdfdsaf", "cpu.service", NULL, NULL },
                { "/user.slice/user-1000.slice/user@1000.service/server.service", "user@1000.service", NULL, NULL },
                { "/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope", "user@1000.service", NULL, NULL },
                { "/user.slice/user-1000.slice/session-3.scope", "session-3.scope", NULL, NULL },
                { "/user.slice/user-1000.slice", NULL, NULL, NULL },
                { "/system.slice", NULL, NULL, NULL },
                { "/a@b.slice/x.service", NULL, NULL, NULL },
                { "/init.scope", "init.scope", NULL, NULL },
                { "//system.slice//x.service", "x.service", NULL, NULL },
                { "/system.slice/boot-efi.mount", "boot-efi.mount", NULL, NULL },
                { "/system.slice/x.exe", NULL, NULL, NULL },
                { "/system.slice/.service", NULL, NULL, NULL },
                { "/system.slice/@x.service", NULL, NULL, NULL },
                { "/system.slice/x@.service", NULL, NULL, NULL },
                { "/../x.service", NULL, NULL, NULL },
                { "/", NULL, NULL, NULL },
                { "", NULL, NULL, NULL },
                { NULL, NULL, NULL, NULL },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_containers_are_found_by_their_engines_names(_unused_ void **state) {
        static const Case cases[] = {
                { "/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID, "docker" },
                { "/system.slice/docker-" ID ".scope/init.scope", "docker-" ID ".scope", ID, "docker" },
                { "/docker/" ID, NULL, ID, "docker" },
                { "/docker/" ID "/system.slice/x.service", NULL, ID, "docker" },
                { "/docker/buildkit/k3v9qhp2m1x8", NULL, "k3v9qhp2m1x8", "buildkit" },
                { "/machine.slice/libpod-" ID ".scope", "libpod-" ID ".scope", ID, "podman" },
                { "/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", ID, "podman" },
                { "/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", NULL, NULL },
                { "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", "user@1000.service", ID,
                  "podman" },
                { "/system.slice/web.service/libpod-payload-" ID, "web.service", ID, "podman" },
                { "/libpod_parent/libpod-" ID, NULL, ID, "podman" },
                { "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12ab_34cd.slice/cri-containerd-" ID
                  ".scope",
                  "cri-containerd-" ID ".scope", ID, "containerd" },
                { "/kubepods.slice/kubepods-pod12ab.slice/crio-" ID ".scope", "crio-" ID ".scope", ID, "cri-o" },
                { "/kubepods.slice/kubepods-pod12ab.slice/crio-conmon-" ID ".scope", "crio-conmon-" ID ".scope", NULL,
                  NULL },
                { "/kubepods.slice/kubepods-pod12ab.slice/docker-" ID ".scope", "docker-" ID ".scope", ID, "docker" },
                { "/kubepods/besteffort/pod12ab-34cd/" ID, NULL, ID, "kubernetes" },
                { "/k8s.io/" ID, NULL, ID, "containerd" },
                { "/system.slice/nerdctl-" ID ".scope", "nerdctl-" ID ".scope", ID, "containerd" },
                { "/lxc/web", NULL, "web", "lxc" },
                { "/lxc/101/ns/system.slice/ssh.service", NULL, "101", "lxc" },
                { "/lxc/lxc/init.scope", NULL, "lxc", "lxc" },
                { "/lxc.payload.web", NULL, "web", "lxc" },
                { "/lxc.payload.web/system.slice/ssh.service", NULL, "web", "lxc" },
                { "/lxc.payload/web", NULL, "web", "lxc" },
                { "/lxc.monitor.web", NULL, NULL, NULL },
                { "/machine.slice/machine-deb12.scope", "machine-deb12.scope", "deb12", "nspawn" },
                { "/machine.slice/machine-my\\x2dbox.scope/payload/system.slice/x.service", "machine-my\\x2dbox.scope",
                  "my-box", "nspawn" },
                { "/machine.slice/systemd-nspawn@my\\x2dbox.service/payload", "systemd-nspawn@my\\x2dbox.service", "my-box",
                  "nspawn" },
                { "/machine.slice/machine-deb12.scope/supervisor", "machine-deb12.scope", NULL, NULL },
                { "/machine.slice/machine-qemu\\x2d3\\x2dvm.scope/libvirt/emulator", "machine-qemu\\x2d3\\x2dvm.scope", NULL,
                  NULL },
                { "/machine.slice/machine-lxc\\x2d4711\\x2dweb.scope", "machine-lxc\\x2d4711\\x2dweb.scope", NULL, NULL },
                { "/machine.slice/machine-lxc\\x2dweb.scope", "machine-lxc\\x2dweb.scope", "lxc-web", "nspawn" },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_the_innermost_container_counts(_unused_ void **state) {
        static const Case cases[] = {
                { "/docker/" ID "/docker/" ID2, NULL, ID2, "docker" },
                { "/system.slice/docker-" ID ".scope/kubelet.slice/kubelet-kubepods.slice/cri-containerd-" ID2 ".scope",
                  "docker-" ID ".scope", ID2, "containerd" },
                { "/machine.slice/machine-a.scope/payload/machine.slice/machine-b.scope/payload", "machine-a.scope", "b",
                  "nspawn" },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_what_only_resembles_a_container_is_none(_unused_ void **state) {
        static const Case cases[] = {
                { "/system.slice/docker.service", "docker.service", NULL, NULL },
                { "/system.slice/docker-x.scope", "docker-x.scope", NULL, NULL },
                { "/docker/4f1c8a6e2b7d", NULL, NULL, NULL },
                { "/docker/" ID "0", NULL, NULL, NULL },
                { "/system.slice/docker-4F1C8A6E2B7D90354F1C8A6E2B7D90354F1C8A6E2B7D90354F1C8A6E2B7D9035.scope",
                  "docker-4F1C8A6E2B7D90354F1C8A6E2B7D90354F1C8A6E2B7D90354F1C8A6E2B7D9035.scope", NULL, NULL },
                { "/system.slice/x.service/" ID, "x.service", NULL, NULL },
                { "/machine.slice/machine-.scope", "machine-.scope", NULL, NULL },
                { "/machine.slice/machine-systemd-nspawn@x.service", "machine-systemd-nspawn@x.service", NULL, NULL },
                { "/lxc", NULL, NULL, NULL },
                { "/lxc.payload.", NULL, NULL, NULL },
        };

        check_all(cases, ELEMENTSOF(cases));
}

static void test_a_unit_name_has_a_longest_form(_unused_ void **state) {
        char path[300];
        FopsArena arena = {};
        FopsCgroup cgroup;

        memset(path, 'x', sizeof(path));
        memcpy(path + 255 - 8, ".service", 8);
        fops_cgroup_parse((FopsSpan){ path, 255 }, &arena, &cgroup);
        assert_int_equal(cgroup.unit.size, 255);

        memset(path, 'x', sizeof(path));
        memcpy(path + 256 - 8, ".service", 8);
        fops_cgroup_parse((FopsSpan){ path, 256 }, &arena, &cgroup);
        assert_false(fops_span_is_present(cgroup.unit));
        fops_arena_done(&arena);
}

static void test_the_path_is_the_unified_one_or_systemds(_unused_ void **state) {
        static const struct {
                const char *text, *path;
        } cases[] = {
                { "0::/system.slice/x.service\n", "/system.slice/x.service" },
                { "0::/system.slice/x.service", "/system.slice/x.service" },
                { "2:cpu:/a\n1:name=systemd:/b\n0::/c\n", "/c" },
                { "9:name=systemd:/system.slice/x.service\n8:pids:/\n0::/\n", "/system.slice/x.service" },
                { "9:name=systemd:/\n0::/\n", "/" },
                { "0::/\n", "/" },
                { "3:cpu,cpuacct:/a\n2:name=systemd:/b\n", "/b" },
                { "3:cpu,cpuacct:/a\n2:name=elogind:/b\n", NULL },
                { "0::/a:b\n", "/a:b" },
                { "0::/system.slice/x.service (deleted)\n", "/system.slice/x.service" },
                { "rubbish\n:\n\n0::/a\n", "/a" },
                { "", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_span(cases[i].text, fops_cgroup_path_from_proc(fops_span_from_string(cases[i].text)), cases[i].path);
        assert_false(fops_span_is_present(fops_cgroup_path_from_proc(FOPS_SPAN_ABSENT)));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_unit_is_the_one_systemd_says),
                cmocka_unit_test(test_containers_are_found_by_their_engines_names),
                cmocka_unit_test(test_the_innermost_container_counts),
                cmocka_unit_test(test_what_only_resembles_a_container_is_none),
                cmocka_unit_test(test_a_unit_name_has_a_longest_form),
                cmocka_unit_test(test_the_path_is_the_unified_one_or_systemds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
