import contextlib
import io
import os
import struct
import tempfile
import unittest

from tools.exec import command_line, exec as exec_tool, program, session, verdict
from tools.image import cpio
from tools.machine.qemu import Ending, Outcome
from tools.testing import story


class CommandLineTest(unittest.TestCase):
    def test_ordinary_words_are_left_alone(self):
        self.assertEqual(command_line.quote("init=/bin/hello-2.0"), "init=/bin/hello-2.0")

    def test_what_the_kernel_would_read_otherwise_is_escaped(self):
        self.assertEqual(command_line.quote('a "b" \\'), r"a\x20\"b\"\x20\\")

    def test_an_empty_word_is_still_a_word(self):
        self.assertEqual(command_line.quote(""), '""')

    def test_every_byte_can_be_written_with_ascii_alone(self):
        word = os.fsdecode(bytes(range(1, 256)))
        self.assertTrue(all(0x20 < ord(char) < 0x7f for char in command_line.quote(word)))

    def test_init_comes_first_and_its_arguments_last(self):
        self.assertEqual(
            command_line.build("/bin/hello", ["x", "--"], "audit"),
            "init=/bin/hello terminal=com2 log=com1 on_exit=poweroff on_panic=poweroff audit"
            " -- x --")


class RamDiskTest(unittest.TestCase):
    """What a request puts on the RAM disk."""

    def members(self, *files):
        with tempfile.TemporaryDirectory() as directory:
            for name, text in (("root/etc/motd", "old"), ("root/data", "d"), ("motd", "new")):
                path = os.path.join(directory, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            root = os.path.join(directory, "root")
            files = tuple((os.path.join(directory, host), guest) for host, guest in files)
            archive = session.make_archive(session.Request("/bin/busybox", root=root, files=files))
        return {path: entry.data for path, entry in cpio.parse(archive.to_bytes())}

    def test_a_root_is_taken_whole_but_for_what_is_named(self):
        found = self.members(("motd", "/etc/motd"))
        self.assertEqual((found["etc/motd"], found["data"]), (b"new", b"d"))
        self.assertIn("bin/busybox", found)

    def test_links_of_a_root_lead_to_where_things_lie(self):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, "usr/bin"))
            os.symlink("usr/bin", os.path.join(root, "bin"))
            os.symlink("/bin", os.path.join(root, "sbin"))
            os.symlink("loop", os.path.join(root, "loop"))
            with open(os.path.join(root, "usr/bin/tool"), "w", encoding="ascii") as file:
                file.write("d")
            files = (("/bin/busybox", "/sbin/other"),)
            archive = session.make_archive(
                session.Request("/bin/busybox", root=root, files=files))
            found = dict(cpio.parse(archive.to_bytes()))
            self.assertEqual(found["bin"].data, b"usr/bin")
            self.assertEqual({name for name in found if name.startswith("usr/bin/")},
                             {"usr/bin/busybox", "usr/bin/other", "usr/bin/tool"})
            self.assertEqual(archive.real_path("/loop/x"), "loop/x")

    def test_a_file_without_a_guest_path_lies_at_the_root(self):
        self.assertEqual(exec_tool._file("a/b.txt"), ("a/b.txt", "/b.txt"))
        self.assertEqual(exec_tool._file("a:b:c"), ("a:b", "c"))


class VerdictTest(unittest.TestCase):
    def judge(self, log, ending=Ending.POWERED_OFF):
        return verdict.judge(Outcome(ending, log, b"", 3.0))

    def test_a_program_that_exits_is_believed_after_the_power_off(self):
        self.assertEqual(self.judge(b"init: exited with status 7\r\nmachine: powering off\r\n"),
                         verdict.Verdict(7))

    def test_a_program_that_is_killed_has_128_and_the_signal(self):
        self.assertEqual(self.judge(b"init: killed by signal 11 (SIGSEGV)\n"), verdict.Verdict(139))

    def test_only_a_line_of_init_itself_counts(self):
        log = b"demo: init: exited with status 3\ninit: exited with status 7\n"
        self.assertEqual(self.judge(log), verdict.Verdict(7))

    def test_a_status_without_a_power_off_is_not_believed(self):
        judged = self.judge(b"init: exited with status 0\n", Ending.TRIPLE_FAULT)
        self.assertEqual(judged, verdict.Verdict(125, "the CPU met a triple fault (3 seconds)"))

    def test_a_power_off_without_a_status_is_not_believed(self):
        self.assertEqual(self.judge(b"machine: powering off\n"),
                         verdict.Verdict(125, "the log does not say how init ended"))

    def test_a_program_that_the_kernel_refused_has_the_kernels_reason(self):
        log = (b"error: K309: another\r\nboot: done\r\nerror: K418: 'x' needs an interpreter\r\n"
               b"error: init: /bin/x cannot be run\r\nmachine: powering off\r\n")
        self.assertEqual(self.judge(log), verdict.Verdict(125, "K418: 'x' needs an interpreter"))
        self.assertEqual(self.judge(b"error: init: /bin/x cannot be run\n"),
                         verdict.Verdict(125, "init: /bin/x cannot be run"))

    def test_a_program_named_like_a_stopped_kernel_does_not_stop_it(self):
        judged = self.judge(b"process 1 (kernel: stopped: x) read\ninit: exited with status 0\n")
        self.assertEqual(judged.status, 0)

    def test_a_loader_that_started_no_kernel_is_reported_in_its_own_words(self):
        log = b"quire: L18: too little memory\r\nquire: stopped before the kernel\r\n"
        self.assertRegex(log, verdict.LOADER_STOPPED)
        self.assertEqual(self.judge(log, Ending.STOPPED),
                         verdict.Verdict(125, "quire: L18: too little memory"))

    def test_a_time_below_a_second_is_not_none(self):
        judged = verdict.judge(Outcome(Ending.TIMED_OUT, b"", b"", 0.1234))
        self.assertEqual(judged.failure, "the machine did not end in time (0.1 seconds)")

    def test_what_was_ignored_of_the_command_line_is_found_in_the_log(self):
        log = (b"warning: K205: command line: log= cannot be x\r\nK301: RAM disk: cut off\n"
               b"warning: K117: no NX bit\nwarning: K206: command line: selftest=a is unknown\n")
        self.assertEqual(verdict.command_line_warnings(log), [
            "K205: command line: log= cannot be x", "K206: command line: selftest=a is unknown"])

    def test_a_kernel_that_stopped_is_what_is_reported(self):
        judged = self.judge(b"init: exited with status 0\nkernel: stopped: page fault\n")
        self.assertEqual(judged, verdict.Verdict(125, "kernel: stopped: page fault"))


def elf(kind=2, cpu=62, segment_type=1):
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", kind, cpu, 1, 0x400000, 64,
                         0, 0, 64, 56, 1, 0, 0, 0)
    return header + struct.pack("<IIQQQQQQ", segment_type, 5, 0, 0, 0, 0, 0, 4096)


class ProgramTest(unittest.TestCase):
    def test_static_programs_are_accepted_with_and_without_a_fixed_address(self):
        self.assertIsNone(program.find_fault(elf(kind=2)))
        self.assertIsNone(program.find_fault(elf(kind=3)))

    def test_each_other_file_is_refused_in_its_own_words(self):
        faults = [program.find_fault(image) for image in (
            b"#!/bin/sh\n", b"\x7fELF\x01\x01\x01", elf()[:40], elf(cpu=183), elf(kind=1),
            elf(segment_type=3))]
        self.assertEqual(faults, [
            "is not an ELF file",
            "is not a 64-bit little-endian ELF file",
            "is not a 64-bit little-endian ELF file",
            "is for another CPU (ELF machine 183, x86-64 is 62)",
            "is an object file or a core dump, not a program",
            "is linked dynamically: link it with -static, or put its interpreter and libraries "
            "on the RAM disk with --root",
        ])

    def test_what_is_beside_a_program_may_be_its_interpreter(self):
        self.assertIsNone(program.find_fault(elf(segment_type=3), is_alone=False))

    def test_a_table_of_segments_outside_the_file_is_left_to_the_kernel(self):
        self.assertIsNone(program.find_fault(elf()[:70]))


class MainTest(unittest.TestCase):
    def run_tool(self, *arguments):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            try:
                status = exec_tool.main(list(arguments))
            except SystemExit as leaving:
                status = leaving.code
        return status, errors.getvalue().splitlines()[-1]

    def test_a_missing_program_is_named(self):
        self.assertEqual(self.run_tool("/no/such"),
                         (125, "exec: cannot read /no/such: No such file or directory"))

    def test_a_log_that_cannot_be_written_is_named(self):
        self.assertEqual(self.run_tool("--log", "/no/such", "/bin/busybox"),
                         (125, "exec: cannot write /no/such: No such file or directory"))

    def test_only_the_program_is_required(self):
        self.assertEqual(self.run_tool(),
                         (2, "exec: error: the following arguments are required: PROGRAM"))

    def test_a_script_is_refused(self):
        self.assertEqual(self.run_tool(__file__), (125, f"exec: {__file__} is not an ELF file"))

    def test_a_wrong_option_is_a_usage_error(self):
        self.assertEqual(self.run_tool("--timeout", "nan", "/bin/true"), (
            2, "exec: error: argument --timeout: 'nan' is not a number of seconds above 0"))
        for text in ("", ":", ":guest", "host:", "host:/", "host/"):
            self.assertEqual(self.run_tool("--file", text, "/bin/true"), (
                2, f"exec: error: argument --file: '{text}' is not HOST[:GUEST]"))
        self.assertEqual(self.run_tool("--root", "", "/bin/true"), (
            2, "exec: error: argument --root: it has no name"))

    def test_a_root_that_cannot_be_read_is_named(self):
        self.assertEqual(self.run_tool("--root", "/no/such", "/bin/busybox"), (
            125, "exec: I27: cannot read /no/such: No such file or directory"))
        self.assertEqual(self.run_tool("--root", __file__, "/bin/busybox"), (
            125, f"exec: I28: {__file__} is not a cpio archive (newc): no member begins at byte 0"))

    def test_a_machine_that_cannot_be_had_is_a_usage_error(self):
        program_path = "/bin/busybox"
        self.assertEqual(self.run_tool("--memory", "lots", program_path), (
            2, "exec: error: 'lots' is not a memory size such as 128M or 4G"))


if __name__ == "__main__":
    story.main()
