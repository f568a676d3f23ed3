/* SPDX-License-Identifier: GPL-2.0-or-later */

/* "yesterday", "-1h", "2026-11-22 10:00 UTC" into µs since the epoch. Stricter than mktime(3): the 31st of November is no
 * time. What daylight saving leaves out is taken for an hour later, as mktime(3) has it. Left out of systemd's forms:
 * years of two digits, other zones than the local one and UTC. */

#include "time-form.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define SEC UINT64_C(1000000)
/* All units in their longest words, with room for the numbers. */
#define SPAN_CHARS_MAX 128

static const char *skip_blanks(const char *s) {
        while (*s == ' ' || *s == '\t')
                s++;
        return s;
}

/* "1.5": digits in front of the dot are needed. Moves *@s behind it. False if it is none, or over 2^64 of @unit_usec. */
static bool take_number(const char **s, uint64_t unit_usec, uint64_t *ret) {
        const char *p = *s;
        uint64_t whole = 0, part = 0, scale = unit_usec;

        if (!isdigit((unsigned char) *p))
                return false;
        for (; isdigit((unsigned char) *p); p++)
                if (__builtin_mul_overflow(whole, 10, &whole) ||
                    __builtin_add_overflow(whole, (uint64_t) (*p - '0'), &whole))
                        return false;
        if (*p == '.')
                for (p++; isdigit((unsigned char) *p); p++) {
                        scale /= 10;
                        part += (uint64_t) (*p - '0') * scale;
                }
        if (__builtin_mul_overflow(whole, unit_usec, &whole) || __builtin_add_overflow(whole, part, &whole))
                return false;

        *s = p;
        *ret = whole;
        return true;
}

/* The unit at @s, seconds if there is none. NULL: no such unit. */
static const char *find_unit(const char *s, uint64_t *ret) {
        /* Month and year are those of systemd: 30.44 and 365.25 days. */
        static const struct {
                const char *word;
                uint64_t usec;
        } units[] = {
                { "seconds", SEC },        { "second", SEC },         { "sec", SEC },
                { "s", SEC },              { "minutes", 60 * SEC },   { "minute", 60 * SEC },
                { "min", 60 * SEC },       { "months", 2629800 * SEC }, { "month", 2629800 * SEC },
                { "M", 2629800 * SEC },    { "msec", SEC / 1000 },    { "ms", SEC / 1000 },
                { "m", 60 * SEC },         { "hours", 3600 * SEC },   { "hour", 3600 * SEC },
                { "hr", 3600 * SEC },      { "h", 3600 * SEC },       { "days", 86400 * SEC },
                { "day", 86400 * SEC },    { "d", 86400 * SEC },      { "weeks", 604800 * SEC },
                { "week", 604800 * SEC },  { "w", 604800 * SEC },     { "years", 31557600 * SEC },
                { "year", 31557600 * SEC }, { "y", 31557600 * SEC },  { "usec", 1 },
                { "us", 1 },
        };
        size_t n = 0;

        while (isalpha((unsigned char) s[n]))
                n++;
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strlen(units[i].word) == n && memcmp(units[i].word, s, n) == 0) {
                        *ret = units[i].usec;
                        return s + n;
                }
        *ret = SEC;
        return n == 0 ? s : NULL;
}

/* "1h 30min"; seconds need no unit. */
static bool parse_span(const char *s, uint64_t *ret) {
        uint64_t sum = 0;

        do {
                const char *number = s = skip_blanks(s);
                uint64_t unit, usec;

                /* Over it, to see its unit, then in that unit. */
                if (!take_number(&s, 1, &usec))
                        return false;
                s = find_unit(skip_blanks(s), &unit);
                if (!s || !take_number(&number, unit, &usec) || __builtin_add_overflow(sum, usec, &sum))
                        return false;
                s = skip_blanks(s);
        } while (*s);

        *ret = sum;
        return true;
}

static int before(uint64_t now_usec, uint64_t span_usec, uint64_t *ret) {
        *ret = now_usec - MIN(span_usec, now_usec);
        return 0;
}

static int after(uint64_t now_usec, uint64_t span_usec, uint64_t *ret) {
        return __builtin_add_overflow(now_usec, span_usec, ret) ? -EINVAL : 0;
}

/* Nothing, or the name of a zone: UTC, Z, or the local one's, in front of the end. */
static bool parse_zone(const char *s, bool *ret_utc) {
        const char *word = skip_blanks(s);

        *ret_utc = strcmp(word, "UTC") == 0 || strcmp(word, "Z") == 0;
        return *word == '\0' || *ret_utc || strcmp(word, tzname[0]) == 0 || strcmp(word, tzname[1]) == 0;
}

static bool skip_weekday(const char **s) {
        static const char *const days[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };
        size_t n = 0;

        while (isalpha((unsigned char) (*s)[n]))
                n++;
        if (n == 0)
                return true;
        for (size_t i = 0; i < ELEMENTSOF(days); i++)
                if ((n == 3 || n == strlen(days[i])) && strncasecmp(*s, days[i], n) == 0) {
                        *s = skip_blanks(*s + n);
                        return true;
                }
        return false;
}

static int parse_date(const char *text, const struct tm *today, uint64_t *ret) {
        static const struct {
                const char *format;
                bool has_date, has_seconds;
        } forms[] = {
                { "%Y-%m-%d %H:%M:%S", true, true },   { "%Y-%m-%dT%H:%M:%S", true, true },
                { "%Y-%m-%d %H:%M", true, false },     { "%Y-%m-%dT%H:%M", true, false },
                { "%Y-%m-%d", true, false },           { "%H:%M:%S", false, true },
                { "%H:%M", false, false },
        };

        if (!skip_weekday(&text))
                return -EINVAL;

        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                struct tm tm = { .tm_year = today->tm_year, .tm_mon = today->tm_mon, .tm_mday = today->tm_mday }, wanted;
                const char *rest = strptime(text, forms[i].format, &tm);
                uint64_t usec = 0;
                bool utc;
                time_t t;

                if (rest && forms[i].has_seconds && rest[0] == '.' && isdigit((unsigned char) rest[1])) {
                        const char *fraction = rest + 1;

                        for (uint64_t scale = SEC / 10; isdigit((unsigned char) *fraction); fraction++, scale /= 10)
                                usec += (uint64_t) (*fraction - '0') * scale;
                        rest = fraction;
                }
                if (!rest || !parse_zone(rest, &utc))
                        continue;

                tm.tm_isdst = -1;
                wanted = tm;
                t = utc ? timegm(&tm) : mktime(&tm);
                if (t < 0 || tm.tm_mday != wanted.tm_mday || tm.tm_mon != wanted.tm_mon)
                        return -EINVAL;
                *ret = (uint64_t) t * SEC + usec;
                return 0;
        }
        return -EINVAL;
}

static int midnight(const struct tm *today, int days, uint64_t *ret) {
        struct tm tm = {
                .tm_year = today->tm_year,
                .tm_mon = today->tm_mon,
                .tm_mday = today->tm_mday + days,
                .tm_isdst = -1,
        };
        time_t t = mktime(&tm);

        if (t < 0)
                return -EINVAL;
        *ret = (uint64_t) t * SEC;
        return 0;
}

/* True if @text is a span of time with @word behind it. */
static bool parse_span_before(const char *text, const char *word, uint64_t *ret) {
        size_t size = strlen(text), word_size = strlen(word);
        char span[SPAN_CHARS_MAX];

        if (size < word_size || size - word_size >= sizeof(span) || strcmp(text + size - word_size, word) != 0)
                return false;
        memcpy(span, text, size - word_size);
        span[size - word_size] = '\0';
        return parse_span(span, ret);
}

int time_form_parse(const char *text, uint64_t now_usec, uint64_t *ret_usec) {
        time_t now = (time_t) (now_usec / SEC);
        struct tm today;
        uint64_t span;

        text = skip_blanks(text);
        tzset();
        if (!localtime_r(&now, &today))
                return -EINVAL;

        if (strcmp(text, "now") == 0)
                return after(now_usec, 0, ret_usec);
        if (strcmp(text, "today") == 0)
                return midnight(&today, 0, ret_usec);
        if (strcmp(text, "yesterday") == 0)
                return midnight(&today, -1, ret_usec);
        if (strcmp(text, "tomorrow") == 0)
                return midnight(&today, 1, ret_usec);

        switch (*text) {
        case '@':
                text++;
                if (!take_number(&text, SEC, &span) || *text)
                        return -EINVAL;
                *ret_usec = span;
                return 0;
        case '-':
                return parse_span(text + 1, &span) ? before(now_usec, span, ret_usec) : -EINVAL;
        case '+':
                return parse_span(text + 1, &span) ? after(now_usec, span, ret_usec) : -EINVAL;
        }

        if (parse_span_before(text, " ago", &span))
                return before(now_usec, span, ret_usec);
        if (parse_span_before(text, " left", &span))
                return after(now_usec, span, ret_usec);
        return parse_date(text, &today, ret_usec);
}
