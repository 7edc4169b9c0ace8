/* Base64 of RFC 4648 section 4: the standard alphabet, padded, no line breaks. Strict: what is not
 * canonical (missing padding, set bits after the data) is refused.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* The most bytes that `len` characters can decode to. */
size_t base64_decoded_max(size_t len);
/* Decodes into `into`, which has room for base64_decoded_max(s.len); false on bad input. */
bool base64_decode(str s, char *into, size_t *len);
void base64_add(struct buf *b, str bytes);

#endif
