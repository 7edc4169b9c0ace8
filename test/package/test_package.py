"""The zips as users upload them: what they hold, and that their bootstrap does its work on systems
that have nothing of ours: another glibc, another architecture, name services that it must not load.
"""

import glob
import os
import platform
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "deploy", "demo"))
os.chdir(ROOT)

import cloud as names  # noqa: E402
from cloud import Cloud  # noqa: E402
from host import Host  # noqa: E402
from tls_proxy import TlsProxy  # noqa: E402

LIMIT_S = 90
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
NATIVE = "arm64" if platform.machine() == "aarch64" else "x86_64"
FOREIGN = "x86_64" if NATIVE == "arm64" else "arm64"
USERS = ["user_id=%d\nuser_name=User %d\n" % (i, i) for i in range(12)]


def zip_of(machine):
    return f"build/function-{machine}.zip"


def run(*command, **options):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=LIMIT_S,
                          **options)


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="package-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def unpack(self, machine, folder=None):
        folder = folder or self.folder
        with zipfile.ZipFile(zip_of(machine)) as archive:
            archive.extract("bootstrap", folder)
        path = os.path.join(folder, "bootstrap")
        os.chmod(path, 0o755)
        return path

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path


class AZip(WithFolder):
    def test_holds_the_bootstrap_and_nothing_else(self):
        for machine in MACHINES:
            with self.subTest(machine), zipfile.ZipFile(zip_of(machine)) as archive:
                self.assertEqual(archive.namelist(), ["bootstrap"])

    def test_makes_the_bootstrap_executable(self):
        for machine in MACHINES:
            with self.subTest(machine), zipfile.ZipFile(zip_of(machine)) as archive:
                entry = archive.getinfo("bootstrap")
                self.assertEqual(entry.create_system, 3, "made on Unix: else the mode is not read")
                self.assertEqual(oct(entry.external_attr >> 16), oct(0o100755))

    def test_tells_nothing_of_when_or_by_whom_it_was_made(self):
        for machine in MACHINES:
            with self.subTest(machine), zipfile.ZipFile(zip_of(machine)) as archive:
                entry = archive.getinfo("bootstrap")
                self.assertEqual(entry.date_time, (1980, 1, 1, 0, 0, 0))
                self.assertEqual(entry.extra, b"")

    def test_holds_a_bootstrap_that_names_no_folder_of_this_machine(self):
        for machine in MACHINES:
            with self.subTest(machine), zipfile.ZipFile(zip_of(machine)) as archive:
                self.assertNotIn(ROOT.encode(), archive.read("bootstrap"))

    def test_is_the_same_bytes_when_the_bootstrap_is_the_same(self):
        made = []
        for mtime in (1, 1700000001):
            folder = self.path(str(mtime))
            os.makedirs(os.path.join(folder, "build"))
            bootstrap = self.unpack(NATIVE, folder)
            os.utime(bootstrap, (mtime, mtime))
            os.chmod(bootstrap, 0o700)
            done = run(os.path.join(ROOT, "deploy/package/zip.sh"), NATIVE, bootstrap, cwd=folder)
            self.assertEqual(done.returncode, 0, done.stdout)
            with open(os.path.join(folder, zip_of(NATIVE)), "rb") as file:
                made.append(file.read())
        with open(zip_of(NATIVE), "rb") as file:
            made.append(file.read())
        self.assertEqual(made[0], made[1])
        self.assertEqual(made[0], made[2])

    def test_larger_than_its_bound_is_refused(self):
        os.makedirs(self.path("build"))
        with open(self.path("bootstrap"), "wb") as file:
            file.write(os.urandom(2400 * 1024))
        done = run(os.path.join(ROOT, "deploy/package/zip.sh"), NATIVE, "bootstrap",
                   cwd=self.folder)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("more than the 2300 KiB allowed", done.stdout)


class TheCheck(WithFolder):
    """deploy/package/check.sh, which every build passes through, and what it must not let through."""

    said = ""

    def check(self, bootstrap, machine=NATIVE):
        return run("deploy/package/check.sh", machine, bootstrap, self.write("said", self.said))

    def compile(self, code, *options):
        source = self.write("planted.c", code)
        done = run(MACHINES[NATIVE] + "-linux-gnu-gcc", source, "-o", self.path("planted"), *options)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.said = done.stdout
        return self.path("planted")

    def assert_refused(self, bootstrap, why, machine=NATIVE):
        done = self.check(bootstrap, machine)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(why, done.stdout)

    def test_lets_both_zips_through(self):
        for machine in MACHINES:
            done = self.check(self.unpack(machine), machine)
            self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_refuses_a_dynamic_file(self):
        self.assert_refused(self.compile("int main(void) { return 0; }", "-s"), "it is not static")

    def test_names_the_libraries_that_a_dynamic_file_asks_for(self):
        self.assert_refused(self.compile("int main(void) { return 0; }", "-s"), "libc.so.6")

    def test_refuses_a_symbol_newer_than_lambda_s_glibc(self):
        code = ('extern int f(void) __asm__("f"); __asm__(".symver f,f@GLIBC_2.99");\n'
                "int main(void) { return f(); }")
        library = self.path("libnewer.so")
        version = self.write("version.map", "GLIBC_2.99 { global: f; };")
        source = self.write("newer.c", "int f(void); int f(void) { return 0; }")
        done = run(MACHINES[NATIVE] + "-linux-gnu-gcc", "-shared", "-fPIC", source, "-o", library,
                   f"-Wl,--version-script={version}")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assert_refused(self.compile(code, library, "-s"), "a symbol of glibc 2.99")

    def test_refuses_a_file_with_its_symbols(self):
        planted = self.compile("int main(void) { return 0; }", "-static", "-Wl,--build-id=none")
        self.assert_refused(planted, "is not stripped")

    def test_refuses_a_build_id(self):
        planted = self.compile("int main(void) { return 0; }", "-static", "-s", "-Wl,--build-id")
        self.assert_refused(planted, "has a build id")

    def test_refuses_memory_that_may_be_written_and_run(self):
        planted = self.compile("int main(void) { return 0; }", "-static", "-s",
                               "-Wl,--build-id=none", "-zexecstack")
        self.assert_refused(planted, "both written and run")

    def test_refuses_a_call_that_makes_glibc_load_a_module(self):
        planted = self.compile("#include <pwd.h>\nint main(void) { return !getpwnam(\"a\"); }",
                               "-static", "-s", "-Wl,--build-id=none")
        self.assertIn("getpwnam", self.said)
        self.assert_refused(planted, "by calling getpwnam")

    def test_passes_on_what_the_compiler_said_of_other_things(self):
        said = self.write("said", "ld: a: in function `b':\na.c: warning: Using 'getaddrinfo' in "
                          "statically linked applications\n"
                          "ld: a: note: the message above does not take linker garbage ..\nc.c:1: warning: odd\n")
        done = run("deploy/package/check.sh", NATIVE, self.unpack(NATIVE), said)
        self.assertEqual((done.returncode, done.stdout), (0, "c.c:1: warning: odd\n"))

    def test_refuses_the_other_architecture(self):
        self.assert_refused(self.unpack(FOREIGN), "not for " + NATIVE)


class WithCloud(WithFolder):
    def setUp(self):
        super().setUp()
        self.cloud = Cloud(self.path("moto.log"))
        self.addCleanup(self.cloud.close)
        self.cloud.set_up([])

    def wrap(self, *command):
        """A program that runs the command: what lambda-local starts."""
        words = " ".join("'" + word + "'" for word in command)
        return self.write("wrapper", f"#!/bin/sh\nexec {words}\n", 0o755)

    def ingest(self, function, *arguments):
        """Sends users, runs the function until the queue is empty, and returns the host."""
        sqs = self.cloud.client("sqs")
        for body in USERS:
            sqs.send_message(QueueUrl=self.cloud.queues[names.QUEUE], MessageBody=body)
        arguments = ("--sqs", self.cloud.queues[names.QUEUE], "--retry-delay", "0",
                     "--partial-response", *arguments)
        return Host(self.folder).run(self.cloud.role_environment(), arguments, LIMIT_S, function)

    def assert_ingests(self, function, *arguments):
        host = self.ingest(function, *arguments)
        self.assertEqual(host.status, 0, host.log_text())
        self.assertEqual(len(self.cloud.stored_users()), len(USERS), host.log_text())
        self.assertEqual(self.cloud.waiting(names.DEAD_LETTERS), 0)


class TheBootstrap(WithCloud):
    def old_system(self):
        """A Debian 11 with the bootstrap in it, or the test is skipped."""
        made = subprocess.run(["test/package/old_system.sh"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=False)
        if made.returncode:
            self.skipTest(made.stdout.strip())
        root = made.stdout.strip()
        self.unpack(NATIVE, root)
        self.addCleanup(os.unlink, os.path.join(root, "bootstrap"))
        return root

    def test_stores_users(self):
        self.assert_ingests(zip_of(NATIVE))

    def test_stores_users_on_the_other_architecture(self):
        emulator = shutil.which(f"qemu-{MACHINES[FOREIGN]}-static")
        self.assertTrue(emulator, "qemu-user-static is not installed")
        self.assert_ingests(self.wrap(emulator, self.unpack(FOREIGN)), "--timeout", "60")

    def test_stores_users_on_a_system_with_an_older_glibc(self):
        root = self.old_system()
        libc = glob.glob(os.path.join(root, "lib/*-linux-gnu/libc-*.so"))
        self.assertEqual([os.path.basename(name) for name in libc], ["libc-2.31.so"])
        self.assert_ingests(self.wrap(shutil.which("chroot"), root, "/bootstrap"))


class Https(WithCloud):
    """Through a proxy from the environment, as in a network without a way of its own to AWS."""

    def setUp(self):
        super().setUp()
        self.proxy = TlsProxy(self.folder, "aws.example", int(self.cloud.url.rsplit(":", 1)[1]))
        self.addCleanup(self.proxy.close)

    def ingest_through_proxy(self, machine, *arguments):
        function = zip_of(machine)
        if machine == FOREIGN:
            function = self.wrap(shutil.which(f"qemu-{MACHINES[FOREIGN]}-static"),
                                 self.unpack(FOREIGN))
        return self.ingest(function, "--env", f"HTTPS_PROXY={self.proxy.url}",
                           "--env", "AWS_ENDPOINT_URL=https://aws.example",
                           "--timeout", "20", *arguments)

    def assert_stores_users_over(self, version, machine):
        host = self.ingest_through_proxy(machine, "--env", f"AWS_CA_BUNDLE={self.proxy.ca_bundle}")
        self.assertEqual(len(self.cloud.stored_users()), len(USERS), host.log_text())
        self.assertEqual(set(self.proxy.asked), {"CONNECT aws.example:443 HTTP/1.1"})
        self.assertEqual(self.proxy.versions, {version})

    def test_reaches_a_host_whose_authority_is_in_the_bundle(self):
        self.assert_stores_users_over("TLSv1.3", NATIVE)

    def test_reaches_it_on_the_other_architecture(self):
        self.assert_stores_users_over("TLSv1.3", FOREIGN)

    def test_reaches_a_host_that_has_tls_1_2_only(self):
        self.proxy.context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.assert_stores_users_over("TLSv1.2", NATIVE)

    def test_stores_nothing_at_a_host_of_an_unknown_authority(self):
        self.ingest_through_proxy(NATIVE)
        self.assertTrue(self.proxy.asked)
        self.assertEqual(self.cloud.stored_users(), {})


@unittest.skipUnless(os.geteuid() == 0, "a chroot needs root")
class TheNamesOfHosts(WithCloud):
    """In a chroot whose nsswitch.conf asks for a module of the system's, under strace."""

    def setUp(self):
        super().setUp()
        self.root = self.path("root")
        os.makedirs(os.path.join(self.root, "etc"))
        self.unpack(NATIVE, self.root)
        self.configure("nsswitch.conf", "hosts: mymachines files dns\n")
        self.trace = self.path("trace")

    def configure(self, name, text):
        self.write(os.path.join("root/etc", name), text)

    def ingest_from(self, host):
        traced = self.wrap(shutil.which("strace"), "-f", "-qq", "-o", self.trace,
                           "-e", "trace=execve,open,openat,connect", shutil.which("chroot"), self.root,
                           "/bootstrap")
        url = self.cloud.url.replace("127.0.0.1", host)
        return self.ingest(traced, "--env", f"AWS_ENDPOINT_URL={url}",
                           "--max-retries", "0", "--timeout", "10")

    def traced(self):
        """The bootstrap's own calls: what comes before it is chroot's."""
        with open(self.trace, encoding="utf-8", errors="replace") as file:
            trace = file.read()
        started = trace.find('execve("/bootstrap"')
        self.assertNotEqual(started, -1, "the bootstrap was not started")
        return trace[started:].splitlines()

    def assert_loads_nothing(self):
        loaded = [line for line in self.traced() if ".so" in line]
        self.assertEqual(loaded, [])

    def test_are_found_in_the_hosts_file_without_loading_a_module(self):
        self.configure("hosts", "127.0.0.1 aws.example\n")
        host = self.ingest_from("aws.example")
        self.assertEqual(len(self.cloud.stored_users()), len(USERS), host.log_text())
        self.assert_loads_nothing()

    def test_are_asked_of_a_name_server_without_loading_a_module(self):
        self.configure("hosts", "")
        self.configure("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        self.ingest_from("aws.example")
        asked = [line for line in self.traced() if "htons(53)" in line]
        self.assertTrue(asked, "no name server was asked")
        self.assert_loads_nothing()


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    for test, reason in result.skipped:
        print(f"skipped: {test.id()}: {reason}")
    bad = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    print(f"{result.testsRun - bad - skipped} passed, {bad} failed, {skipped} skipped")
    sys.exit(bad > 0)
