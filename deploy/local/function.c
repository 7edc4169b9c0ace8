#include "deploy/local/function.h"
#include "base/env.h"
#include "deploy/local/child_env.h"
#include "deploy/local/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

enum { ENV_BYTES = 1024 * 1024, ENV_ROOM = 4096, MAX_REGION = 63 };

#define FUNCTION_NAME "lambda-local"
#define ACCOUNT       "000000000000"

static str region_of(const struct function_config *config)
{
    str region = env_get(config->env, STR("AWS_REGION"));
    str fallback = env_get(config->env, STR("AWS_DEFAULT_REGION"));
    return region.len ? region : fallback.len ? fallback : STR("us-east-1");
}

static str number(char memory[24], uint64_t value)
{
    struct buf text;
    buf_wrap(&text, memory, 24);
    buf_u64(&text, value);
    return buf_str(&text);
}

/* The strongest first: the address must be ours, then come the user's wishes. */
static MUST_USE err set_env(struct function *f, struct why *why)
{
    const struct function_config *config = &f->config;
    struct arena arena = arena_start(&f->memory);
    struct child_env environment, *env = &environment;
    char memory[24], address[32];
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)f->api.server.port);
    child_env_init(env, &arena, ENV_ROOM);
    child_env_set(env, STR("AWS_LAMBDA_RUNTIME_API"), str_from(address));
    child_env_add_all(env, config->extra_env);
    child_env_set(env, STR("AWS_LAMBDA_FUNCTION_NAME"), STR(FUNCTION_NAME));
    child_env_set(env, STR("AWS_LAMBDA_FUNCTION_VERSION"), STR("$LATEST"));
    child_env_set(env, STR("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), number(memory, config->memory_mb));
    child_env_set(env, STR("AWS_LAMBDA_LOG_GROUP_NAME"), STR("/aws/lambda/" FUNCTION_NAME));
    child_env_set(env, STR("AWS_LAMBDA_LOG_STREAM_NAME"), STR("local/[$LATEST]" FUNCTION_NAME));
    child_env_set(env, STR("AWS_LAMBDA_INITIALIZATION_TYPE"), STR("on-demand"));
    child_env_set(env, STR("AWS_EXECUTION_ENV"), STR("AWS_Lambda_provided.al2023"));
    child_env_set(env, STR("LAMBDA_TASK_ROOT"), str_from(f->package.folder));
    child_env_set(env, STR("LAMBDA_RUNTIME_DIR"), str_from(f->package.folder));
    child_env_set(env, STR("_HANDLER"), STR("bootstrap"));
    child_env_set(env, STR("AWS_REGION"), region_of(config));
    child_env_set(env, STR("AWS_DEFAULT_REGION"), region_of(config));
    child_env_add_all(env, config->env);
    f->env = env->at;
    if (env->failed) {
        return FAIL(why, ERR_LIMIT, "the environment is too large");
    }
    return OK;
}

err function_open(struct function *function, const struct function_config *config, struct why *why)
{
    *function = (struct function){.config = *config, .child.death_fd = -1};
    str region = region_of(config);
    (void)snprintf(function->arn, sizeof function->arn,
                   "arn:aws:lambda:%.*s:" ACCOUNT ":function:" FUNCTION_NAME,
                   (int)str_take(region, MAX_REGION).len, region.at);
    TRY(runtime_api_open(&function->api, why));
    TRY(package_open(&function->package, config->path, env_get(config->env, STR("TMPDIR")), why));
    if (!arena_block_init(&function->memory, ENV_BYTES)) {
        return FAIL(why, ERR_LIMIT, "no memory for the environment");
    }
    return set_env(function, why);
}

static MUST_USE err start(struct function *f, struct why *why)
{
    if (f->child.pid) {
        return OK;
    }
    TRY(child_start(&f->child, f->package.program, f->package.folder, f->env, why));
    f->served = false;
    f->starts++;
    return OK;
}

/* Gives the process's end status. */
static int end(struct function *f, bool gently)
{
    struct child_end ended = child_end(&f->child, gently);
    if (ended.peak_rss_kb > f->peak_rss_kb) {
        f->peak_rss_kb = ended.peak_rss_kb;
    }
    runtime_api_forget(&f->api);
    return ended.status;
}

/* As X-Ray writes it: version 1, the time, 96 random bits. */
static void make_trace_id(char *into, size_t room)
{
    uint32_t chance[5] = {0};
    (void)getrandom(chance, sizeof chance, 0);
    (void)snprintf(into, room, "Root=1-%08" PRIx64 "-%08x%08x%08x;Parent=%08x%08x;Sampled=0",
                   (uint64_t)clock_wall_ms() / 1000, chance[0], chance[1], chance[2], chance[3],
                   chance[4]);
}

static MUST_USE err invoke(struct function *f, str event, struct runtime_api_result *result,
                           struct why *why)
{
    char trace_id[128];
    make_trace_id(trace_id, sizeof trace_id);
    const struct runtime_api_context context = {
        .function_arn = str_from(f->arn),
        .trace_id = str_from(trace_id),
        .timeout_ms = f->config.timeout_ms,
        .death_fd = f->child.death_fd,
        .stop_fd = f->config.stop_fd,
    };
    return runtime_api_invoke(&f->api, event, &context, result, why);
}

/* The process is of no more use; says of what it died where that is the result. */
static void bury(struct function *f, struct runtime_api_result *result)
{
    char message[96], cause[40];
    if (result->outcome == RUNTIME_API_INIT_ERROR) {
        (void)child_ended(&f->child, CHILD_GRACE_MS); /* it may still write to its log */
    }
    int status = end(f, false);
    if (result->outcome != RUNTIME_API_DEATH) {
        return;
    }
    child_describe(status, cause, sizeof cause);
    (void)snprintf(message, sizeof message, "Runtime exited with error: %s", cause);
    runtime_api_set_error(result, "Runtime.ExitError", message);
}

err function_invoke(struct function *function, str event, struct runtime_api_result *result,
                    struct why *why)
{
    *result = (struct runtime_api_result){0};
    TRY(start(function, why));
    bool fresh = !function->served;
    TRY(invoke(function, event, result, why));
    bool useless = result->outcome == RUNTIME_API_DEATH || result->outcome == RUNTIME_API_TIMEOUT ||
                   result->outcome == RUNTIME_API_INIT_ERROR;
    if (useless) {
        bury(function, result);
    }
    function->served = result->handed;
    if (result->outcome == RUNTIME_API_DEATH && !result->handed && !fresh) {
        /* It had ended between two invocations; this one has not begun. */
        buf_close(&result->body);
        return function_invoke(function, event, result, why);
    }
    return OK;
}

void function_close(struct function *function)
{
    if (function->child.pid) {
        (void)end(function, true);
    }
    runtime_api_close(&function->api);
    package_close(&function->package);
    arena_block_close(&function->memory);
}
