/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Any text as a configuration, a watch list and an audit.rules file. The first byte says which: 'w' a watch list, 'a'
 * rules, else a configuration; what follows the first newline is the text. It goes in where a file's text would: a file
 * itself would have to be root's, and whoever runs a fuzzer had better not be root. */

#include "config-internal.h"

/* libconfig 1.5 leaks the string it was at when it finds a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
        return "leak:libconfig.so";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        FopsSpan text = { (const char *) data, size }, head;
        FopsDiags diags = {};
        FopsConfigLoader l = { .diags = &diags };
        FopsWatch like;

        if (size > 65536 || !fops_config_next_line(&text, &head))
                return 0;

        fops_config_init(&l.config);
        fops_config_watch_init(&like);
        if (fops_span_starts_with(head, FOPS_SPAN_LITERAL("w")))
                fops_config_load_watchlist(&l, "/fuzz", text, &like);
        else if (fops_span_starts_with(head, FOPS_SPAN_LITERAL("a")))
                fops_config_load_audit_rules(&l, "/fuzz", text);
        else
                fops_config_load_text(&l, "/fuzz", text);

        /* What the rest of the program relies on. */
        if (l.n_said[FOPS_ERROR] == 0)
                fops_config_merge_watches(&l);
        for (size_t i = 0; i < l.config.n_watches; i++) {
                const FopsWatch *w = l.config.watches + i;

                if (w->path[0] != '/' || w->ops == 0 || !w->keys || !w->keys[0] || !w->file)
                        abort();
        }
        if (diags.n_items > 2 * (FOPS_CONFIG_MESSAGES_MAX + 1))
                abort();
        fops_diags_sort(&diags);

        fops_config_done(&l.config);
        fops_config_loader_done(&l);
        fops_diags_done(&diags);
        return 0;
}
