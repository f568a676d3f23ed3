/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What system calls cost the program that makes them:
 *   bench-calls getppid|read|stat N   calls that concern no file, a file that nobody watches; nanoseconds a call
 *   bench-calls work N DIRECTORY      N files made and N removed there; microseconds an operation */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The best of so many: others' work on the machine only ever makes it slower. */
#define ROUNDS 9

static uint64_t now_nsec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000000 + (uint64_t) t.tv_nsec;
}

static uint64_t time_calls(const char *call, unsigned long n) {
        int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        uint64_t start = now_nsec();
        struct stat st;
        char byte;

        if (strcmp(call, "getppid") == 0)
                for (unsigned long i = 0; i < n; i++)
                        syscall(SYS_getppid);
        else if (strcmp(call, "read") == 0)
                for (unsigned long i = 0; i < n; i++)
                        (void) !read(fd, &byte, 1);
        else
                for (unsigned long i = 0; i < n; i++)
                        (void) stat("/dev/zero", &st);
        start = now_nsec() - start;
        close(fd);
        return start;
}

static void work(unsigned long n) {
        uint64_t start = now_nsec();
        char name[32];

        for (unsigned long i = 0; i < n; i++) {
                int fd;

                snprintf(name, sizeof(name), "file-%lu", i);
                fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
                if (fd < 0 || close(fd) < 0 || unlink(name) < 0)
                        abort();
        }
        printf("%.3f\n", (double) (now_nsec() - start) / (2e3 * (double) n));
}

int main(int argc, char **argv) {
        unsigned long n = argc >= 3 ? strtoul(argv[2], NULL, 10) : 0;
        uint64_t best = UINT64_MAX;

        if (n == 0 || (strcmp(argv[1], "work") == 0) != (argc == 4)) {
                fprintf(stderr, "usage: bench-calls getppid|read|stat N | work N DIRECTORY\n");
                return 2;
        }
        if (argc == 4) {
                if (chdir(argv[3]) < 0)
                        return 2;
                work(n);
                return 0;
        }
        for (int i = 0; i < ROUNDS; i++) {
                uint64_t spent = time_calls(argv[1], n);

                best = spent < best ? spent : best;
        }
        printf("%.1f\n", (double) best / (double) n);
        return 0;
}
