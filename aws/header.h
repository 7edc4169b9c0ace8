/* One HTTP header. Names keep the case they were written in; comparisons ignore it. */
#ifndef AWS_HEADER_H
#define AWS_HEADER_H

#include "base/str.h"

struct header {
    str name, value;
};

#endif
