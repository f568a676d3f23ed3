/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Lines back into entries: what was written is read as it was, anything else is refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "json-read.h"
#include "json.h"

#define S(s) FOPS_SPAN_LITERAL(s)

static FopsEntry entry, again;

static int done(_unused_ void **state) {
        fops_entry_done(&entry);
        fops_entry_done(&again);
        return 0;
}

static void test_what_was_written_is_read(_unused_ void **state) {
        _cleanup_free_ char *line = NULL;
        size_t size;
        FILE *f = open_memstream(&line, &size);

        fops_entry_begin(&entry, FOPS_KIND_OPERATION, 6);
        fops_entry_add(&entry, "FOPSD_KEY", S("data"));
        fops_entry_add(&entry, "FOPSD_KEY", S("\xff\0"));
        fops_entry_add(&entry, "FOPSD_KEY", S("x\"y\\z\n\t[,]}"));
        fops_entry_add(&entry, "FOPSD_PATH", S("/srv/\xff"));
        fops_entry_add(&entry, "FOPSD_NAME", S("\\\""));

        assert_non_null(f);
        fops_json_print(&entry, f);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(fops_json_read(&again, (FopsSpan){ line, size }), 0);

        assert_int_equal(again.n_fields, entry.n_fields);
        for (size_t i = 0; i < entry.n_fields; i++) {
                assert_string_equal(again.fields[i].name, entry.fields[i].name);
                assert_true(fops_span_equal(again.fields[i].value, entry.fields[i].value));
        }
}

static void test_anything_else_is_refused(_unused_ void **state) {
        static const FopsSpan wrong[] = {
                S(""), S("{"), S("{}"), S("[]"), S("{\"A\"}"), S("{\"a\":\"b\"}"), S("{\"\":\"b\"}"),
                S("{\"A\":}"), S("{\"A\":\"b}"), S("{\"A\":\"b\\\"}"), S("{\"A\":\"b\\"),
                S("{\"A\":1}"), S("{\"A\":null}"), S("{\"A\":[256]}"), S("{\"A\":[1,]}"), S("{\"A\":[]}"),
                S("{\"A\":[1}"), S("{\"A\":[\"b\"}"), S("{\"A\":[\"b\",1]}"), S("{\"A\":\"b\"}x"), S("{\"A\":\"b\",}"),
                S("fopsd: out of luck\n"),
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                /* Of its own size: whoever reads behind it is caught. */
                _cleanup_free_ char *line = malloc(MAX(wrong[i].size, (size_t) 1));

                assert_non_null(line);
                memcpy(line, wrong[i].data, wrong[i].size);
                assert_int_equal(fops_json_read(&again, (FopsSpan){ line, wrong[i].size }), -EINVAL);
        }
        assert_int_equal(fops_json_read(&again, S("{\"A\":\"b\"}")), 0);
        assert_int_equal(again.n_fields, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_was_written_is_read),
                cmocka_unit_test(test_anything_else_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, done);
}
