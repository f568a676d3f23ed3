/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Records written as lines of audit.log, for the rooms behind the correlator. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "correlator.h"

#define EVENT_ID "msg=audit(1795311569.353:600296): "

/* Of a call without arguments, or with these; 64 is x86-64, 32 is i386. */
#define CALL_64(rest) "type=SYSCALL " EVENT_ID "arch=c000003e " rest " ppid=11 pid=12 uid=0 gid=0 euid=0 comm=\"x\" exe=\"/x\"\n"
#define CALL_32(rest) "type=SYSCALL " EVENT_ID "arch=40000003 " rest " ppid=11 pid=12 uid=0 gid=0 euid=0 comm=\"x\" exe=\"/x\"\n"
#define URINGOP(rest) "type=URINGOP " EVENT_ID rest " ppid=11 pid=12 uid=0 gid=0 euid=0\n"
#define CWD(cwd) "type=CWD " EVENT_ID "cwd=" cwd "\n"

/* The middle of a PATH record by what the item is. */
#define ITEM_ON(dev, name, ino, mode, type) \
        "type=PATH " EVENT_ID "item=0 name=" name " inode=" #ino " dev=" dev " mode=" mode " ouid=0 ogid=0 rdev=00:00 nametype=" type \
        " cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\n"
#define ITEM(name, ino, mode, type) ITEM_ON("fe:00", name, ino, mode, type)
#define FILE_ITEM(name, ino, type) ITEM("\"" name "\"", ino, "0100644", type)
#define DIR_ITEM(name, ino, type) ITEM("\"" name "\"", ino, "040755", type)
#define PARENT(name, ino) DIR_ITEM(name, ino, "PARENT")
#define INODELESS(name, type) "type=PATH " EVENT_ID "item=0 name=" name " nametype=" type "\n"

/* Any other record. */
#define RECORD(type, body) "type=" type " " EVENT_ID body "\n"

#define assert_span(span, string) assert_span_is(span, string, __FILE__, __LINE__)

static inline void assert_span_is(FopsSpan s, const char *expected, const char *file, int line) {
        if (fops_span_equal_string(s, expected))
                return;
        print_error("%s:%d: \"%.*s\" (%zu bytes%s) is not \"%s\"\n", file, line, (int) s.size, s.data ? s.data : "", s.size,
                    s.data ? "" : ", absent", expected ? expected : "(absent)");
        _fail(file, line);
}

/* Takes the next line off *@text. */
static inline bool next_line(FopsSpan *text, FopsSpan *ret) {
        const char *stop;

        if (text->size == 0)
                return false;
        stop = memchr(text->data, '\n', text->size);
        *ret = (FopsSpan){ text->data, stop ? (size_t) (stop - text->data) : text->size };
        *text = fops_span_skip(*text, ret->size + 1);
        return true;
}

static inline void push_lines(FopsCorrelator *c, const char *lines, uint64_t now_usec) {
        FopsSpan text = fops_span_from_string(lines), line;

        while (next_line(&text, &line)) {
                FopsRecordDiag diag;
                FopsRecord record;

                assert_int_equal(fops_record_parse_line(line, NULL, &record, &diag), FOPS_RECORD_OK);
                assert_true(fops_correlator_push(c, &record, now_usec, now_usec) >= 0);
        }
}

/* Lines of one event. The caller frees it. */
static inline FopsEvent *event_from_lines(const char *lines) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = fops_correlator_new(&FOPS_CORRELATOR_OPTIONS_DEFAULT);
        FopsEvent *e;

        assert_non_null(c);
        push_lines(c, lines, 0);
        fops_correlator_flush(c);
        e = fops_correlator_pop(c, 0);
        assert_non_null(e);
        assert_null(fops_correlator_pop(c, UINT64_MAX));
        return e;
}
