/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the configuration's own files share, nobody else's: the state of one loading, its messages, and the tables that say
 * which settings there are. An error is said and reading goes on, so that a run shows them all; memory running out sticks in
 * .error, is looked at once at the end, and everything in between may go on with half-built objects. Not thread-safe. */

#include <libconfig.h>

#include "arena.h"
#include "config.h"

/* Holds 50,000 paths, more than the kernel's linear rule lists bear. Also bounds a file with all that it includes. */
#define FOPS_CONFIG_FILE_BYTES_MAX ((size_t) 4 << 20)
/* libconfig's own limit; deeper is a file that includes itself. */
#define FOPS_CONFIG_INCLUDE_DEPTH_MAX 10U
/* Of one file, in all depths: ten files that include each other ten times would be ten thousand millions. */
#define FOPS_CONFIG_INCLUDES_MAX 1000U
/* Of each severity: a binary file taken for a watch list has an error in every line, and nobody reads the thousandth. */
#define FOPS_CONFIG_MESSAGES_MAX ((size_t) 1000)

typedef struct FopsConfigPosition {
        const char *file; /* NULL: the command line */
        unsigned line;
} FopsConfigPosition;

/* A file with its includes put in place, as libconfig gets it, and where each line came from. */
typedef struct FopsConfigText {
        char *data; /* NUL-terminated */
        size_t size, n_allocated;
        unsigned line; /* the line the next byte belongs to */
        struct {
                unsigned first_line;
                FopsConfigPosition position;
        } *segments;
        size_t n_segments;
        unsigned n_includes;
        bool broken; /* errors were said already, parsing it would only add followers */
} FopsConfigText;

typedef struct FopsConfigLoader {
        FopsConfig config;
        FopsDiags *diags;
        size_t n_said[FOPS_ERROR + 1]; /* messages by severity, those over the limit included */
        int error;                     /* -ENOMEM, once it happened */
        FopsArena arena;               /* texts of files and messages, until the end of loading */
        const FopsConfigText *text;    /* that the settings being read stand in */
} FopsConfigLoader;

/* Frees what the loader holds but .config. */
void fops_config_loader_done(FopsConfigLoader *l);

/* Messages. */
void fops_config_say(FopsConfigLoader *l, FopsSeverity severity, FopsConfigPosition at, const char *format, ...)
        _printf_(4, 5);
#define fops_config_error(l, ...) fops_config_say(l, FOPS_ERROR, __VA_ARGS__)
#define fops_config_note(l, ...) fops_config_say(l, FOPS_NOTE, __VA_ARGS__)

/* 'text' for a message: quoted, control bytes as \xHH, cut when long. Lives as long as the loader; never NULL. */
const char *fops_config_quote(FopsConfigLoader *l, FopsSpan s);

/* The one of @words (NULL-terminated, not empty) with the least edit distance to @word. */
const char *fops_config_nearest(const char *const *words, FopsSpan word);

/* Memory: NULL or false, with .error set, when it is out. */
char *fops_config_copy(FopsConfigLoader *l, FopsSpan s);
bool fops_config_list_add(FopsConfigLoader *l, char ***list, FopsSpan s);
bool fops_config_list_contains(char *const *list, const char *s); /* NULL is an empty list */
void fops_config_list_free(char **list);
int fops_config_compare_names(const void *a, const void *b); /* of a char **, for qsort(3): byte order */

/* Makes room for one more behind @n items: doubled whenever @n is a power of two, so no count of what is allocated is
 * needed. */
bool fops_config_grow(FopsConfigLoader *l, void *items, size_t n, size_t item_bytes);

/* Files (config-file.c). All read through here: regular, root's, nobody else's to write, not too large. @from is where the
 * path was named, without .file for one that stands for itself. False with an error said; else *@ret lives in l->arena. */
bool fops_config_read_file(FopsConfigLoader *l, FopsConfigPosition from, const char *path, FopsSpan *ret);

/* The same check for a directory that was opened to have its files read; says that it couldn't be if @fd is negative
 * (errno). */
bool fops_config_trust_directory(FopsConfigLoader *l, int fd, const char *path);

/* Takes the next line, without its newline or CRLF, off *@rest; false at the end. */
bool fops_config_next_line(FopsSpan *rest, FopsSpan *ret);

/* Puts @text, the text of @file, with all its includes into *@t, which must be empty; says the errors that are found so. */
void fops_config_expand(FopsConfigLoader *l, const char *file, FopsSpan text, FopsConfigText *t);
void fops_config_text_done(FopsConfigText *t);

/* Where line @line of the expanded text came from. */
FopsConfigPosition fops_config_text_position(const FopsConfigText *t, unsigned line);

/* Reads text in libconfig syntax into l->config (config.c). */
void fops_config_load_text(FopsConfigLoader *l, const char *file, FopsSpan text);

/* Settings (config-setting.c). A table of these, with .name NULL at its end, says what a group may hold. */
typedef struct FopsConfigSetting FopsConfigSetting;
typedef void FopsConfigReader(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, void *target);

struct FopsConfigSetting {
        const char *name;
        FopsConfigReader *read; /* gets the member as @target */
        size_t offset, size;               /* of the member in the object that the table fills */
        int64_t min, max;                  /* int: the range … */
        uint64_t unit;                     /* … and what it is multiplied by; 0: nothing */
        const char *const *words;          /* choice: the value is the index */
        const FopsConfigSetting *settings; /* section: its table, with offsets of the same object */
        bool scalar_too;                   /* strings: one string stands for a list of one */
        bool numbers_too;                  /* strings: numbers are taken, as their text */
        /* string, strings: says what is wrong with a value, and returns false */
        bool (*check)(FopsConfigLoader *l, FopsConfigPosition at, const char *name, FopsSpan value);
        /* groups: called for each, with the member */
        void (*each)(FopsConfigLoader *l, const config_setting_t *group, void *target);
};

#define FOPS_CONFIG_MEMBER(type, member) .offset = offsetof(type, member), .size = sizeof(((type *) NULL)->member)

FopsConfigPosition fops_config_position(const FopsConfigLoader *l, const config_setting_t *s);

/* Reads every setting of @group by @table into @target; an unknown one is an error. */
void fops_config_read_settings(FopsConfigLoader *l, const FopsConfigSetting *table, const config_setting_t *group,
                               void *target);

/* Readers for the tables: what they expect, and the member's type. */
FopsConfigReader fops_config_read_bool;
FopsConfigReader fops_config_read_int;     /* 4 or 8 bytes */
FopsConfigReader fops_config_read_choice;  /* bool or enum */
FopsConfigReader fops_config_read_string;  /* char * */
FopsConfigReader fops_config_read_strings; /* char ** */
FopsConfigReader fops_config_read_ops;     /* FopsOpMask */
FopsConfigReader fops_config_read_section;
FopsConfigReader fops_config_read_groups;

/* For readers of their own: the elements of @s, which must be a list or array that isn't empty; @s itself, counted as one,
 * if it is no list and @scalar_too. 0 with an error said if it is neither; @expected: "a list of strings". */
size_t fops_config_elements(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s, bool scalar_too,
                            const char *expected);
const config_setting_t *fops_config_element(const config_setting_t *s, size_t i);

/* `NAME must be EXPECTED, not a number` */
void fops_config_wrong_type(FopsConfigLoader *l, const FopsConfigSetting *t, const config_setting_t *s,
                            const char *expected);

/* Stores @value, times the unit, if it is in range. */
void fops_config_set_int(FopsConfigLoader *l, FopsConfigPosition at, const FopsConfigSetting *t, int64_t value,
                         void *target);

/* Adds what one word of `ops` means to *@mask. */
void fops_config_add_ops(FopsConfigLoader *l, FopsConfigPosition at, const char *name, FopsSpan word, FopsOpMask *mask);

bool fops_config_check_absolute(FopsConfigLoader *l, FopsConfigPosition at, const char *name, FopsSpan value);
bool fops_config_check_key(FopsConfigLoader *l, FopsConfigPosition at, const char *name, FopsSpan value);

/* All keys of a watch or rule together. */
bool fops_config_check_keys(FopsConfigLoader *l, FopsConfigPosition at, char *const *keys);

/* The rooms behind the lists. Each takes its elements from the file and adds them to l->config. */
void fops_config_read_watch(FopsConfigLoader *l, const config_setting_t *group, void *unused);     /* config-watch.c */
void fops_config_read_rule(FopsConfigLoader *l, const config_setting_t *group, void *unused);      /* config-rule.c */
void fops_config_read_watchlist(FopsConfigLoader *l, const config_setting_t *group, void *unused); /* config-watchlist.c */
FopsConfigReader fops_config_read_audit_rules;                                                     /* config-audit-rules.c */

/* Texts of watch lists and audit.rules files, for the fuzzer as well. @like: what its watches have but path and place. */
void fops_config_load_watchlist(FopsConfigLoader *l, const char *file, FopsSpan text, const FopsWatch *like);
void fops_config_load_audit_rules(FopsConfigLoader *l, const char *file, FopsSpan text);

/* Watches (config-watch.c). */
void fops_config_watch_init(FopsWatch *w);
void fops_config_watch_done(FopsWatch *w);

/* Checks @path and sets it, or says what is wrong with it. */
void fops_config_watch_set_path(FopsConfigLoader *l, FopsConfigPosition at, FopsSpan path, FopsWatch *w);

/* Completes *@w with what it wasn't given (ops, key) and moves it to the configuration; leaves it, with an error said, if
 * it isn't whole. */
void fops_config_add(FopsConfigLoader *l, FopsConfigPosition at, FopsWatch *w);

/* Makes one watch of those with the same path and settings, with a note: ops and keys are united. */
void fops_config_merge_watches(FopsConfigLoader *l);

/* Rules (config-rule.c). */
void fops_config_rule_done(FopsRuleConfig *r);

/* Checks that *@r compiles and moves it to the configuration; leaves it, with an error said, if not. */
void fops_config_add_rule(FopsConfigLoader *l, FopsConfigPosition at, FopsRuleConfig *r);

/* "exit", "task" …: the names of the kernel's lists. */
extern const char *const fops_config_list_names[];

/* The section `kernel` (config.c), for the control lines of audit.rules. Offsets of FopsConfig. */
extern const FopsConfigSetting fops_config_kernel_settings[];
