#include "aws/tool/sigv4_options.h"

#include "aws/sigv4.h"
#include "base/ascii.h"
#include "base/date.h"

#include <getopt.h>
#include <string.h>

static const char help[] =
    "Usage: sigv4 --service NAME [options] < REQUEST\n"
    "\n"
    "Signs an HTTP request with AWS Signature Version 4 and shows each step, to be laid beside "
    "what\n"
    "a service says it expected (SignatureDoesNotMatch). Sends nothing.\n"
    "\n"
    "REQUEST is the request as text: request line, headers (Host among them), an empty line, "
    "body.\n"
    "Lines end in LF or CRLF; folded headers, raw spaces and UTF-8 in the target are taken. What\n"
    "the signer sets (Authorization, X-Amz-Date, X-Amz-Security-Token; with --query the X-Amz-\n"
    "parameters) is set anew. Keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and\n"
    "AWS_SESSION_TOKEN.\n"
    "\n"
    "  --service NAME        as in the scope: s3, dynamodb, sqs, execute-api, ...\n"
    "  --region NAME         (AWS_REGION, AWS_DEFAULT_REGION)\n"
    "  --date YYYYMMDDTHHMMSSZ\n"
    "                        when it is signed (the request's X-Amz-Date, else now)\n"
    "  --query               sign in the query: a presigned URL\n"
    "  --expires SECONDS     for how long that is good, 1 to 604800 (3600)\n"
    "  --no-normalize        \"//\", \"/./\" and \"/../\" of the path stay: S3\n"
    "  --single-encode       a %XX of the path stays as it is and does not become %25XX: S3\n"
    "  --sign-body           add x-amz-content-sha256, the body's hash, to the headers: S3\n"
    "  --unsigned-payload    sign UNSIGNED-PAYLOAD in place of the body's hash: presigned S3\n"
    "  --omit-token          send the session token without signing it\n"
    "  --show WHAT           only this, to the byte: canonical-request, string-to-sign, signature\n"
    "                        or request\n"
    "  --help                this text\n"
    "\n"
    "Exit status: 0 signed; 1 the request or the keys are unusable; 2 usage.\n";

enum {
    OPT_SERVICE = 256,
    OPT_REGION,
    OPT_DATE,
    OPT_QUERY,
    OPT_EXPIRES,
    OPT_NO_NORMALIZE,
    OPT_SINGLE_ENCODE,
    OPT_SIGN_BODY,
    OPT_UNSIGNED_PAYLOAD,
    OPT_OMIT_TOKEN,
    OPT_SHOW,
    OPT_HELP,
};

static const struct option known[] = {
    {"service", required_argument, NULL, OPT_SERVICE},
    {"region", required_argument, NULL, OPT_REGION},
    {"date", required_argument, NULL, OPT_DATE},
    {"query", no_argument, NULL, OPT_QUERY},
    {"expires", required_argument, NULL, OPT_EXPIRES},
    {"no-normalize", no_argument, NULL, OPT_NO_NORMALIZE},
    {"single-encode", no_argument, NULL, OPT_SINGLE_ENCODE},
    {"sign-body", no_argument, NULL, OPT_SIGN_BODY},
    {"unsigned-payload", no_argument, NULL, OPT_UNSIGNED_PAYLOAD},
    {"omit-token", no_argument, NULL, OPT_OMIT_TOKEN},
    {"show", required_argument, NULL, OPT_SHOW},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

void sigv4_options_print_help(FILE *out)
{
    (void)fputs(help, out);
}

/* A part of the scope, which '/' parts and which ends with its line. */
static bool read_word(const char *text, str *out)
{
    *out = str_from(text);
    return out->len && ascii_all_visible(*out) && !memchr(out->at, '/', out->len);
}

static bool read_expires(const char *text, int64_t *out)
{
    uint64_t seconds = 0;
    bool good =
        str_to_u64(str_from(text), &seconds) && seconds >= 1 && seconds <= SIGV4_MAX_EXPIRES_S;
    *out = good ? (int64_t)seconds : 0;
    return good;
}

static bool read_show(const char *text, enum sigv4_show *out)
{
    static const char *const names[] = {
        [SIGV4_SHOW_CANONICAL_REQUEST] = "canonical-request",
        [SIGV4_SHOW_STRING_TO_SIGN] = "string-to-sign",
        [SIGV4_SHOW_SIGNATURE] = "signature",
        [SIGV4_SHOW_REQUEST] = "request",
    };
    for (size_t i = SIGV4_SHOW_CANONICAL_REQUEST; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum sigv4_show)i;
            return true;
        }
    }
    return false;
}

static bool *switch_of(struct sigv4_options *o, int option)
{
    switch (option) {
    case OPT_QUERY:
        return &o->query;
    case OPT_NO_NORMALIZE:
        return &o->no_normalize;
    case OPT_SINGLE_ENCODE:
        return &o->single_encode;
    case OPT_SIGN_BODY:
        return &o->sign_body;
    case OPT_UNSIGNED_PAYLOAD:
        return &o->unsigned_payload;
    default:
        return &o->omit_token;
    }
}

static bool read_option(struct sigv4_options *o, int option, const char *value)
{
    switch (option) {
    case OPT_SERVICE:
        return read_word(value, &o->service);
    case OPT_REGION:
        return read_word(value, &o->region);
    case OPT_DATE:
        return date_parse_amz(str_from(value), &o->now_ms);
    case OPT_EXPIRES:
        return read_expires(value, &o->expires_s);
    case OPT_SHOW:
        return read_show(value, &o->show);
    default:
        *switch_of(o, option) = true;
        return true;
    }
}

static enum sigv4_verdict complain(FILE *out, const char *text, const char *about)
{
    (void)fprintf(out, "sigv4: %s%s; --help tells more\n", text, about);
    return SIGV4_BAD;
}

static const char *name_of(int option)
{
    const struct option *o = known;
    while (o->name && o->val != option) {
        o++;
    }
    return o->name ? o->name : "?";
}

static enum sigv4_verdict check(const struct sigv4_options *o, FILE *complaints)
{
    if (!o->service.len) {
        return complain(complaints, "no --service", "");
    }
    if (o->expires_s && !o->query) {
        return complain(complaints, "--expires is for --query only", "");
    }
    if (o->sign_body && o->unsigned_payload) {
        return complain(complaints, "--sign-body and --unsigned-payload exclude each other", "");
    }
    return SIGV4_RUN;
}

enum sigv4_verdict sigv4_options_parse(int argc, char **argv, struct sigv4_options *options,
                                       FILE *complaints)
{
    *options = (struct sigv4_options){.now_ms = -1};
    optind = 0; /* glibc: start over, also when called again */
    opterr = 0;
    for (int option = getopt_long(argc, argv, ":", known, NULL); option != -1;
         option = getopt_long(argc, argv, ":", known, NULL)) {
        if (option == OPT_HELP) {
            return SIGV4_HELP;
        }
        if (option == '?' || option == ':') {
            return complain(complaints, option == '?' ? "unknown option " : "no value for ",
                            argv[optind - 1]);
        }
        if (!read_option(options, option, optarg)) {
            return complain(complaints, "bad value for --", name_of(option));
        }
    }
    if (argv[optind]) {
        return complain(complaints, "the request comes on standard input, not as ", argv[optind]);
    }
    return check(options, complaints);
}
