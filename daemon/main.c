/* SPDX-License-Identifier: GPL-2.0-or-later */

/* fopsd: options, configuration, manager. */

#include <string.h>
#include <sysexits.h>

#include "manager.h"

/* Nothing runs on a configuration with a mistake in it. Returns 0, 1 after messages, or -errno after one. */
static int load(const Options *options, FopsConfig *ret) {
        FopsDiags diags = {};
        int r;

        r = options_load_config(options, ret, &diags);
        if (r < 0)
                fprintf(stderr, "fopsd: %s\n", strerror(-r));
        else
                fops_diags_print(&diags, stderr);
        fops_diags_done(&diags);
        return r;
}

int main(int argc, char **argv) {
        _cleanup_(options_done) Options options = {};
        FopsConfig config;
        int r;

        r = options_parse(argc, argv, &options);
        if (r <= 0)
                return r == 0 ? EXIT_SUCCESS : 2;

        r = load(&options, &config);
        if (r != 0)
                return r > 0 ? EX_CONFIG : EXIT_FAILURE;

        if (options.check) {
                printf("fopsd: the configuration is fine: %zu watches, %zu rules\n", config.n_watches, config.n_rules);
                fops_config_done(&config);
                return EXIT_SUCCESS;
        }

        r = manager_run(&options, &config);
        return r < 0 ? EXIT_FAILURE : r > 0 ? EX_CONFIG : EXIT_SUCCESS;
}
