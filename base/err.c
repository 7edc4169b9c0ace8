#include "base/err.h"

#include "base/ascii.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

err err_fail(struct why *why, enum err_kind kind, const char *file, int line, const char *format,
             ...)
{
    if (why->kind == ERR_NONE) {
        why->kind = kind;
        why->file = file;
        why->line = line;
        va_list args;
        va_start(args, format);
        (void)vsnprintf(why->text, sizeof why->text, format, args);
        va_end(args);
    }
    return (err){kind};
}

static bool is_code_char(char c)
{
    return ascii_is_letter_or_digit(c) || (c != 0 && strchr("._:-", c));
}

void err_code(struct why *why, str code)
{
    size_t len = 0;
    if (why->code[0]) {
        return;
    }
    for (size_t i = 0; i < code.len && len + 1 < sizeof why->code; i++) {
        if (is_code_char(code.at[i])) {
            why->code[len++] = code.at[i];
        }
    }
    why->code[len] = 0;
}

const char *err_kind_name(enum err_kind kind)
{
    static const char *const names[] = {"NONE",   "INPUT", "LIMIT",    "MISSING",
                                        "DENIED", "BUSY",  "DEADLINE", "BUG"};
    return kind <= ERR_BUG ? names[kind] : "BUG";
}
