/* Phone numbers in the shape of E.164: a plus and 8 to 15 digits.
 *
 * What comes out is a possible number, not one that is known to be in use. What people put between
 * digits is dropped: spaces, brackets, dots, slashes, dashes; digits of any script count. Nothing
 * else is guessed: letters, extensions and second numbers refuse the text.
 * Sources: ITU-T E.164 and E.123; RFC 3966 (tel:).
 */
#ifndef TRANSFORM_PHONE_H
#define TRANSFORM_PHONE_H

#include "base/arena.h"

enum { PHONE_MAX_DIGITS = 15, PHONE_MIN_DIGITS = 8 };

/* How numbers are written inside a region, for those that come without a plus. */
struct phone_region {
    char iso[3]; /* ISO 3166 alpha-2 */
    uint16_t calling_code;
    char trunk[2][3];     /* what is dialled before a national number, "" for none */
    uint32_t length_bits; /* bit n: national numbers of n digits exist */
};

/* Sorted by `iso`. */
extern const struct phone_region phone_regions[];
extern const size_t phone_regions_count;

/* NULL when there is no such region. The case of the letters does not matter. */
const struct phone_region *phone_region_find(str iso);
/* True and the number in *out (in the arena; `.at` NULL when it is full); false when `text` is not
 * a possible number. A number without a plus or 00 needs `iso`, and must be as long as numbers of
 * that region are: behind its trunk prefix, else by itself or behind its calling code. It is
 * refused when both of these fit and the region has a trunk prefix: no one can tell which is meant.
 */
bool phone_read(str text, str iso, struct arena *arena, str *out);

#endif
