#include "aws/profile.h"

#include "base/ascii.h"

#include <string.h>

/* A key, or with an empty key: the section is there. The newest stands first. */
struct profile_entry {
    struct profile_entry *next;
    enum profile_section section;
    bool bare; /* of the config file's "[default]", which "[profile default]" puts out of force */
    str name, key;
    char *value; /* in the file's text */
    size_t value_len;
};

/* Where the reader stands. */
struct reader {
    struct profile_entries *entries;
    struct arena *arena;
    struct buf *text;
    enum profile_file file;
    size_t line;                   /* from 1 */
    bool sectioned;                /* a section has begun */
    struct profile_entry *section; /* the one that keys belong to; NULL: it is of no use */
    struct profile_entry *key;     /* the last one of it; NULL: none yet, or of no use */
    bool keyed;                    /* a key came in this section, of use or not */
    size_t indent;                 /* of that key's line */
};

static const char *file_name(enum profile_file file)
{
    return file == PROFILE_CONFIG ? "config" : "credentials";
}

static MUST_USE err complain(const struct reader *r, const char *what, struct why *why)
{
    return FAIL(why, ERR_BUG, "the shared %s file, line %zu: %s", file_name(r->file), r->line,
                what);
}

static bool is_comment_char(char c)
{
    return c == '#' || c == ';';
}

/* A comment needs a blank before it, or a secret with a '#' would end there. */
static str without_comment(str line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (is_comment_char(line.at[i]) && (i == 0 || ascii_is_blank(line.at[i - 1]))) {
            return str_take(line, i);
        }
    }
    return line;
}

static MUST_USE err push(struct reader *r, const struct profile_entry *entry,
                         struct profile_entry **out, struct why *why)
{
    struct profile_entry *kept = ARENA_NEW(r->arena, struct profile_entry);
    if (!kept) {
        return FAIL(why, ERR_LIMIT, "no memory for the shared %s file", file_name(r->file));
    }
    *kept = *entry;
    kept->next = r->entries->first;
    r->entries->first = *out = kept;
    return OK;
}

/* --- Sections --- */

static str unquote(str name)
{
    bool quoted = name.len >= 2 && (name.at[0] == '"' || name.at[0] == '\'') &&
                  name.at[name.len - 1] == name.at[0];
    return quoted ? str_take(str_drop(name, 1), name.len - 2) : name;
}

/* "profile x" gives x; false when `title` does not begin with that word and a blank. */
static bool cut_word(str title, str word, str *name)
{
    if (!str_starts(title, word) || title.len == word.len || !ascii_is_blank(title.at[word.len])) {
        return false;
    }
    *name = unquote(str_trim(str_drop(title, word.len)));
    return name->len > 0;
}

/* False when a section of this title is none that we read. */
static bool classify(enum profile_file file, str title, struct profile_entry *out)
{
    if (file == PROFILE_CREDENTIALS) {
        out->name = unquote(title);
        return !cut_word(title, STR("profile"), &out->name);
    }
    if (str_eq(title, STR("default"))) {
        out->name = title;
        out->bare = true;
        return true;
    }
    if (cut_word(title, STR("services"), &out->name)) {
        out->section = PROFILE_SERVICES;
        return true;
    }
    return cut_word(title, STR("profile"), &out->name);
}

/* `line` begins with a bracket. */
static MUST_USE err begin_section(struct reader *r, str line, struct why *why)
{
    struct str_halves cut = str_cut(str_drop(line, 1), ']');
    str title = str_trim(cut.head);
    str rest = str_trim(cut.tail);
    if (!cut.found || !title.len || (rest.len && !is_comment_char(rest.at[0]))) {
        return complain(r, "a section is \"[kind name]\"", why);
    }
    struct profile_entry entry = {.section = PROFILE_SECTION};
    r->sectioned = true;
    r->section = r->key = NULL;
    r->keyed = false;
    return classify(r->file, title, &entry) ? push(r, &entry, &r->section, why) : OK;
}

/* --- Keys --- */

static MUST_USE err begin_key(struct reader *r, str line, size_t indent, struct why *why)
{
    struct str_halves pair = str_cut(line, '=');
    str key = str_trim(pair.head);
    if (!r->sectioned) {
        return complain(r, "a key before the first section", why);
    }
    if (!pair.found || !key.len) {
        return complain(r, "neither a section nor \"key = value\"", why);
    }
    r->key = NULL;
    r->keyed = true;
    r->indent = indent;
    if (!r->section) {
        return OK;
    }
    struct profile_entry entry = *r->section;
    str value = str_trim(pair.tail);
    entry.key = key;
    entry.value = r->text->at + (value.at - r->text->at);
    entry.value_len = value.len;
    return push(r, &entry, &r->key, why);
}

/* The value lies before the line in the same text, with a line's end between them at least. */
static void go_on(struct profile_entry *key, str line)
{
    key->value[key->value_len++] = '\n';
    memmove(key->value + key->value_len, line.at, line.len);
    key->value_len += line.len;
}

/* --- The text --- */

static size_t indent_of(str line)
{
    size_t indent = 0;
    while (indent < line.len && ascii_is_blank(line.at[indent])) {
        indent++;
    }
    return indent;
}

static MUST_USE err read_line(struct reader *r, str raw, struct why *why)
{
    str line = str_trim(without_comment(raw));
    size_t indent = indent_of(raw);
    if (!line.len) {
        return OK;
    }
    if (r->keyed && indent > r->indent) {
        if (r->key) {
            go_on(r->key, line);
        }
        return OK;
    }
    return line.at[0] == '[' ? begin_section(r, str_trim(raw), why)
                             : begin_key(r, line, indent, why);
}

/* Of the config file's two ways to name the default profile one alone is in force. */
static void settle_default(struct profile_entries *entries)
{
    bool prefixed = false;
    for (struct profile_entry *e = entries->first; e; e = e->next) {
        prefixed |= !e->bare && e->section == PROFILE_SECTION && str_eq(e->name, STR("default"));
    }
    for (struct profile_entry **at = &entries->first; *at;) {
        if ((*at)->bare && prefixed) {
            *at = (*at)->next;
        } else {
            (*at)->bare = false;
            at = &(*at)->next;
        }
    }
}

err profile_read(struct profile_entries *entries, enum profile_file file, struct buf *text,
                 struct arena *arena, struct why *why)
{
    struct profile_entries read = {0};
    struct reader r = {.entries = &read, .arena = arena, .text = text, .file = file};
    str rest = buf_str(text);
    if (str_starts(rest, STR("\xEF\xBB\xBF"))) {
        rest = str_drop(rest, 3);
    }
    while (rest.len) {
        struct str_halves cut = str_cut(rest, '\n');
        r.line++;
        TRY(read_line(&r, cut.head, why));
        rest = cut.tail;
    }
    settle_default(&read);
    struct profile_entry **last = &read.first;
    while (*last) {
        last = &(*last)->next;
    }
    *last = entries->first;
    entries->first = read.first;
    return OK;
}

/* --- Looking up --- */

static const struct profile_entry *find(const struct profile_entries *entries,
                                        enum profile_section section, str name, str key)
{
    const struct profile_entry *e = entries->first;
    while (e && !(e->section == section && str_eq(e->name, name) && str_eq_nocase(e->key, key))) {
        e = e->next;
    }
    return e;
}

bool profile_exists(const struct profile_entries *entries, enum profile_section section, str name)
{
    return find(entries, section, name, STR("")) != NULL;
}

str profile_get(const struct profile_entries *entries, enum profile_section section, str name,
                str key)
{
    const struct profile_entry *e = key.len ? find(entries, section, name, key) : NULL;
    return e ? (str){e->value, e->value_len} : STR("");
}

str profile_nested(str value, str key)
{
    str found = STR("");
    while (value.len) {
        struct str_halves line = str_cut(value, '\n');
        struct str_halves pair = str_cut(line.head, '=');
        if (pair.found && str_eq_nocase(str_trim(pair.head), key)) {
            found = str_trim(pair.tail);
        }
        value = line.tail;
    }
    return found;
}
