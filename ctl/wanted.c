/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "wanted.h"

#include "target-group.h"
#include "verb.h"

void wanted_done(Wanted *w) {
        fops_rules_done(&w->rules);
        fops_targets_done(&w->targets);
        fops_config_done(&w->config);
}

/* As a running fopsd does, or one that is started. */
static int share_rules(const FopsConfig *config, FopsTargets *targets, const FopsJson *status) {
        const FopsJson *generation = status ? fops_json_member(status, "generation") : NULL;

        if (status ? !generation : config->kernel.lock)
                return 0;
        return fops_targets_group(targets, generation ? (uint32_t) fops_json_number(generation) : 0);
}

/* Takes *@config over. */
static int expand(FopsConfig *config, const FopsJson *status, Wanted *ret, FopsDiags *diags) {
        Wanted w = { .config = *config };
        int r;

        r = fops_targets_expand(w.config.watches, w.config.n_watches, &w.targets, diags);
        if (r >= 0)
                r = share_rules(&w.config, &w.targets, status);
        if (r >= 0)
                r = fops_rules_compile(&w.config, &w.targets, NULL, &w.rules, diags);
        if (r == 0)
                *ret = w;
        else
                wanted_done(&w);
        return r;
}

int wanted_load(const char *file, const FopsJson *status, Wanted *ret, FopsDiags *diags) {
        FopsConfig config;
        int r = fops_config_load_from(file, &config, diags);

        return r != 0 ? r : expand(&config, status, ret, diags);
}

int wanted_load_with(const char *directory, Wanted *ret, FopsDiags *diags) {
        const char *const drop_ins[] = { FOPS_CONFIG_DIR_ETC, FOPS_CONFIG_DIR_RUN, directory, NULL };
        FopsConfig config;
        int r = fops_config_load(&(FopsConfigPaths){ .file = FOPS_CONFIG_PATH, .drop_ins = drop_ins }, &config, diags);

        return r != 0 ? r : expand(&config, NULL, ret, diags);
}

int wanted_load_or_say(const char *file, const FopsJson *status, Wanted *ret) {
        FopsDiags diags = {};
        int r;

        r = wanted_load(file, status, ret, &diags);
        fops_diags_print(&diags, stderr);
        fops_diags_done(&diags);
        return r < 0 ? EXIT_USAGE : r > 0 ? EXIT_NOTHING : 0;
}
