/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A pipe to $PAGER. It is run by a shell, as man(1) and git(1) do, so that PAGER may hold options. */

#include "pager.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static bool is_terminal(void) {
        const char *term = getenv("TERM");

        return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

bool pager_colours(void) {
        const char *no_color = getenv("NO_COLOR");

        return is_terminal() && (!no_color || *no_color == '\0');
}

static _Noreturn void run(const char *command, const int pipe_fds[static 2]) {
        signal(SIGPIPE, SIG_DFL);
        setenv("LESS", "FRSX", 0);
        setenv("LESSCHARSET", "utf-8", 0);
        /* Whoever may run fopsctl by sudo(8) isn't therefore to get a shell out of less. */
        setenv("LESSSECURE", "1", 1);
        if (dup2(pipe_fds[0], STDIN_FILENO) >= 0)
                execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
}

void pager_start(Pager *p, bool wanted) {
        const char *command = getenv("PAGER");
        int pipe_fds[2];

        *p = (Pager){};
        if (!command)
                command = "less 2>/dev/null || cat";
        if (!wanted || !is_terminal() || *command == '\0' || strcmp(command, "cat") == 0)
                return;

        fflush(stdout);
        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return;
        p->pid = fork();
        if (p->pid == 0)
                run(command, pipe_fds);
        if (p->pid < 0 || dup2(pipe_fds[1], STDOUT_FILENO) < 0)
                p->pid = 0;
        close(pipe_fds[0]);
        close(pipe_fds[1]);
}

void pager_wait(Pager *p) {
        if (p->pid <= 0)
                return;
        fclose(stdout);
        while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        p->pid = 0;
}
