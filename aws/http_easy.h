/* libcurl's handle for one request at a time, with the options that requests to AWS need. */
#ifndef AWS_HTTP_EASY_H
#define AWS_HTTP_EASY_H

#include "aws/http.h"
#include "aws/trust.h"

struct http_easy;

/* What libcurl calls with the reply's parts: gives the bytes it took. */
typedef size_t http_easy_take(char *at, size_t size, size_t count, void *ctx);

/* NULL when there is no memory. */
struct http_easy *http_easy_new(struct trust *trust, http_easy_take *on_head,
                                http_easy_take *on_body, void *ctx);
void http_easy_free(struct http_easy *easy);
/* Sets the handle up for the request. ERR_INPUT for a control character in it, ERR_LIMIT. */
err http_easy_set(struct http_easy *easy, const struct http_request *request,
                  struct why *why) MUST_USE;
/* libcurl's own handle. */
void *http_easy_handle(const struct http_easy *easy);

#endif
