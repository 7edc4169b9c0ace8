/* Unicode text brought to the one form that is stored: trimmed, NFC, without characters that have
 * no place in a name or a key.
 *
 * ASCII, the common case, is read once and borrowed; only text that must change is copied.
 * Sources: Unicode 14 (White_Space, general category, Bidi_Control), UAX #15.
 */
#ifndef TRANSFORM_TEXT_H
#define TRANSFORM_TEXT_H

#include "base/arena.h"
#include "transform/reason.h"

struct text_rule {
    enum reason refused; /* given for text that breaks the rule */
    bool fold_spaces;    /* a run of white space inside becomes one space */
    bool visible;        /* something must be left to see: not only marks and joiners */
    size_t max_bytes, max_chars;
};

/* Without Unicode white space at both ends. */
str text_trim(str s);
/* `s` is trimmed and not empty. Refused: control characters (white space among them is folded
 * first, where the rule folds), bidi embeddings, overrides and isolates, the archaic jamo U+11A7,
 * and text over the limits. Joiners, direction marks and all other characters stay. REASON_E_UTF8
 * for what is not UTF-8, REASON_E_TOO_LONG when the arena is full. *out lies in `s` or in the
 * arena. */
enum reason text_clean(str s, const struct text_rule *rule, struct arena *arena, str *out);

bool text_is_space(uint32_t code_point);

#endif
