/* A main() for fuzz targets where there is no libFuzzer: it runs files, or seeded random mutations
 * of a target's own corpus.
 *
 *     fuzz_x FILE...             each file once
 *     fuzz_x RUNS [SEED]         mutations; the same seed gives the same inputs
 *
 * A target ends the process when it finds something; the input is printed before.
 */
#ifndef TEST_FUZZ_FUZZ_MAIN_H
#define TEST_FUZZ_FUZZ_MAIN_H

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_corpus {
    const str *seeds; /* inputs to start from */
    size_t seed_count;
    const str *words; /* pieces worth inserting */
    size_t word_count;
};

int fuzz_main(int argc, char **argv, const struct fuzz_corpus *corpus);

#endif
