/* Buckets of other regions. The fake S3 is at a custom endpoint, so that the host stays and only
 * the signature tells where the client believes the bucket to be. */
#include "test/unit/aws/rig.h"

#include "aws/call.h"
#include "aws/s3.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* How a region that is not the bucket's answers. */
struct refusal {
    const char *word;
    int status;
    const char *headers, *body;
    const char *head_headers; /* of its answer to HeadBucket */
};

#define REGION_HEADER "x-amz-bucket-region: us-west-2\r\n"
#define CODE(code)    "<Error><Code>" code "</Code><Message>m</Message></Error>"
#define CODE_REGION(code)                                                                          \
    "<Error><Code>" code "</Code><Message>m</Message><Region>us-west-2</Region></Error>"

struct world {
    const char *home; /* NULL: nowhere */
    const struct refusal *refusal;
    unsigned gets, heads; /* requests */
    char regions[256];    /* of their signatures, in order */
    char targets[256];
    size_t cut_after; /* of the first good reply's body */
};

/* The third part of "Credential=key/date/region/service/aws4_request". */
static str signed_region(const struct fake_request *request)
{
    str left = fake_header(request, "authorization");
    str part = str_cut(str_cut(left, '/').tail, '/').tail;
    return str_cut(part, '/').head;
}

static void note(char *list, size_t room, str word)
{
    size_t len = strlen(list);
    assert_true(len + word.len + 2 < room);
    memcpy(list + len, word.at, word.len);
    memcpy(list + len + word.len, " ", 2);
}

static void give(struct world *w, const struct fake_request *request, struct fake_reply *reply)
{
    bool part = fake_header(request, "range").len > 0;
    str body = STR("0123456789");
    str rest = part ? str_drop(body, w->cut_after) : body;
    char head[256];
    int len =
        snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nETag: \"t\"\r\nContent-Length: %zu\r\n%s\r\n",
                 part ? 206 : 200, rest.len, part ? "Content-Range: bytes 4-9/10\r\n" : "");
    buf_add(&reply->bytes, (str){head, (size_t)len});
    buf_add(&reply->bytes, part || !w->cut_after ? rest : str_take(rest, w->cut_after));
    reply->close = !part && w->cut_after;
}

static void serve(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    struct world *w = ctx;
    bool head = str_starts(request->head, STR("HEAD "));
    str region = signed_region(request);
    w->heads += head;
    w->gets += !head;
    note(w->regions, sizeof w->regions, region);
    note(w->targets, sizeof w->targets, request->target);
    if (w->home && str_eq(region, str_from(w->home))) {
        give(w, request, reply);
        return;
    }
    const struct refusal *refusal = w->refusal;
    if (head) {
        fake_reply_with(reply, 400, refusal->head_headers ? refusal->head_headers : "", STR(""));
        return;
    }
    fake_reply_with(reply, refusal->status, refusal->headers ? refusal->headers : "",
                    str_from(refusal->body));
}

static enum err_kind read_all(struct client *client, const char *bucket, struct why *why)
{
    const struct s3_object object = {.bucket = str_from(bucket), .key = STR("key")};
    struct s3_download *download = NULL;
    struct s3_facts facts;
    char into[64];
    size_t total = 0;
    size_t got = 1;
    err result = s3_open(client, &object, &download, &facts, why);
    while (!result.kind && got) {
        struct source source = s3_source(download);
        result = source.read(source.ctx, into + total, sizeof into - total, &got, why);
        total += got;
    }
    assert_true(result.kind || str_eq((str){into, total}, STR("0123456789")));
    s3_close(download);
    return result.kind;
}

static void a_bucket_of_another_region_is_found(void **state)
{
    (void)state;
    static const struct refusal rows[] = {
        {"301, header", 301, REGION_HEADER, CODE("PermanentRedirect"), NULL},
        {"301, header, no body", 301, REGION_HEADER, "", NULL},
        {"301, body", 301, "", CODE_REGION("PermanentRedirect"), NULL},
        {"301, nothing but HeadBucket", 301, "", CODE("PermanentRedirect"), REGION_HEADER},
        {"302", 302, REGION_HEADER, "", NULL},
        {"307", 307, REGION_HEADER, CODE("TemporaryRedirect"), NULL},
        {"307, body", 307, "", CODE_REGION("TemporaryRedirect"), NULL},
        {"400, body", 400, "", CODE_REGION("AuthorizationHeaderMalformed"), NULL},
        {"400, header", 400, REGION_HEADER, CODE("AuthorizationHeaderMalformed"), NULL},
        {"400, location", 400, REGION_HEADER, CODE("IllegalLocationConstraintException"), NULL},
        {"400, location, asked", 400, "", CODE("IllegalLocationConstraintException"),
         REGION_HEADER},
        {"the header wins", 301, REGION_HEADER,
         "<Error><Code>PermanentRedirect</Code><Region>sa-east-1</Region></Error>", NULL},
        {"a host in Location", 301, REGION_HEADER "Location: http://127.0.0.1:1/evil\r\n",
         "<Error><Code>PermanentRedirect</Code><Endpoint>127.0.0.1:1</Endpoint></Error>", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w = {.home = "us-west-2", .refusal = &rows[i]};
        struct rig rig;
        struct why why = {0};
        rig_start(&rig, serve, &w);
        enum err_kind kind = read_all(&rig.client, "data", &why);
        rig_stop(&rig);
        unsigned heads = rows[i].head_headers != NULL;
        if (kind || w.gets != 2 || w.heads != heads) {
            fail_msg("%s: %s, %s, %u, %u", rows[i].word, err_kind_name(kind), why.text, w.gets,
                     w.heads);
        }
        assert_string_equal(w.regions,
                            heads ? "eu-west-1 eu-west-1 us-west-2 " : "eu-west-1 us-west-2 ");
        assert_string_equal(w.targets,
                            heads ? "/data/key /data /data/key " : "/data/key /data/key ");
    }
}

static void other_refusals_are_not_followed(void **state)
{
    (void)state;
    static const struct {
        struct refusal refusal;
        enum err_kind kind;
        unsigned heads;
    } rows[] = {
        {{"nobody knows", 301, "", CODE("PermanentRedirect"), NULL}, ERR_BUG, 1},
        {{"the same region", 301, "x-amz-bucket-region: eu-west-1\r\n", "",
          "x-amz-bucket-region: eu-west-1\r\n"},
         ERR_BUG,
         1},
        {{"malformed otherwise", 400, "", CODE("AuthorizationHeaderMalformed"), REGION_HEADER},
         ERR_INPUT,
         0},
        {{"no redirect", 400, REGION_HEADER, CODE("InvalidArgument"), REGION_HEADER}, ERR_INPUT, 0},
        {{"forbidden", 403, REGION_HEADER, CODE("AccessDenied"), REGION_HEADER}, ERR_DENIED, 0},
        {{"missing", 404, REGION_HEADER, CODE("NoSuchKey"), REGION_HEADER}, ERR_MISSING, 0},
        {{"304", 304, REGION_HEADER, "", REGION_HEADER}, ERR_BUG, 0},
        {{"a host", 301, "x-amz-bucket-region: evil.example/\r\n", "", NULL}, ERR_BUG, 1},
        {{"a port", 301, "x-amz-bucket-region: us:1\r\n", "", NULL}, ERR_BUG, 1},
        {{"a blank", 301, "x-amz-bucket-region: us west\r\n", "", NULL}, ERR_BUG, 1},
        {{"a user", 301, "", "", "x-amz-bucket-region: x@evil\r\n"}, ERR_BUG, 1},
        {{"not ASCII", 301, "x-amz-bucket-region: \xc3\xbc\r\n", "", NULL}, ERR_BUG, 1},
        {{"long", 301,
          "x-amz-bucket-region: "
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
          "", NULL},
         ERR_BUG,
         1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w = {.refusal = &rows[i].refusal};
        struct rig rig;
        struct why why = {0};
        rig_start(&rig, serve, &w);
        enum err_kind kind = read_all(&rig.client, "data", &why);
        bool status_kept = why.status == rows[i].refusal.status;
        rig_stop(&rig);
        if (kind != rows[i].kind || !status_kept || w.gets != 1 || w.heads != rows[i].heads) {
            fail_msg("%s: %s, %s, HTTP %d, %u, %u", rows[i].refusal.word, err_kind_name(kind),
                     why.text, why.status, w.gets, w.heads);
        }
    }
}

/* Whatever region signed, the bucket is in the other one. */
static void serve_ping_pong(void *ctx, const struct fake_request *request, struct fake_reply *reply)
{
    unsigned *requests = ctx;
    ++*requests;
    bool here = str_eq(signed_region(request), STR("eu-west-1"));
    fake_reply_with(reply, 301,
                    here ? "x-amz-bucket-region: us-west-2\r\n"
                         : "x-amz-bucket-region: eu-west-1\r\n",
                    STR(""));
}

static void two_regions_that_name_each_other_end_it(void **state)
{
    (void)state;
    unsigned requests = 0;
    struct rig rig;
    rig_start(&rig, serve_ping_pong, &requests);
    for (int i = 0; i < 4; i++) {
        struct why why = {0};
        assert_int_equal(read_all(&rig.client, "data", &why), ERR_BUG);
        assert_int_equal(why.status, 301);
    }
    rig_stop(&rig);
    assert_int_equal(requests, 4 * 2);
}

static const struct refusal plain = {"301", 301, REGION_HEADER, "", NULL};

static void a_found_bucket_is_remembered(void **state)
{
    (void)state;
    struct world w = {.home = "us-west-2", .refusal = &plain};
    struct rig rig;
    struct why why = {0};
    rig_start(&rig, serve, &w);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(read_all(&rig.client, "data", &why), ERR_NONE);
    }
    assert_int_equal(read_all(&rig.client, "other", &why), ERR_NONE);
    assert_int_equal(read_all(&rig.client, "data", &why), ERR_NONE);
    rig_stop(&rig);
    assert_int_equal(w.gets, (1 + 5) + (1 + 1) + 1);
}

static void a_bucket_that_moved_is_found_again(void **state)
{
    (void)state;
    struct world w = {.home = "us-west-2", .refusal = &plain};
    struct rig rig;
    struct why why = {0};
    rig_start(&rig, serve, &w);
    s3_region_learn(&rig.client.s3_regions, STR("data"), STR("sa-east-1"));
    assert_int_equal(read_all(&rig.client, "data", &why), ERR_NONE);
    assert_int_equal(read_all(&rig.client, "data", &why), ERR_NONE);
    rig_stop(&rig);
    assert_string_equal(w.regions, "sa-east-1 us-west-2 us-west-2 ");
}

static void a_resumed_download_stays_in_its_region(void **state)
{
    (void)state;
    struct world w = {.home = "us-west-2", .refusal = &plain, .cut_after = 4};
    struct rig rig;
    struct why why = {0};
    rig_start(&rig, serve, &w);
    assert_int_equal(read_all(&rig.client, "data", &why), ERR_NONE);
    rig_stop(&rig);
    assert_string_equal(w.regions, "eu-west-1 us-west-2 us-west-2 ");
}

static void the_oldest_bucket_makes_room(void **state)
{
    (void)state;
    struct s3_regions regions = {0};
    char bucket[32];
    for (int i = 0; i < S3_REGION_BUCKETS + 1; i++) {
        (void)snprintf(bucket, sizeof bucket, "bucket-%d", i);
        s3_region_learn(&regions, str_from(bucket), STR("us-west-2"));
        s3_region_learn(&regions, str_from(bucket), STR("us-east-2")); /* no second entry */
    }
    assert_int_equal(s3_region_of(&regions, STR("bucket-0")).len, 0);
    for (int i = 1; i < S3_REGION_BUCKETS + 1; i++) {
        (void)snprintf(bucket, sizeof bucket, "bucket-%d", i);
        assert_true(str_eq(s3_region_of(&regions, str_from(bucket)), STR("us-east-2")));
    }
}

static void only_names_that_fit_are_remembered(void **state)
{
    (void)state;
    struct s3_regions regions = {0};
    char name[S3_REGION_ROOM];
    memset(name, 'a', sizeof name);
    str longest = {name, sizeof name - 1};
    str too_long = {name, sizeof name};
    s3_region_learn(&regions, longest, STR("us-west-2"));
    s3_region_learn(&regions, too_long, STR("us-west-2"));
    s3_region_learn(&regions, STR("data"), too_long);
    s3_region_learn(&regions, STR(""), STR("us-west-2"));
    assert_true(str_eq(s3_region_of(&regions, longest), STR("us-west-2")));
    assert_int_equal(s3_region_of(&regions, too_long).len, 0);
    assert_int_equal(s3_region_of(&regions, STR("data")).len, 0);
    assert_int_equal(s3_region_of(&regions, STR("")).len, 0);
}

/* At AWS itself: no request is sent. */
static void the_host_follows_from_the_region_alone(void **state)
{
    (void)state;
    static const struct {
        const char *variable, *region, *host;
    } rows[] = {
        {NULL, "us-west-2", "s3.us-west-2.amazonaws.com"},
        {NULL, "us-east-1", "s3.us-east-1.amazonaws.com"},
        {NULL, "cn-north-1", "s3.cn-north-1.amazonaws.com.cn"},
        {NULL, "us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"},
        {"AWS_USE_FIPS_ENDPOINT=true", "us-west-2", "s3-fips.us-west-2.amazonaws.com"},
        {"AWS_USE_DUALSTACK_ENDPOINT=true", "us-west-2", "s3.dualstack.us-west-2.amazonaws.com"},
        {"AWS_ENDPOINT_URL=http://localhost:4566", "us-west-2", "localhost:4566"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *env[] = {"AWS_REGION=us-east-2", "AWS_ACCESS_KEY_ID=a",
                             "AWS_SECRET_ACCESS_KEY=b", rows[i].variable, NULL};
        const struct client_config config = {.env = env, .now_ms = rig_now_ms};
        struct client client;
        struct why why = {0};
        struct s3_place place;
        assert_int_equal(client_init(&client, &config, &why).kind, ERR_NONE);
        s3_region_place(&client, STR("data"), &place);
        assert_string_equal(place.region, "");
        assert_string_equal(place.endpoint.host, client.endpoints[SERVICE_S3].host);
        struct call failed = {.client = &client, .why = {.status = 301}};
        (void)snprintf(failed.moved_to, sizeof failed.moved_to, "%s", rows[i].region);
        assert_true(s3_region_is_elsewhere(&failed));
        assert_true(s3_region_follow(&failed, STR("data"), &place));
        assert_string_equal(place.region, rows[i].region);
        assert_string_equal(place.endpoint.host, rows[i].host);
        s3_region_place(&client, STR("data"), &place);
        assert_string_equal(place.endpoint.host, rows[i].host);
        assert_false(s3_region_follow(&failed, STR("data"), &place)); /* there already */
        client_close(&client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_of_another_region_is_found),
        cmocka_unit_test(other_refusals_are_not_followed),
        cmocka_unit_test(two_regions_that_name_each_other_end_it),
        cmocka_unit_test(a_found_bucket_is_remembered),
        cmocka_unit_test(a_bucket_that_moved_is_found_again),
        cmocka_unit_test(a_resumed_download_stays_in_its_region),
        cmocka_unit_test(the_oldest_bucket_makes_room),
        cmocka_unit_test(only_names_that_fit_are_remembered),
        cmocka_unit_test(the_host_follows_from_the_region_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
