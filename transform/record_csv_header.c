#include "transform/record_csv.h"

#include "base/ascii.h"

#include <string.h>

static const char delimiters[] = ",;\t|";

struct alias {
    const char *alias, *name;
};

/* The one name for a column, empty when it is none of those with several. */
static str known_name(str column)
{
    static const struct alias aliases[] = {
        {"user_id", "user_id"},    {"id", "user_id"},     {"userid", "user_id"},
        {"phone", "phone_number"}, {"name", "user_name"},
    };
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        if (str_eq_nocase(column, str_from(aliases[i].alias))) {
            return str_from(aliases[i].name);
        }
    }
    return STR("");
}

static size_t count_outside_quotes(str line, char c)
{
    size_t count = 0;
    bool quoted = false;
    for (size_t i = 0; i < line.len; i++) {
        quoted ^= line.at[i] == '"';
        count += !quoted && line.at[i] == c;
    }
    return count;
}

/* The delimiter that stands in the line most often. */
static char delimiter_of(str line)
{
    char best = delimiters[0];
    size_t most = 0;
    for (const char *c = delimiters; *c; c++) {
        size_t count = count_outside_quotes(line, *c);
        best = count > most ? *c : best;
        most = count > most ? count : most;
    }
    return best;
}

/* Excel's "sep=;". */
static bool names_delimiter(str line, char *out)
{
    if (line.len != 5 || !str_eq_nocase(str_take(line, 4), STR("sep="))) {
        return false;
    }
    *out = line.at[4];
    return *out && strchr(delimiters, *out);
}

static void set_delimiter(struct csv_layout *csv, char delimiter)
{
    *csv = (struct csv_layout){.delimiter = delimiter, .columns = RECORD_MAX_FIELDS};
}

bool record_csv_header_is(struct record_reader *r, str line)
{
    char delimiter = 0;
    struct record_csv_row row;
    if (names_delimiter(line, &delimiter)) {
        return true;
    }
    set_delimiter(&r->csv, delimiter_of(line));
    if (record_csv_read(r, line, true, &row) != RECORD_CSV_WHOLE) {
        return false;
    }
    for (size_t i = 0; i < row.cells && i < RECORD_MAX_FIELDS; i++) {
        if (str_eq(known_name(str_trim(r->record.fields[i].value)), STR("user_id"))) {
            return true;
        }
    }
    return false;
}

/* The window moves on: the name is copied. `.at` is NULL when there are too many of them. */
static str lower_copy(struct arena *names, str name)
{
    char *into = arena_alloc(names, name.len, 1);
    for (size_t i = 0; into && i < name.len; i++) {
        into[i] = ascii_lower(name.at[i]);
    }
    return (str){into, into ? name.len : 0};
}

static str column_name(const struct field *cell, struct arena *names)
{
    str text = record_text(cell, names);
    if (!text.at) {
        return text;
    }
    str known = known_name(str_trim(text));
    return known.len ? known : lower_copy(names, str_trim(text));
}

/* Columns without a name are of no use, and there may be several: spreadsheets leave them behind.
 */
static void add_nameless(struct record_reader *r)
{
    size_t i = r->record.field_count++;
    r->tags[i] = 0;
    r->record.fields[i].name = STR("");
}

/* The cells become the names of the fields, in their order. */
static enum reason name_columns(struct record_reader *r, size_t cells)
{
    bool known = false;
    if (cells > RECORD_MAX_FIELDS) {
        return REASON_E_FIELDS;
    }
    for (size_t i = 0; i < cells; i++) {
        str name = column_name(&r->record.fields[i], &r->names_left);
        if (!name.at) {
            return REASON_E_FIELDS;
        }
        if (!name.len) {
            add_nameless(r);
            continue;
        }
        (void)record_reader_field(r, name, &known);
        if (known) {
            return REASON_E_CSV_HEADER;
        }
    }
    (void)record_reader_field(r, STR("user_id"), &known);
    return known ? REASON_NONE : REASON_E_CSV_HEADER;
}

static MUST_USE err read_delimiter(struct record_reader *r, bool *found, struct why *why)
{
    struct record_line line;
    char delimiter = 0;
    TRY(record_reader_skip_blank_lines(r, why));
    TRY(record_reader_line(r, &line, why));
    bool named = names_delimiter(line.text, &delimiter);
    if (named) {
        window_take(&r->window, line.end, 1);
        TRY(record_reader_skip_blank_lines(r, why));
    }
    *found = window_text(&r->window).len > 0;
    set_delimiter(&r->csv, named ? delimiter : delimiter_of(line.text));
    return OK;
}

err record_csv_header_read(struct record_reader *r, bool *found, enum reason *bad, struct why *why)
{
    struct record_csv_row row;
    enum record_csv_end how = RECORD_CSV_SHORT;
    TRY(read_delimiter(r, found, why));
    if (!*found) {
        return OK;
    }
    TRY(record_csv_complete(r, &row, &how, why));
    if (how != RECORD_CSV_WHOLE) {
        *bad = how == RECORD_CSV_SHORT ? REASON_E_TOO_LONG : REASON_E_CSV_HEADER;
        return OK;
    }
    record_reader_begin(r);
    record_reader_check_utf8(r, row.len);
    *bad = r->record.bad ? r->record.bad : name_columns(r, row.cells);
    if (!*bad) {
        r->csv.columns = row.cells;
        window_take(&r->window, row.end, row.lines);
    }
    return OK;
}
