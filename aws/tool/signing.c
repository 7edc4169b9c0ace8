#include "aws/tool/signing.h"

enum { MAX_BYTES = 16 << 20, EXPIRES_S = 3600 };

/* The parameters of a presigned query. */
static const str signed_parameters[] = {
    STR_INIT("X-Amz-Algorithm"), STR_INIT("X-Amz-Credential"),    STR_INIT("X-Amz-Date"),
    STR_INIT("X-Amz-Expires"),   STR_INIT("X-Amz-SignedHeaders"), STR_INIT("X-Amz-Security-Token"),
    STR_INIT("X-Amz-Signature"),
};

static bool is_signed_parameter(str part)
{
    str name = str_cut(part, '=').head;
    for (size_t i = 0; i < sizeof signed_parameters / sizeof signed_parameters[0]; i++) {
        if (str_eq(name, signed_parameters[i])) {
            return true;
        }
    }
    return false;
}

static str parameter(str query, str name)
{
    for (str rest = query; rest.len;) {
        struct str_halves cut = str_cut(rest, '&');
        struct str_halves pair = str_cut(cut.head, '=');
        if (str_eq(pair.head, name)) {
            return pair.tail;
        }
        rest = cut.tail;
    }
    return STR("");
}

/* --- When, and for how long --- */

static MUST_USE err read_time(struct signing *s, struct why *why)
{
    const struct signing_order *order = s->order;
    str own = order->options->query ? parameter(order->request->query, STR("X-Amz-Date"))
                                    : raw_request_header(order->request, STR("x-amz-date"));
    s->now_ms = order->options->now_ms;
    if (s->now_ms < 0 && !own.len) {
        s->now_ms = order->clock_ms;
    } else if (s->now_ms < 0 && !date_parse_amz(own, &s->now_ms)) {
        return FAIL(why, ERR_INPUT, "X-Amz-Date is not like 20150830T123600Z; --date replaces it");
    }
    struct buf date;
    buf_wrap(&date, s->date, sizeof s->date);
    date_add_amz(&date, s->now_ms);
    return OK;
}

static int64_t expires_s(const struct signing_order *order)
{
    uint64_t own = 0;
    if (order->options->expires_s) {
        return order->options->expires_s;
    }
    str text = parameter(order->request->query, STR("X-Amz-Expires"));
    bool good = str_to_u64(text, &own) && own >= 1 && own <= SIGV4_MAX_EXPIRES_S;
    return good ? (int64_t)own : EXPIRES_S;
}

/* --- The request as it is signed and sent --- */

static bool is_set_anew(const struct sigv4_options *options, str name)
{
    bool body = options->sign_body || options->unsigned_payload;
    return str_eq_nocase(name, STR("authorization")) || str_eq_nocase(name, STR("x-amz-date")) ||
           str_eq_nocase(name, STR("x-amz-security-token")) ||
           (body && str_eq_nocase(name, STR("x-amz-content-sha256")));
}

static void add_header(struct signing *s, str name, str value)
{
    struct header header = {name, value};
    buf_add(&s->headers, (str){(const char *)&header, sizeof header});
}

/* What the canonical request ends with. A header of the request's own decides, as it does for
 * the service. */
static str payload_hash(const struct signing *s)
{
    const struct sigv4_options *options = s->order->options;
    str own = raw_request_header(s->order->request, STR("x-amz-content-sha256"));
    if (options->unsigned_payload) {
        return STR(SIGV4_UNSIGNED_PAYLOAD);
    }
    return own.len && !options->sign_body ? own : (str){s->body_hash, sizeof s->body_hash};
}

static void list_headers(struct signing *s, bool with_token)
{
    const struct sigv4_options *options = s->order->options;
    str token = s->order->credentials->session_token;
    size_t count = 0;
    const struct header *headers = raw_request_headers(s->order->request, &count);
    buf_clear(&s->headers);
    for (size_t i = 0; i < count; i++) {
        if (!is_set_anew(options, headers[i].name)) {
            add_header(s, headers[i].name, headers[i].value);
        }
    }
    if (options->query) {
        return;
    }
    if (with_token && token.len) {
        add_header(s, STR("X-Amz-Security-Token"), token);
    }
    add_header(s, STR("X-Amz-Date"), (str){s->date, sizeof s->date});
    if (options->sign_body || options->unsigned_payload) {
        add_header(s, STR("x-amz-content-sha256"), payload_hash(s));
    }
}

static void add_own_query(struct signing *s)
{
    struct str_halves cut = {.tail = s->order->request->query, .found = true};
    while (cut.found) {
        cut = str_cut(cut.tail, '&');
        if (!is_signed_parameter(cut.head)) {
            buf_add(&s->query, s->query.len ? STR("&") : STR(""));
            buf_add(&s->query, cut.head);
        }
    }
}

static struct sigv4_request request_of(const struct signing *s)
{
    const struct raw_request *raw = s->order->request;
    return (struct sigv4_request){
        .method = raw->method,
        .path = raw->path,
        .query = s->order->options->query ? buf_str(&s->query) : raw->query,
        .headers = (const void *)s->headers.at,
        .header_count = s->headers.len / sizeof(struct header),
        .payload_hash = payload_hash(s),
        .verbatim_path = s->order->options->no_normalize,
        .single_encode = s->order->options->single_encode,
    };
}

static MUST_USE err sign(struct signing *s, struct why *why)
{
    const struct sigv4_options *options = s->order->options;
    const struct sigv4_scope scope = {options->region, options->service, s->now_ms};
    const struct sigv4_terms terms = {scope, expires_s(s->order), options->omit_token};
    list_headers(s, !options->omit_token);
    add_own_query(s);
    if (s->headers.failed || s->query.failed) {
        return FAIL(why, ERR_LIMIT, "the request's head is too long");
    }
    const struct sigv4_request request = request_of(s);
    if (options->query) {
        return sigv4_presign(&s->keys, s->order->credentials, &terms, &request, &s->result, why);
    }
    return sigv4_sign(&s->keys, s->order->credentials, &scope, &request, &s->result, why);
}

err signing_make(struct signing *signing, const struct signing_order *order, struct why *why)
{
    *signing = (struct signing){.order = order};
    buf_init_secret(&signing->headers, MAX_BYTES);
    buf_init_secret(&signing->query, MAX_BYTES);
    buf_init_secret(&signing->result, 4 * (size_t)MAX_BYTES);
    if (!raw_request_header(order->request, STR("host")).len) {
        return FAIL(why, ERR_INPUT, "the request has no Host header, which has to be signed");
    }
    TRY(read_time(signing, why));
    hash_sha256_hex(order->request->body, signing->body_hash);
    TRY(sign(signing, why));
    list_headers(signing, true); /* as sent */
    return signing->headers.failed ? FAIL(why, ERR_LIMIT, "too many headers") : OK;
}

void signing_close(struct signing *signing)
{
    sigv4_forget(&signing->keys);
    buf_close(&signing->headers);
    buf_close(&signing->query);
    buf_close(&signing->result);
}

/* --- What is shown --- */

static void add_line(struct buf *out, const struct header *header, str eol)
{
    buf_add(out, header->name);
    buf_char(out, ':');
    buf_add(out, header->value);
    buf_add(out, eol);
}

static void add_target(const struct signing *s, struct buf *out)
{
    const struct raw_request *raw = s->order->request;
    str query = s->order->options->query ? buf_str(&s->result) : raw->query;
    buf_add(out, raw->path.len ? raw->path : STR("/"));
    buf_add(out, query.len ? STR("?") : STR(""));
    buf_add(out, query);
}

static void add_request(const struct signing *s, struct buf *out)
{
    const struct raw_request *raw = s->order->request;
    const struct header *headers = (const void *)s->headers.at;
    buf_add(out, raw->method);
    buf_char(out, ' ');
    add_target(s, out);
    buf_char(out, ' ');
    buf_add(out, raw->version);
    buf_add(out, raw->eol);
    for (size_t i = 0; i < s->headers.len / sizeof *headers; i++) {
        add_line(out, &headers[i], raw->eol);
    }
    if (!s->order->options->query) {
        add_line(out, &(struct header){STR("Authorization"), buf_str(&s->result)}, raw->eol);
    }
    buf_add(out, raw->eol);
    buf_add(out, raw->body);
}

static void add_titled(const struct signing *s, enum sigv4_show what, str title, struct buf *out)
{
    buf_add(out, title);
    signing_show(s, what, out);
    buf_char(out, '\n');
}

static void show_all(const struct signing *s, struct buf *out)
{
    add_titled(s, SIGV4_SHOW_CANONICAL_REQUEST, STR("--- canonical request\n"), out);
    add_titled(s, SIGV4_SHOW_STRING_TO_SIGN, STR("--- string to sign\n"), out);
    add_titled(s, SIGV4_SHOW_SIGNATURE, STR("--- signature\n"), out);
    add_titled(s, SIGV4_SHOW_REQUEST, STR("--- request\n"), out);
}

void signing_show(const struct signing *signing, enum sigv4_show what, struct buf *out)
{
    const struct sigv4_steps steps = sigv4_steps(&signing->keys);
    switch (what) {
    case SIGV4_SHOW_CANONICAL_REQUEST:
        buf_add(out, steps.canonical_request);
        return;
    case SIGV4_SHOW_STRING_TO_SIGN:
        buf_add(out, steps.string_to_sign);
        return;
    case SIGV4_SHOW_SIGNATURE:
        buf_add(out, steps.signature);
        return;
    case SIGV4_SHOW_REQUEST:
        add_request(signing, out);
        return;
    case SIGV4_SHOW_ALL:
        show_all(signing, out); /* one step deep */
        return;
    }
}
