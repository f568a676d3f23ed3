/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A rule in the kernel to the process that installed it. It holds in every mount namespace, as no lock file would. */

#include "instance.h"

#include <stdio.h>
#include <string.h>

#include "rule-loader.h"

static bool is_fopsd(uint32_t pid) {
        char path[sizeof("/proc//comm") + 11], comm[32] = "";
        FILE *f;

        snprintf(path, sizeof(path), "/proc/%u/comm", pid);
        f = fopen(path, "re");
        if (!f)
                return false;
        if (!fgets(comm, sizeof(comm), f))
                comm[0] = '\0';
        fclose(f);
        return strcmp(comm, "fopsd\n") == 0;
}

int instance_find_other(FopsAuditControl *control, uint32_t *ret_pid) {
        FopsKernelRules rules;
        uint32_t found = 0;
        int r;

        r = fops_rule_loader_list(control, &rules);
        if (r < 0)
                return r;

        for (size_t i = 0; i < rules.n_items; i++) {
                const struct audit_rule_data *data = rules.items[i];

                if (!fops_span_equal(fops_rule_data_tag(data), FOPS_SPAN_LITERAL(FOPS_TAG_SELF)))
                        continue;
                for (uint32_t j = 0; j < data->field_count; j++)
                        if (data->fields[j] == AUDIT_PID && data->values[j] != (uint32_t) getpid() && is_fopsd(data->values[j]))
                                found = data->values[j];
        }

        fops_kernel_rules_done(&rules);
        *ret_pid = found;
        return 0;
}
