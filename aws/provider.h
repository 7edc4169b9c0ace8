/* Where credentials come from, and their renewal before they expire.
 *
 * In this order, the first that is set up: the environment; web identity
 * (AWS_WEB_IDENTITY_TOKEN_FILE); the shared files' keys; the profile's credential_process; the
 * container endpoint; the instance's metadata (IMDSv2). Nothing is asked until credentials are
 * wanted. Temporary ones are fetched anew 15 minutes before they expire; a failure to do so is
 * no failure until 10 minutes before; then each use fails with it, and 5 seconds pass before the
 * source is asked again. Those of an instance serve on past their end when its
 * metadata gives no others, as they may have been prolonged.
 * Source: docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
#ifndef AWS_PROVIDER_H
#define AWS_PROVIDER_H

#include "aws/credentials.h"
#include "aws/settings.h"

struct http;
struct provider;

struct provider_config {
    const struct settings *settings; /* must outlive the provider, as `http` must */
    struct http *http;       /* what else is under way on it moves on while keys are fetched */
    int64_t (*now_ms)(void); /* wall clock */
};

/* Checks what can be checked without asking anybody. ERR_DENIED names what is missing or bad, and
 * what a profile asks for that is not there: a role taken over from other keys (source_profile,
 * credential_source) and SSO. */
err provider_open(struct provider **out, const struct provider_config *config,
                  struct why *why) MUST_USE;
/* NULL is allowed. Wipes the keys. */
void provider_close(struct provider *provider);
/* The credentials to sign with now; may fetch them, waiting until `deadline_ms` at most (wall
 * clock; 0 for a limit of its own). Good until the next provider_get. ERR_DENIED when the source
 * refuses or what it gave is unusable; ERR_BUSY when it does not answer; ERR_DEADLINE. */
err provider_get(struct provider *provider, int64_t deadline_ms, const struct credentials **out,
                 struct why *why) MUST_USE;
/* A service called the keys expired that a request was signed with at `signed_ms`. True when there
 * are newer ones by now, or may be, which the next provider_get fetches; false when these are all
 * there are, or had only just been fetched. */
bool provider_renew(struct provider *provider, int64_t signed_ms);

#endif
