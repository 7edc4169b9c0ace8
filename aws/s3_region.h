/* In which region a bucket is.
 *
 * S3 answers a request for a bucket of another region with a redirect, or with a refusal of the
 * signature. The region that it names is all that is believed: where to send the request follows
 * from it by the same rules as for our own region, never from a Location header, and the request is
 * signed anew. What was found out is remembered for the client's next objects.
 * Source: docs.aws.amazon.com/AmazonS3/latest/API/UsingRouting.html
 */
#ifndef AWS_S3_REGION_H
#define AWS_S3_REGION_H

#include "aws/endpoint.h"

struct client;
struct call;

enum { S3_REGION_ROOM = 64, S3_REGION_BUCKETS = 16 };

/* Where a bucket's requests go. */
struct s3_place {
    char region[S3_REGION_ROOM]; /* empty: the client's */
    struct endpoint endpoint;
};

/* The buckets last found elsewhere; the oldest makes room. Zeroed: none. */
struct s3_regions {
    struct s3_region_entry {
        char bucket[S3_REGION_ROOM]; /* longer names are not remembered */
        char region[S3_REGION_ROOM];
    } entries[S3_REGION_BUCKETS];
    size_t next;
};

/* Empty when nothing is known. Good until the next s3_region_learn. */
str s3_region_of(const struct s3_regions *regions, str bucket);
void s3_region_learn(struct s3_regions *regions, str bucket, str region);

/* The place of a bucket as far as it is known. */
void s3_region_place(const struct client *client, str bucket, struct s3_place *out);
/* Whether a failed call says that its bucket is in another region. */
bool s3_region_is_elsewhere(const struct call *failed);
/* Where then: in the region that the failure names, else in the one that S3 names for the bucket
 * (HeadBucket, at `place`). Remembers it. False when it cannot be found out, or is the same. */
bool s3_region_follow(const struct call *failed, str bucket, struct s3_place *place);

#endif
