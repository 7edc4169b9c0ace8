/* A played AWS that keeps what it is given from one life of the function to the next: an object, a
 * table with conditional writes, a rejects queue, a work queue. One request of a life can fail, or
 * be the last that the function ever made.
 */
#ifndef TEST_UNIT_RUNTIME_LASTING_AWS_H
#define TEST_UNIT_RUNTIME_LASTING_AWS_H

#include "test/unit/runtime/played_aws.h"

enum { MOST_USERS = 16, MOST_KEPT = 16, MOST_LETTERS = 16, LETTER_BYTES = 4096 };

enum blow {
    NO_BLOW,
    RESET_BEFORE, /* nothing is done, the connection is gone */
    RESET_AFTER,  /* done, and the reply lost */
    REPLY_CUT,    /* done, and the reply ends too soon */
    ERROR_500,
    DEATH_BEFORE, /* the function is no more: nothing of this request or a later one is done .. */
    DEATH_AFTER,  /* .. or nothing after this one, and its reply is not read any more */
};

struct stored_user {
    char id[32], name[32], version[128];
};

/* What waits to be delivered: the JSON of one of an event's "Records". */
struct letter {
    char json[LETTER_BYTES];
    char id[32]; /* empty: S3's own, which an answer cannot name */
    bool done;
};

struct lasting {
    struct fake_service service;
    const char *object;
    struct stored_user users[MOST_USERS];
    size_t user_count;
    char kept[MOST_KEPT][65]; /* ids of rejects, each once */
    size_t kept_count;
    struct letter letters[MOST_LETTERS];
    size_t letter_count;
    enum blow blow;
    unsigned blow_at; /* the number of the request, from 0 */
    bool dead;
};

static const char json_headers[] = "Content-Type: application/x-amz-json-1.0\r\n";

static inline const char *item_text(const json_t *item, const char *name)
{
    const char *text = json_string_value(json_object_get(json_object_get(item, name), "S"));
    return text ? text : "";
}

static inline struct stored_user *find_user(struct lasting *aws, const char *id)
{
    for (size_t i = 0; i < aws->user_count; i++) {
        if (strcmp(aws->users[i].id, id) == 0) {
            return &aws->users[i];
        }
    }
    return NULL;
}

static inline void put_item(struct lasting *aws, const json_t *item, struct fake_reply *reply)
{
    struct stored_user *user = find_user(aws, item_text(item, "user_id"));
    const char *version = item_text(item, "_v");
    if (user && strcmp(user->version, version) >= 0) {
        char body[256];
        (void)snprintf(body, sizeof body,
                       "{\"__type\":\"ConditionalCheckFailedException\",\"Item\":{\"_v\":{\"S\":"
                       "\"%s\"}}}",
                       user->version);
        fake_reply_with(reply, 400, json_headers, str_from(body));
        return;
    }
    user = user ? user : &aws->users[aws->user_count++];
    *user = (struct stored_user){0}; /* to be compared byte by byte */
    (void)snprintf(user->id, sizeof user->id, "%s", item_text(item, "user_id"));
    (void)snprintf(user->name, sizeof user->name, "%s", item_text(item, "user_name"));
    (void)snprintf(user->version, sizeof user->version, "%s", version);
    fake_reply_with(reply, 200, json_headers, STR("{}"));
}

static inline void keep_id(struct lasting *aws, const char *id)
{
    for (size_t i = 0; i < aws->kept_count; i++) {
        if (strcmp(aws->kept[i], id) == 0) {
            return;
        }
    }
    (void)snprintf(aws->kept[aws->kept_count++], sizeof aws->kept[0], "%s", id);
}

static inline void add_letter(struct lasting *aws, const char *id, const char *body)
{
    struct letter *letter = &aws->letters[aws->letter_count++];
    json_t *record = json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "messageId", id, "eventSource",
                               "aws:sqs", "eventSourceARN", "arn:aws:sqs:eu-west-1:123456789012:q",
                               "body", body, "attributes", "SentTimestamp", "1779999990000");
    letter->json[json_dumpb(record, letter->json, sizeof letter->json - 1, 0)] = '\0';
    (void)snprintf(letter->id, sizeof letter->id, "%s", id);
    json_decref(record);
}

static inline void receive_message(struct lasting *aws, const json_t *root,
                                   struct fake_reply *reply)
{
    const char *body = json_string_value(json_object_get(root, "MessageBody"));
    const char *url = json_string_value(json_object_get(root, "QueueUrl"));
    if (strstr(url, "/work")) {
        char id[32];
        (void)snprintf(id, sizeof id, "handed-%zu", aws->letter_count);
        add_letter(aws, id, body);
    } else {
        json_t *message = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
        size_t i = 0;
        json_t *one = NULL;
        json_array_foreach(json_object_get(message, "rejects"), i, one)
        {
            keep_id(aws, json_string_value(json_object_get(one, "id")));
        }
        json_decref(message);
    }
    fake_reply_with(reply, 200, json_headers, STR("{\"MessageId\":\"1\"}"));
}

static inline void give_object(const struct lasting *aws, const struct fake_request *request,
                               struct fake_reply *reply)
{
    str range = fake_header(request, "Range");
    str object = str_from(aws->object);
    uint64_t from = 0;
    char headers[128] = "ETag: \"e\"\r\n";
    if (str_to_u64(str_cut(str_drop(range, strlen("bytes=")), '-').head, &from)) {
        (void)snprintf(headers, sizeof headers,
                       "ETag: \"e\"\r\nContent-Range: bytes %llu-%zu/%zu\r\n",
                       (unsigned long long)from, object.len - 1, object.len);
    }
    fake_reply_with(reply, range.len ? 206 : 200, headers, str_drop(object, (size_t)from));
}

static inline void do_request(struct lasting *aws, const struct fake_request *request,
                              struct fake_reply *reply)
{
    json_t *root = json_loadb(request->body.at, request->body.len, 0, NULL);
    if (str_starts(request->head, STR("GET"))) {
        give_object(aws, request, reply);
    } else if (str_starts(fake_header(request, "X-Amz-Target"), STR("DynamoDB"))) {
        put_item(aws, json_object_get(root, "Item"), reply);
    } else {
        receive_message(aws, root, reply);
    }
    json_decref(root);
}

static inline void strike(struct lasting *aws, const struct fake_request *request,
                          struct fake_reply *reply)
{
    aws->dead = aws->blow == DEATH_BEFORE || aws->blow == DEATH_AFTER;
    if (aws->blow == ERROR_500) {
        answer_error(reply, 500, "InternalServerError");
        return;
    }
    if (aws->blow != RESET_BEFORE && aws->blow != DEATH_BEFORE) {
        do_request(aws, request, reply);
    }
    if (aws->blow == REPLY_CUT) {
        reply->bytes.len -= 1;
        reply->close = true;
        return;
    }
    buf_clear(&reply->bytes);
    reply->reset = true;
}

static inline void serve_lasting(void *ctx, const struct fake_request *request,
                                 struct fake_reply *reply)
{
    struct lasting *aws = ctx;
    if (aws->dead) {
        reply->reset = true;
    } else if (aws->blow && request->number == aws->blow_at) {
        strike(aws, request, reply);
    } else {
        do_request(aws, request, reply);
    }
}

/* --- Lives --- */

/* A new process takes one event. Gives how many requests it made. */
static inline unsigned live(struct lasting *aws, str event, const char *attempts,
                            struct answer *answer)
{
    char url[64];
    struct ports ports;
    struct config config;
    struct why why = {0};
    aws->dead = false;
    fake_service_start(&aws->service, serve_lasting, aws);
    (void)snprintf(url, sizeof url, "AWS_ENDPOINT_URL=http://127.0.0.1:%u", aws->service.port);
    const char *const env[] = {
        "AWS_REGION=eu-west-1",
        "AWS_ACCESS_KEY_ID=A",
        "AWS_SECRET_ACCESS_KEY=S",
        "REJECTS_QUEUE_URL=http://127.0.0.1/1/rejects",
        "WORK_QUEUE_URL=http://127.0.0.1/1/work",
        url,
        attempts,
        NULL,
    };
    assert_int_equal(config_read(env, &config, &why).kind, ERR_NONE);
    assert_int_equal(ports_init(&ports, &config, env, &why).kind, ERR_NONE);
    *answer = invoke(&ports, event, 20000);
    ports_close(&ports);
    fake_service_stop(&aws->service);
    return aws->service.requests;
}

/* Brings what waits, letters of messages and of S3 in events of their own, and takes the answer as
 * Lambda does; that of a life that ended is never given. Gives the number of requests. */
static inline unsigned deliver(struct lasting *aws, bool messages, const char *attempts)
{
    struct answer answer = {0};
    struct buf event;
    size_t first = aws->letter_count;
    size_t last = aws->letter_count;
    buf_init(&event, (size_t)1 << 20);
    for (size_t i = 0; i < last; i++) {
        if (!aws->letters[i].done && (aws->letters[i].id[0] != '\0') == messages) {
            buf_add(&event, event.len ? STR(",") : STR("{\"Records\":["));
            buf_add(&event, str_from(aws->letters[i].json));
            first = i < first ? i : first;
        }
    }
    buf_add(&event, STR("]}"));
    unsigned requests = first < last ? live(aws, buf_str(&event), attempts, &answer) : 0;
    bool is_answered = first < last && !aws->dead && !answer.result.kind;
    for (size_t i = 0; i < last && is_answered; i++) {
        struct letter *letter = &aws->letters[i];
        bool was_in = (letter->id[0] != '\0') == messages;
        bool named = letter->id[0] && strstr(answer.text, letter->id);
        letter->done = letter->done || (was_in && !named);
    }
    buf_close(&event);
    return requests;
}

#endif
