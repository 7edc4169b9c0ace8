#include "aws/tool/hints.h"

static void add(struct buf *out, str text)
{
    buf_add(out, STR("sigv4: hint: "));
    buf_add(out, text);
    buf_char(out, '\n');
}

/* Editors end a file with a newline that is no part of the body. */
static void add_length(const struct raw_request *request, struct buf *out)
{
    str text = raw_request_header(request, STR("content-length"));
    uint64_t length = 0;
    if (!str_to_u64(text, &length) || length == request->body.len) {
        return;
    }
    buf_add(out, STR("sigv4: hint: Content-Length is "));
    buf_u64(out, length);
    buf_add(out, STR(", but the body that was signed has "));
    buf_u64(out, request->body.len);
    buf_add(out, STR(" bytes\n"));
}

static void add_body_hash(const struct signing *s, struct buf *out)
{
    const struct sigv4_options *options = s->order->options;
    str own = raw_request_header(s->order->request, STR("x-amz-content-sha256"));
    bool is_hash = own.len == HASH_HEX_LEN;
    if (is_hash && !str_eq(own, (str){s->body_hash, sizeof s->body_hash}) && !options->sign_body &&
        !options->unsigned_payload) {
        add(out, STR("x-amz-content-sha256 is not the body's hash; --sign-body replaces it"));
    }
}

static void add_s3(const struct signing *s, struct buf *out)
{
    const struct sigv4_options *o = s->order->options;
    str own = raw_request_header(s->order->request, STR("x-amz-content-sha256"));
    if (!str_eq(o->service, STR("s3"))) {
        return;
    }
    if (!o->no_normalize || !o->single_encode) {
        add(out, STR("S3 signs paths as they are: --no-normalize --single-encode"));
    }
    if (!own.len && !o->query && !o->sign_body && !o->unsigned_payload) {
        add(out, STR("S3 wants the header x-amz-content-sha256: --sign-body"));
    }
    if (!own.len && o->query && !o->unsigned_payload) {
        add(out, STR("S3 does not know the body of a presigned URL: --unsigned-payload"));
    }
}

/* The signature that the request came with; empty when there is none. */
static str own_signature(const struct signing *s)
{
    const str name = STR("Signature=");
    bool query = s->order->options->query;
    str rest = query ? s->order->request->query
                     : raw_request_header(s->order->request, STR("authorization"));
    while (rest.len) {
        struct str_halves cut = str_cut(rest, query ? '&' : ',');
        str part = str_trim(cut.head);
        part = query && str_starts(part, STR("X-Amz-")) ? str_drop(part, 6) : part;
        if (str_starts(part, name)) {
            return str_drop(part, name.len);
        }
        rest = cut.tail;
    }
    return STR("");
}

static void add_comparison(const struct signing *s, struct buf *out)
{
    str own = own_signature(s);
    if (!own.len) {
        return;
    }
    if (str_eq(own, sigv4_steps(&s->keys).signature)) {
        add(out, STR("the request came with this same signature"));
    } else {
        add(out, STR("the request came with another signature"));
    }
}

void hints_add(const struct signing *signing, struct buf *out)
{
    add_comparison(signing, out);
    add_length(signing->order->request, out);
    add_body_hash(signing, out);
    add_s3(signing, out);
}
