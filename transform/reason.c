#include "transform/reason.h"

#include <assert.h>

struct words {
    str code, text;
};

static const struct words all[] = {{STR_INIT(""), STR_INIT("")},
#define REASON_WORDS(code, text) {STR_INIT(#code), STR_INIT(text)},
                                   REASONS(REASON_WORDS)
#undef REASON_WORDS
};

str reason_code(enum reason reason)
{
    assert((size_t)reason < sizeof all / sizeof *all);
    return all[reason].code;
}

str reason_text(enum reason reason)
{
    assert((size_t)reason < sizeof all / sizeof *all);
    return all[reason].text;
}
