/* sigv4: signs a request from standard input and shows how. For whoever met SignatureDoesNotMatch.
 */
#include "aws/tool/hints.h"
#include "base/env.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_SIGNED, EXIT_REFUSED, EXIT_USAGE };
enum { MAX_REQUEST = 256 << 20, PIECE = 64 << 10 };

static int64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static MUST_USE err read_all(int fd, struct buf *text, struct why *why)
{
    ssize_t got = 1;
    while (got) {
        char *into = buf_reserve(text, PIECE);
        if (!into) {
            return FAIL(why, ERR_LIMIT, "the request is longer than %d MiB", MAX_REQUEST >> 20);
        }
        got = read(fd, into, PIECE);
        if (got < 0 && errno != EINTR) {
            return FAIL(why, ERR_BUSY, "standard input cannot be read");
        }
        text->len += got > 0 ? (size_t)got : 0;
    }
    return OK;
}

static MUST_USE err read_region(struct sigv4_options *options, const char *const *env,
                                struct why *why)
{
    str fallback = env_get(env, STR("AWS_DEFAULT_REGION"));
    options->region = options->region.len ? options->region : env_get(env, STR("AWS_REGION"));
    options->region = options->region.len ? options->region : fallback;
    return options->region.len ? OK : FAIL(why, ERR_DENIED, "no --region, and no AWS_REGION");
}

static MUST_USE err write_out(FILE *file, const struct buf *text, struct why *why)
{
    if (text->failed) {
        return FAIL(why, ERR_LIMIT, "no memory to show it in");
    }
    bool whole = fwrite(text->at, 1, text->len, file) == text->len;
    return whole && fflush(file) == 0 ? OK : FAIL(why, ERR_BUSY, "it cannot be written");
}

static MUST_USE err show(const struct signing *signing, struct why *why)
{
    struct buf text;
    struct buf hints;
    buf_init_secret(&text, SIZE_MAX);
    buf_init(&hints, SIZE_MAX);
    signing_show(signing, signing->order->options->show, &text);
    hints_add(signing, &hints);
    err result = write_out(stdout, &text, why);
    (void)fwrite(hints.len ? hints.at : "", 1, hints.len, stderr);
    buf_close(&hints);
    buf_close(&text);
    return result;
}

static MUST_USE err sign(const struct signing_order *order, struct why *why)
{
    struct signing signing;
    err result = signing_make(&signing, order, why);
    if (!result.kind) {
        result = show(&signing, why);
    }
    signing_close(&signing);
    return result;
}

static MUST_USE err run(struct sigv4_options *options, const char *const *env, struct buf *text,
                        struct why *why)
{
    struct credentials credentials;
    struct raw_request request;
    const struct signing_order order = {&request, options, &credentials, clock_ms()};
    TRY(credentials_from_env(env, &credentials, why));
    TRY(read_region(options, env, why));
    TRY(read_all(STDIN_FILENO, text, why));
    err result = raw_request_parse(&request, buf_str(text), why);
    if (!result.kind) {
        result = sign(&order, why);
    }
    raw_request_close(&request);
    return result;
}

int main(int argc, char **argv, char **env)
{
    struct sigv4_options options;
    struct why why = {0};
    switch (sigv4_options_parse(argc, argv, &options, stderr)) {
    case SIGV4_HELP:
        sigv4_options_print_help(stdout);
        return EXIT_SIGNED;
    case SIGV4_BAD:
        return EXIT_USAGE;
    case SIGV4_RUN:
        break;
    }
    struct buf text;
    buf_init_secret(&text, MAX_REQUEST); /* it may carry a token */
    err result = run(&options, (const char *const *)env, &text, &why);
    buf_close(&text);
    if (result.kind) {
        (void)fprintf(stderr, "sigv4: %s\n", why.text);
        return EXIT_REFUSED;
    }
    return EXIT_SIGNED;
}
