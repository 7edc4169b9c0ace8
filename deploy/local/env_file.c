#include "deploy/local/env_file.h"

#include "aws/file.h"
#include "base/ascii.h"
#include "base/buf.h"

#include <errno.h>
#include <string.h>

/* --- The text --- */

static bool is_name(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_letter_or_digit(s.at[i]) && s.at[i] != '_') {
            return false;
        }
    }
    return s.len && !ascii_is_digit(s.at[0]);
}

/* Nothing but a comment may follow a value in quotes. */
static bool is_rest(str s)
{
    str rest = str_trim(s);
    return !rest.len || (rest.at[0] == '#' && rest.at != s.at);
}

static char meaning_of(char c)
{
    static const char codes[] = "nrt";
    static const char meanings[] = "\n\r\t";
    const char *code = memchr(codes, c, sizeof codes - 1);
    return code ? meanings[code - codes] : c;
}

static bool is_escape(str s)
{
    return s.len > 1 && s.at[0] == '\\' && memchr("nrt\"\\$", s.at[1], 6);
}

/* `s` begins after the opening quote. False when there is no closing one. */
static bool read_quoted(str s, char quote, struct buf *value)
{
    while (s.len && s.at[0] != quote) {
        bool escape = quote == '"' && is_escape(s);
        buf_char(value, escape ? meaning_of(s.at[1]) : s.at[0]);
        s = str_drop(s, escape ? 2 : 1);
    }
    return s.len && is_rest(str_drop(s, 1));
}

static str without_comment(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == '#' && (i == 0 || ascii_is_blank(s.at[i - 1]))) {
            return str_take(s, i);
        }
    }
    return s;
}

static bool read_value(str s, struct buf *value)
{
    str text = str_trim(s);
    if (text.len && (text.at[0] == '"' || text.at[0] == '\'')) {
        return read_quoted(str_drop(text, 1), text.at[0], value);
    }
    buf_add(value, str_trim(without_comment(s)));
    return true;
}

static str without_export(str line)
{
    static const char word[] = "export";
    str rest = str_drop(line, sizeof word - 1);
    bool exported = str_starts(line, STR("export")) && rest.len && ascii_is_blank(rest.at[0]);
    return exported ? str_trim(rest) : line;
}

static MUST_USE err add_line(struct child_env *env, str line, unsigned number, struct why *why)
{
    struct str_halves pair = str_cut(without_export(line), '=');
    struct arena scratch = *env->arena;
    struct buf value;
    char *room = arena_alloc(&scratch, line.len, 1);
    buf_wrap(&value, room, room ? line.len : 0);
    if (!pair.found || !is_name(str_trim(pair.head))) {
        return FAIL(why, ERR_BUG, "the env file, line %u: not NAME=VALUE", number);
    }
    if (!read_value(pair.tail, &value) || value.failed) {
        return FAIL(why, ERR_BUG, "the env file, line %u: a quote is open, or text follows it",
                    number);
    }
    *env->arena = scratch; /* the value lies there */
    child_env_set(env, str_trim(pair.head), buf_str(&value));
    return env->failed ? FAIL(why, ERR_LIMIT, "the env file has too many variables") : OK;
}

err env_file_add(struct child_env *env, str text, struct why *why)
{
    str rest = str_starts(text, STR("\xEF\xBB\xBF")) ? str_drop(text, 3) : text;
    for (unsigned number = 1; rest.len; number++) {
        struct str_halves cut = str_cut(rest, '\n');
        str line = str_trim(cut.head);
        if (line.len && memchr(line.at, 0, line.len)) {
            return FAIL(why, ERR_BUG, "the env file, line %u: a NUL", number);
        }
        if (line.len && line.at[0] != '#') {
            TRY(add_line(env, line, number, why));
        }
        rest = cut.tail;
    }
    return OK;
}

/* --- The file --- */

err env_file_read(struct child_env *env, const char *path, struct why *why)
{
    struct buf text;
    char *room = arena_alloc(env->arena, ENV_FILE_MAX, 1);
    buf_wrap(&text, room, room ? ENV_FILE_MAX : 0);
    if (!room) {
        return FAIL(why, ERR_LIMIT, "no memory for the env file");
    }
    int failed = file_read(path, &text);
    if (failed) {
        return FAIL(why, failed == ENOENT ? ERR_MISSING : ERR_BUG, "the env file: %s",
                    strerror(failed));
    }
    return env_file_add(env, buf_str(&text), why);
}
