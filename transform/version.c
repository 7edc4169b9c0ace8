#include "transform/version.h"

enum { TIE_LEN = 56 };

static void add_zeros(struct buf *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_char(b, '0');
    }
}

/* Kinesis sequence numbers are decimal numbers and compare when padded on the left; S3 sequencers
 * are compared after padding on the right (AmazonS3, "Event message structure"). */
static void add_tie(struct buf *b, str tie, bool is_number)
{
    tie = str_take(tie, TIE_LEN);
    if (is_number) {
        add_zeros(b, TIE_LEN - tie.len);
    }
    buf_add(b, tie);
    if (!is_number) {
        add_zeros(b, TIE_LEN - tie.len);
    }
}

static void add_ms(struct buf *b, int64_t ms)
{
    buf_u64_padded(b, ms > 0 ? (uint64_t)ms : 0, 15);
    buf_char(b, '-');
}

void version_add(struct buf *b, int64_t updated_ms, const struct ticket *from)
{
    const struct input *input = from->input;
    add_ms(b, updated_ms >= 0 ? updated_ms : input->event_ms);
    add_ms(b, input->event_ms);
    add_tie(b, input->tie, input->tie_is_number);
    buf_char(b, '-');
    buf_u64_padded(b, from->offset, 16);
}
