/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <libaudit.h>

#include "test-records.h"

static FopsRecord parse_ok(FopsSpan text) {
        FopsRecordDiag diag = {};
        FopsRecord record;

        assert_int_equal(fops_record_parse(AUDIT_PATH, text, NULL, &record, &diag), FOPS_RECORD_OK);
        assert_int_equal(record.type, AUDIT_PATH);
        assert_span(record.node, NULL);
        assert_span(record.enriched, NULL);
        return record;
}

static FopsRecord parse_line_ok(FopsSpan line) {
        FopsRecordDiag diag = {};
        FopsRecord record;

        assert_int_equal(fops_record_parse_line(line, NULL, &record, &diag), FOPS_RECORD_OK);
        return record;
}

#define S(s) FOPS_SPAN_LITERAL(s)

static void test_a_record_is_its_id_and_its_body(void **state _unused_) {
        FopsRecord r = parse_ok(S("audit(1795311567.313:600266): item=0 name=\"/x\""));

        assert_int_equal(r.id.sec, 1795311567);
        assert_int_equal(r.id.msec, 313);
        assert_int_equal(r.id.serial, 600266);
        assert_span(r.body, "item=0 name=\"/x\"");
        assert_span(r.text, "audit(1795311567.313:600266): item=0 name=\"/x\"");
}

static void test_a_record_after_one_of_its_event_reads_the_same(void **state _unused_) {
        static const char *const texts[] = {
                "audit(1795311567.313:600266): item=0",
                "audit(1795311567.313:600266): item=1",
                "audit(1795311567.313:600266):item=2",
                "audit(1795311567.313:600266):",
                "audit(1795311567.313:600266): ",
                "audit(1795311567.313:60026): item=0",
                "audit(1795311567.313:600267): item=0",
                "audit(1795311567.31:600267): item=0",
                "audit(1795311567.31:6002670000000000): item=0",
                "audit(1795311567.31:6002670000000000):",
                "audit(1795311567.31:6002670000100000): item=0",
                "audit(1.1:1): item=0",
                "audit(1.1:1): item=1",
                "audit(1.10:1): item=0",
                "audit(2.10:1): item=0",
                "audit(1795311567.313:600266",
                "audit(00000000000000000000000000000000000000000001795311567.313:600266): item=0",
                "audit(00000000000000000000000000000000000000000001795311568.313:600266): item=0",
        };
        FopsRecordHead head = {};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                FopsSpan text = fops_span_from_string(texts[i]);
                FopsRecord alone = {}, after = {};
                FopsRecordDiag diag;

                assert_int_equal(fops_record_parse(AUDIT_PATH, text, NULL, &alone, &diag),
                                 fops_record_parse(AUDIT_PATH, text, &head, &after, &diag));
                assert_true(fops_event_id_equal(alone.id, after.id));
                assert_true(fops_span_equal(alone.text, after.text));
                assert_true(fops_span_equal(alone.body, after.body));
        }
}

static void test_nul_and_newline_at_the_end_do_not_count(void **state _unused_) {
        assert_span(parse_ok(S("audit(1.002:3): a=b\n\0\0")).body, "a=b");
        assert_span(parse_ok(S("audit(1.002:3): ")).body, "");
        assert_span(parse_ok(S("audit(1.002:3):")).body, "");
        assert_span(parse_ok(S("audit(1.002:3):a=b")).body, "a=b");
}

/* Every error says the byte at which the text stopped making sense, and leaves the result alone. */
static void test_errors_know_their_byte(void **state _unused_) {
        static const struct {
                const char *text;
                size_t offset;
        } cases[] = {
                { "", 0 },
                { "audi", 0 },
                { "Audit(1.002:3): ", 0 },
                { "audit(", 6 },
                { "audit(x", 6 },
                { "audit(-1.002:3): ", 6 },
                { "audit(9223372036855.000:3): ", 6 }, /* no clock in microseconds holds it */
                { "audit(99999999999999999999.000:3): ", 6 },
                { "audit(1", 7 },
                { "audit(1:2): ", 7 },
                { "audit(1.", 8 },
                { "audit(1.1000:3): ", 8 },
                { "audit(1.002", 11 },
                { "audit(1.002 3): ", 11 },
                { "audit(1.002:", 12 },
                { "audit(1.002:18446744073709551616): ", 12 },
                { "audit(1.002:3", 13 },
                { "audit(1.002:3: ", 13 },
                { "audit(1.002:3) a=b", 14 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FopsRecord record = { .type = 4711 };
                FopsRecordDiag diag = {};

                assert_int_equal(fops_record_parse(AUDIT_PATH, fops_span_from_string(cases[i].text), NULL, &record, &diag),
                                 FOPS_RECORD_MALFORMED);
                assert_int_equal(diag.offset, cases[i].offset);
                assert_non_null(diag.reason);
                assert_int_equal(record.type, 4711);
        }
}

static void test_the_latest_time_is_taken(void **state _unused_) {
        assert_true(parse_ok(S("audit(9223372036854.999:18446744073709551615): ")).id.serial == UINT64_MAX);
}

static void test_errors_of_a_line_count_from_its_beginning(void **state _unused_) {
        static const struct {
                const char *line;
                size_t offset;
        } cases[] = {
                { "garbage", 0 },
                { "node=web1 garbage", 10 },
                { "node=web1", 9 },
                { "type=NOSUCH msg=audit(1.002:3): ", 5 },
                { "type= msg=audit(1.002:3): ", 5 },
                { "type=1300x msg=audit(1.002:3): ", 5 },
                { "type=UNKNOWN[14x] msg=audit(1.002:3): ", 5 },
                { "type=UNKNOWN[65536] msg=audit(1.002:3): ", 5 },
                { "type=PATH", 9 },
                { "type=PATH audit(1.002:3): ", 10 },
                { "type=PATH msg=audit(x", 20 },
                { "node=web1 type=PATH msg=audit(1.002:x", 36 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                FopsRecordDiag diag = {};
                FopsRecord record;

                assert_int_equal(fops_record_parse_line(fops_span_from_string(cases[i].line), NULL, &record, &diag),
                                 FOPS_RECORD_MALFORMED);
                assert_int_equal(diag.offset, cases[i].offset);
        }
}

static void test_a_line_may_name_its_node(void **state _unused_) {
        FopsRecord r = parse_line_ok(S("node=web1 type=CWD msg=audit(1.002:3): cwd=\"/\"\r\n"));

        assert_span(r.node, "web1");
        assert_int_equal(r.type, AUDIT_CWD);
        assert_span(r.body, "cwd=\"/\"");
        assert_span(parse_line_ok(S("type=CWD msg=audit(1.002:3): cwd=\"/\"")).node, NULL);
}

static void test_what_ausearch_puts_between_events_is_blank(void **state _unused_) {
        static const char *const blank[] = { "", "\r\n", "----", "time->Sun Nov 22 02:06:07 2026" };

        for (size_t i = 0; i < ELEMENTSOF(blank); i++) {
                FopsRecordDiag diag = {};
                FopsRecord record;

                assert_int_equal(fops_record_parse_line(fops_span_from_string(blank[i]), NULL, &record, &diag), FOPS_RECORD_BLANK);
        }
}

static void test_enrichment_is_no_part_of_the_record(void **state _unused_) {
        FopsRecord r = parse_line_ok(S("type=PATH msg=audit(1.002:3): item=0 name=\"/x\"\x1dOUID=\"root\" OGID=\"root\"\n"));

        assert_span(r.text, "audit(1.002:3): item=0 name=\"/x\"");
        assert_span(r.body, "item=0 name=\"/x\"");
        assert_span(r.enriched, "OUID=\"root\" OGID=\"root\"");
        assert_span(parse_line_ok(S("type=PATH msg=audit(1.002:3): item=0\x1d")).enriched, "");
}

static void test_a_message_hides_nothing_behind_a_separator_of_its_own(void **state _unused_) {
        FopsRecord r = parse_line_ok(S("type=USER msg=audit(1.002:3): msg='a\x1d" "b=c'\x1dUID=\"root\""));

        assert_span(r.body, "msg='a\x1d" "b=c'");
        assert_span(r.enriched, "UID=\"root\"");
        assert_span(parse_ok(S("audit(1.002:3): msg='a\x1d" "b'")).body, "msg='a\x1d" "b'");
}

static void test_every_type_survives_its_name(void **state _unused_) {
        char buffer[FOPS_RECORD_TYPE_BYTES_MAX];

        for (uint32_t type = 0; type <= UINT16_MAX; type++) {
                const char *name = fops_record_type_to_string((uint16_t) type, buffer);
                uint16_t again = 0;

                assert_true(fops_record_type_from_string(fops_span_from_string(name), &again));
                assert_int_equal(again, type);
        }
}

static void test_types_newer_than_libaudit_have_names(void **state _unused_) {
        char buffer[FOPS_RECORD_TYPE_BYTES_MAX];

        assert_string_equal(fops_record_type_to_string(1336, buffer), "URINGOP");
        assert_string_equal(fops_record_type_to_string(1337, buffer), "OPENAT2");
        assert_string_equal(fops_record_type_to_string(1420, buffer), "IPE_ACCESS");
        assert_string_equal(fops_record_type_to_string(1423, buffer), "LANDLOCK_ACCESS");
        assert_string_equal(fops_record_type_to_string(1425, buffer), "MAC_TASK_CONTEXTS");
        assert_string_equal(fops_record_type_to_string(1998, buffer), "UNKNOWN[1998]");
        assert_string_equal(fops_record_type_to_string(AUDIT_LOGIN, buffer), "LOGIN");
}

/* Walks a body and says what it holds: "name|value|", quoted values in <>. */
static void assert_fields(const char *body, const char *expected) {
        FopsFieldReader reader = fops_field_reader(fops_span_from_string(body));
        FopsArena arena = {};
        FopsSpan all = FOPS_SPAN_LITERAL(""), name;
        FopsValue v;

        while (fops_field_next(&reader, &name, &v))
                all = fops_arena_printf(&arena, "%.*s%.*s|%s%.*s%s|", (int) all.size, all.data, (int) name.size, name.data,
                                        v.quoted ? "<" : "", (int) v.raw.size, v.raw.data, v.quoted ? ">" : "");
        assert_span(all, expected);
        assert_false(fops_field_next(&reader, &name, &v));
        fops_arena_done(&arena);
}

static void test_a_body_is_fields(void **state _unused_) {
        assert_fields("item=0 name=\"/x\" inode=7 name2=(null)", "item|0|name|</x>|inode|7|name2|(null)|");
        assert_fields("", "");
        assert_fields("   ", "");
        assert_fields("a= b=", "a||b||");
        assert_fields("a=\"\" b=''", "a|<>|b|<>|");
        assert_fields("a=b=c", "a|b=c|");
}

static void test_quoted_values_hold_anything_but_their_quote(void **state _unused_) {
        assert_fields("comm=\"key=x\" key=\"y\"", "comm|<key=x>|key|<y>|");
        assert_fields("name=\"it's\" x=1", "name|<it's>|x|1|");
        assert_fields("name=\" a=b \" x=1", "name|< a=b >|x|1|");
        assert_fields("msg='op=login acct=\"root\" res=success' x=1", "msg|<op=login acct=\"root\" res=success>|x|1|");
        /* Without its end a quote is a byte like any other. */
        assert_fields("name=\"abc d=e", "name|\"abc|d|e|");
        assert_fields("name=\"", "name|\"|");
}

static void test_words_without_a_value_are_passed_over(void **state _unused_) {
        assert_fields("avc:  denied  { read } for  pid=7 comm=\"x\"", "pid|7|comm|<x>|");
        assert_fields("=x a=1", "a|1|");
        assert_fields("op=x, , key=y", "op|x,|key|y|");
        assert_fields("==", "");
}

static void test_a_field_is_found_by_its_whole_name(void **state _unused_) {
        FopsSpan body = S("ppid=1 pid=2 pid=3 comm=\"exe=4\"");

        assert_span(fops_field_find(body, "pid").raw, "2");
        assert_span(fops_field_find(body, "ppid").raw, "1");
        assert_span(fops_field_find(body, "exe").raw, NULL);
        assert_span(fops_field_find(body, "pi").raw, NULL);
        assert_span(fops_field_find(FOPS_SPAN_ABSENT, "pid").raw, NULL);
        assert_true(fops_field_find(body, "comm").quoted);
}

static void test_expecting_an_order_of_names_changes_nothing(void **state _unused_) {
        enum { ITEM, NAME, INODE, NAMETYPE, CAP_FROOTID, N };
        static const FopsFieldName names[N] = {
                [ITEM] = FOPS_FIELD_NAME("item"),         [NAME] = FOPS_FIELD_NAME("name"),
                [INODE] = FOPS_FIELD_NAME("inode"),       [NAMETYPE] = FOPS_FIELD_NAME("nametype"),
                [CAP_FROOTID] = FOPS_FIELD_NAME("cap_frootid"),
        };
        static const char *const bodies[] = {
                "item=0 name=\"/srv/data\" inode=7 nametype=NORMAL cap_frootid=0",
                "item=0 name=\"/srv/data\" nametype=NORMAL cap_frootid=0 and so on and so on",
                "nametype=NORMAL cap_frootid=0 inode=7 name=\"/srv/data\" item=0 nametype=X cap_frootid=00000000000000",
                "item=0 names=\"/srv/data\" inod=7 nametypes=NORMAL cap_frootid_=0 tem=0 name=\"x\"inode=9 nametype=A cap_frootid=1",
                "item=0,name=x,y  inode=1 inode=2 nametype== cap_frootid name=(null) name= item=",
                "item=0 name=\"unended inode=7 nametype=\"NORMAL\" cap_frootid='0 0'",
                "cap_frootid=",
                "",
        };

        for (size_t i = 0; i < ELEMENTSOF(bodies); i++) {
                FopsFieldReader plain = fops_field_reader(fops_span_from_string(bodies[i])), expecting = plain;
                FopsSpan name;
                FopsValue v, w = {};
                int f, at = 0;

                while (fops_field_next(&plain, &name, &v)) {
                        f = fops_field_next_of(&expecting, names, N, &at);
                        w = fops_field_take_value(&expecting);
                        assert_in_range(f, 0, N);
                        for (int j = 0; j < N; j++)
                                assert_int_equal(f == j, fops_span_equal(name, (FopsSpan){ (const char *) &names[j].text, names[j].size - 1U }));
                        assert_true(fops_span_equal(v.raw, w.raw));
                        assert_int_equal(v.quoted, w.quoted);
                }
                assert_int_equal(fops_field_next_of(&expecting, names, N, &at), -1);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_record_is_its_id_and_its_body),
                cmocka_unit_test(test_a_record_after_one_of_its_event_reads_the_same),
                cmocka_unit_test(test_nul_and_newline_at_the_end_do_not_count),
                cmocka_unit_test(test_errors_know_their_byte),
                cmocka_unit_test(test_the_latest_time_is_taken),
                cmocka_unit_test(test_errors_of_a_line_count_from_its_beginning),
                cmocka_unit_test(test_a_line_may_name_its_node),
                cmocka_unit_test(test_what_ausearch_puts_between_events_is_blank),
                cmocka_unit_test(test_enrichment_is_no_part_of_the_record),
                cmocka_unit_test(test_a_message_hides_nothing_behind_a_separator_of_its_own),
                cmocka_unit_test(test_every_type_survives_its_name),
                cmocka_unit_test(test_types_newer_than_libaudit_have_names),
                cmocka_unit_test(test_a_body_is_fields),
                cmocka_unit_test(test_quoted_values_hold_anything_but_their_quote),
                cmocka_unit_test(test_words_without_a_value_are_passed_over),
                cmocka_unit_test(test_a_field_is_found_by_its_whole_name),
                cmocka_unit_test(test_expecting_an_order_of_names_changes_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
