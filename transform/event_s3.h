/* The S3 object that a notification is about. */
#ifndef TRANSFORM_EVENT_S3_H
#define TRANSFORM_EVENT_S3_H

#include "base/buf.h"
#include "transform/event.h"
#include "transform/event_parts.h"

enum { EVENT_S3_MAX_KEY = 1024, EVENT_S3_MAX_BUCKET = 255, EVENT_S3_MAX_VALIDATOR = 1024 };

/* How the key is written: S3's notifications encode it as a form does (+ is a space, %XX a byte),
 * EventBridge and direct invocations leave it as it is. */
enum event_s3_key { KEY_FORM, KEY_VERBATIM };

/* Fills `input`: INPUT_OBJECT, or INPUT_BAD with E_KEY or E_EVENT_RECORD. ERR_LIMIT when the arena
 * is full. */
err event_s3_read(const struct event_parts *parts, enum event_s3_key form, struct arena *arena,
                  struct input *input) MUST_USE;
/* Appends an S3 notification's record that says of the object what is known of it. */
void event_s3_add_record(struct buf *b, const struct input *input);
/* Whether a version or an ETag may be asked for; an empty one may. */
bool event_s3_is_validator(str s);
/* Whether the name is that of ObjectCreated:*, with or without "s3:" before it. */
bool event_s3_is_created(str event_name);

#endif
