/* Replies that break off, at each byte: never taken for whole. */
#include "test/unit/aws/wire.h"

/* The first request is answered with `first`, and then the connection breaks; all others well. */
struct cutter {
    enum wire_operation what;
    str first;
    bool reset;
    bool always; /* the others are broken off too */
    unsigned from;
};

static void serve(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    const struct cutter *cutter = ctx;
    if (request->number == cutter->from || cutter->always) {
        buf_add(&reply->bytes, cutter->first);
        reply->reset = cutter->reset;
        reply->close = !cutter->reset;
        return;
    }
    wire_serve(cutter->what, request, reply);
}

typedef void adder(enum wire_operation what, struct buf *reply);

/* One client and one service for all cuts: `from` is the number of the request that is cut. */
struct cuts {
    struct rig rig;
    struct cutter cutter;
    struct buf reply;
    size_t head_len;
};

static void cuts_start(struct cuts *cuts, enum wire_operation what, adder *add)
{
    *cuts = (struct cuts){.cutter.what = what};
    buf_init(&cuts->reply, 1 << 20);
    add(what, &cuts->reply);
    const char *blank = memmem(cuts->reply.at, cuts->reply.len, "\r\n\r\n", 4);
    cuts->head_len = (size_t)(blank - cuts->reply.at) + 4;
    rig_start(&cuts->rig, serve, &cuts->cutter);
    cuts->rig.client.max_attempts = 1;
}

static void cuts_stop(struct cuts *cuts)
{
    rig_stop(&cuts->rig);
    buf_close(&cuts->reply);
}

static enum err_kind cut_at(struct cuts *cuts, size_t len, bool reset)
{
    struct why why = {0};
    struct cutter *cutter = &cuts->cutter;
    cutter->first = str_take(buf_str(&cuts->reply), len);
    cutter->reset = reset;
    cutter->from = (unsigned)cuts->rig.client.requests;
    retry_quota_init(&cuts->rig.client.quota);
    enum err_kind kind = wire_run(&cuts->rig.client, cutter->what, &why);
    unsigned sent = (unsigned)cuts->rig.client.requests - cutter->from;
    if (sent > 2 || (sent == 2 && cutter->what != WIRE_GET)) {
        fail_msg("%s cut at %zu: %u requests", wire_words[cutter->what], len, sent);
    }
    return kind;
}

/* Each cut ends BUSY; `or_else` is what a cut in a body may end in as well. A download whose first
 * byte came is asked for the rest, and so ends well. */
static void check_each_cut(adder *add, size_t whole_from_end, enum err_kind or_else)
{
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        struct cuts cuts;
        cuts_start(&cuts, (enum wire_operation)what, add);
        for (size_t len = 0; len + whole_from_end < cuts.reply.len; len++) {
            bool begun = what == WIRE_GET && len > cuts.head_len;
            enum err_kind kind = cut_at(&cuts, len, false);
            if (kind != ERR_BUSY && !(begun && kind == ERR_NONE) &&
                !(len >= cuts.head_len && kind == or_else && or_else)) {
                fail_msg("%s cut at %zu: %s", wire_words[what], len, err_kind_name(kind));
            }
        }
        cuts_stop(&cuts);
    }
}

static void a_reply_cut_at_each_byte_is_never_whole(void **state)
{
    (void)state;
    check_each_cut(wire_add_whole, 0, ERR_NONE);
}

/* Once its last chunk has come the body is whole, whatever becomes of the trailers. */
static void a_chunked_reply_cut_at_each_byte_is_never_whole(void **state)
{
    (void)state;
    check_each_cut(wire_add_chunked, strlen("\r\nx-trailer: 1\r\n\r\n"), ERR_NONE);
}

/* Where nothing says how long it is, what came is no JSON, or no object to us. */
static void a_reply_without_a_length_cut_at_each_byte_is_never_whole(void **state)
{
    (void)state;
    check_each_cut(wire_add_old, 0, ERR_BUG);
}

/* A reset may take bytes away that had come already, so only whether it is whole can be told. */
static void a_reply_reset_at_each_byte_is_whole_or_busy(void **state)
{
    (void)state;
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        struct cuts cuts;
        cuts_start(&cuts, (enum wire_operation)what, wire_add_whole);
        for (size_t len = 0; len < cuts.reply.len; len++) {
            enum err_kind kind = cut_at(&cuts, len, true);
            if (kind != ERR_BUSY && !(what == WIRE_GET && kind == ERR_NONE)) {
                fail_msg("%s reset at %zu: %s", wire_words[what], len, err_kind_name(kind));
            }
        }
        cuts_stop(&cuts);
    }
}

static void check_cut_once(enum wire_operation what, size_t of_head, size_t of_body)
{
    struct cuts cuts;
    struct why why = {0};
    cuts_start(&cuts, what, wire_add_whole);
    cuts.rig.client.max_attempts = 0;
    cuts.cutter.first = str_take(buf_str(&cuts.reply), of_body ? cuts.head_len + of_body : of_head);
    enum err_kind kind = wire_run(&cuts.rig.client, what, &why);
    unsigned sent = (unsigned)cuts.rig.client.requests;
    if (kind != ERR_NONE || sent != 2) {
        fail_msg("%s cut: %s, %u requests", wire_words[what], err_kind_name(kind), sent);
    }
    cuts_stop(&cuts);
}

static void a_reply_cut_once_is_asked_for_once_more(void **state)
{
    (void)state;
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        check_cut_once((enum wire_operation)what, 0, 0);
        check_cut_once((enum wire_operation)what, 1, 0);
        check_cut_once((enum wire_operation)what, 40, 0);
        check_cut_once((enum wire_operation)what, 0, 1);
    }
}

/* The attempts of a call, and where a part of an object came, the calls for the rest. */
static void a_reply_cut_every_time_ends_busy(void **state)
{
    (void)state;
    static const unsigned most[WIRE_OPERATIONS] = {4, 3, 3, 3};
    for (int what = 0; what < WIRE_OPERATIONS; what++) {
        struct cuts cuts;
        struct why why = {0};
        cuts_start(&cuts, (enum wire_operation)what, wire_add_whole);
        cuts.rig.client.max_attempts = 0;
        cuts.cutter.always = true;
        cuts.cutter.first = str_take(buf_str(&cuts.reply), cuts.head_len - 1);
        assert_int_equal(wire_run(&cuts.rig.client, cuts.cutter.what, &why), ERR_BUSY);
        assert_int_equal(cuts.rig.client.requests, most[what]);
        cuts_stop(&cuts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_cut_at_each_byte_is_never_whole),
        cmocka_unit_test(a_chunked_reply_cut_at_each_byte_is_never_whole),
        cmocka_unit_test(a_reply_without_a_length_cut_at_each_byte_is_never_whole),
        cmocka_unit_test(a_reply_reset_at_each_byte_is_whole_or_busy),
        cmocka_unit_test(a_reply_cut_once_is_asked_for_once_more),
        cmocka_unit_test(a_reply_cut_every_time_ends_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
