import glob
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time

from system_tests.machine_case import MachineCase, TIMEOUT_SECONDS, log_text, program
from tools.machine import qemu
from tools.machine.config import MachineConfig
from tools.testing import story

EXEC = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools/exec/exec")


class ProgramTest(MachineCase):
    def test_a_program_prints_its_arguments_and_its_status_comes_back(self):
        result = self.run_program(program("hello"), "x", "y")
        self.assertEqual((result.status, result.output), (
            7, b"argument 0: /bin/hello\nargument 1: x\nargument 2: y\n"))

    def test_every_byte_of_an_argument_arrives(self):
        awkward = ("", "a b", '"', "\\", "--", "\t\r\n", "\u00e9", "\x01\x7f", "$HOME `x` 'q'",
                   "\\x41")
        result = self.run_program(program("hello"), *awkward)
        lines = [b"argument 0: /bin/hello\n"]
        lines += [f"argument {number}: {text}\n".encode() for number, text in enumerate(awkward, 1)]
        self.assertEqual(result.output, b"".join(lines))

    def test_a_movable_program_runs_as_well(self):
        result = self.run_program(program("hello_pie"))
        self.assertEqual((result.status, result.output), (7, b"argument 0: /bin/hello_pie\n"))

    def test_a_program_of_the_hosts_runs_with_its_libraries(self):
        tool = "/usr/bin/sort"
        listed = subprocess.run(["ldd", tool], check=True, stdout=subprocess.PIPE, text=True)
        with tempfile.TemporaryDirectory() as root:
            for library in re.findall(r"(/\S+) \(", listed.stdout):
                os.makedirs(root + os.path.dirname(library), exist_ok=True)
                shutil.copy(library, root + library)
            with open(os.path.join(root, "words"), "w", encoding="utf-8") as file:
                file.write("b\nc\na\n")
            result = self.run_program(tool, "-r", "/words", root=root)
        self.assertEqual((result.status, result.output), (0, b"c\nb\na\n"))

    def test_a_program_whose_interpreter_is_missing_is_refused_with_its_name(self):
        with tempfile.TemporaryDirectory() as root:
            result = self.run_anyhow("/usr/bin/sort", root=root)
        self.assertEqual((result.status, result.failure), (
            125, "K418: 'sort' needs an interpreter that cannot be opened: "
                 "'/lib64/ld-linux-x86-64.so.2'"))

    def test_a_program_without_a_word_leaves_no_output(self):
        self.assertEqual(self.run_program(program("tiny")).output, b"")

    def test_the_calls_that_programs_make_answer_as_on_linux(self):
        result = self.run_program(program("system_calls"))
        self.assertEqual(result.status, 0, result.output.decode() + log_text(result))

    def test_more_cpus_are_accepted_and_left_alone(self):
        self.assert_ran_hello(self.run_program(program("hello"), config=MachineConfig(cpus=4)))

    def test_a_program_of_somebody_else_runs_as_far_as_it_can_be_served(self):
        result = self.run_program("/bin/busybox", "true")
        self.assertEqual(result.status, 0, log_text(result))


class ExecTest(MachineCase):
    """The tool itself, as a person calls it."""

    def run_tool(self, *arguments):
        return subprocess.run([EXEC, *arguments], stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def test_it_hands_back_output_and_status_and_says_nothing_itself(self):
        done = self.run_tool("--cpu", "qemu64", "--medium", "usb", program("hello"), "--cpus", "-x")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (
            7, b"argument 0: /bin/hello\nargument 1: --cpus\nargument 2: -x\n", b""))

    def test_a_killed_program_has_128_and_the_signal_and_its_report_in_the_log(self):
        log = os.path.join(qemu.work_directory(), "kernel.log")
        done = self.run_tool("--log", log, program("provoke"), "jump-kernel")
        self.assertEqual((done.returncode, done.stderr), (139, b""))
        with open(log, encoding="utf-8") as text:
            self.assertRegex(text.read(), "verdict: kernel address")

    def test_a_failed_machine_is_125_with_the_log_and_the_reason_on_stderr(self):
        done = self.run_tool("--append", "selftest=null", program("hello"))
        self.assertEqual((done.returncode, done.stdout), (125, b""))
        self.assertIn(b"verdict: null plus", done.stderr)
        self.assertEqual(done.stderr.splitlines()[-1],
                         b"exec: kernel: stopped: page fault in the kernel")

    def test_a_self_test_that_there_is_not_is_said_though_the_program_ran(self):
        done = self.run_tool("--append", "selftest=protection", program("tiny"))
        self.assertEqual((done.returncode, done.stderr.strip()), (
            0, b"exec: K206: command line: selftest=protection is unknown, or needs init="))

    def test_a_machine_that_does_not_end_is_125_in_time_though_init_has_ended(self):
        done = self.run_tool("--timeout", "5", "--append", "on_exit=halt", program("tiny"))
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"machine: halted", done.stderr)
        self.assertRegex(done.stderr.splitlines()[-1],
                         b"exec: the machine did not end in time \\([\\d.]+ seconds\\)")

    def test_a_tool_that_is_terminated_takes_its_machine_along(self):
        log = os.path.join(qemu.work_directory(), "terminated.log")
        halting = [EXEC, "--log", log, "--append", "on_exit=halt", program("tiny")]
        with subprocess.Popen(halting) as process:
            while not self.log_says(log, "machine: halted"):
                self.assertIsNone(process.poll())
                time.sleep(0.05)
            process.terminate()
            self.assertEqual(process.wait(TIMEOUT_SECONDS), 143)
        self.assertEqual(glob.glob(os.path.join(qemu.work_directory(), "quire.*")), [])
        self.assertEqual(self.machines_in(qemu.work_directory()), [])

    def log_says(self, log, text):
        try:
            with open(log, encoding="utf-8") as file:
                return text in file.read()
        except FileNotFoundError:
            return False

    def machines_in(self, directory):
        """Process ids of the machines that work in a folder below `directory`."""
        found = []
        for entry in glob.glob("/proc/[0-9]*/cwd"):
            try:
                if os.readlink(entry).startswith(directory + "/quire."):
                    found.append(entry)
            except OSError:
                continue  # it ended meanwhile, or is not ours to look at
        return found

    def test_a_missing_file_of_the_host_is_named(self):
        done = self.run_tool("--file", "/no/such:etc/x", program("hello"))
        self.assertEqual((done.returncode, done.stderr.strip()), (
            125, b"exec: I27: cannot read /no/such: No such file or directory"))


class RefusalTest(MachineCase):
    """What is no program is refused by the kernel in a sentence, and the kernel lives."""

    def refuse(self, contents, pattern):
        path = os.path.join(qemu.work_directory(), "refused")
        with open(path, "wb") as file:
            file.write(contents)
        os.chmod(path, stat.S_IRWXU)
        result = self.run_anyhow(path)
        self.assertEqual(result.status, 125)
        self.assertRegex(result.failure, pattern)
        self.assert_log_has(result, pattern)
        self.assert_log_has(result, "init: /bin/refused cannot be run\nmachine: powering off\n$")

    def test_a_text_is_not_a_program(self):
        self.refuse(b"#!/bin/sh\necho hello\n", r"K\d+: .*ELF")

    def test_an_empty_file_is_not_a_program(self):
        self.refuse(b"", r"K\d+: ")

    def test_a_program_that_was_cut_off_is_refused(self):
        with open(program("hello"), "rb") as file:
            self.refuse(file.read(6000), r"K\d+: ")

    def test_a_program_with_a_damaged_header_is_refused(self):
        with open(program("hello"), "rb") as file:
            whole = bytearray(file.read())
        whole[64:64 + 56 * 4] = b"\xff" * (56 * 4)
        self.refuse(bytes(whole), r"K\d+: ")


if __name__ == "__main__":
    story.main()
