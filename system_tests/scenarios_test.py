import os
import re
import subprocess
import tempfile

from system_tests.machine_case import MachineCase, log_text, program, workspace_file
from tools.machine.config import MachineConfig
from tools.proof import evidence
from tools.testing import story

_ADDRESS_BITS = 0x000000fffffff000  # of an entry; no machine here has frames above

_ENTRY = re.compile(r"of table 0x([0-9a-f]+) is 0x([0-9a-f]{16})$")
_ROOT = re.compile(r"\broot 0x([0-9a-f]+)")


class Frames:
    """Names the frames of one report in the order in which it mentions them."""

    def __init__(self):
        self._names = {}

    def name(self, address):
        return self._names.setdefault(address, f"frame {len(self._names) + 1}")

    def entry(self, match):
        table, raw = (int(digits, 16) for digits in match.groups())
        shown = raw if raw & 1 or raw == 0 else ~raw  # what is parked is inverted
        address = shown & _ADDRESS_BITS
        table_name = self.name(table)
        frame = self.name(address) if address else "no frame"
        return f"of {table_name} is {frame} and {raw & ~_ADDRESS_BITS:#x}"


def normalised(report):
    """A report without what differs from run to run: where frames and code lie, and when."""
    frames = Frames()
    lines = []
    for line in report.splitlines():
        line = _ENTRY.sub(frames.entry, line)
        line = _ROOT.sub(lambda match: "root " + frames.name(int(match[1], 16)), line)
        line = re.sub(r"instruction at 0x\S+", "instruction at ADDRESS", line)
        line = re.sub(r"tick \d+", "tick N", line)
        line = re.sub(r"^( +for) 0x.*", r"\1 CALLER", line)
        lines.append(line)
    return "\n".join(lines) + "\n"


def as_the_manual_has_it(report):
    """QEMU leaves P clear where it sets RSVD, which no CPU does (SDM 3A 4.7)."""
    return re.sub("error code 0xc: not present, (.*RSVD)", r"error code 0xd: P: present, \1",
                  report)


def scenarios(text):
    """The reports in a log, by name, in order."""
    parts = re.split(r"^scenario: (.*)\n", text, flags=re.MULTILINE)
    bodies = (re.match(r"(?:page fault: .*\n)(?:  .*\n)*", body)[0] for body in parts[2::2])
    return dict(zip(parts[1::2], bodies))


def on_pretend_pc():
    """What the host program says."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "scenarios.txt")
        test = workspace_file("host_tests/scenarios/scenarios_test")
        subprocess.run([test], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "SCENARIOS_FILE": path, "GTEST_OUTPUT": ""})
        with open(path, encoding="utf-8") as file:
            return scenarios(file.read())


def golden():
    with open(workspace_file("system_tests/fault_scenarios.txt"), encoding="utf-8") as file:
        return scenarios(file.read())


def verdict(report):
    return re.search(r"^  verdict: (.*)$", report, re.MULTILINE)[1]


def proof(agreeing):
    """The lines of a table: what happens, and the verdict on it."""
    yield (f"{len(agreeing)} faults are provoked by one source on the pretend PC and on a machine "
           "in QEMU. Both write the same report, which is the golden one.")
    yield ""
    yield "| what happens | verdict |"
    yield "|---|---|"
    for name, report in agreeing.items():
        yield f"| {name} | {verdict(report)} |"


class ScenariosTest(MachineCase):
    """Each fault has one right report, wherever it happens."""

    def on_machine(self, cpu="max"):
        result = self.run_program(program("tiny"), append="selftest=scenarios audit",
                                  config=MachineConfig(cpu=cpu))
        self.assert_log_has(result, r"selftest: \d+ fault scenarios")
        self.log = log_text(result)
        return {name: as_the_manual_has_it(report)
                for name, report in scenarios(self.log).items()}

    def assert_golden(self, reports):
        expected = golden()
        self.assertEqual(list(reports), list(expected))
        for name, report in reports.items():
            with self.subTest(name):
                self.assertEqual(normalised(report), expected[name])

    def test_the_pretend_pc_says_the_golden_text(self):
        self.assert_golden(on_pretend_pc())

    def test_a_machine_says_the_same(self):
        machine = self.on_machine()
        self.assert_golden(machine)
        pretend = on_pretend_pc()
        agreeing = {name: normalised(report) for name, report in machine.items()
                    if normalised(report) == normalised(pretend[name]) == golden()[name]}
        evidence.write(lambda: "\n".join(proof(agreeing)))

    def left_out(self):
        return re.findall("^scenario not claimed by this CPU: (.*)$", self.log, re.MULTILINE)

    def test_a_cpu_with_everything_leaves_nothing_out(self):
        self.on_machine()
        self.assertEqual(self.left_out(), [])

    def test_a_cpu_without_smap_and_smep_leaves_out_what_they_stop(self):
        reports = self.on_machine("qemu64")
        self.assertEqual(self.left_out(),
                         ["the kernel reads user memory", "the kernel runs user memory"])
        self.assertEqual({name: normalised(report) for name, report in reports.items()},
                         {name: report for name, report in golden().items()
                          if name not in self.left_out()})

    def test_a_cpu_that_can_neither_forbid_running_nor_have_a_reserved_bit(self):
        self.on_machine("max,-nx,phys-bits=52")
        self.assertEqual(self.left_out(),
                         ["a program runs its data",
                          "a program runs data that it has not written yet",
                          "a leaf has a reserved bit", "a table entry has a reserved bit",
                          "the kernel runs its stack"])

    def test_who_asked_for_a_change_is_named_by_the_function(self):
        self.on_machine()
        self.assertRegex(self.log, r"last change: unmapped .* by main at tick \d+\n"
                         r"      for 0xffffffff8\w+ \w*unmap\w*\+0x")


if __name__ == "__main__":
    story.main()
