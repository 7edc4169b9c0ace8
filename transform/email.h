/* Mail addresses as people have them: dot-atom @ host name of two labels or more.
 *
 * What RFC 5321 allows besides is refused: quoted local parts, comments, IP literals, one label.
 * So is what is not ASCII; a domain of another script comes in its xn-- form.
 */
#ifndef TRANSFORM_EMAIL_H
#define TRANSFORM_EMAIL_H

#include "base/arena.h"

enum { EMAIL_MAX_LEN = 254, EMAIL_MAX_LOCAL = 64, EMAIL_MAX_LABEL = 63 };

/* True and the address with its domain in lower case (in `text`, or in the arena: `.at` NULL when
 * that is full); false when it is none. The local part is left as it is: its case may matter. */
bool email_read(str text, struct arena *arena, str *out);

#endif
