"""Runs selftest=protections on every CPU. With PROOF_FILE set, writes the table of what fired."""

import os
import re

from system_tests import matrix
from system_tests.machine_case import MachineCase, TIMEOUT_SECONDS, log_text, program
from tools.exec import session, verdict
from tools.machine import bochs, qemu
from tools.machine.config import MachineConfig
from tools.proof import evidence
from tools.testing import story

BOCHS_MODELS = ("bx_generic", "corei7_skylake_x", "corei7_icelake_u")
# Without what every CPU of the matrix has: NX, with and without SMEP, and reserved address bits.
LACKING = ("qemu64,-nx", "max,-nx", "max,phys-bits=52")
CPUS = matrix.CPUS + LACKING + BOCHS_MODELS
LINE = re.compile(r"^protections: ([^:]+): (fired|not claimed by this CPU)(?: \(.*\))?$",
                  re.MULTILINE)
DOUBLE_FAULT = "overflow a stack (double fault on its own stack)"
ON_ITS_OWN_STACK = (r"kernel: double fault at (?:.*\n)*  verdict: guard page of 'kernel stack of "
                    r"main': (?:.*\n)*kernel: stopped: double fault in the kernel")

# CPU -> protection -> outcome
outcomes = {}


def run_in_bochs(model, request):
    """As session.run, in Bochs."""
    image = os.path.join(qemu.work_directory(), f"{model}.img")
    session.make_image(image, request)
    outcome = bochs.boot(image, TIMEOUT_SECONDS, model=model)
    judged = verdict.judge(outcome)
    return session.Result(judged.status, judged.failure, outcome.terminal, outcome.log,
                          outcome.seconds)


class ProtectionsTest(MachineCase):
    """Each protection fires on each CPU that claims to have it; two cases for each CPU."""

    def boot(self, cpu, append):
        if cpu in BOCHS_MODELS:
            return run_in_bochs(cpu, session.Request(program("tiny"), append=append))
        return self.run_anyhow(program("tiny"), config=MachineConfig(cpu=cpu), append=append)

    def provoke(self, cpu):
        result = self.boot(cpu, "audit selftest=protections")
        self.assertIsNone(result.failure, log_text(result))
        self.assert_log_has(result, "audit: at the end: .* 0 findings")
        found = dict(LINE.findall(log_text(result)))
        self.assertEqual(len(found), log_text(result).count("\nprotections: "), log_text(result))
        outcomes.setdefault(cpu, {}).update(found)

    def overflow_a_stack(self, cpu):
        result = self.boot(cpu, "selftest=stack-overflow")
        self.assert_log_has(result, ON_ITS_OWN_STACK)
        outcomes.setdefault(cpu, {})[DOUBLE_FAULT] = "fired"

    def left_out(self, cpu):
        self.provoke(cpu)
        return [name for name, outcome in outcomes[cpu].items() if outcome != "fired"]

    def test_a_cpu_that_has_everything_leaves_nothing_out(self):
        self.assertEqual(self.left_out("max"), [])
        self.assertGreater(len(outcomes["max"]), 40)

    def test_a_cpu_whose_every_address_bit_counts_leaves_out_what_a_reserved_one_needs(self):
        self.assertEqual(self.left_out("max,phys-bits=52"),
                         ["read through an entry with a reserved bit", "audit for a reserved bit"])

    def test_a_cpu_without_no_execute_leaves_out_nothing_but_running(self):
        self.assertEqual([name for name in self.left_out("max,-nx") if "run" not in name],
                         ["audit for a page that is writable and executable",
                          "audit for text that is writable elsewhere"])


def _case(cpu, method):
    return lambda self: getattr(self, method)(cpu)


for cpu_model in CPUS:
    setattr(ProtectionsTest, f"test_{cpu_model}_fires", _case(cpu_model, "provoke"))
    setattr(ProtectionsTest, f"test_{cpu_model}_handles_a_double_fault_on_a_stack_of_its_own",
            _case(cpu_model, "overflow_a_stack"))


def proof(cpus):
    """The lines of a table: which protection fired on which CPU."""
    names = list(outcomes["max"])
    fired = sum(outcome == "fired" for cpu in cpus for outcome in outcomes[cpu].values())
    yield (f"{len(names)} protections on {len(cpus)} CPU models: {fired} fired, "
           f"{len(names) * len(cpus) - fired} are not claimed by their CPU (–), none was silent.")
    yield "Each that can be switched off was tried again without it, and was silent then."
    yield ""
    yield "| what is tried | " + " | ".join(cpus) + " |"
    yield "|---" * (len(cpus) + 1) + "|"
    for name in names:
        marks = ("fired" if outcomes[cpu][name] == "fired" else "–" for cpu in cpus)
        yield f"| {name} | " + " | ".join(marks) + " |"


def tearDownModule():
    evidence.write(lambda: "\n".join(proof(CPUS)))


if __name__ == "__main__":
    story.main()
