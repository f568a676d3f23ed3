/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Calls against the JSON that comes of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "json-writer.h"

typedef struct Written {
        FopsJsonWriter writer;
        char *text;
        size_t size;
} Written;

static FopsJsonWriter *begin(Written *w) {
        w->writer = (FopsJsonWriter){ .f = open_memstream(&w->text, &w->size) };
        assert_non_null(w->writer.f);
        return &w->writer;
}

static void assert_written(Written *w, const char *expected) {
        assert_int_equal(fclose(w->writer.f), 0);
        assert_string_equal(w->text, expected);
        free(w->text);
}

static void test_commas_stand_between_siblings_only(_unused_ void **state) {
        Written written = {};
        FopsJsonWriter *w = begin(&written);

        fops_json_open(w, NULL, '{');
        fops_json_u64(w, "a", 1);
        fops_json_open(w, "b", '[');
        fops_json_open(w, NULL, '{');
        fops_json_close(w, '}');
        fops_json_string(w, NULL, "x");
        fops_json_close(w, ']');
        fops_json_open(w, "c", '{');
        fops_json_bool(w, "d", true);
        fops_json_bool(w, "e", false);
        fops_json_close(w, '}');
        fops_json_close(w, '}');
        assert_written(&written, "{\"a\":1,\"b\":[{},\"x\"],\"c\":{\"d\":true,\"e\":false}}");
}

static void test_seconds_keep_their_microseconds(_unused_ void **state) {
        Written written = {};
        FopsJsonWriter *w = begin(&written);

        fops_json_open(w, NULL, '[');
        fops_json_seconds(w, NULL, UINT64_C(1795309541000042));
        fops_json_seconds(w, NULL, 0);
        fops_json_close(w, ']');
        assert_written(&written, "[1795309541.000042,0.000000]");
}

static void test_values_that_are_no_text_are_bytes_or_null(_unused_ void **state) {
        Written written = {};
        FopsJsonWriter *w = begin(&written);

        fops_json_open(w, NULL, '{');
        fops_json_span(w, "bytes", FOPS_SPAN_LITERAL("a\xff"));
        fops_json_string(w, "none", NULL);
        fops_json_string(w, "quoted", "\"\\\n");
        fops_json_close(w, '}');
        assert_written(&written, "{\"bytes\":[97,255],\"none\":null,\"quoted\":\"\\\"\\\\\\n\"}");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_commas_stand_between_siblings_only),
                cmocka_unit_test(test_seconds_keep_their_microseconds),
                cmocka_unit_test(test_values_that_are_no_text_are_bytes_or_null),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
