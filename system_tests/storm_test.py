import re

from system_tests.machine_case import MachineCase, log_text, program
from tools.testing import story


class StormTest(MachineCase):
    """Whatever processes do to each other at once, the kernel lives and everything comes back."""

    def check(self, name):
        result = self.run_program(program("storm"), name, append="audit")
        self.assert_log_has(result, "audit: at the end: .* 0 findings")
        self.assert_frames_came_back(log_text(result))
        self.assertEqual(b"over", result.output.strip())

    def assert_frames_came_back(self, log):
        """All but new tables of the kernel's own half, which stay (T3)."""
        tables = [int(count) for count in re.findall(r"audit: .* (\d+) tables", log)]
        lost = re.search(r"init: (\d+) frames free before, (\d+) after", log)
        count = int(lost[1]) - int(lost[2]) if lost else 0
        self.assertEqual(tables[-1] - tables[0], count, log)

    def test_any_calls_with_any_arguments(self):
        result = self.run_program(program("any_call"), "20000", "7", append="audit")
        self.assertEqual(result.status, 0, result.output)
        self.assert_log_has(result, "audit: at the end: .* 0 findings")
        self.assert_frames_came_back(log_text(result))

    def test_threads_that_fork_and_kill(self):
        self.check("kill")

    def test_a_process_that_is_stopped_and_continued(self):
        self.check("stop")

    def test_threads_that_run_programs_and_are_killed(self):
        self.check("exec")

    def test_a_fork_bomb_within_a_limit(self):
        self.check("bomb")


if __name__ == "__main__":
    story.main()
