"""Processes that run out of memory, run at once, or cannot run at all."""

import os
import re
import shutil
import signal
import tempfile

from system_tests.machine_case import MachineCase, log_text, program
from tools.testing import story


class MemoryTest(MachineCase):
    def test_a_process_made_with_any_too_few_frames_leaves_every_frame_behind(self):
        result = self.run_program(program("tiny"), append="audit selftest=exhaustion")
        self.assert_log_has(result, r"selftest: init needs \d+ frames; with fewer nothing was lost")
        self.assert_log_has(result, "audit: at the end: .* 0 findings")

    def test_programs_that_take_all_memory_are_killed_one_after_the_other_and_lose_no_frame(self):
        result = self.run_program(program("greedy"), append="audit selftest=cycles:1")
        self.assertEqual(result.status, 128 + signal.SIGKILL, result.output)
        for process in range(1, 4):
            self.assert_log_has(
                result, rf"out of memory: process {process} \(greedy\) with \d+ KiB is ended")
        self.assert_log_has(result, "init: killed by signal 9 .SIGKILL.")
        self.assert_log_has(result, "init: every frame came back")
        self.assert_log_has(result, "audit: at the end: .* 0 findings")

    def test_calls_that_write_to_memory_which_has_run_out_never_fail_for_that(self):
        result = self.run_program(program("thirsty"), append="audit")
        self.assertEqual(result.status, 0, result.output)
        self.assertEqual(result.output.count(b"thirsty: killed"), 3)
        self.assert_log_has(result, "audit: at the end: .* 0 findings")

    def test_what_malloc_gave_keeps_its_contents(self):
        self.assertEqual(self.run_program(program("allocate")).status, 0)


class ChaosTest(MachineCase):
    def test_programs_that_call_the_kernel_with_anything_do_it_no_harm(self):
        result = self.run_program(program("chaos"), append="audit selftest=together:3")
        self.assertEqual(result.status, 0, log_text(result))
        self.assert_log_has(result, "init: every frame came back")
        self.assert_log_has(result, "audit: at the end: .* 0 findings")


class SchedulerTest(MachineCase):
    def test_a_thread_that_never_sleeps_loses_the_cpu(self):
        result = self.run_program(program("tiny"), append="selftest=preemption")
        self.assert_log_has(result, "selftest: a busy thread was pre-empted")

    def test_timers_of_others_with_the_shortest_of_periods_cost_no_cpu_time(self):
        result = self.run_program(program("idle_share"))
        self.assertEqual(result.status, 0, result.output)
        share = re.search(rb"^idle: (\d+) of 100$", result.output, re.MULTILINE)
        self.assertGreater(int(share.group(1)), 70, result.output)

    def test_an_interrupt_that_nobody_asked_for_stops_nothing(self):
        result = self.run_program(program("tiny"), append="selftest=stray-interrupt")
        self.assert_log_has(result, "warning: interrupt 240 came, and nobody asked for it")
        self.assert_log_has(result, "selftest: a stray interrupt stopped nothing")

    def test_processes_keep_their_vector_registers_from_each_other(self):
        result = self.run_program(program("registers"), append="selftest=together:4")
        self.assertEqual(result.status, 0, log_text(result))
        self.assertEqual(result.output.count(b": kept\n"), 5)


class NameTest(MachineCase):
    def test_a_program_cannot_forge_a_line_of_the_log_by_its_name(self):
        with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as directory:
            path = os.path.join(directory, "x\nkernel: stopped: y")
            shutil.copy(program("provoke"), path)
            result = self.run_program(path, "read-null")
        self.assertEqual(result.status, 139)
        self.assert_log_has(result, r"page fault: process 1 \(x\?kernel: stopp\) read")

    def test_nor_by_the_name_that_it_gives_itself(self):
        result = self.run_anyhow(program("provoke"), "read-named")
        self.assert_log_has(result, r"page fault: process 1 \(a\?K999: fak\) read")


class RefusedTest(MachineCase):
    """A file that is no program is refused with a numbered line; the kernel goes on."""

    def refuse(self, content, pattern):
        with tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR")) as directory:
            path = os.path.join(directory, "bad")
            with open(path, "wb") as file:
                file.write(content)
            result = self.run_anyhow(path)
        self.assertEqual(result.status, 125)
        self.assert_log_has(result, pattern)
        self.assert_log_has(result, r"init: \S+ cannot be run")
        self.assert_log_has(result, "machine: powering off")

    def test_an_empty_file(self):
        self.refuse(b"", "K401: ")

    def test_a_script(self):
        self.refuse(b"#!/bin/sh\n" * 10, "K402: not an ELF file: it begins with 23 21 2f 62")

    def test_a_program_that_is_cut_off(self):
        with open(program("hello"), "rb") as file:
            self.refuse(file.read(5000), r"K409: segment \d+, ")


class PlacesTest(MachineCase):
    """S60: a program's parts lie where nobody can foretell."""

    RUNS = "1000"

    def places(self, *words):
        result = self.run_program(program("places"), self.RUNS, *words)
        self.assertEqual(result.status, 0, result.output)
        return {part: int(bits) for part, bits in
                re.findall(r"^(\w+): (\d+) random bits", result.output.decode(), re.MULTILINE)}

    def test_as_many_bits_are_random_as_on_linux(self):
        places = self.places()
        self.assertGreaterEqual(places["program"], 28)
        self.assertGreaterEqual(places["mapping"], 28)
        self.assertGreaterEqual(places["stack"], 22)
        self.assertGreaterEqual(places["heap"], 18)

    def test_a_process_can_ask_for_places_that_are_always_the_same(self):
        self.assertEqual(set(self.places("fixed").values()), {0})


if __name__ == "__main__":
    story.main()
