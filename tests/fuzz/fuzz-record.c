/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One record: two bytes of type, then its text. Every field is decoded, and an event of just this record is made an operation, the same
 * when it was read before. */

#include <libaudit.h>

#include "../same-operation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_record(const FopsRecord *r, FopsSpan text) {
        FopsFieldReader reader = fops_field_reader(r->body);
        FopsArena arena = {};
        FopsSpan name;
        FopsValue v;

        if (!fops_span_starts_with(text, r->text) || !fops_span_ends_with(r->text, r->body))
                abort();
        while (fops_field_next(&reader, &name, &v)) {
                if (name.size == 0 || memchr(name.data, '=', name.size) || name.data < r->body.data ||
                    v.raw.data + v.raw.size > r->body.data + r->body.size)
                        abort();
                fops_value_decode(v, &arena);
        }
        fops_arena_done(&arena);
}

static void check_operation(FopsEvent *event) {
        /* Kept, so that what one record leaves behind would show in another. */
        static FopsOperationMemory *memory;
        static FopsSyscallTable *syscalls;
        FopsOperation op, again;

        if (!memory)
                memory = fops_operation_memory_new();
        if (!syscalls)
                syscalls = fops_syscall_table_new();

        if (fops_operation_from_event(event, syscalls, NULL, &op) != FOPS_OPERATION_OK)
                return;
        for (unsigned i = 0; i < 2; i++)
                if (fops_operation_from_event(event, syscalls, memory, &again) != FOPS_OPERATION_OK || !same_operation(&op, &again))
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(fops_correlator_freep) FopsCorrelator *c = fops_correlator_new(&FOPS_CORRELATOR_OPTIONS_DEFAULT);
        _cleanup_(fops_event_freep) FopsEvent *event = NULL;
        FopsRecordDiag diag = {};
        FopsRecord r;
        FopsSpan text;

        if (size < 2)
                return 0;
        text = (FopsSpan){ (const char *) data + 2, size - 2 };

        if (fops_record_parse((uint16_t) (data[0] | data[1] << 8), text, NULL, &r, &diag) != FOPS_RECORD_OK) {
                if (!diag.reason || diag.offset > text.size)
                        abort();
                return 0;
        }
        check_record(&r, text);

        if (fops_correlator_push(c, &r, 0, 0) < 0)
                abort();
        fops_correlator_flush(c);
        event = fops_correlator_pop(c, 0);
        if ((event == NULL) != (r.type == AUDIT_EOE))
                abort();
        if (event)
                check_operation(event);
        return 0;
}
