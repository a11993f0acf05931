import re

from system_tests.machine_case import MachineCase, log_text, program
from tools.machine.config import MachineConfig
from tools.testing import story

CYCLES = 10_000
MOST_BOOT_INSTRUCTIONS = 30_000_000
MOST_BOOT_KIB = 4096
MOST_TIMES_FOR_MUCH_MEMORY = 3
# With -icount a tick of the time-stamp counter is an instruction.
COUNTING = {"icount": "shift=0,sleep=off", "cpu": "max,-erms"}


class AuditTest(MachineCase):
    def test_after_the_boot_and_at_the_end_nothing_is_amiss(self):
        result = self.run_program(program("hello"), append="audit")
        self.assert_log_has(result, r"audit: after the boot: .* [1-9]\d* entries, 0 findings")
        self.assert_log_has(result, r"audit: at the end: .* [1-9]\d* entries, 0 findings")

    def test_ten_thousand_processes_leave_every_frame_behind(self):
        result = self.run_program(program("tiny"), append=f"audit selftest=cycles:{CYCLES}")
        ended = re.search(rf"cycles: {CYCLES} processes came and went; (\d+) frames free before, "
                          r"(\d+) after", log_text(result))
        self.assertIsNotNone(ended, log_text(result))
        self.assertEqual(ended[1], ended[2])
        self.assert_log_has(result, "audit: at the end: .* 0 findings")


class CostTest(MachineCase):
    """What is promised of costs (docs/performance.md)."""

    def measure_boot(self):
        """Instructions from reset to init, and KiB in use then; from IDE, with a small RAM disk."""
        log = log_text(self.run_program(program("tiny"), config=MachineConfig(**COUNTING)))
        instructions = re.search(r"boot: done at (\d+) ticks", log)
        kib = re.search(r"boot: (\d+) KiB in use besides the RAM disk", log)
        return int(instructions[1]), int(kib[1])

    def test_a_boot_takes_few_instructions_and_little_memory(self):
        instructions, kib = self.measure_boot()
        print(f"{instructions} instructions from reset to init, {kib} KiB in use")
        self.assertLessEqual(instructions, MOST_BOOT_INSTRUCTIONS)
        self.assertLessEqual(kib, MOST_BOOT_KIB)

    def measure_fork(self, mib):
        """Instructions of fork, exit and wait by a process that has touched so many MiB."""
        config = MachineConfig(memory="512M", **COUNTING)
        result = self.run_program(program("fork_cost"), str(mib), config=config)
        self.assertEqual(result.status, 0, result.output)
        return int(result.output)

    def test_a_fork_of_much_memory_costs_little_more_than_one_of_little(self):
        little, much = self.measure_fork(1), self.measure_fork(256)
        print(f"fork, exit and wait: {little} instructions with 1 MiB, {much} with 256 MiB")
        self.assertLessEqual(much, MOST_TIMES_FOR_MUCH_MEMORY * little)


if __name__ == "__main__":
    story.main()
