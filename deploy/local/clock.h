/* The two clocks of the local host. */
#ifndef DEPLOY_LOCAL_CLOCK_H
#define DEPLOY_LOCAL_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970. */
int64_t clock_wall_ms(void);
/* Milliseconds that only ever grow: for waiting and measuring. */
int64_t clock_steady_ms(void);

#endif
