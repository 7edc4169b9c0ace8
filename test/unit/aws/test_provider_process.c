/* A profile's credential_process. */
#include "test/unit/aws/source_rig.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* --- Its words --- */

static void a_command_line_is_parted_as_by_a_shell(void **state)
{
    (void)state;
    /* Words are shown with '|' after each; NULL: refused. */
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"a", "a|"},
        {"  a \t b\nc  ", "a|b|c|"},
        {"'a b' c", "a b|c|"},
        {"\"a b\" c", "a b|c|"},
        {"a'b c'd", "ab cd|"},
        {"a\"b c\"d", "ab cd|"},
        {"''", "|"},
        {"\"\" a", "|a|"},
        {"a\\ b", "a b|"},
        {"a\\\\b", "a\\b|"},
        {"'a\\b'", "a\\b|"},
        {"'\"'", "\"|"},
        {"\"'\"", "'|"},
        {"\"a\\\"b\"", "a\"b|"},
        {"\"a\\\\b\"", "a\\b|"},
        {"\"a\\nb\"", "a\\nb|"},
        {"\"$HOME\" `x` *", "$HOME|`x`|*|"},
        {"a;b|c&d", "a;b|c&d|"},
        {"a # b", "a|#|b|"},
        {"", ""},
        {"  ", ""},
        {"'a", NULL},
        {"\"a", NULL},
        {"a\\", NULL},
        {"\"a\\", NULL},
        {"\"a\\\"", NULL},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        char memory[64];
        struct buf words;
        size_t count = 0;
        buf_wrap(&words, memory, sizeof memory - 1);
        bool good = provider_split(str_from(rows[i].line), &words, &count);
        size_t ends = 0;
        for (size_t at = 0; at < words.len; at++) {
            ends += memory[at] == 0;
            memory[at] = memory[at] ? memory[at] : '|';
        }
        memory[words.len] = 0;
        if (good != (rows[i].words != NULL) || (good && strcmp(memory, rows[i].words) != 0)) {
            fail_msg("%s: %s", rows[i].line, memory);
        }
        assert_true(!good || ends == count);
    }
}

static void words_that_do_not_fit_or_hold_a_nul_are_refused(void **state)
{
    (void)state;
    char memory[4];
    struct buf words;
    size_t count = 0;
    buf_wrap(&words, memory, sizeof memory);
    assert_true(provider_split(STR("abc"), &words, &count));
    buf_wrap(&words, memory, sizeof memory);
    assert_false(provider_split(STR("abcd"), &words, &count));
    buf_wrap(&words, memory, sizeof memory);
    assert_false(provider_split(STR("a\0b"), &words, &count));
    assert_false(provider_split(STR("\\\0b"), &words, &count));
    assert_false(provider_split(STR("'\0'"), &words, &count));
}

/* --- The program --- */

/* A shell script that is the credential_process, in a folder of the test's own. */
struct program {
    char folder[32], script[64], config[64], variable[96];
    const char *env[4];
    struct source_rig rig;
};

static void write_program(struct program *p, const char *body, const char *more)
{
    char text[1024];
    *p = (struct program){0};
    (void)snprintf(p->folder, sizeof p->folder, "/tmp/process-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    (void)snprintf(p->script, sizeof p->script, "%s/a program", p->folder);
    (void)snprintf(p->config, sizeof p->config, "%s/config", p->folder);
    (void)snprintf(p->variable, sizeof p->variable, "AWS_CONFIG_FILE=%s", p->config);
    (void)snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
    source_write(p->script, str_from(text));
    assert_int_equal(chmod(p->script, 0700), 0);
    (void)snprintf(text, sizeof text, "[default]\ncredential_process = '%s' 'one two' three\n%s",
                   p->script, more);
    source_write(p->config, str_from(text));
    p->env[0] = p->variable;
    p->env[1] = "PATH=/usr/bin:/bin";
    p->env[2] = "GIVEN=given";
    p->env[3] = NULL;
    source_rig_start(&p->rig, p->env);
}

static void remove_program(struct program *p)
{
    source_rig_stop(&p->rig);
    assert_int_equal(unlink(p->script), 0);
    assert_int_equal(unlink(p->config), 0);
    assert_int_equal(rmdir(p->folder), 0);
    /* No process is left, not even a dead one. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void what_it_prints_is_read(void **state)
{
    (void)state;
    struct program p;
    write_program(
        &p,
        "echo LEAK >&2\n"
        "echo \"{\\\"Version\\\":1,\\\"AccessKeyId\\\":\\\"LEAK$2\\\",\"\n"
        "echo \"\\\"SecretAccessKey\\\":\\\"$GIVEN-$#\\\",\\\"SessionToken\\\":\\\"t\\\",\"\n"
        "echo '\"Expiration\":\"2030-01-01T00:00:00Z\"}'",
        "aws_account_id = 123456789012\n");
    assert_int_equal(source_fetch(&p.rig, &provider_process, 1), ERR_NONE);
    source_expect(p.rig.keys.access_key_id, "LEAKthree");
    source_expect(p.rig.keys.secret_access_key, "given-2");
    source_expect(p.rig.keys.session_token, "t");
    source_expect(p.rig.keys.account_id, "123456789012");
    assert_int_equal(p.rig.keys.expires_ms, 1893456000000);
    remove_program(&p);
}

static void what_is_not_version_1_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body, *told;
    } rows[] = {
        {"", "Version 1"},
        {"echo LEAK", "Version 1"},
        {"echo '{\"Version\":2,\"AccessKeyId\":\"LEAK\",\"SecretAccessKey\":\"LEAK\"}'",
         "Version 1"},
        {"echo '{\"Version\":\"1\",\"AccessKeyId\":\"LEAK\",\"SecretAccessKey\":\"LEAK\"}'",
         "Version 1"},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"LEAK\"}'", "SecretAccessKey is not set"},
        {"echo '{\"Version\":1,\"AccessKeyId\":\"LEAK\",\"SecretAccessKey\":\"LEAK\"'",
         "Version 1"},
        {"echo LEAK; exit 3", "exit status 3"},
        {"kill -9 $$", "signal 9"},
    };
    for (size_t i = 0; i < SOURCE_ROWS(rows); i++) {
        struct program p;
        write_program(&p, rows[i].body, "");
        assert_int_equal(source_fetch(&p.rig, &provider_process, 1), ERR_DENIED);
        if (!strstr(p.rig.why.text, rows[i].told)) {
            fail_msg("%s: %s", rows[i].body, p.rig.why.text);
        }
        remove_program(&p);
    }
}

static void more_output_than_there_is_room_for_is_refused(void **state)
{
    (void)state;
    struct program p;
    write_program(&p, "exec yes LEAK", "");
    assert_int_equal(source_fetch(&p.rig, &provider_process, 1), ERR_DENIED);
    assert_non_null(strstr(p.rig.why.text, "65536 bytes"));
    remove_program(&p);
}

/* A process of that command line that still runs, or 0. */
static pid_t find_process(const char *word)
{
    DIR *proc = opendir("/proc");
    pid_t found = 0;
    assert_non_null(proc);
    for (struct dirent *entry = readdir(proc); entry && !found; entry = readdir(proc)) {
        char path[300], line[256] = "";
        (void)snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        FILE *file = fopen(path, "re");
        size_t len = file ? fread(line, 1, sizeof line - 1, file) : 0;
        if (file) {
            (void)fclose(file);
        }
        if (memmem(line, len, word, strlen(word))) {
            found = (pid_t)strtol(entry->d_name, NULL, 10);
        }
    }
    (void)closedir(proc);
    return found;
}

/* It ignores what can be ignored, and so does what it has started. */
static void one_that_does_not_end_is_killed_with_its_children(void **state)
{
    (void)state;
    struct program p;
    char body[128], word[32];
    (void)snprintf(word, sizeof word, "61.0%d", (int)getpid());
    (void)snprintf(body, sizeof body, "trap '' TERM INT HUP\nsleep %s & wait; sleep %s", word,
                   word);
    write_program(&p, body, "");
    p.rig.limit_ms = 300;
    assert_int_equal(source_fetch(&p.rig, &provider_process, 1), ERR_BUSY);
    assert_non_null(strstr(p.rig.why.text, "in time"));
    remove_program(&p);
    for (int tries = 0; find_process(word) && tries < 1000; tries++) {
        (void)usleep(10 * 1000); /* it is another's to bury */
    }
    assert_int_equal(find_process(word), 0);
}

/* What it leaves running holds its output open; what it has printed is enough. */
static void one_that_leaves_something_running_is_not_waited_for(void **state)
{
    (void)state;
    struct program p;
    char body[256], word[32];
    (void)snprintf(word, sizeof word, "62.0%d", (int)getpid());
    (void)snprintf(body, sizeof body,
                   "sleep %s &\n"
                   "echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}'",
                   word);
    write_program(&p, body, "");
    assert_int_equal(source_fetch(&p.rig, &provider_process, 1), ERR_NONE);
    assert_int_equal(p.rig.keys.expires_ms, INT64_MAX);
    remove_program(&p);
    pid_t left = find_process(word);
    for (int tries = 0; !left && tries < 1000; tries++) {
        (void)usleep(10 * 1000); /* it is still about to become itself */
        left = find_process(word);
    }
    assert_true(left > 0);
    assert_int_equal(kill(left, SIGKILL), 0);
}

static void one_that_closes_its_output_first_is_waited_for(void **state)
{
    (void)state;
    struct program p;
    write_program(&p,
                  "echo '{\"Version\":1,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"B\"}'\n"
                  "exec >/dev/null; sleep 0.2; exit 4",
                  "");
    assert_int_equal(source_fetch(&p.rig, &provider_process, 1), ERR_DENIED);
    assert_non_null(strstr(p.rig.why.text, "exit status 4"));
    remove_program(&p);
}

/* Shells set their own mask: it takes another program to see the one it was given. */
static void it_starts_with_no_signal_blocked_or_ignored(void **state)
{
    (void)state;
    struct program p;
    sigset_t blocked, before;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
    assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    /* SIGPIPE is the lowest bit of the fourth digit from the right. */
    static const char *const sets[] = {"SigBlk:.0000000000000000", "SigIgn:.*[02468ace]...$"};
    for (size_t i = 0; i < SOURCE_ROWS(sets); i++) {
        char more[128];
        (void)snprintf(more, sizeof more, "credential_process = grep -q '%s' /proc/self/status\n",
                       sets[i]);
        write_program(&p, "", more);
        assert_int_equal(source_fetch(&p.rig, &provider_process, 1), ERR_DENIED);
        if (!strstr(p.rig.why.text, "Version 1")) {
            fail_msg("%s: %s", sets[i], p.rig.why.text);
        }
        remove_program(&p);
    }
    assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

static void it_gets_none_of_our_files(void **state)
{
    (void)state;
    struct program p;
    char body[256];
    int ends[2];
    assert_int_equal(pipe(ends), 0); /* as libcurl opens its sockets: to be inherited */
    (void)snprintf(body, sizeof body,
                   "[ -e /proc/self/fd/%d ] && exit 7\n"
                   "echo '{\"Version\":1,\"AccessKeyId\":\"ID\",\"SecretAccessKey\":\"LEAK\"}'",
                   ends[1]);
    write_program(&p, body, "");
    assert_int_equal(source_fetch(&p.rig, &provider_process, 1), ERR_NONE);
    remove_program(&p);
    assert_true(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void one_that_cannot_be_run_is_told(void **state)
{
    (void)state;
    struct program p;
    write_program(&p, "", "credential_process = /nowhere/LEAK\n");
    assert_int_equal(source_fetch(&p.rig, &provider_process, 1), ERR_DENIED);
    assert_non_null(strstr(p.rig.why.text, "cannot be run"));
    remove_program(&p);
    write_program(&p, "", "credential_process = 'LEAK\n");
    assert_int_equal(provider_process.check(p.rig.settings, &p.rig.why).kind, ERR_DENIED);
    source_check_silent(&p.rig.why, "an open quote");
    remove_program(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_line_is_parted_as_by_a_shell),
        cmocka_unit_test(words_that_do_not_fit_or_hold_a_nul_are_refused),
        cmocka_unit_test(what_it_prints_is_read),
        cmocka_unit_test(what_is_not_version_1_is_refused),
        cmocka_unit_test(more_output_than_there_is_room_for_is_refused),
        cmocka_unit_test(one_that_does_not_end_is_killed_with_its_children),
        cmocka_unit_test(one_that_leaves_something_running_is_not_waited_for),
        cmocka_unit_test(one_that_closes_its_output_first_is_waited_for),
        cmocka_unit_test(it_starts_with_no_signal_blocked_or_ignored),
        cmocka_unit_test(it_gets_none_of_our_files),
        cmocka_unit_test(one_that_cannot_be_run_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
