#include "test/fuzz/fuzz_main.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

enum { MAX_INPUT = 4096, MAX_FILE = 16 * 1024 * 1024 };

/* For the handler of SIGABRT only. */
static str current;

static void show_input(int signal_number)
{
    (void)signal_number;
    (void)!write(STDERR_FILENO, "input: ", 7);
    (void)!write(STDERR_FILENO, current.at, current.len);
    (void)!write(STDERR_FILENO, "\n", 1);
}

/* In memory of exactly its size, so that ASan sees a read past the end. */
static void run(str input)
{
    char *copy = malloc(input.len ? input.len : 1);
    if (!copy) {
        abort();
    }
    if (input.len) {
        memcpy(copy, input.at, input.len);
    }
    current = (str){copy, input.len};
    (void)LLVMFuzzerTestOneInput((const uint8_t *)copy, input.len);
    current = STR("");
    free(copy);
}

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t limit)
{
    return limit ? (size_t)(next_random(state) % limit) : 0;
}

static str pick(uint64_t *state, const str *from, size_t count)
{
    return count ? from[below(state, count)] : STR("");
}

/* `out` = `in` with its part [from, from + cut) replaced by `by`. */
static void splice(struct buf *out, str in, size_t from, size_t cut, str by)
{
    buf_clear(out);
    buf_add(out, str_take(in, from));
    buf_add(out, by);
    buf_add(out, str_drop(in, from + cut));
}

static void mutate(uint64_t *state, const struct fuzz_corpus *corpus, str in, struct buf *out)
{
    size_t from = below(state, in.len + 1);
    size_t some = below(state, 8);
    char byte = (char)(unsigned char)below(state, 256);
    str piece = str_take(str_drop(in, below(state, in.len + 1)), below(state, 16));
    str seed = pick(state, corpus->seeds, corpus->seed_count);
    switch (below(state, 6)) {
    case 0:
        splice(out, in, from, 1, (str){&byte, 1});
        return;
    case 1:
        splice(out, in, from, 0, pick(state, corpus->words, corpus->word_count));
        return;
    case 2:
        splice(out, in, from, some, pick(state, corpus->words, corpus->word_count));
        return;
    case 3:
        splice(out, in, from, some, STR(""));
        return;
    case 4:
        splice(out, in, from, 0, piece);
        return;
    default:
        splice(out, in, from, in.len, str_drop(seed, below(state, seed.len + 1)));
        return;
    }
}

static void run_mutations(uint64_t runs, uint64_t state, const struct fuzz_corpus *corpus)
{
    static char memory[2][MAX_INPUT];
    for (size_t i = 0; i < corpus->seed_count; i++) {
        run(corpus->seeds[i]);
    }
    for (uint64_t i = 0; i < runs; i++) {
        str input = pick(&state, corpus->seeds, corpus->seed_count);
        size_t rounds = below(&state, 6);
        for (size_t round = 0; round < rounds; round++) {
            struct buf out;
            buf_wrap(&out, memory[round % 2], MAX_INPUT);
            mutate(&state, corpus, input, &out);
            input = buf_str(&out);
        }
        run(input);
    }
}

static bool run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *memory = malloc(MAX_FILE);
    bool good = file && memory;
    if (good) {
        size_t len = fread(memory, 1, MAX_FILE, file);
        good = !ferror(file);
        run((str){memory, len});
    } else {
        perror(path);
    }
    free(memory);
    if (file) {
        (void)fclose(file);
    }
    return good;
}

int fuzz_main(int argc, char **argv, const struct fuzz_corpus *corpus)
{
    uint64_t runs = 0;
    uint64_t seed = 1;
    (void)signal(SIGABRT, show_input);
    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s FILE... | RUNS [SEED]\n", argv[0]);
        return 2;
    }
    if (str_to_u64(str_from(argv[1]), &runs)) {
        (void)str_to_u64(str_from(argc > 2 ? argv[2] : "1"), &seed);
        run_mutations(runs, seed, corpus);
        (void)printf("%s: %llu mutations, seed %llu: nothing found\n", argv[0],
                     (unsigned long long)runs, (unsigned long long)seed);
        return 0;
    }
    bool good = true;
    for (int i = 1; i < argc; i++) {
        good = run_file(argv[i]) && good;
    }
    return good ? 0 : 1;
}
