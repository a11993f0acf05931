"""What processes do to each other, and to what they share, when they hold nothing back.

With PROOF_FILE set, makes more random calls, and writes the table of what came of each attack.
"""

import re
import signal

from system_tests.machine_case import MachineCase, log_text, program
from tools.proof import evidence
from tools.testing import story

CALLS = 20_000
SEEDS = range(5) if evidence.is_wanted() else (7,)
CYCLES = 10_000
WATCHED = "sentinel: its memory held"

# attack -> what the program said, and the audit's last line
outcomes = {}


class StormTest(MachineCase):
    """The kernel lives, the audit finds nothing, and every frame comes back."""

    def attack(self, *words):
        """Runs an attack; returns what it printed, line by line."""
        result = self.run_program(program(words[0]), *words[1:], append="audit")
        lines = result.output.decode().splitlines()
        self.assertEqual(result.status, 0, lines)
        self.assert_frames_came_back(log_text(result))
        self.assert_log_has(result, "audit: at the end: .* 0 findings")
        outcomes[" ".join(words)] = (lines, log_text(result))
        return lines

    def assert_frames_came_back(self, log):
        """All but new tables of the kernel's own half, which stay (T3)."""
        tables = [int(count) for count in re.findall(r"audit: .* (\d+) tables", log)]
        lost = re.search(r"init: (\d+) frames free before, (\d+) after", log)
        count = int(lost[1]) - int(lost[2]) if lost else 0
        self.assertEqual(tables[-1] - tables[0], count, log)

    def test_any_calls_with_any_arguments(self):
        for seed in SEEDS:
            lines = self.attack("any_call", str(CALLS), str(seed))
            self.assertGreaterEqual(int(lines[0].split()[0]), CALLS)

    def test_threads_that_fork_and_kill(self):
        self.assertEqual(self.attack("storm", "kill"), ["over"])

    def test_a_process_that_is_stopped_and_continued(self):
        self.assertEqual(self.attack("storm", "stop"), ["over"])

    def test_threads_that_run_programs_and_are_killed(self):
        self.assertEqual(self.attack("storm", "exec"), ["over"])

    def test_a_fork_bomb_within_a_limit(self):
        self.assertEqual(self.attack("storm", "bomb"), ["over"])

    def test_handlers_leave_the_registers_of_what_they_interrupt_as_they_were(self):
        self.assertEqual(self.attack("storm", "signals"), ["over"])

    def test_returns_from_handlers_with_registers_that_no_cpu_takes(self):
        self.assertEqual(self.attack("storm", "frames"), ["over"])

    def test_programs_that_cannot_be_loaded_leave_none_of_their_strings(self):
        self.assertEqual(self.attack("storm", "segments"), ["over"])

    def test_the_first_process_lives_through_what_others_send_and_not_what_it_sends_itself(self):
        result = self.run_program(program("storm"), "first", append="audit")
        self.assertEqual(result.status, 128 + signal.SIGTERM, result.output)

    def test_programs_that_crash_all_the_time_do_not_fill_the_log(self):
        self.assertEqual(self.attack("storm", "faults"), ["over"])
        log = outcomes["storm faults"][1]
        left_out = sum(int(count) for count in re.findall(r"faults: (\d+) reports were left", log))
        self.assertGreater(left_out, 0)
        self.assertEqual(len(re.findall("page fault: process", log)) + left_out, 301)

    def test_a_fork_bomb_without_a_limit(self):
        self.assertEqual(self.attack("exhaust", "processes"),
                         ["processes: more than 100 at once: yes", WATCHED])

    def test_memory_of_every_kind_is_taken_until_there_is_none(self):
        self.assertEqual(self.attack("exhaust", "memory"),
                         ["memory: 200 processes, both refused and ended ones: yes", WATCHED])

    def test_many_programs_one_after_the_other(self):
        self.assertEqual(self.attack("exhaust", "cycles", str(CYCLES)),
                         [f"cycles: {CYCLES}", WATCHED])


def table():
    """What became of each attack, as Markdown."""
    yield ("After each, the audit had no finding, and every frame that was free before was free "
           "again, but for new tables of the kernel's own half, which stay.")
    yield ""
    yield "| attack | what it said | processes ended for memory | the audit looked at |"
    yield "|---|---|---|---|"
    for attack, (lines, log) in sorted(outcomes.items()):
        looked = re.search("audit: at the end: (.*), 0 findings", log)[1]
        yield f"| `{attack}` | {'; '.join(lines)} | {log.count('out of memory: ')} | {looked} |"


def tearDownModule():  # pylint: disable=invalid-name
    evidence.write(lambda: "\n".join(table()) + "\n")


if __name__ == "__main__":
    story.main()
