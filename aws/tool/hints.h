/* What commonly makes a service refuse a signature and shows in the request itself: one line each,
 * on standard error, beside whatever is shown.
 */
#ifndef AWS_TOOL_HINTS_H
#define AWS_TOOL_HINTS_H

#include "aws/tool/signing.h"

/* Appends lines for a request that has been signed; nothing when nothing strikes. They name
 * headers and options, never a value. */
void hints_add(const struct signing *signing, struct buf *out);

#endif
