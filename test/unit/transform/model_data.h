/* Data made at random for the model test, with what is known of each record because we wrote it:
 * whose it is, when it was true, where it stands, whether it is good.
 */
#ifndef TEST_UNIT_TRANSFORM_MODEL_DATA_H
#define TEST_UNIT_TRANSFORM_MODEL_DATA_H

#include "base/buf.h"
#include "base/date.h"

#include <stdio.h>
#include <string.h>

enum { USERS = 6, POISON = USERS, TEXTS = 12, FACTS = 800, MAX_RECORD = 512 };
#define NOW_MS  1780000000000
#define BASE_MS 1779999990000

/* The same numbers from the same seed, on every machine. */
static inline uint64_t chance(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (*state * 2685821657736338717u) >> 32;
}

static inline size_t below(uint64_t *state, size_t count)
{
    return (size_t)chance(state) % count;
}

static inline bool one_in(uint64_t *state, size_t count)
{
    return below(state, count) == 0;
}

/* A record. A good one says that its user is named after its own index. */
struct fact {
    size_t text;
    uint64_t offset;
    unsigned user; /* POISON: an id that the table refuses */
    bool bad;
    int64_t updated_ms; /* -1: does not say */
};

enum carrier { BY_OBJECT, BY_SQS, BY_KINESIS, BY_DIRECT, CARRIERS };
enum form { KV, LINES, JOINED, ARRAY, WRAPPER, CSV, FORMS };

struct text {
    enum carrier carrier;
    enum form form;
    struct buf bytes;
    size_t first, count; /* its facts */
    int64_t event_ms;
    unsigned rank; /* orders texts of one carrier and one event_ms */
    bool gone;     /* the object is not there any more */
};

struct data {
    struct text texts[TEXTS];
    size_t text_count;
    struct fact facts[FACTS];
    size_t fact_count;
    bool has_poison;
};

/* What can be wrong with a record; not all of it with every form. */
enum spoil { GOOD_ONE, BAD_EMAIL, BAD_PHONE, BAD_TIME, TOO_LONG, NOT_UTF8, NO_ID, TWICE, NONSENSE };

static inline enum spoil choose_spoil(uint64_t *state, const struct text *text)
{
    enum spoil spoil = one_in(state, 4) ? (enum spoil)(1 + below(state, NONSENSE)) : GOOD_ONE;
    bool is_bytes = text->carrier == BY_OBJECT || text->carrier == BY_KINESIS;
    if (spoil == NOT_UTF8 && !is_bytes) {
        return BAD_EMAIL; /* the event itself would not be JSON */
    }
    if ((spoil == NO_ID || spoil == TWICE) && text->form == KV) {
        return BAD_PHONE; /* its lines would be the next record's, the last of two would count */
    }
    if ((spoil == NOT_UTF8 || spoil == TOO_LONG) && text->form == JOINED) {
        return BAD_EMAIL; /* reading goes on at the next line */
    }
    if (spoil == NONSENSE && ((text->form != LINES && text->form != CSV) || !text->count)) {
        return BAD_TIME; /* what comes after it would be lost too, or all be of no known form */
    }
    return spoil;
}

static inline void add_updated(uint64_t *state, struct buf *b, int64_t ms)
{
    switch (below(state, 3)) {
    case 0:
        buf_i64(b, ms % 1000 ? ms : ms / 1000);
        break;
    case 1:
        buf_i64(b, ms);
        break;
    default:
        date_add_rfc3339(b, ms);
    }
}

static inline void add_user(struct buf *b, unsigned user)
{
    buf_add(b, user == POISON ? STR("poison") : STR("u"));
    buf_u64(b, user);
}

static inline void add_note(uint64_t *state, struct buf *b, enum spoil spoil)
{
    static const str notes[] = {STR_INIT("a=b&c"), STR_INIT("\xC3\xA9t\xC3\xA9"), STR_INIT(""),
                                STR_INIT("\xF0\x9F\x98\x80 {[,;]}"), STR_INIT("user_id")};
    buf_add(b, notes[below(state, sizeof notes / sizeof *notes)]);
    if (spoil == NOT_UTF8) {
        buf_add(b, STR("\xC3("));
    }
    for (size_t i = 0; spoil == TOO_LONG && i < MAX_RECORD; i++) {
        buf_char(b, 'x');
    }
}

static inline str spoilt(enum spoil spoil, enum spoil if_this, str then, str otherwise)
{
    return spoil == if_this ? then : otherwise;
}

static inline void add_json(uint64_t *state, struct buf *b, const struct fact *fact, size_t index,
                            enum spoil spoil)
{
    buf_add(b, one_in(state, 2) ? STR("{\"user_name\":\"n") : STR("{ \"user_name\" : \"n"));
    buf_u64(b, index);
    buf_add(b, STR("\",\"note\":\""));
    add_note(state, b, spoil);
    buf_add(b, spoilt(spoil, TWICE, STR("\",\"note\":\""), STR("\",\"other\":\"")));
    buf_add(b, spoilt(spoil, BAD_EMAIL, STR("\",\"email\":\"nobody"), STR("")));
    buf_add(b, spoilt(spoil, BAD_PHONE, STR("\",\"phone_number\":\"12"), STR("")));
    if (fact->updated_ms >= 0) {
        buf_add(b, STR("\",\"updated_at\":\""));
        add_updated(state, b, fact->updated_ms);
    }
    buf_add(b, spoilt(spoil, BAD_TIME, STR("\",\"created_at\":\"1/2/2020"), STR("")));
    buf_add(b, spoilt(spoil, NO_ID, STR("\",\"nobody\":\""), STR("\",\"user_id\":\"")));
    add_user(b, fact->user);
    buf_add(b, STR("\"}"));
}

/* user_id,user_name,note,email,phone_number,created_at,updated_at */
static inline void add_row(uint64_t *state, struct buf *b, const struct fact *fact, size_t index,
                           enum spoil spoil)
{
    if (spoil != NO_ID) {
        add_user(b, fact->user);
    }
    buf_add(b, STR(",n"));
    buf_u64(b, index);
    buf_add(b, one_in(state, 3) ? STR(",\"a \"\"word\"\",\n") : STR(",\""));
    add_note(state, b, spoil);
    buf_add(b, STR("\","));
    buf_add(b, spoilt(spoil, BAD_EMAIL, STR("nobody,"), STR("a@b.example,")));
    buf_add(b, spoilt(spoil, BAD_PHONE, STR("12,"), STR(",")));
    buf_add(b, spoilt(spoil, BAD_TIME, STR("1/2/2020,"), STR(",")));
    if (fact->updated_ms >= 0) {
        add_updated(state, b, fact->updated_ms);
    }
    buf_add(b, spoilt(spoil, TWICE, STR(",one,too,many"), STR("")));
}

static inline void add_block(uint64_t *state, struct buf *b, const struct fact *fact, size_t index,
                             enum spoil spoil, str line_end)
{
    buf_add(b, STR("user_id="));
    add_user(b, fact->user);
    buf_add(b, line_end);
    buf_add(b, one_in(state, 2) ? STR("note = ") : STR("note="));
    add_note(state, b, spoil);
    buf_add(b, line_end);
    buf_add(b, spoilt(spoil, BAD_EMAIL, STR("email=nobody"), STR("email=a@b.example")));
    buf_add(b, line_end);
    buf_add(b, spoilt(spoil, BAD_PHONE, STR("phone_number=12"), STR("phone_number=")));
    buf_add(b, line_end);
    buf_add(b, spoilt(spoil, BAD_TIME, STR("created_at=1/2/2020"), STR("a line of no use")));
    buf_add(b, line_end);
    if (fact->updated_ms >= 0) {
        buf_add(b, STR("updated_at="));
        add_updated(state, b, fact->updated_ms);
        buf_add(b, line_end);
    }
    buf_add(b, STR("user_name=n"));
    buf_u64(b, index);
}

static inline void add_record(uint64_t *state, struct text *text, const struct fact *fact,
                              size_t index, enum spoil spoil, str line_end)
{
    if (spoil == NONSENSE) {
        buf_add(&text->bytes, STR("nonsense"));
    } else if (text->form == KV) {
        add_block(state, &text->bytes, fact, index, spoil, line_end);
    } else if (text->form == CSV) {
        add_row(state, &text->bytes, fact, index, spoil);
    } else {
        add_json(state, &text->bytes, fact, index, spoil);
    }
}

static inline void add_between(uint64_t *state, struct text *text, bool first, str line_end)
{
    bool is_list = text->form == ARRAY || text->form == WRAPPER;
    if (is_list && !first) {
        buf_char(&text->bytes, ',');
    }
    if (!first && !is_list && text->form != JOINED) {
        buf_add(&text->bytes, line_end);
    }
    if (one_in(state, 4) && (!first || text->form != KV)) {
        buf_add(&text->bytes, line_end); /* a blank line separates nothing */
    }
}

static inline void add_fact(uint64_t *state, struct data *data, size_t text_index, str line_end)
{
    struct text *text = &data->texts[text_index];
    size_t index = data->fact_count++;
    struct fact *fact = &data->facts[index];
    add_between(state, text, text->count == 0, line_end);
    enum spoil spoil = choose_spoil(state, text);
    *fact = (struct fact){
        .text = text_index,
        .offset = text->bytes.len,
        .user = data->has_poison && one_in(state, 20) ? POISON : (unsigned)below(state, USERS),
        .updated_ms = one_in(state, 2) ? -1 : BASE_MS + (int64_t)below(state, 5) * 500,
    };
    fact->bad = spoil || fact->user == POISON;
    add_record(state, text, fact, index, spoil, line_end);
    text->count++;
}

static inline void write_text(uint64_t *state, struct data *data, size_t index)
{
    static const str ends[] = {STR_INIT("\n"), STR_INIT("\r\n")};
    static const str openings[FORMS] = {
        [ARRAY] = STR_INIT("["),
        [WRAPPER] = STR_INIT("{\"from\":7,\"users\":["),
        [CSV] = STR_INIT("user_id,user_name,note,email,phone_number,created_at,updated_at\n"),
    };
    static const str closings[FORMS] = {[ARRAY] = STR_INIT("]"), [WRAPPER] = STR_INIT("]}")};
    struct text *text = &data->texts[index];
    str line_end = ends[below(state, 2)];
    /* Past 64 records the clock is looked at again. */
    size_t count = one_in(state, 25) ? 70 + below(state, 100) : below(state, 9);
    if (one_in(state, 10) && text->carrier != BY_DIRECT) {
        buf_add(&text->bytes, STR("\xEF\xBB\xBF"));
    }
    buf_add(&text->bytes,
            text->carrier == BY_DIRECT ? STR("{\"records\":[") : openings[text->form]);
    for (size_t i = 0; i < count && data->fact_count < FACTS; i++) {
        add_fact(state, data, index, line_end);
    }
    buf_add(&text->bytes, closings[text->form]);
    if (text->carrier != BY_DIRECT && one_in(state, 2)) {
        buf_add(&text->bytes, line_end);
    }
}

static inline void make_data(uint64_t *state, bool has_poison, struct data *data)
{
    *data = (struct data){.text_count = 1 + below(state, TEXTS), .has_poison = has_poison};
    for (size_t i = 0; i < data->text_count; i++) {
        struct text *text = &data->texts[i];
        /* At most one direct invocation: two of them have nothing that orders them. */
        text->carrier = i == 0 && one_in(state, 5) ? BY_DIRECT : (enum carrier)below(state, 3);
        text->form = text->carrier == BY_DIRECT ? WRAPPER : (enum form)below(state, FORMS);
        /* Times are often equal, but only among texts of one carrier. */
        text->event_ms = BASE_MS + 4 * (int64_t)below(state, 3) + (int64_t)text->carrier;
        text->event_ms = text->carrier == BY_DIRECT ? NOW_MS : text->event_ms;
        text->rank = (unsigned)(below(state, 100) * TEXTS + i + 1);
        text->gone = text->carrier == BY_OBJECT && one_in(state, 15);
        buf_init(&text->bytes, (size_t)1 << 20);
        text->first = data->fact_count;
        write_text(state, data, i);
    }
}

static inline void drop_data(struct data *data)
{
    for (size_t i = 0; i < data->text_count; i++) {
        buf_close(&data->texts[i].bytes);
    }
}

#endif
