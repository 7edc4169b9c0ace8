/* Text of strangers on a terminal: what could steer it is shown, not sent. */
#ifndef DEPLOY_REPLAY_SHOW_H
#define DEPLOY_REPLAY_SHOW_H

#include "base/str.h"

#include <stdio.h>

/* Bytes that are no UTF-8 as \xHH, control characters and those that turn the direction of writing
 * as \u{HHHH}. `keep_lines`: after a LF the next line begins, indented by `indent`; else it is
 * shown too. */
void show_text(FILE *out, str s, bool keep_lines);
/* In one line, filled with blanks up to `width` bytes; what is longer is not cut. */
void show_cell(FILE *out, str s, size_t width);

#endif
