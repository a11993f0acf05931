import re

from system_tests import matrix
from system_tests.machine_case import MachineCase, log_text, program
from tools.machine.config import MachineConfig
from tools.testing import story

LINE = re.compile(r"^protections: ([^:]+): (fired|not claimed by this CPU)\b", re.MULTILINE)


class ProtectionsTest(MachineCase):
    """Each protection fires, on each CPU that claims to have it; one case for each CPU."""

    def provoke(self, cpu):
        """What became of each protection."""
        result = self.run_program(program("tiny"), config=MachineConfig(cpu=cpu),
                                  append="audit selftest=protections")
        self.assert_log_has(result, "audit: at the end: .* 0 findings")
        return dict(LINE.findall(log_text(result)))


def _case(cpu):
    def fires(self):
        outcomes = self.provoke(cpu)
        self.assertEqual(outcomes["write to the kernel's text"], "fired")
        self.assertEqual(outcomes["run a stack"], "fired")
    return fires


for cpu_model in matrix.CPUS:
    setattr(ProtectionsTest, f"test_{cpu_model}", _case(cpu_model))

if __name__ == "__main__":
    story.main()
