#include "runtime/lambda_error.h"

#include "base/ascii.h"
#include "base/json_write.h"
#include "base/utf8.h"

#include <limits.h>
#include <unistd.h>

static bool is_type(str s)
{
    struct str_halves cut = str_cut(s, '.');
    if (!str_eq(cut.head, STR("Runtime")) && !str_eq(cut.head, STR("Function"))) {
        return false;
    }
    for (size_t i = 0; i < cut.tail.len; i++) {
        if (!ascii_is_letter(cut.tail.at[i])) {
            return false;
        }
    }
    return cut.tail.len >= 2 && ascii_is_upper(cut.tail.at[0]);
}

/* "Function.Busy" of ERR_BUSY. */
static str type_of_kind(enum err_kind kind, char memory[LAMBDA_ERROR_MAX_TYPE])
{
    struct buf type;
    str name = str_from(err_kind_name(kind));
    buf_wrap(&type, memory, LAMBDA_ERROR_MAX_TYPE);
    buf_add(&type, STR("Function."));
    buf_add(&type, str_take(name, 1));
    for (size_t i = 1; i < name.len; i++) {
        buf_char(&type, ascii_lower(name.at[i]));
    }
    return buf_str(&type);
}

str lambda_error_type(const struct why *why, str otherwise, char memory[LAMBDA_ERROR_MAX_TYPE])
{
    str code = str_from(why->code);
    if (is_type(code)) {
        return code;
    }
    return otherwise.len ? otherwise : type_of_kind(why->kind, memory);
}

static void add_member(struct buf *out, str before, str value)
{
    buf_add(out, before);
    json_add_string(out, value);
}

static void add_place(struct buf *out, const struct why *why)
{
    char memory[256];
    struct buf place;
    buf_wrap(&place, memory, sizeof memory);
    buf_add(&place, str_from(why->file));
    buf_char(&place, ':');
    buf_i64(&place, why->line);
    json_add_string(out, buf_str(&place));
}

void lambda_error_add_body(struct buf *out, const struct why *why, str type)
{
    add_member(out, STR("{\"errorMessage\":"), str_from(why->text));
    add_member(out, STR(",\"errorType\":"), type);
    buf_add(out, STR(",\"stackTrace\":["));
    if (why->file) {
        add_place(out, why);
    }
    buf_add(out, STR("]}"));
}

static void add_folder(struct buf *out)
{
    char folder[PATH_MAX];
    str known = getcwd(folder, sizeof folder) ? str_from(folder) : STR("");
    add_member(out, STR("{\"working_directory\":"), known);
}

static void add_cause(struct buf *out, const struct why *why, str type)
{
    str file = why->file ? str_from(why->file) : STR("");
    add_folder(out);
    add_member(out, STR(",\"exceptions\":[{\"message\":"), str_from(why->text));
    add_member(out, STR(",\"type\":"), type);
    buf_add(out, STR(",\"stack\":["));
    if (file.len) {
        add_member(out, STR("{\"path\":"), file);
        buf_add(out, STR(",\"line\":"));
        buf_i64(out, why->line);
        buf_add(out, STR(",\"label\":\"\"}"));
    }
    buf_add(out, STR("]}],\"paths\":["));
    if (file.len) {
        json_add_string(out, file);
    }
    buf_add(out, STR("]}"));
}

static void add_unit(struct buf *out, uint32_t unit)
{
    static const char hex[] = "0123456789abcdef";
    const char escape[] = {
        '\\', 'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15], hex[unit & 15]};
    buf_add(out, (str){escape, sizeof escape});
}

/* As UTF-16, of which the characters past its 16 bits take two. */
static void add_escaped(struct buf *out, uint32_t character)
{
    if (character > 0xffff) {
        add_unit(out, 0xd800 + ((character - 0x10000) >> 10));
        character = 0xdc00 + ((character - 0x10000) & 0x3ff);
    }
    add_unit(out, character);
}

/* What a header's value may not hold, or none can rely on (RFC 9110 section 5.5), is escaped, which
 * says the same in JSON: it stands in strings alone. */
static void add_ascii(struct buf *out, str json)
{
    while (json.len) {
        size_t len = 1;
        if (json.at[0] >= ' ' && json.at[0] < 0x7f) {
            buf_char(out, json.at[0]);
        } else {
            add_escaped(out, utf8_decode(json, &len));
        }
        json = str_drop(json, len);
    }
}

void lambda_error_add_cause(struct buf *out, const struct why *why, str type)
{
    char memory[LAMBDA_ERROR_MAX_CAUSE];
    struct buf json;
    buf_wrap(&json, memory, sizeof memory);
    add_cause(&json, why, type);
    add_ascii(out, buf_str(&json));
    out->failed = out->failed || json.failed;
}
