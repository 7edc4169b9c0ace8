/* Endpoints against botocore: every service in every region with every switch, and DynamoDB's hosts
 * of accounts. The file is written by test/data/make-endpoint-hosts.py. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "aws/attempt.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_CASES = 1400, MOST_SETTINGS = 4, URL_ROOM = 512 };

struct example {
    enum service service;
    str region, account, arn;
    const char *settings[MOST_SETTINGS + 1];
    const char *url; /* NULL: there is none */
};

static json_t *cases;

static int load(void **state)
{
    (void)state;
    cases = json_load_file("test/data/endpoint-hosts.json", 0, NULL);
    return json_array_size(cases) >= LEAST_CASES ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(cases);
    return 0;
}

static const char *text(const json_t *list, size_t i)
{
    return json_string_value(json_array_get(list, i));
}

static struct example example_of(const json_t *list)
{
    struct example example = {
        .region = str_from(text(list, 1)),
        .account = str_from(text(list, 3)),
        .arn = str_from(text(list, 4)),
        .url = text(list, 5),
    };
    const json_t *settings = json_array_get(list, 2);
    assert_in_range(json_array_size(settings), 0, MOST_SETTINGS);
    for (size_t i = 0; i < json_array_size(settings); i++) {
        example.settings[i] = text(settings, i);
    }
    while (!str_eq(endpoint_service_name(example.service), str_from(text(list, 0)))) {
        example.service++;
        assert_in_range(example.service, 0, SERVICE_COUNT - 1);
    }
    return example;
}

/* DynamoDB Local has no region of its own. */
static bool is_signed_for(const struct example *example, str authorization)
{
    char scope[128];
    str region = str_eq(example->region, STR("local")) ? STR("us-east-1") : example->region;
    str service = endpoint_service_name(example->service);
    (void)snprintf(scope, sizeof scope, "/%.*s/%.*s/aws4_request", (int)region.len, region.at,
                   (int)service.len, service.at);
    return memmem(authorization.at, authorization.len, scope, strlen(scope));
}

/* The URL that an attempt of the service would go to, without its path. */
static MUST_USE err write_url(const struct example *example, struct client *client, char *url,
                              struct why *why)
{
    struct endpoint *endpoint = &client->endpoints[example->service];
    TRY(endpoint_resolve(example->service, example->region, client->settings, endpoint, why));
    const struct credentials credentials = {
        .access_key_id = STR("A"), .secret_access_key = STR("B"), .account_id = example->account};
    struct call call = {
        .client = client,
        .request = {.service = example->service,
                    .account = endpoint_account_of(example->arn, example->region)},
    };
    struct attempt attempt;
    buf_init(&call.url, URL_ROOM);
    buf_init(&call.authorization, URL_ROOM);
    err tried = attempt_sign(&attempt, &call, &credentials, 0, why);
    if (!tried.kind) {
        assert_true(str_eq(attempt.headers[0].name, STR("host")));
        assert_true(str_ends(buf_str(&call.url), attempt.headers[0].value));
        assert_true(is_signed_for(example, buf_str(&call.authorization)));
        assert_true(str_to_c(buf_str(&call.url), url, URL_ROOM));
    }
    call_close(&call);
    return tried;
}

static void every_service_is_where_botocore_finds_it(void **state)
{
    (void)state;
    size_t i;
    json_t *list;
    json_array_foreach(cases, i, list)
    {
        struct example example = example_of(list);
        struct client client = {0};
        struct why why = {0};
        char url[URL_ROOM] = "";
        assert_true(str_to_c(example.region, client.region, sizeof client.region));
        assert_int_equal(settings_open(&client.settings, example.settings, &why).kind, ERR_NONE);
        err written = write_url(&example, &client, url, &why);
        bool same = example.url ? strcmp(url, example.url) == 0 : written.kind == ERR_BUG;
        if (!same) {
            fail_msg("%s: %s, %s", json_dumps(list, 0), url, why.text);
        }
        client_close(&client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_service_is_where_botocore_finds_it),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
