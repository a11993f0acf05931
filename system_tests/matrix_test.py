from system_tests import matrix
from system_tests.machine_case import MachineCase, program
from tools.testing import story


class MatrixTest(MachineCase):
    """One case for each machine, named after it."""


def _case(row):
    def boots_and_runs_a_program(self):
        result = self.run_program(program("hello"), config=matrix.config_of(row), append="audit")
        self.assert_ran_hello(result)
        self.assert_log_has(result, "init: every frame came back")
    return boots_and_runs_a_program


for machine_row in matrix.ROWS:
    setattr(MatrixTest, "test_" + "_".join(machine_row), _case(machine_row))

if __name__ == "__main__":
    story.main()
