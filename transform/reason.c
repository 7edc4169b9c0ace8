#include "transform/reason.h"

#include <assert.h>

struct words {
    str code, text;
};

static const struct words all[] = {{{"", 0}, {"", 0}},
#define REASON_WORDS(code, text) {{#code, sizeof #code - 1}, {text, sizeof text - 1}},
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
