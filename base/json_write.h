/* JSON strings written. Apart from the reader, so that code which reads with jansson can write. */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include "base/buf.h"

/* Appends `s` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, so that
 * what is written is always JSON. */
void json_add_string(struct buf *b, str s);

#endif
