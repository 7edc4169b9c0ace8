#include "aws/endpoint.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "base/env.h"

#include <string.h>

enum { REGION_MAX = 63 };

static const struct {
    const char *name, *setting; /* "SQS" of AWS_ENDPOINT_URL_SQS */
} services[SERVICE_COUNT] = {
    [SERVICE_S3] = {"s3", "S3"},    [SERVICE_DYNAMODB] = {"dynamodb", "DYNAMODB"},
    [SERVICE_SQS] = {"sqs", "SQS"}, [SERVICE_KINESIS] = {"kinesis", "KINESIS"},
    [SERVICE_STS] = {"sts", "STS"},
};

/* Regions that have their domains in common; the first whose prefix fits, so the last is for all
 * others. Source: botocore's partitions.json, against which test_endpoint_hosts.c compares. */
struct partition {
    const char *prefix, *domain, *dual_domain;
    bool plain_fips; /* its endpoints are FIPS's without being called so, but for S3's */
    bool no_s3_fips;
    bool has_accounts; /* DynamoDB has a host for each account */
};

static const struct partition partitions[] = {
    {.prefix = "cn-",
     .domain = "amazonaws.com.cn",
     .dual_domain = "api.amazonwebservices.com.cn",
     .no_s3_fips = true},
    {.prefix = "us-gov-", .domain = "amazonaws.com", .dual_domain = "api.aws", .plain_fips = true},
    {.prefix = "eusc-", .domain = "amazonaws.eu", .dual_domain = "api.amazonwebservices.eu"},
    {.prefix = "us-iso-", .domain = "c2s.ic.gov", .dual_domain = "api.aws.ic.gov"},
    {.prefix = "us-isob-", .domain = "sc2s.sgov.gov", .dual_domain = "api.aws.scloud"},
    {.prefix = "us-isof-", .domain = "csp.hci.ic.gov", .dual_domain = "api.aws.hci.ic.gov"},
    {.prefix = "eu-isoe-", .domain = "cloud.adc-e.uk", .dual_domain = "api.cloud-aws.adc-e.uk"},
    {.prefix = "", .domain = "amazonaws.com", .dual_domain = "api.aws", .has_accounts = true},
};

/* What an endpoint depends on besides the service. */
struct wanted {
    str region;
    const struct partition *partition;
    bool fips, dual;
};

str endpoint_service_name(enum service service)
{
    return str_from(services[service].name);
}

bool endpoint_is_region(str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!ascii_is_lower(s.at[i]) && !ascii_is_digit(s.at[i]) && s.at[i] != '-') {
            return false;
        }
    }
    return s.len && s.len <= REGION_MAX && s.at[0] != '-' && s.at[s.len - 1] != '-';
}

static const struct partition *partition_of(str region)
{
    const struct partition *p = partitions;
    while (!str_starts(region, str_from(p->prefix))) {
        p++;
    }
    return p;
}

/* --- An endpoint URL --- */

/* Where the URL comes from, for the failure's text. */
static str source_of(enum service service, const struct settings *settings, struct buf *own)
{
    const char *const *env = settings_env(settings);
    buf_add(own, STR("AWS_ENDPOINT_URL_"));
    buf_add(own, str_from(services[service].setting));
    if (env_get(env, buf_str(own)).len) {
        return buf_str(own);
    }
    return env_get(env, STR("AWS_ENDPOINT_URL")).len ? STR("AWS_ENDPOINT_URL")
                                                     : STR("the profile's endpoint_url");
}

static MUST_USE err use_url(enum service service, const struct settings *settings, str url,
                            struct endpoint *out, struct why *why)
{
    char memory[32];
    struct buf own;
    out->custom = true;
    if (endpoint_parse_url(url, out)) {
        return OK;
    }
    buf_wrap(&own, memory, sizeof memory);
    str source = source_of(service, settings, &own);
    return FAIL(why, ERR_BUG, "%.*s is not http[s]://host[:port][/path]", (int)source.len,
                source.at);
}

static MUST_USE err check_no_switch(const struct wanted *wanted, const char *what, struct why *why)
{
    if (wanted->fips || wanted->dual) {
        return FAIL(why, ERR_BUG, "AWS_USE_%s_ENDPOINT is on, and %s",
                    wanted->fips ? "FIPS" : "DUALSTACK", what);
    }
    return OK;
}

/* --- A region's host --- */

/* S3 says "dualstack" in the name, the others have another domain for it. */
static MUST_USE err use_region(enum service service, const struct wanted *wanted,
                               struct endpoint *out, struct why *why)
{
    const struct partition *partition = wanted->partition;
    bool s3 = service == SERVICE_S3;
    if (s3 && wanted->fips && partition->no_s3_fips) {
        return FAIL(why, ERR_BUG, "AWS_USE_FIPS_ENDPOINT is on, and S3 has none in this region");
    }
    bool plain = !s3 && partition->plain_fips && !wanted->dual;
    struct buf host;
    buf_wrap(&host, out->host, sizeof out->host - 1);
    buf_add(&host, endpoint_service_name(service));
    buf_add(&host, wanted->fips && !plain ? STR("-fips.") : STR("."));
    buf_add(&host, s3 && wanted->dual ? STR("dualstack.") : STR(""));
    buf_add(&host, wanted->region);
    buf_char(&host, '.');
    buf_add(&host, str_from(wanted->dual && !s3 ? partition->dual_domain : partition->domain));
    memcpy(out->scheme, "https", sizeof "https");
    return OK;
}

/* --- DynamoDB's own --- */

/* DynamoDB Local, as developers run it. */
static MUST_USE err use_local(const struct wanted *wanted, struct endpoint *out, struct why *why)
{
    TRY(check_no_switch(wanted, "the region \"local\" has no such endpoint", why));
    memcpy(out->scheme, "http", sizeof "http");
    memcpy(out->host, "localhost:8000", sizeof "localhost:8000");
    out->signed_as = "us-east-1";
    return OK;
}

static MUST_USE err read_mode(const struct settings *settings, bool *disabled, bool *required,
                              struct why *why)
{
    str mode = settings_get(settings, STR("AWS_ACCOUNT_ID_ENDPOINT_MODE"));
    *disabled = str_eq_nocase(mode, STR("disabled"));
    *required = str_eq_nocase(mode, STR("required"));
    if (mode.len && !*disabled && !*required && !str_eq_nocase(mode, STR("preferred"))) {
        return FAIL(why, ERR_BUG,
                    "AWS_ACCOUNT_ID_ENDPOINT_MODE is not preferred, required or disabled");
    }
    return OK;
}

static MUST_USE err allow_accounts(const struct wanted *wanted, const struct settings *settings,
                                   struct endpoint *out, struct why *why)
{
    bool disabled = false;
    TRY(read_mode(settings, &disabled, &out->account_required, why));
    bool possible = wanted->partition->has_accounts && !wanted->fips;
    if (out->account_required && !possible) {
        return FAIL(why, ERR_BUG,
                    "AWS_ACCOUNT_ID_ENDPOINT_MODE is required, and %s has no such endpoints",
                    wanted->fips ? "FIPS" : "this region");
    }
    if (disabled || !possible) {
        return OK;
    }
    struct buf domain;
    buf_wrap(&domain, out->account_domain, sizeof out->account_domain - 1);
    buf_add(&domain, STR("ddb."));
    buf_add(&domain, wanted->region);
    buf_char(&domain, '.');
    buf_add(&domain,
            str_from(wanted->dual ? wanted->partition->dual_domain : wanted->partition->domain));
    return OK;
}

static bool is_account(str s)
{
    uint64_t ignored = 0;
    return s.len == ENDPOINT_ACCOUNT_LEN && str_to_u64(s, &ignored);
}

str endpoint_account_of(str arn, str region)
{
    /* arn:partition:dynamodb:region:account:table/name */
    str part[5];
    for (size_t i = 0; i < 5; i++) {
        struct str_halves cut = str_cut(arn, ':');
        part[i] = cut.head;
        arn = cut.tail;
    }
    bool fits = str_eq(part[0], STR("arn")) && str_eq(part[2], STR("dynamodb")) &&
                str_eq(part[3], region) && is_account(part[4]) && arn.len;
    return fits ? part[4] : STR("");
}

/* --- Either --- */

err endpoint_resolve(enum service service, str region, const struct settings *settings,
                     struct endpoint *out, struct why *why)
{
    *out = (struct endpoint){0};
    if (!endpoint_is_region(region)) {
        return FAIL(why, ERR_BUG, "AWS_REGION is not a region: a-z, 0-9 and '-' are allowed");
    }
    const struct wanted wanted = {
        .region = region,
        .partition = partition_of(region),
        .fips = settings_is_on(settings, STR("AWS_USE_FIPS_ENDPOINT")),
        .dual = settings_is_on(settings, STR("AWS_USE_DUALSTACK_ENDPOINT")),
    };
    str url = settings_endpoint_url(settings, str_from(services[service].setting));
    if (url.len) {
        TRY(check_no_switch(&wanted, "an endpoint URL is set, which excludes it", why));
        return use_url(service, settings, url, out, why);
    }
    if (service == SERVICE_DYNAMODB && str_eq(region, STR("local"))) {
        return use_local(&wanted, out, why);
    }
    if (service == SERVICE_DYNAMODB) {
        TRY(allow_accounts(&wanted, settings, out, why));
    }
    return use_region(service, &wanted, out, why);
}
