/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Titles beside the program of the same event:
 *   exe="/usr/bin/rm" comm="rm", proctitle "rm", "-rf", "d"              its own
 *   exe="/usr/bin/dash" comm="which", "/bin/sh", "/usr/bin/which", "vi"  its own: a script
 *   exe="/usr/bin/rm" comm="rm", "sh", "-c", ": > x; rm x"               not its own */

#include "command-lines.h"

#include <ctype.h>

#include "path.h"

/* TASK_COMM_LEN, without its NUL: comm is cut there. */
#define COMM_BYTES ((size_t) 15)
/* A script's interpreter takes one argument at most before the script's path. */
#define SCRIPT_ARGUMENT_MAX 2
/* /sbin/init is a symlink to a program of any name. */
#define INIT_PID 1

static inline uint64_t stir(uint64_t hash, uint64_t word) {
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        return hash ^ hash >> 32;
}

/* Nobody gains by a collision: one's own title can be set to anything. So it need not be more than quick. */
static uint64_t hash(FopsSpan s) {
        uint64_t h = s.size, word = 0;

        for (size_t i = 0; i + sizeof(word) < s.size; i += sizeof(word)) {
                memcpy(&word, s.data + i, sizeof(word));
                h = stir(h, word);
        }
        if (s.size >= sizeof(word))
                memcpy(&word, s.data + s.size - sizeof(word), sizeof(word));
        else
                for (size_t i = 0; i < s.size; i++)
                        word = word << 8 | (unsigned char) s.data[i];
        return stir(h, word);
}

static FopsSpan cut_at(FopsSpan s, char c) {
        const char *end = s.size > 0 ? memchr(s.data, c, s.size) : NULL;

        return end ? (FopsSpan){ s.data, (size_t) (end - s.data) } : s;
}

static FopsSpan last_component(FopsSpan path) {
        FopsSpan name = fops_path_basename(path);

        return name.data ? name : path;
}

/* The file's own name: of one that was replaced by an upgrade the kernel says so. */
static FopsSpan program_of(FopsSpan exe) {
        static const FopsSpan deleted = { " (deleted)", 10 };

        if (fops_span_ends_with(exe, deleted))
                exe.size -= deleted.size;
        return last_component(exe);
}

/* One is the other and a version, or a state: "python3" and "python3.11", "php-fpm" and "php-fpm8.2". */
static bool is_alike(FopsSpan a, FopsSpan b) {
        FopsSpan shorter = a.size <= b.size ? a : b, longer = a.size <= b.size ? b : a;

        return shorter.size > 0 && fops_span_starts_with(longer, shorter) &&
               (longer.size == shorter.size || !isalpha((unsigned char) longer.data[shorter.size]));
}

static bool is_cut_to(FopsSpan name, FopsSpan comm) {
        return fops_span_equal(comm, (FopsSpan){ name.data, MIN(name.size, COMM_BYTES) });
}

/* "-bash" is a login shell, "nginx: worker process" a title that a program gave itself. */
static bool begins_as(FopsSpan argument, FopsSpan program, FopsSpan comm) {
        FopsSpan word = cut_at(cut_at(argument, ' '), ':');

        if (word.size > 0 && word.data[0] == '-')
                word = fops_span_skip(word, 1);
        word = last_component(word);
        argument = last_component(argument); /* with its spaces */
        return is_alike(word, program) || is_alike(word, comm) || is_alike(argument, program) ||
               (argument.size > 0 && is_cut_to(argument, comm));
}

/* Does the title name the program? A script is its process's comm, and its interpreter is both exe and first argument, by what name
 * ever ("/bin/sh" for dash). */
static bool is_of_program(FopsSpan title, FopsSpan program, FopsSpan comm) {
        FopsSpan argument = cut_at(title, '\0');

        if (begins_as(argument, program, comm))
                return true;
        for (unsigned i = 0; i < SCRIPT_ARGUMENT_MAX && argument.size < title.size; i++) {
                title = fops_span_skip(title, argument.size + 1);
                argument = cut_at(title, '\0');
                if (comm.size > 0 && is_cut_to(last_component(argument), comm))
                        return !is_alike(comm, program);
        }
        return false;
}

void fops_command_lines_judge(FopsCommandLines *c, FopsProcessTable *processes, FopsOperation *op) {
        const FopsSpan program = program_of(op->exe);
        bool is_exec = op->op == FOPS_OP_EXEC && op->outcome == FOPS_OUTCOME_SUCCESS, is_known;
        struct FopsTitle now, *t;

        if (!op->title.data || !op->exe.data)
                return;

        now = (struct FopsTitle){ .key = hash(op->title) + op->pid, .program = hash(program), .name = hash(op->comm) };
        t = c->titles + now.key % FOPS_COMMAND_LINES;
        is_known = t->key == now.key;

        if (is_known && !is_exec && t->program == now.program && (t->name == now.name || t->is_certain)) {
                now.is_right = t->is_right;
                now.is_certain = t->is_certain;
        } else if (!is_known && (op->pid == INIT_PID || is_of_program(op->title, program, op->comm)))
                now.is_right = true;
        else
                now.is_right = now.is_certain = fops_process_table_has_arguments(processes, op->pid, op->title);
        *t = now;

        if (!now.is_right && op->cmdline_is_title)
                op->cmdline = FOPS_SPAN_ABSENT;
}
