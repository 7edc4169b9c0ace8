/* The function's settings, read once from the environment. Every bad value is an error that names
 * its variable.
 */
#ifndef RUNTIME_CONFIG_H
#define RUNTIME_CONFIG_H

#include "base/err.h"

struct config {
    str table_name;            /* TABLE_NAME, user-data-table */
    bool batch;                /* WRITE_MODE: newest (default) or batch */
    bool partial_response;     /* PARTIAL_RESPONSE: on or off (default) */
    str work_queue_url;        /* WORK_QUEUE_URL, empty for none */
    str rejects_queue_url;     /* REJECTS_QUEUE_URL, empty for none */
    str phone_region;          /* PHONE_REGION, ISO 3166 alpha-2, empty for none */
    uint64_t max_record_bytes; /* MAX_RECORD_BYTES, 1048576 */
    uint64_t fanout_min;       /* FANOUT_MIN, 67108864 */
};

/* Borrowed from `env`. ERR_BUG with code "Runtime.InvalidConfiguration". */
err config_read(const char *const *env, struct config *out, struct why *why) MUST_USE;

#endif
