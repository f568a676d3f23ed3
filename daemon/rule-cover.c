/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The kernel's side of target-group.h: /home/a becomes equivalent to /run/fopsd/trees/6aa93c61ff4e1f4a.1795349826. */

#include "rule-cover.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "path.h"
#include "target-group.h"

int rule_cover_make_equivalent(FopsAuditControl *c, const char *path, const char *other) {
        /* Both strings, their lengths in front (audit_receive_msg()). */
        uint32_t lengths[2] = { (uint32_t) strlen(path), (uint32_t) strlen(other) };
        size_t size = sizeof(lengths) + lengths[0] + lengths[1];
        _cleanup_free_ char *payload = malloc(size);

        if (!payload)
                return -ENOMEM;
        memcpy(payload, lengths, sizeof(lengths));
        memcpy(payload + sizeof(lengths), path, lengths[0]);
        memcpy(payload + sizeof(lengths) + lengths[0], other, lengths[1]);
        return fops_audit_control_command(c, AUDIT_MAKE_EQUIV, payload, size);
}

/* The root covers everything anyway. */
static bool covers_anchors(const struct audit_rule_data *rule) {
        FopsSpan path = fops_rule_data_path(rule);
        char text[PATH_MAX], resolved[PATH_MAX];

        if (!fops_span_is_present(path) || path.size >= sizeof(text))
                return false;
        memcpy(text, path.data, path.size);
        text[path.size] = '\0';
        return realpath(text, resolved) && strcmp(resolved, "/") != 0 &&
               fops_path_is_below(FOPS_SPAN_LITERAL(FOPS_ANCHORS_DIRECTORY), fops_span_from_string(resolved));
}

/* By rules of others, or by one in the configuration. */
static bool are_anchors_covered(const FopsKernelRules *kernel, const FopsRules *wanted) {
        for (size_t i = 0; i < kernel->n_items; i++)
                if (!fops_span_is_present(fops_rule_data_tag(kernel->items[i])) && covers_anchors(kernel->items[i]))
                        return true;
        for (size_t i = 0; i < wanted->n_items; i++)
                if (wanted->items[i].origin == FOPS_RULE_CONFIG && covers_anchors(wanted->items[i].data))
                        return true;
        return false;
}

static bool make_anchors(const FopsTargets *targets) {
        if (targets->n_groups > 0 && mkdir(FOPS_ANCHORS_DIRECTORY, 0755) < 0 && errno != EEXIST)
                return false;
        for (size_t i = 0; i < targets->n_groups; i++)
                if (mkdir(targets->groups[i].anchor.path, 0755) < 0 && errno != EEXIST)
                        return false;
        return true;
}

bool rule_cover_begin(const FopsKernelRules *kernel, const FopsRules *wanted, const FopsTargets *targets) {
        return !are_anchors_covered(kernel, wanted) && make_anchors(targets);
}

bool rule_cover_is_of_anchor(const struct audit_rule_data *rule) {
        uint32_t generation;

        return fops_anchor_generation(fops_rule_data_path(rule), &generation);
}

static bool is_anchor_wanted(const FopsTargets *targets, const char *name) {
        for (size_t i = 0; i < targets->n_groups; i++)
                if (strcmp(strrchr(targets->groups[i].anchor.path, '/') + 1, name) == 0)
                        return true;
        return false;
}

void rule_cover_tidy(const FopsTargets *targets) {
        DIR *d = opendir(FOPS_ANCHORS_DIRECTORY);
        const struct dirent *entry;

        if (!d)
                return;
        while ((entry = readdir(d)))
                if (entry->d_name[0] != '.' && !is_anchor_wanted(targets, entry->d_name))
                        (void) unlinkat(dirfd(d), entry->d_name, AT_REMOVEDIR);
        closedir(d);
        if (targets->n_groups == 0)
                (void) rmdir(FOPS_ANCHORS_DIRECTORY);
}

void rule_cover_forget(FopsTargets *targets, const FopsTarget *anchor) {
        for (size_t i = 0; i < targets->n_items; i++)
                if (targets->items[i].group && &targets->items[i].group->anchor == anchor)
                        targets->items[i].is_covered = false;
}

void rule_cover_targets(FopsAuditControl *c, FopsTargets *targets, int *errors) {
        for (size_t i = 0; i < targets->n_items; i++) {
                FopsTarget *t = targets->items + i;

                if (!t->group || t->is_covered)
                        continue;
                errors[i] = rule_cover_make_equivalent(c, t->group->anchor.path, t->path);
                t->is_covered = errors[i] == 0;
        }
}
