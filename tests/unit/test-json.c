/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Entries against the bytes that journalctl -o json prints for the same fields. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "json.h"

#define S(s) FOPS_SPAN_LITERAL(s)

/* An entry without the fields that every entry has. */
static FopsEntry *empty_entry(void) {
        static FopsEntry e;

        fops_entry_begin(&e, FOPS_KIND_OPERATION, 6);
        e.n_fields = 0;
        return &e;
}

static void assert_line_in(const FopsEntry *e, size_t room, const char *expected) {
        _cleanup_free_ char *line = NULL, *data = malloc(room);
        size_t size;
        FILE *f = open_memstream(&line, &size);
        FopsWriter w = fops_writer(f, data, room);

        assert_true(f && data);
        fops_json_write(e, &w);
        fops_writer_flush(&w);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(line, expected);
        assert_int_equal(strlen(line), size);
}

static void assert_line(FopsEntry *e, const char *expected) {
        _cleanup_free_ char *line = NULL;
        size_t size;
        FILE *f = open_memstream(&line, &size);

        assert_non_null(f);
        fops_json_print(e, f);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(line, expected);
        assert_int_equal(strlen(line), size);

        /* It comes out the same in pieces of any size. */
        for (size_t room = 1; room < 40; room++)
                assert_line_in(e, room, expected);
        fops_entry_done(e);
}

static void assert_value(FopsSpan value, const char *expected) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        fops_json_print_value(value, f);
        assert_int_equal(fclose(f), 0);
        assert_string_equal(text, expected);
}

static void test_every_value_is_a_string(_unused_ void **state) {
        FopsEntry *e = empty_entry();

        fops_entry_add(e, "FOPSD_OP", S("delete"));
        fops_entry_add_u64(e, "FOPSD_PID", 4711);
        fops_entry_add_i64(e, "FOPSD_EXIT", -2);
        assert_line(e, "{\"FOPSD_OP\":\"delete\",\"FOPSD_PID\":\"4711\",\"FOPSD_EXIT\":\"-2\"}\n");
}

static void test_an_entry_without_fields_is_an_object(_unused_ void **state) {
        assert_line(empty_entry(), "{}\n");
}

static void test_a_field_that_occurs_again_becomes_an_array(_unused_ void **state) {
        char other_pointer[] = "FOPSD_KEY";
        FopsEntry *e = empty_entry();

        fops_entry_add(e, "FOPSD_KEY", S("a"));
        fops_entry_add(e, "FOPSD_OP", S("read"));
        fops_entry_add(e, other_pointer, S("b\xff"));
        fops_entry_add(e, "FOPSD_KEY", S("a"));
        fops_entry_add(e, "FOPSD_KEYS", S("c"));
        assert_line(e, "{\"FOPSD_KEY\":[\"a\",[98,255],\"a\"],\"FOPSD_OP\":\"read\",\"FOPSD_KEYS\":\"c\"}\n");
}

static void test_fields_known_to_stand_together_become_the_same_array(_unused_ void **state) {
        FopsEntry *e = empty_entry();

        fops_entry_add(e, "FOPSD_OP", S("read"));
        fops_entry_add(e, "FOPSD_KEY", S("a"));
        fops_entry_add(e, "FOPSD_KEY", S("b\xff"));
        fops_entry_add(e, "FOPSD_KEY", S("c"));
        fops_entry_add(e, "FOPSD_KEYS", S("d"));
        fops_entry_add(e, "FOPSD_KEZS", S("e"));
        fops_entry_add(e, "FOPSD_UNIT", S("f"));
        fops_entry_add(e, "FOPSD_UNIT", S("g"));
        e->is_grouped = true;
        assert_line(e, "{\"FOPSD_OP\":\"read\",\"FOPSD_KEY\":[\"a\",[98,255],\"c\"],\"FOPSD_KEYS\":\"d\",\"FOPSD_KEZS\":\"e\","
                       "\"FOPSD_UNIT\":[\"f\",\"g\"]}\n");
        fops_entry_begin(e, FOPS_KIND_STATE, 6);
        assert_false(e->is_grouped);
}

static void test_many_names_are_told_apart_and_long_values_are_whole(_unused_ void **state) {
        static char names[FOPS_ENTRY_FIELDS_MAX / 2][16], expected[8192], longest[5000];
        FopsEntry *e = empty_entry();
        int n = 0;

        memset(longest, 'x', sizeof(longest));
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                snprintf(names[i], sizeof(names[i]), "FOPSD_%zu", i);
                fops_entry_add(e, names[i], S("a"));
        }
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                fops_entry_add(e, names[i], i == 7 ? (FopsSpan){ longest, sizeof(longest) } : S("\"b"));
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                n += i == 7 ? sprintf(expected + n, ",\"%s\":[\"a\",\"%.*s\"]", names[i], (int) sizeof(longest), longest) :
                              sprintf(expected + n, "%s\"%s\":[\"a\",\"\\\"b\"]", i == 0 ? "{" : ",", names[i]);
        strcpy(expected + n, "}\n");
        assert_line(e, expected);
}

static void test_what_is_not_printable_utf8_becomes_bytes(_unused_ void **state) {
        assert_value(S("\xff"), "[255]");
        assert_value(S("a\0b"), "[97,0,98]");
        assert_value(S("\x1b[2J"), "[27,91,50,74]");
        assert_value(S("\r"), "[13]");
        assert_value(S("\b\f"), "[8,12]");
        assert_value(S("\x7f"), "[127]");
        assert_value(S("\xc2\x80"), "[194,128]");                 /* C1 */
        assert_value(S("\xc0\xaf"), "[192,175]");                 /* overlong */
        assert_value(S("\xe0\x80\xaf"), "[224,128,175]");         /* overlong */
        assert_value(S("\xed\xa0\x80"), "[237,160,128]");         /* surrogate */
        assert_value(S("\xef\xbf\xbe"), "[239,191,190]");         /* U+FFFE */
        assert_value(S("\xef\xb7\x90"), "[239,183,144]");         /* U+FDD0 */
        assert_value(S("\xf4\x90\x80\x80"), "[244,144,128,128]"); /* over U+10FFFF */
        assert_value(S("\xf8\x88\x80\x80\x80"), "[248,136,128,128,128]");
        assert_value(S("a\xe2\x82"), "[97,226,130]"); /* truncated */
        assert_value(S("\x80"), "[128]");
}

static void test_text_is_escaped_as_systemd_does(_unused_ void **state) {
        assert_value(S("a\"b\\c\nd\te/f"), "\"a\\\"b\\\\c\\nd\\te/f\"");
        assert_value(S("\""), "\"\\\"\"");
        assert_value(S("häß 日本 \xf0\x9f\x98\x80"), "\"häß 日本 \xf0\x9f\x98\x80\"");
        assert_value(S("\u202e\u200b"), "\"\u202e\u200b\""); /* systemd's json doesn't mind */
        assert_value(S("\xef\xbf\xbd"), "\"\xef\xbf\xbd\"");
        assert_value(S(""), "\"\"");
        assert_value(FOPS_SPAN_ABSENT, "null");
}

static void test_no_value_is_cut(_unused_ void **state) {
        static char value[100000];
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_non_null(f);
        memset(value, 'x', sizeof(value));
        fops_json_print_value((FopsSpan){ value, sizeof(value) }, f);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(size, sizeof(value) + 2);
        assert_memory_equal(text + 1, value, sizeof(value));
}

static void test_a_full_entry_prints_every_field(_unused_ void **state) {
        FopsEntry *e = empty_entry();
        _cleanup_free_ char *line = NULL;
        size_t size, n_values = 0;
        FILE *f = open_memstream(&line, &size);

        assert_non_null(f);
        for (size_t i = 0; i < FOPS_ENTRY_FIELDS_MAX; i++)
                fops_entry_add(e, "FOPSD_RECORD", S("x"));
        assert_false(e->truncated);
        fops_json_print(e, f);
        assert_int_equal(fclose(f), 0);
        for (const char *p = line; (p = strstr(p, "\"x\"")); p++)
                n_values++;
        assert_int_equal(n_values, FOPS_ENTRY_FIELDS_MAX);
        fops_entry_done(e);
}

static void test_many_entries_come_out_as_each_would(_unused_ void **state) {
        static char data[2 * FOPS_WRITER_BLOCK_BYTES + 100], value[3 * FOPS_WRITER_BLOCK_BYTES];
        _cleanup_free_ char *lines = NULL, *expected = NULL;
        size_t size, expected_size;
        FILE *f = open_memstream(&lines, &size), *g = open_memstream(&expected, &expected_size);
        FopsWriter w = fops_writer(f, data, sizeof(data));

        assert_true(f && g);
        memset(value, 'x', sizeof(value));
        for (unsigned i = 0; i < 20000; i++) {
                FopsEntry *e = empty_entry();

                fops_entry_add_u64(e, "FOPSD_EVENT", i);
                fops_entry_add(e, "FOPSD_NAME", (FopsSpan){ value, i % 100 == 0 ? i * 8 : 0 });
                fops_json_print(e, g);
                fops_json_write(e, &w);
        }
        fops_writer_flush(&w);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(fclose(g), 0);
        assert_int_equal(size, expected_size);
        assert_memory_equal(lines, expected, size);
        fops_entry_done(empty_entry());
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_value_is_a_string),
                cmocka_unit_test(test_an_entry_without_fields_is_an_object),
                cmocka_unit_test(test_a_field_that_occurs_again_becomes_an_array),
                cmocka_unit_test(test_fields_known_to_stand_together_become_the_same_array),
                cmocka_unit_test(test_many_names_are_told_apart_and_long_values_are_whole),
                cmocka_unit_test(test_what_is_not_printable_utf8_becomes_bytes),
                cmocka_unit_test(test_text_is_escaped_as_systemd_does),
                cmocka_unit_test(test_no_value_is_cut),
                cmocka_unit_test(test_a_full_entry_prints_every_field),
                cmocka_unit_test(test_many_entries_come_out_as_each_would),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
