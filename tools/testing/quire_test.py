import os
import pty
import shutil
import subprocess
import tempfile
import unittest

from tools.testing import story

QUIRE = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))), "quire")

# Stand-ins that write down how they were called. Packages in $MISSING are not installed.
DPKG_QUERY = """#!/bin/sh
for package; do :; done
case " $MISSING " in *" $package "*) exit 1 ;; *) printf installed ;; esac
"""
RECORDER = """#!/bin/sh
printf '%s %s\\n' "$(basename "$0")" "$*" >> "$CALLS"
exit "${STATUS:-0}"
"""


class QuireTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.write("dpkg-query", DPKG_QUERY)
        for name in ("apt-get", "bazel", "sudo"):
            self.write(name, RECORDER)
        self.write("id", "#!/bin/sh\necho 0\n")

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def environment(self, **more):
        return {"PATH": f"{self.directory}:/usr/bin:/bin", "TMPDIR": self.directory,
                "CALLS": os.path.join(self.directory, "calls"), **more}

    def quire(self, *arguments, **environment):
        """Runs ./quire without a terminal; returns its status and what it said."""
        done = subprocess.run([QUIRE, *arguments], check=False, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=self.environment(**environment))
        return done.returncode, done.stdout

    def calls(self):
        try:
            with open(os.path.join(self.directory, "calls"), encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def test_nothing_is_installed_where_nothing_is_missing(self):
        self.assertEqual(self.quire("setup"), (0, "Everything that Quire needs is installed.\n"))
        self.assertEqual(self.calls(), [])

    def test_only_what_is_missing_is_installed_and_it_is_said(self):
        status, said = self.quire("setup", MISSING="nasm gdb")
        self.assertEqual((status, "these are missing:\n  nasm gdb \n" in said), (0, True))
        self.assertEqual(self.calls(), [
            "apt-get update", "apt-get install -y --no-install-recommends nasm gdb"])

    def test_a_failed_installation_is_a_failure(self):
        self.assertNotEqual(self.quire("setup", MISSING="nasm", STATUS="100")[0], 0)

    def test_whoever_is_not_root_installs_by_sudo(self):
        self.write("id", "#!/bin/sh\necho 1000\n")
        self.quire("setup", MISSING="nasm")
        self.assertEqual(self.calls()[0], "sudo apt-get update")

    def test_on_a_terminal_it_asks_first(self):
        self.assertEqual(self.answer("n"), (1, []))
        self.assertEqual(self.answer("y")[0], 0)
        self.assertEqual(len(self.calls()), 2)

    def answer(self, text):
        """Runs ./quire setup on a terminal on which `text` is typed."""
        ours, theirs = pty.openpty()
        os.write(ours, text.encode() + b"\n")
        done = subprocess.run([QUIRE, "setup"], check=False, stdin=theirs, stdout=theirs,
                              stderr=theirs, env=self.environment(MISSING="nasm"))
        os.close(theirs)
        os.close(ours)
        return done.returncode, self.calls()

    def test_arguments_of_run_reach_the_machine(self):
        self.quire("run", "--", "--exit")
        self.assertEqual(self.calls(), ["bazel run //:qemu -- --exit"])

    def test_a_run_of_tests_ends_with_the_counts(self):
        self.write("bazel", """#!/bin/sh
for word; do case $word in --build_event_json_file=*) events=${word#*=} ;; esac; done
echo '{"id": {"testResult": {"label": "//a"}}, "testResult": {"status": "PASSED"}}' > "$events"
exit "${STATUS:-0}"
""")
        self.assertEqual(self.quire("test"), (0, "1 passed, 0 failed\n"))
        self.assertEqual(self.quire("test", STATUS="1"), (1, "1 passed, 1 failed\n"))

    def test_options_alone_mean_every_test(self):
        for given, expected in ((["--jobs=2"], "--jobs=2 //..."), (["//mm/..."], "//mm/..."),
                                ([], "//...")):
            self.quire("test", *given)
            self.assertRegex(self.calls()[-1], f"--build_event_json_file=[^ ]+ {expected}$")

    def test_a_path_with_a_space_is_refused_before_anything_is_installed(self):
        copy = os.path.join(self.directory, "a path", "quire")
        os.mkdir(os.path.dirname(copy))
        shutil.copy(QUIRE, copy)
        done = subprocess.run([copy, "setup"], check=False, text=True, stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, env=self.environment(MISSING="nasm"))
        self.assertEqual((done.returncode, self.calls()), (1, []))
        self.assertIn("cannot work in a path with a space", done.stderr)

    def test_help_is_given_and_a_wrong_command_is_an_error(self):
        self.assertEqual(self.quire("--help")[0], 0)
        status, said = self.quire("bild")
        self.assertEqual((status, said.splitlines()[-1]), (2, "quire: there is no command bild"))

    def test_an_argument_that_setup_does_not_know_is_named_and_installs_nothing(self):
        status, said = self.quire("setup", "--yess", MISSING="nasm")
        self.assertEqual((status, said.splitlines()[-1], self.calls()),
                         (2, "quire: setup takes no argument but --yes: --yess", []))

    def test_help_for_a_command_comes_before_anything_is_installed(self):
        for command in ("setup", "run", "test"):
            done = self.quire(command, "--help", MISSING="nasm")
            self.assertEqual((done[0], self.calls()), (0, []))


if __name__ == "__main__":
    story.main()
