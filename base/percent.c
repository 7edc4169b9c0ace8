#include "base/percent.h"

#include "base/ascii.h"

void percent_add(struct buf *b, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char byte = (unsigned char)c;
    const char escape[] = {'%', digits[byte >> 4], digits[byte & 15]};
    buf_add(b, (str){escape, sizeof escape});
}

int percent_byte(str s)
{
    if (s.len < 3 || s.at[0] != '%') {
        return -1;
    }
    int high = ascii_hex_value(s.at[1]);
    int low = ascii_hex_value(s.at[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}
