/* A strict JSON pull reader over text in memory. RFC 8259; no tree, no copies.
 *
 * json_next gives one token at a time and checks everything on the way: grammar, UTF-8, escapes
 * (surrogates in pairs), numbers, depth. Names and strings come raw, as they stand between the
 * quotes; json_text decodes one when it is wanted. Numbers stay text. Duplicate names are not
 * looked for: the caller sees every name and can.
 *
 * The text may be the beginning of more (`whole` = false): then a token that the text cuts off is
 * JSON_SHORT rather than JSON_BAD, and reading starts over once there is more text.
 *
 * Not together with <jansson.h>, which has the same names for its types.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/json_write.h"

enum { JSON_MAX_DEPTH = 32 };

enum json_kind {
    JSON_BAD,    /* not JSON; `at` is where it went wrong. Sticky. */
    JSON_SHORT,  /* the text ends inside the value, and is not whole. Sticky. */
    JSON_DONE,   /* the one value is complete; `at` is the byte after it. Sticky. */
    JSON_OBJECT, /* { */
    JSON_ARRAY,  /* [ */
    JSON_CLOSE,  /* the } or ] of the innermost open object or array */
    JSON_NAME,   /* a member's name; its value's token comes next */
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

struct json {
    str text;
    bool whole;
    size_t at;           /* bytes of `text` consumed */
    enum json_kind kind; /* of the last token */
    size_t start;        /* where the last token starts: its quote, its first digit, its bracket */
    str raw;             /* NAME, STRING: between the quotes; NUMBER: its digits */
    bool escaped;        /* NAME, STRING: `raw` holds a backslash */
    unsigned depth;      /* objects and arrays that are open */
    uint64_t objects;    /* bit i: the open level i is an object */
    bool comma;          /* a value was read at this level: a comma or the close must come */
    bool named;          /* a name was read: a colon and the value must come */
    bool too_deep;       /* BAD: only for a value deeper than JSON_MAX_DEPTH */
};

/* Reads one value at the start of `text`; leading white space is skipped. */
struct json json_read(str text, bool whole);
/* The next token, or the sticky BAD, SHORT or DONE. */
enum json_kind json_next(struct json *j);
/* After OBJECT or ARRAY: reads to its CLOSE and gives JSON_CLOSE. After any other value: gives
 * its kind. BAD or SHORT when the value is. */
enum json_kind json_skip(struct json *j);
/* True when only white space follows the complete value. */
bool json_ends(const struct json *j);
/* The text of the last NAME or STRING: `raw` itself when it holds no escape, else decoded into the
 * arena. `.at` is NULL when the arena is full. */
str json_text(const struct json *j, struct arena *a);
/* The same for a raw string that json_next gave earlier. */
str json_unescape(str raw, struct arena *a);

#endif
