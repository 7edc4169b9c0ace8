/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing past U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"

/* How many bytes from the start are whole, valid characters: s.len when all are. */
size_t utf8_valid_len(str s);
/* The length of the character at s.at[0], 0 when none is there; `cut` tells that none is there only
 * because `s` ends inside it. s is not empty. */
size_t utf8_char_len(str s, bool *cut);
/* The character at s.at[0]; its bytes in `len`. On an invalid byte: U+FFFD and 1. s is not empty.
 */
uint32_t utf8_decode(str s, size_t *len);
/* Appends a code point (not a surrogate, <= 0x10FFFF). */
void utf8_add(struct buf *b, uint32_t code_point);

#endif
