#include "aws/s3_region.h"

#include "aws/call.h"
#include "aws/s3_address.h"

#include <string.h>

enum { PUMP_MS = 1000, ATTEMPT_MS = 10000, MAX_URL_BYTES = 1024 };

/* --- What was found out before --- */

/* S3_REGION_BUCKETS when it is not there. */
static size_t find(const struct s3_regions *regions, str bucket)
{
    size_t i = 0;
    while (i < S3_REGION_BUCKETS && !str_eq(str_from(regions->entries[i].bucket), bucket)) {
        i++;
    }
    return i;
}

str s3_region_of(const struct s3_regions *regions, str bucket)
{
    size_t at = bucket.len ? find(regions, bucket) : S3_REGION_BUCKETS;
    return at < S3_REGION_BUCKETS ? str_from(regions->entries[at].region) : STR("");
}

void s3_region_learn(struct s3_regions *regions, str bucket, str region)
{
    struct s3_region_entry entry = {0};
    if (!bucket.len || !str_to_c(bucket, entry.bucket, sizeof entry.bucket) ||
        !str_to_c(region, entry.region, sizeof entry.region)) {
        return;
    }
    size_t at = find(regions, bucket);
    if (at == S3_REGION_BUCKETS) {
        at = regions->next;
        regions->next = (at + 1) % S3_REGION_BUCKETS;
    }
    regions->entries[at] = entry;
}

/* --- Places --- */

/* False when that is no region. */
static bool set_place(const struct client *client, str region, struct s3_place *out)
{
    struct why ignored = {0};
    struct s3_place place;
    if (!str_to_c(region, place.region, sizeof place.region) ||
        endpoint_resolve(SERVICE_S3, region, client->settings, &place.endpoint, &ignored).kind) {
        return false;
    }
    *out = place;
    return true;
}

void s3_region_place(const struct client *client, str bucket, struct s3_place *out)
{
    str region = s3_region_of(&client->s3_regions, bucket);
    if (!region.len || !set_place(client, region, out)) {
        *out = (struct s3_place){.endpoint = client->endpoints[SERVICE_S3]};
    }
}

/* --- Asking S3 --- */

struct question {
    struct call call;
    char region[S3_REGION_ROOM];
    bool done;
};

static MUST_USE err take_head(void *ctx, struct why *why)
{
    struct question *q = ctx;
    str region = call_header(&q->call, STR("x-amz-bucket-region"));
    bool fits = str_to_c(region, q->region, sizeof q->region);
    return fits ? OK : FAIL(why, ERR_BUG, "s3 HeadBucket: no name of a region");
}

static void take_end(void *ctx)
{
    struct question *q = ctx;
    q->done = true;
}

/* A refusal names the region as well as a good reply does. */
static str await(struct question *q)
{
    call_start(&q->call, 0);
    while (!q->done) {
        client_pump(q->call.client, PUMP_MS);
    }
    return str_from(q->region[0] ? q->region : q->call.moved_to);
}

/* Empty when S3 does not say. */
static str ask(struct question *q, str bucket, const struct s3_place *place)
{
    char memory[2][MAX_URL_BYTES];
    struct buf host;
    struct buf path;
    struct why ignored = {0};
    buf_wrap(&host, memory[0], sizeof memory[0]);
    buf_wrap(&path, memory[1], sizeof memory[1]);
    if (s3_address_bucket(&place->endpoint, bucket, &host, &path, &ignored).kind) {
        return STR("");
    }
    q->call.request = (struct call_request){
        .service = SERVICE_S3,
        .operation = "HeadBucket",
        .method = HTTP_HEAD,
        .endpoint = &place->endpoint,
        .region = str_from(place->region),
        .host = buf_str(&host),
        .path = buf_str(&path),
        .attempt_ms = ATTEMPT_MS,
    };
    return await(q);
}

/* --- Failures --- */

bool s3_region_is_elsewhere(const struct call *failed)
{
    int status = failed->why.status;
    str code = str_from(failed->why.code);
    if (str_eq(code, STR("AuthorizationHeaderMalformed"))) {
        return failed->moved_to[0]; /* else it is malformed in another way */
    }
    return status == 301 || status == 302 || status == 307 ||
           str_eq(code, STR("PermanentRedirect")) ||
           str_eq(code, STR("IllegalLocationConstraintException"));
}

static bool move(struct client *client, str bucket, str region, struct s3_place *place)
{
    str now = str_from(place->region[0] ? place->region : client->region);
    if (!region.len || str_eq(region, now) || !set_place(client, region, place)) {
        return false;
    }
    s3_region_learn(&client->s3_regions, bucket, region);
    return true;
}

bool s3_region_follow(const struct call *failed, str bucket, struct s3_place *place)
{
    struct client *client = failed->client;
    if (failed->moved_to[0]) {
        return move(client, bucket, str_from(failed->moved_to), place);
    }
    struct question q = {.call = {.client = client, .on_head = take_head, .on_done = take_end}};
    q.call.ctx = &q;
    bool moved = move(client, bucket, ask(&q, bucket, place), place);
    call_close(&q.call);
    return moved;
}
