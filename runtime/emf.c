#include "runtime/emf.h"

#include "base/json_write.h"

#include <assert.h>

/* Counted in bytes where CloudWatch counts characters: on the safe side. */
static bool fits(str text, size_t most)
{
    return text.len >= 1 && text.len <= most;
}

void emf_start(struct emf *emf, str name_space, int64_t now_ms)
{
    emf->dimensions = emf->metrics = 0;
    emf->refused = !fits(name_space, EMF_MAX_NAME_BYTES);
    buf_wrap(&emf->line, emf->line_memory, sizeof emf->line_memory);
    buf_wrap(&emf->values, emf->values_memory, sizeof emf->values_memory);
    buf_add(&emf->line, STR("{\"_aws\":{\"Timestamp\":"));
    buf_i64(&emf->line, now_ms);
    buf_add(&emf->line, STR(",\"CloudWatchMetrics\":[{\"Namespace\":"));
    json_add_string(&emf->line, name_space);
    buf_add(&emf->line, STR(",\"Dimensions\":[["));
    emf->set_at = emf->line.len;
}

static void add_name(struct buf *out, str name)
{
    buf_char(out, ',');
    json_add_string(out, name);
    buf_char(out, ':');
}

void emf_property(struct emf *emf, str name, str value)
{
    add_name(&emf->values, name);
    json_add_string(&emf->values, value);
}

void emf_number(struct emf *emf, str name, uint64_t value)
{
    add_name(&emf->values, name);
    buf_u64(&emf->values, value);
}

void emf_dimension(struct emf *emf, str name, str value)
{
    assert(emf->metrics == 0);
    emf->refused = emf->refused || !fits(name, EMF_MAX_DIMENSION_NAME_BYTES) ||
                   !fits(value, EMF_MAX_NAME_BYTES);
    if (emf->dimensions++ > 0) {
        buf_char(&emf->line, ',');
    }
    json_add_string(&emf->line, name);
    emf_property(emf, name, value);
}

void emf_dimension_set(struct emf *emf)
{
    /* The line never moves, so that it can be copied from. */
    str names = str_drop(buf_str(&emf->line), emf->set_at);
    buf_add(&emf->line, STR("],["));
    emf->set_at = emf->line.len;
    buf_add(&emf->line, names);
}

/* The name is checked and escaped once, then copied: 20 metrics are most of what a short invocation
 * costs. */
void emf_metric(struct emf *emf, str name, str unit, uint64_t value)
{
    emf->refused = emf->refused || !fits(name, EMF_MAX_NAME_BYTES);
    buf_add(&emf->line,
            emf->metrics++ == 0 ? STR("]],\"Metrics\":[{\"Name\":") : STR(",{\"Name\":"));
    size_t name_at = emf->line.len;
    json_add_string(&emf->line, name);
    str quoted = str_drop(buf_str(&emf->line), name_at);
    buf_add(&emf->line, STR(",\"Unit\":\""));
    buf_add(&emf->line, unit);
    buf_add(&emf->line, STR("\"}"));
    buf_char(&emf->values, ',');
    buf_add(&emf->values, quoted);
    buf_char(&emf->values, ':');
    buf_u64(&emf->values, value);
}

bool emf_end(struct emf *emf, const struct log *log)
{
    buf_add(&emf->line, STR("]}]}"));
    buf_add(&emf->line, buf_str(&emf->values));
    buf_char(&emf->line, '}');
    if (emf->line.failed || emf->values.failed || emf->refused || emf->metrics == 0 ||
        emf->metrics > EMF_MAX_METRICS || emf->dimensions > EMF_MAX_DIMENSIONS) {
        return false;
    }
    log_write(log, LOG_INFO, buf_str(&emf->line));
    return true;
}
