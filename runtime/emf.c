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

void emf_metric(struct emf *emf, str name, str unit, uint64_t value)
{
    emf->refused = emf->refused || !fits(name, EMF_MAX_NAME_BYTES);
    buf_add(&emf->line, emf->metrics++ == 0 ? STR("]],\"Metrics\":[") : STR(","));
    buf_add(&emf->line, STR("{\"Name\":"));
    json_add_string(&emf->line, name);
    buf_add(&emf->line, STR(",\"Unit\":"));
    json_add_string(&emf->line, unit);
    buf_char(&emf->line, '}');
    add_name(&emf->values, name);
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
