/* SPDX-License-Identifier: GPL-2.0-or-later */

/* {"FOPSD_OP":"delete","FOPSD_KEY":["data","srv"],"FOPSD_PATH":[47,115,255]} into fields: a value is a string, an array of
 * bytes, or an array of these. */

#include "json-read.h"

#include "json-reader.h"

/* As journald wants it. */
static bool is_name(FopsSpan name) {
        size_t n = 0;

        while (n < name.size && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", name.data[n]) && name.data[n])
                n++;
        return n == name.size && n > 0;
}

static int add_value(FopsEntry *e, const char *name, const FopsJson *value) {
        FopsSpan bytes = fops_json_bytes(value, &e->arena);

        if (!bytes.data || bytes.size == 0)
                return -EINVAL;
        fops_entry_add(e, name, bytes);
        return 0;
}

static int add_member(FopsEntry *e, const FopsJson *member) {
        const char *name = is_name(member->name) ? fops_arena_copy(&e->arena, member->name).data : NULL;
        int r = 0;

        if (!name)
                return -EINVAL;
        if (member->type != FOPS_JSON_ARRAY || !member->first || member->first->type == FOPS_JSON_NUMBER)
                return add_value(e, name, member);
        for (const FopsJson *value = member->first; value && r == 0; value = value->next)
                r = add_value(e, name, value);
        return r;
}

int fops_json_read(FopsEntry *e, FopsSpan line) {
        const FopsJson *object;
        int r = 0;

        fops_arena_reset(&e->arena);
        e->n_fields = e->n_groups = 0;
        object = fops_json_parse(line, &e->arena);
        if (!object || object->type != FOPS_JSON_OBJECT || !object->first)
                return -EINVAL;
        for (const FopsJson *member = object->first; member && r == 0; member = member->next)
                r = add_member(e, member);
        return r;
}
