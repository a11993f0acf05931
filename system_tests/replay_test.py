"""Recordings of real boots, run again through mm on the pretend PC."""

import os
import re
import subprocess

from system_tests.machine_case import MachineCase, program, workspace_file
from tools.proof import evidence
from tools.testing import story

_REPLAY = workspace_file("host_tests/replay/tool")
_KERNEL = workspace_file("kernel/quire.elf")
_FORGETFUL = workspace_file("host_tests/replay/forgetful_link")
_PROTECT_CALL = "page_table_protect("
_figures = []


def replay(recording, kernel=_KERNEL):
    """The tool's exit status and what it prints."""
    done = subprocess.run([_REPLAY, recording, "--kernel", kernel], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def line_that_calls(function, path):
    """The number of the only line of a source that holds the text."""
    with open(workspace_file(path), encoding="utf-8") as source:
        numbers = [number for number, line in enumerate(source, 1) if function in line]
    assert len(numbers) == 1, numbers
    return numbers[0]


class ReplayTest(MachineCase):
    def record(self, name, **request):
        path = os.path.join(os.environ["TEST_TMPDIR"], f"{self.id()}.trace")
        result = self.run_program(program(name), trace=path, **request)
        return result, path

    def assert_replays(self, recording, processes=1):
        status, said = replay(recording)
        self.assertEqual(status, 0, said)
        counts = re.search(r"(\d+) operations and (\d+) flushes replayed, (\d+) tables with "
                           r"(\d+) leaves compared: 0 findings", said)
        self.assertIsNotNone(counts, said)
        self.assertEqual(int(counts[3]), processes + 1, "each process's table, and the kernel's")
        _figures.append(tuple(map(int, counts.groups())))

    def test_a_boot_with_a_process_replays_to_the_same_tables(self):
        result, recording = self.record("hello")
        self.assertEqual(result.status, 7)
        self.assert_replays(recording)

    def test_processes_side_by_side_replay_too(self):
        result, recording = self.record("tiny", append="selftest=together:4")
        self.assertEqual(result.status, 0)
        self.assert_replays(recording, processes=4 + 1)

    def test_a_change_of_rights_replays_too(self):
        result, recording = self.record("freeze")
        self.assertEqual(result.status, 0)
        self.assert_replays(recording)

    def test_a_recording_may_come_by_a_serial_port(self):
        result = self.run_program(program("tiny"), append="terminal=com1 trace=com2")
        recording = os.path.join(os.environ["TEST_TMPDIR"], f"{self.id()}.trace")
        with open(recording, "wb") as file:
            file.write(result.output)
        self.assert_replays(recording)

    def test_a_flush_that_the_kernel_forgot_is_named_though_the_machine_ran_fine(self):
        result, recording = self.record("freeze", kernel=_FORGETFUL)
        self.assertEqual(result.status, 0, "the machine notices nothing")
        status, said = replay(recording, _FORGETFUL)
        self.assertEqual(status, 1, said)
        line = line_that_calls(_PROTECT_CALL, "mm/space/page_changes.c")
        self.assertIn("the tables say", said)
        self.assertRegex(said, rf"after line \d+: protect of \w+ \+ 1 pages .* by freeze\n"
                               rf"    called at mm/space/page_changes\.c:{line}:\d+ in protect_pages")

    def test_a_recording_that_was_cut_off_is_not_believed(self):
        _, recording = self.record("tiny")
        with open(recording, "rb+") as file:
            file.truncate(os.path.getsize(recording) - 3)
        status, said = replay(recording)
        self.assertEqual(status, 1, said)
        self.assertIn("its last lines are missing", said)


def proof():
    operations, flushes, tables, leaves = map(sum, zip(*_figures))
    return (f"{len(_figures)} recorded boots with processes, {operations} operations on page "
            f"tables and {flushes} flushes, replay without a finding to the kernel's own tables "
            f"({tables}, with {leaves} leaves). A kernel that forgets one flush runs fine in QEMU, "
            "and the replay names the line.")


def tearDownModule():
    evidence.write(proof)


if __name__ == "__main__":
    story.main()
