#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/lambda_crash.h"
#include "test/unit/runtime/crash_ways.h"

#include <arpa/inet.h>
#include <sys/socket.h>

static uint16_t closed_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t at_len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &at_len), 0);
    (void)close(fd);
    return at.sin_port;
}

static int crash_alone(struct lambda_api *alone, void (*how)(void))
{
    pid_t child = start_child();
    if (child == 0) {
        struct lambda_crash watch = {0};
        lambda_crash_watch(&watch, alone);
        how();
        _exit(0);
    }
    return end_of(child);
}

static void where_nobody_listens_the_signal_takes_its_course(void **state)
{
    (void)state;
    struct log log = {.fd = open("/dev/null", O_WRONLY | O_CLOEXEC), .now_ms = worker_api_now_ms};
    struct lambda_api alone = {
        .log = &log, .http = {.fd = -1, .address = htonl(INADDR_LOOPBACK), .port = closed_port()}};
    assert_int_equal(crash_alone(&alone, read_null), SIGSEGV);
    assert_int_equal(crash_alone(&alone, give_up), SIGABRT);
    (void)close(log.fd);
}

#ifdef __x86_64__
static void lose_the_stack(void)
{
    __asm__ volatile("mov $8, %rsp\n\tmov $1, %rbp\n\tud2");
}

static void lose_the_frame(void)
{
    __asm__ volatile("lea 1(%rsp), %rbp\n\tud2");
}

static void lose_the_frame_far_away(void)
{
    __asm__ volatile("movabs $0x123456789000, %rbp\n\tud2");
}

static void lose_stack_and_frame_near_the_end_of_memory(void)
{
    __asm__ volatile("mov $-8, %rsp\n\tmov $-16, %rbp\n\tud2");
}

static void lead_in_a_circle(void)
{
    volatile uintptr_t frames[64]; /* some of them may lie below the top of the stack */
    volatile uintptr_t *frame = &frames[32];
    frame[0] = (uintptr_t)frame;
    frame[1] = (uintptr_t)read_null + 1;
    __asm__ volatile("mov %0, %%rbp\n\tud2" ::"r"(frame) : "memory");
}
#endif

static void whatever_a_stack_looks_like_the_crash_is_reported(void **state)
{
    (void)state;
#ifdef __x86_64__
    static void (*const rows[])(void) = {lose_the_stack, lose_the_frame, lose_the_frame_far_away,
                                         lose_stack_and_frame_near_the_end_of_memory,
                                         lead_in_a_circle};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct way way = {.crash = rows[i], .name = "SIGILL", .type = "IllegalInstruction"};
        worker_api_open(&api, "1", crash, (void *)(uintptr_t)&way);
        api.invocations = 1;
        assert_int_equal(run_in_child(), SIGILL);
        str trace =
            assert_posted("invocation/id-1/error", "Lambda-Runtime-Invocation-Id: inv-1\r\n", &way);
        assert_true(rows[i] != lead_in_a_circle || trace.len < 100);
        worker_api_close(&api);
    }
#endif
}

static void what_is_no_longer_watched_is_as_before(void **state)
{
    (void)state;
    struct log log = {.fd = memfd_create("log", MFD_CLOEXEC), .now_ms = worker_api_now_ms};
    struct lambda_api alone = {.log = &log};
    pid_t child = start_child();
    if (child == 0) {
        struct lambda_crash watch = {0};
        stack_t before, after;
        (void)sigaltstack(NULL, &before);
        lambda_crash_watch(&watch, &alone);
        lambda_crash_unwatch(&watch);
        lambda_crash_unwatch(&watch);
        (void)sigaltstack(NULL, &after);
        if (before.ss_sp == after.ss_sp && before.ss_flags == after.ss_flags) {
            read_null();
        }
        _exit(1);
    }
    assert_int_equal(end_of(child), SIGSEGV);
    assert_int_equal(lseek(log.fd, 0, SEEK_END), 0);
    (void)close(log.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nobody_listens_the_signal_takes_its_course),
        cmocka_unit_test(whatever_a_stack_looks_like_the_crash_is_reported),
        cmocka_unit_test(what_is_no_longer_watched_is_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
