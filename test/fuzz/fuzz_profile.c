/* What tells credentials: the shared files' text, replies in JSON and XML, a command line, and the
 * URL of a container's endpoint. None may read past its end, take what is no key for one, or quote
 * the text in its failure; and an endpoint that is accepted over http must be, in libcurl's reading
 * of the same URL, one of the few that are trusted.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/profile.h"
#include "aws/provider_source.h"
#include "base/ascii.h"
#include "test/fuzz/fuzz_main.h"

enum { MAX_TEXT = 16 * 1024, ARENA_BYTES = 2 * 1024 * 1024, MAX_URL = 2000 };

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);               \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* --- The shared files --- */

static void check_value(const struct buf *text, str value)
{
    if (!value.len) {
        return;
    }
    CHECK(value.at >= text->at && value.at + value.len <= text->at + text->len);
    CHECK(value.at[value.len - 1] != '\r' && value.at[value.len - 1] != '\n');
}

static void check_profile(str input, enum profile_file file, struct arena arena)
{
    struct profile_entries entries = {0};
    struct why why = {0};
    struct buf text;
    /* Of its exact size, so that a sanitizer sees the first byte beyond it. */
    buf_init(&text, input.len ? input.len : 1);
    CHECK(buf_reserve(&text, input.len ? input.len : 1));
    text.max = input.len;
    buf_add(&text, input);
    err read = profile_read(&entries, file, &text, &arena, &why);
    CHECK(read.kind == ERR_NONE || read.kind == ERR_BUG || read.kind == ERR_LIMIT);
    if (!read.kind) {
        check_value(&text, profile_get(&entries, PROFILE_SECTION, STR("default"), STR("k")));
        check_value(&text, profile_get(&entries, PROFILE_SECTION, STR("x"), STR("region")));
        str keys = profile_get(&entries, PROFILE_SERVICES, STR("x"), STR("s3"));
        check_value(&text, keys);
        check_value(&text, profile_nested(keys, STR("endpoint_url")));
    }
    buf_close(&text);
}

/* --- Replies --- */

static void check_keys(err read, const struct credentials *keys, const struct why *why)
{
    if (read.kind) {
        CHECK(read.kind == ERR_DENIED);
        for (const char *c = why->text; *c; c++) {
            CHECK(*c >= ' ' && *c <= '~');
        }
        return;
    }
    CHECK(keys->access_key_id.len && keys->secret_access_key.len);
    CHECK(ascii_all_visible(keys->access_key_id) && ascii_all_visible(keys->secret_access_key));
    CHECK(ascii_all_visible(keys->session_token) && ascii_all_visible(keys->account_id));
    CHECK(!str_cut(keys->access_key_id, '/').found);
}

static void check_replies(str input, struct arena arena)
{
    static const struct provider_names names = {"it", "AccessKeyId", "SecretAccessKey", "Token",
                                                true};
    struct provider_work work = {.scratch = arena};
    struct credentials keys;
    struct why why = {0};
    err read = provider_read_json(&work, input, &names, &keys, &why);
    check_keys(read, &keys, &why);
    CHECK(read.kind || keys.session_token.len);
    why = (struct why){0};
    read = provider_identity_read(input, &keys, &why);
    check_keys(read, &keys, &why);
}

/* --- Command lines --- */

static void check_words(str input)
{
    static char memory[MAX_TEXT];
    struct buf words;
    size_t count = 0, ends = 0;
    buf_wrap(&words, memory, sizeof memory);
    if (!provider_split(input, &words, &count)) {
        return;
    }
    for (size_t i = 0; i < words.len; i++) {
        ends += memory[i] == 0;
    }
    CHECK(ends == count && (!words.len || memory[words.len - 1] == 0));
}

/* --- The container's URL --- */

static bool is_trusted(const char *host)
{
    static const char *const hosts[] = {"169.254.170.2", "169.254.170.23", "[::1]", "localhost",
                                        "[fd00:ec2::23]"};
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127) {
        return true;
    }
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        if (str_eq_nocase(str_from(host), str_from(hosts[i]))) {
            return true;
        }
    }
    return false;
}

/* An IPv6 address may be written in many ways; libcurl keeps the one that is given. */
static void normalize(char *host, size_t room)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];
    size_t len = strlen(host);
    if (host[0] != '[' || len < 2) {
        return;
    }
    host[len - 1] = 0;
    CHECK(inet_pton(AF_INET6, host + 1, &address) == 1);
    CHECK(inet_ntop(AF_INET6, &address, text, sizeof text));
    (void)snprintf(host, room, "[%s]", text);
}

static void check_as_curl_reads_it(const char *url)
{
    CURLU *parsed = curl_url();
    char *scheme = NULL, *host = NULL, *user = NULL;
    CHECK(parsed);
    if (!curl_url_set(parsed, CURLUPART_URL, url, 0)) {
        char normal[300];
        CHECK(!curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0));
        CHECK(!curl_url_get(parsed, CURLUPART_HOST, &host, 0));
        CHECK(curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
        (void)snprintf(normal, sizeof normal, "%s", host);
        normalize(normal, sizeof normal);
        CHECK(strcmp(scheme, "https") == 0 || is_trusted(normal));
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_url_cleanup(parsed);
}

static void check_url(str input)
{
    char variable[MAX_URL + 64], url[MAX_URL + 64];
    if (input.len > MAX_URL || (input.len && memchr(input.at, 0, input.len))) {
        return;
    }
    (void)snprintf(variable, sizeof variable, "AWS_CONTAINER_CREDENTIALS_FULL_URI=%.*s",
                   (int)input.len, input.len ? input.at : "");
    const char *const env[] = {variable, NULL};
    struct settings *settings = NULL;
    struct why why = {0};
    struct buf b;
    buf_wrap(&b, url, sizeof url - 1);
    CHECK(!settings_open(&settings, env, &why).kind);
    err made = provider_container_url(settings, &b, &why);
    settings_close(settings);
    if (!made.kind) {
        url[b.len] = 0;
        check_as_curl_reads_it(url);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static _Alignas(16) char memory[ARENA_BYTES];
    struct arena arena = {memory, memory + sizeof memory};
    if (size > MAX_TEXT) {
        return 0;
    }
    str input = {(const char *)data, size};
    check_profile(input, PROFILE_CONFIG, arena);
    check_profile(input, PROFILE_CREDENTIALS, arena);
    check_replies(input, arena);
    check_words(input);
    check_url(input);
    return 0;
}

#ifdef FUZZ_MAIN
int main(int argc, char **argv)
{
    const str seeds[] = {
        STR("[default]\nk = v # c\n  more\n[profile x]\r\nregion=r\nservices = x\n"
            "[services x]\ns3 =\n  endpoint_url = http://127.0.0.1\n"),
        STR("\xEF\xBB\xBF; c\n[profile \"a b\"]\nk=1\n[default]\nk=2\n[profile default]\nk=3\n"),
        STR("{\"Version\":1,\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"s\\/\",\"Token\":\"t\","
            "\"Expiration\":\"2030-01-01T00:00:00Z\",\"AccountId\":\"123456789012\"}"),
        STR("<R><AssumedRoleUser><Arn>arn:aws:sts::123456789012:x</Arn></AssumedRoleUser>"
            "<Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey>"
            "<SessionToken>T</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>"
            "</Credentials></R>"),
        STR("/bin/tool --profile 'a b' \"c \\\" d\" e\\ f"),
        STR("http://127.0.0.1:8080/x?y"),
        STR("http://[fd00:ec2::23]/v1/credentials"),
        STR("http://169.254.170.23/v1"),
        STR("http://127.0.0.1\\@evil.example/x"),
        STR("http://evil.example#@127.0.0.1/x"),
        STR("http://127.0.0.1.evil.example:80/x"),
        STR("https://example.com:443/x#y"),
    };
    const str words[] = {
        STR("["),        STR("]"),         STR("[profile x]"), STR("[services x]"),
        STR("="),        STR("\n  "),      STR("\n"),          STR("\r\n"),
        STR(" # "),      STR(";"),         STR("'"),           STR("\""),
        STR("\\"),       STR("@"),         STR("%"),           STR("http://"),
        STR("https://"), STR("127.0.0.1"), STR("localhost"),   STR("[::1]"),
        STR("169.254."), STR("fd00:ec2:"), STR(":80"),         STR("/"),
        STR("?"),        STR("#"),         STR("evil.com"),    STR("<Credentials>"),
        STR("</"),       STR("<Arn>"),     STR("\"Token\":"),  STR("{"),
        STR("}"),        STR("null"),      STR("\\u0000"),     STR("\0"),
    };
    const struct fuzz_corpus corpus = {seeds, sizeof seeds / sizeof *seeds, words,
                                       sizeof words / sizeof *words};
    return fuzz_main(argc, argv, &corpus);
}
#endif
