#include "runtime/lambda_backtrace.h"

#include <elf.h>
#include <link.h>
#include <pthread.h>

enum {
    WORD = sizeof(uintptr_t),
    SEARCH_BYTES = 8 * 1024, /* of stack, for those who called a library */
    PAGE_BYTES = 4096,
};

/* The linker's, around the program's header and code. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
extern const char __executable_start[], etext[];

static bool is_code(uintptr_t address)
{
    return address >= (uintptr_t)__executable_start && address < (uintptr_t)etext;
}

/* --- The processor's registers --- */

struct place {
    uintptr_t pc, frame, stack;
    uintptr_t link; /* where calls return to, if that is a register and not the top of the stack */
};

static struct place place_of(const ucontext_t *context)
{
#if defined __x86_64__
    const greg_t *at = context->uc_mcontext.gregs;
    return (struct place){(uintptr_t)at[REG_RIP], (uintptr_t)at[REG_RBP], (uintptr_t)at[REG_RSP],
                          0};
#elif defined __aarch64__
    const mcontext_t *at = &context->uc_mcontext;
    return (struct place){at->pc, at->regs[29], at->sp, at->regs[30]};
#else
    (void)context;
    return (struct place){0};
#endif
}

/* --- The stack --- */

struct walk {
    struct lambda_backtrace found;
    uintptr_t from, end; /* what may be read */
};

static void keep(struct walk *walk, uintptr_t address)
{
    if (walk->found.count < LAMBDA_BACKTRACE_MAX) {
        walk->found.at[walk->found.count++] = address;
    }
}

/* A call returns behind itself, which may be in the next line or function. */
static void keep_caller(struct walk *walk, uintptr_t returns_to)
{
    if (is_code(returns_to)) {
        keep(walk, returns_to - 1);
    }
}

/* To the sanitizers it is a fault to look between the variables of a frame. */
__attribute__((no_sanitize("address"))) static uintptr_t word_at(uintptr_t address)
{
    return *(const uintptr_t *)address;
}

/* A function that keeps the frame pointer begins its frame with two words: its caller's frame, and
 * where it returns to. */
static bool is_frame(const struct walk *walk, uintptr_t at)
{
    return at >= walk->from && at < walk->end && walk->end - at >= 2 * WORD && at % WORD == 0 &&
           is_code(word_at(at + WORD));
}

/* Pointers to functions lie on stacks too. */
static bool follows_call(uintptr_t address)
{
#if defined __x86_64__
    const unsigned char *code = (const void *)(address - 6);
    return is_code(address - 6) &&
           (code[1] == 0xe8 || code[4] == 0xff || code[3] == 0xff || code[0] == 0xff);
#else
    (void)address;
    return true;
#endif
}

/* All that looks like a return address: the right ones are among them, in their order. */
static void search(struct walk *walk)
{
    uintptr_t at = (walk->from + WORD - 1) / WORD * WORD;
    for (uintptr_t last = at + SEARCH_BYTES; at < last && at < walk->end; at += WORD) {
        uintptr_t word = word_at(at);
        if (is_code(word) && follows_call(word)) {
            keep(walk, word - 1);
        }
    }
}

static void follow(struct walk *walk, uintptr_t frame)
{
    while (is_frame(walk, frame) && walk->found.count < LAMBDA_BACKTRACE_MAX) {
        keep_caller(walk, word_at(frame + WORD));
        walk->from = frame + WORD;
        frame = word_at(frame);
    }
}

/* A fault between the top and the end of a stack means that it has overflowed: what lies below the
 * fault is not there to be read. */
struct lambda_backtrace lambda_backtrace(const struct lambda_stack *stack, const siginfo_t *info,
                                         const ucontext_t *context)
{
    struct place place = place_of(context);
    uintptr_t fault = (uintptr_t)info->si_addr;
    bool overflown =
        info->si_signo == SIGSEGV && fault + PAGE_BYTES >= place.stack && fault < stack->end;
    struct walk walk = {.from = overflown ? fault : place.stack, .end = stack->end};
    keep(&walk, place.pc);
    if (walk.from < stack->lowest && !overflown) {
        return walk.found; /* on a stack that we do not know */
    }
    if (!overflown && !is_frame(&walk, place.frame)) {
        search(&walk);
        return walk.found;
    }
    if (!overflown) {
        keep_caller(&walk, place.link ? place.link : word_at(place.stack));
    }
    follow(&walk, place.frame);
    return walk.found;
}

struct lambda_stack lambda_backtrace_stack(void)
{
    pthread_attr_t attributes;
    void *lowest = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes)) {
        return (struct lambda_stack){0};
    }
    (void)pthread_attr_getstack(&attributes, &lowest, &size);
    (void)pthread_attr_destroy(&attributes);
    return (struct lambda_stack){(uintptr_t)lowest, (uintptr_t)lowest + size};
}

/* --- Its text --- */

static void add_hex(struct buf *out, uintptr_t value)
{
    buf_add(out, STR("0x"));
    for (int shift = 8 * WORD - 4; shift >= 0; shift -= 4) {
        if (value >> shift || shift == 0) {
            buf_char(out, "0123456789abcdef"[(value >> shift) & 15]);
        }
    }
}

void lambda_backtrace_add(struct buf *out, uintptr_t address)
{
    const ElfW(Ehdr) *header = (const void *)__executable_start;
    if (!is_code(address)) {
        add_hex(out, address);
        buf_add(out, STR(" (outside the program)"));
        return;
    }
    /* Linked to lie anywhere, its addresses in the file start at 0. */
    add_hex(out, header->e_type == ET_DYN ? address - (uintptr_t)header : address);
}
