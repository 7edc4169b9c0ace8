/* The shared config and credentials files' text: sections of keys.
 *
 *     [profile staging]                # "[staging]" in the credentials file
 *     region = eu-west-1
 *     services = local
 *     [services local]
 *     dynamodb =
 *       endpoint_url = http://127.0.0.1:8000
 *
 * Comments begin a line, or follow a blank, with '#' or ';'. A line that is indented deeper than
 * the key before it goes on with that key's value. Sections of one name are one; of a key that
 * comes again the last counts. Sections of other kinds are skipped. Pure.
 * Source: docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#ifndef AWS_PROFILE_H
#define AWS_PROFILE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum profile_file { PROFILE_CONFIG, PROFILE_CREDENTIALS };

enum profile_section { PROFILE_SECTION, PROFILE_SERVICES };

struct profile_entry;

/* What was read so far; zeroed: nothing. */
struct profile_entries {
    struct profile_entry *first;
};

/* Adds what `text` holds; its keys win over those that are there. The entries point into `text`,
 * which is written to (values of several lines are drawn together), and live in `arena`. ERR_BUG
 * with the line's number, never with a byte of it; ERR_LIMIT when the arena is full. */
err profile_read(struct profile_entries *entries, enum profile_file file, struct buf *text,
                 struct arena *arena, struct why *why) MUST_USE;
/* Whether there is such a section, with or without keys. */
bool profile_exists(const struct profile_entries *entries, enum profile_section section, str name);
/* A key's value, empty when it is not set. Of several lines it holds line feeds. Names of keys are
 * the same in any case. */
str profile_get(const struct profile_entries *entries, enum profile_section section, str name,
                str key);
/* A key of the lines that a value consists of: "endpoint_url" of "dynamodb" above. */
str profile_nested(str value, str key);

#endif
