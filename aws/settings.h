/* What the user has set: the environment, and behind it a profile of the shared config and
 * credentials files (~/.aws/config, ~/.aws/credentials).
 *
 * A variable of the environment wins over the files' key of the same meaning. The files are read
 * once; where there are none, as in Lambda, that costs two failed opens.
 * Source: docs.aws.amazon.com/sdkref/latest/guide/file-format.html, settings-reference.html
 */
#ifndef AWS_SETTINGS_H
#define AWS_SETTINGS_H

#include "base/err.h"

struct settings;

/* Keeps `env`, whose strings must outlive the settings. Reads AWS_CONFIG_FILE and
 * AWS_SHARED_CREDENTIALS_FILE, or the files' usual places under HOME, and looks at AWS_PROFILE.
 * ERR_BUG with file and line when one cannot be parsed, when one is too large or was named and
 * cannot be read, and for an AWS_PROFILE or a services section that is in none. ERR_LIMIT. A file
 * that is not there is empty. */
err settings_open(struct settings **out, const char *const *env, struct why *why) MUST_USE;
/* NULL is allowed. Wipes what was read. */
void settings_close(struct settings *settings);

/* The value of a variable, "AWS_REGION": of the environment, else the profile's key that means the
 * same ("region"), else empty. Good until settings_close. */
str settings_get(const struct settings *settings, str variable);
/* "true" in any case; anything else is no. */
bool settings_is_on(const struct settings *settings, str variable);
/* A key of the profile that has no variable ("credential_process"), or of another profile. */
str settings_key(const struct settings *settings, str profile, str key);
/* The profile in use: AWS_PROFILE, else "default". */
str settings_profile(const struct settings *settings);
/* AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's services section, its endpoint_url:
 * the first that is set, or empty. `service` is as in the variable: "DYNAMODB". Empty when
 * AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is on. */
str settings_endpoint_url(const struct settings *settings, str service);
/* The environment alone. */
const char *const *settings_env(const struct settings *settings);

#endif
