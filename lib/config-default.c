/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Which files make up the configuration: the system's three places, or a file of one's own with its FILE.d. */

#include "config.h"

int fops_config_load_from(const char *file, FopsConfig *ret, FopsDiags *diags) {
        static const char *const system_drop_ins[] = { FOPS_CONFIG_DIR_ETC, FOPS_CONFIG_DIR_RUN, NULL };
        _cleanup_free_ char *drop_in = NULL;

        if (!file)
                return fops_config_load(&(FopsConfigPaths){ .file = FOPS_CONFIG_PATH, .drop_ins = system_drop_ins }, ret, diags);

        if (asprintf(&drop_in, "%s.d", file) < 0) {
                drop_in = NULL;
                return -ENOMEM;
        }
        return fops_config_load(&(FopsConfigPaths){ .file = file, .drop_ins = (const char *const[]){ drop_in, NULL } }, ret, diags);
}
