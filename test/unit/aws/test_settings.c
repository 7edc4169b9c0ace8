/* The environment, and the shared files behind it. */
#include "test/unit/aws/source_rig.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A HOME of the test's own with the two files, and an environment that begins with it. */
struct home {
    char folder[64], config[96], credentials[96];
    char variable[80];
};

static void make_home(struct home *home, const char *config, const char *credentials)
{
    char sub[80];
    *home = (struct home){0};
    (void)snprintf(home->folder, sizeof home->folder, "/tmp/settings-XXXXXX");
    assert_non_null(mkdtemp(home->folder));
    (void)snprintf(sub, sizeof sub, "%s/.aws", home->folder);
    assert_int_equal(mkdir(sub, 0700), 0);
    (void)snprintf(home->config, sizeof home->config, "%s/config", sub);
    (void)snprintf(home->credentials, sizeof home->credentials, "%s/credentials", sub);
    (void)snprintf(home->variable, sizeof home->variable, "HOME=%s", home->folder);
    if (config) {
        source_write(home->config, str_from(config));
    }
    if (credentials) {
        source_write(home->credentials, str_from(credentials));
    }
}

static void remove_home(const struct home *home)
{
    char sub[80];
    (void)snprintf(sub, sizeof sub, "%s/.aws", home->folder);
    (void)unlink(home->config);
    (void)unlink(home->credentials);
    assert_int_equal(rmdir(sub), 0);
    assert_int_equal(rmdir(home->folder), 0);
}

/* Up to three more variables; NULL: fewer. */
static struct settings *open_with(const struct home *home, const char *const more[3],
                                  const char **env)
{
    struct settings *settings = NULL;
    struct why why = {0};
    env[0] = home->variable;
    for (size_t i = 0; i < 4; i++) {
        env[i + 1] = i < 3 ? more[i] : NULL;
    }
    if (settings_open(&settings, env, &why).kind) {
        fail_msg("%s", why.text);
    }
    return settings;
}

static void a_variable_wins_over_the_profiles_key(void **state)
{
    (void)state;
    static const struct {
        const char *word, *env[3], *variable, *expected;
    } rows[] = {
        {"the key", {NULL}, "AWS_REGION", "of-file"},
        {"the variable", {"AWS_REGION=of-env", NULL}, "AWS_REGION", "of-env"},
        {"the older variable", {"AWS_DEFAULT_REGION=older", NULL}, "AWS_REGION", "older"},
        {"the newer one",
         {"AWS_DEFAULT_REGION=older", "AWS_REGION=newer", NULL},
         "AWS_REGION",
         "newer"},
        {"an empty variable is none", {"AWS_REGION=", NULL}, "AWS_REGION", "of-file"},
        {"another profile", {"AWS_PROFILE=x", NULL}, "AWS_REGION", "of-x"},
        {"no such key", {NULL}, "AWS_CA_BUNDLE", ""},
        {"a variable without a key", {"TABLE_NAME=t", NULL}, "TABLE_NAME", "t"},
        {"a key without that variable", {NULL}, "REGION", ""},
    };
    struct home home;
    make_home(&home, "[default]\nregion = of-file\n[profile x]\nregion = of-x\n", NULL);
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        const char *env[6];
        struct settings *settings = open_with(&home, rows[i].env, env);
        str found = settings_get(settings, str_from(rows[i].variable));
        if (!str_eq(found, str_from(rows[i].expected))) {
            fail_msg("%s: %.*s", rows[i].word, (int)found.len, found.at);
        }
        settings_close(settings);
    }
    remove_home(&home);
}

static void every_variable_of_the_table_has_its_key(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"AWS_ACCOUNT_ID_ENDPOINT_MODE", "account_id_endpoint_mode"},
        {"AWS_CA_BUNDLE", "ca_bundle"},
        {"AWS_DISABLE_CLOCK_SKEW_CORRECTION", "disable_clock_skew_correction"},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint"},
        {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode"},
        {"AWS_ENDPOINT_URL", "endpoint_url"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls"},
        {"AWS_MAX_ATTEMPTS", "max_attempts"},
        {"AWS_REGION", "region"},
        {"AWS_RESPONSE_CHECKSUM_VALIDATION", "response_checksum_validation"},
        {"AWS_RETRY_MODE", "retry_mode"},
        {"AWS_ROLE_ARN", "role_arn"},
        {"AWS_ROLE_SESSION_NAME", "role_session_name"},
        {"AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"},
        {"AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file"},
    };
    for (size_t i = 0; i < SOURCE_ROWS(pairs); i++) {
        char config[128];
        const char *env[6];
        struct home home;
        (void)snprintf(config, sizeof config, "[default]\n%s = TrUe\n", pairs[i][1]);
        make_home(&home, config, NULL);
        struct settings *settings = open_with(&home, (const char *const[3]){NULL}, env);
        if (!settings_is_on(settings, str_from(pairs[i][0]))) {
            fail_msg("%s", pairs[i][0]);
        }
        settings_close(settings);
        remove_home(&home);
    }
}

static void only_true_is_on(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool on;
    } rows[] = {
        {"X=true", true}, {"X=TRUE", true}, {"X=True", true},  {"X=1", false},
        {"X=yes", false}, {"X=", false},    {"Y=true", false}, {"X=true ", false},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        const char *const env[] = {rows[i].value, NULL};
        struct settings *settings = NULL;
        struct why why = {0};
        assert_int_equal(settings_open(&settings, env, &why).kind, ERR_NONE);
        assert_true(settings_is_on(settings, STR("X")) == rows[i].on);
        settings_close(settings);
    }
}

static void an_endpoint_is_that_of_the_most_particular_place(void **state)
{
    (void)state;
    static const struct {
        const char *word, *env[3], *service, *expected;
    } rows[] = {
        {"its own variable",
         {"AWS_ENDPOINT_URL_SQS=own", "AWS_ENDPOINT_URL=all", NULL},
         "SQS",
         "own"},
        {"the variable of all",
         {"AWS_ENDPOINT_URL_SQS=own", "AWS_ENDPOINT_URL=all", NULL},
         "DYNAMODB",
         "all"},
        {"its key in the services section", {NULL}, "DYNAMODB", "section"},
        {"the key of all", {NULL}, "SQS", "profile"},
        {"its own variable over the section",
         {"AWS_ENDPOINT_URL_DYNAMODB=own", NULL},
         "DYNAMODB",
         "own"},
        {"of a profile with neither", {"AWS_PROFILE=bare", NULL}, "DYNAMODB", ""},
        {"ignored",
         {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true", "AWS_ENDPOINT_URL=all", NULL},
         "SQS",
         ""},
        {"ignored by the profile", {"AWS_PROFILE=deaf", "AWS_ENDPOINT_URL=all", NULL}, "SQS", ""},
        {"a name longer than any service's",
         {NULL},
         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
         "profile"},
    };
    struct home home;
    make_home(&home,
              "[default]\nservices = local\nendpoint_url = profile\n"
              "[services local]\ndynamodb =\n  endpoint_url = section\n"
              "[profile bare]\n[profile deaf]\nignore_configured_endpoint_urls = true\n",
              NULL);
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        const char *env[6];
        struct settings *settings = open_with(&home, rows[i].env, env);
        str found = settings_endpoint_url(settings, str_from(rows[i].service));
        if (!str_eq(found, str_from(rows[i].expected))) {
            fail_msg("%s: %.*s", rows[i].word, (int)found.len, found.at);
        }
        settings_close(settings);
    }
    remove_home(&home);
}

static void the_files_may_be_named(void **state)
{
    (void)state;
    struct home home, other;
    char config[128], credentials[128];
    make_home(&home, "[default]\nk=home\n", "[default]\nl=home\n");
    make_home(&other, "[default]\nk=other\n", "[default]\nl=other\n");
    (void)snprintf(config, sizeof config, "AWS_CONFIG_FILE=%s", other.config);
    (void)snprintf(credentials, sizeof credentials, "AWS_SHARED_CREDENTIALS_FILE=~/.aws/config");
    const char *env[6];
    struct settings *s = open_with(&home, (const char *const[3]){config, NULL}, env);
    source_expect(settings_key(s, STR("default"), STR("k")), "other");
    source_expect(settings_key(s, STR("default"), STR("l")), "home");
    settings_close(s);
    s = open_with(&home, (const char *const[3]){config, credentials, NULL}, env);
    source_expect(settings_key(s, STR("default"), STR("k")), "home");
    source_expect(settings_key(s, STR("default"), STR("l")), "");
    settings_close(s);
    remove_home(&home);
    remove_home(&other);
}

static void files_that_are_not_there_are_none(void **state)
{
    (void)state;
    static const char *const envs[][4] = {
        {NULL},
        {"HOME=/nowhere/at/all", NULL},
        {"HOME=/dev/null", NULL},
        {"AWS_CONFIG_FILE=/nowhere", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", NULL},
    };
    for (size_t i = 0; i < SOURCE_ROWS(envs); i++) {
        struct settings *settings = NULL;
        struct why why = {0};
        assert_int_equal(settings_open(&settings, envs[i], &why).kind, ERR_NONE);
        assert_int_equal(settings_get(settings, STR("AWS_REGION")).len, 0);
        source_expect(settings_profile(settings), "default");
        settings_close(settings);
    }
}

static void expect_refused(const char *config, const char *variable, const char *told)
{
    struct home home;
    struct settings *settings = NULL;
    struct why why = {0};
    make_home(&home, config, NULL);
    const char *const env[] = {home.variable, variable, NULL};
    err opened = settings_open(&settings, env, &why);
    if (opened.kind != ERR_BUG || !strstr(why.text, told) || strstr(why.text, "LEAK")) {
        fail_msg("%s: %s", told, why.text);
    }
    assert_null(settings);
    remove_home(&home);
}

static void what_cannot_be_meant_is_refused(void **state)
{
    (void)state;
    expect_refused("[default]\n", "AWS_PROFILE=LEAK", "AWS_PROFILE is in neither");
    expect_refused("[default]\nLEAK\n", NULL, "line 2");
    expect_refused("[default]\nservices=LEAK\n", NULL, "services section");
    expect_refused(NULL, "AWS_CONFIG_FILE=/tmp", "the file of AWS_CONFIG_FILE cannot be read");
}

static void a_file_past_its_bound_is_refused(void **state)
{
    (void)state;
    enum { LARGE = 256 * 1024 };
    char *text = malloc(LARGE + 2);
    assert_non_null(text);
    memset(text, '#', LARGE + 1);
    text[LARGE + 1] = 0;
    expect_refused(text, NULL, "AWS_CONFIG_FILE");
    text[LARGE] = 0;
    struct home home;
    const char *env[6];
    make_home(&home, text, NULL);
    settings_close(open_with(&home, (const char *const[3]){NULL}, env));
    remove_home(&home);
    free(text);
}

/* A config file of so many keys of no value, and a large credentials file. */
static enum err_kind open_many(size_t lines, const char *credentials)
{
    struct buf text;
    buf_init(&text, 256 * 1024 + 1);
    buf_add(&text, STR("[default]\n"));
    for (size_t i = 0; i < lines; i++) {
        buf_add(&text, STR("k=\n"));
    }
    buf_char(&text, 0);
    assert_false(text.failed);
    struct home home;
    make_home(&home, text.at, credentials);
    const char *const env[] = {home.variable, NULL};
    struct settings *settings = NULL;
    struct why why = {0};
    err opened = settings_open(&settings, env, &why);
    settings_close(settings);
    remove_home(&home);
    buf_close(&text);
    return opened.kind;
}

/* As many keys as a file can hold are more than there is memory for; and where one file has left
 * next to none, the other is not read past the end of it. */
static void files_of_more_keys_than_there_is_memory_for_are_refused(void **state)
{
    (void)state;
    enum { MOST = 87000, LARGE = 200 * 1000 };
    size_t good = 0, bad = MOST;
    assert_int_equal(open_many(bad, NULL), ERR_LIMIT);
    while (bad - good > 1) {
        size_t middle = good + (bad - good) / 2;
        bool fits = open_many(middle, NULL) == ERR_NONE;
        good = fits ? middle : good;
        bad = fits ? bad : middle;
    }
    char *large = malloc(LARGE + 1);
    assert_non_null(large);
    memset(large, '#', LARGE);
    large[LARGE] = 0;
    assert_int_equal(open_many(good, large), ERR_BUG);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable_wins_over_the_profiles_key),
        cmocka_unit_test(every_variable_of_the_table_has_its_key),
        cmocka_unit_test(only_true_is_on),
        cmocka_unit_test(an_endpoint_is_that_of_the_most_particular_place),
        cmocka_unit_test(the_files_may_be_named),
        cmocka_unit_test(files_that_are_not_there_are_none),
        cmocka_unit_test(what_cannot_be_meant_is_refused),
        cmocka_unit_test(a_file_past_its_bound_is_refused),
        cmocka_unit_test(files_of_more_keys_than_there_is_memory_for_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
