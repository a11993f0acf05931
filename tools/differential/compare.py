"""Compares what one program has printed on two machines, and cases of tests that do."""

import difflib
import os
import unittest

from tools.differential.group import Output


def differences(linux, other):
    """A unified diff of two Outputs, as lines; none where they are the same."""
    return list(difflib.unified_diff([*linux.lines, f"[{linux.end}]"],
                                     [*other.lines, f"[{other.end}]"],
                                     "linux", "compared", lineterm=""))


def read_known(lines):
    """The known differences of a file's lines: pairs of a program and a beginning of its lines."""
    known = []
    for line in lines:
        if line.strip() and not line.startswith("#"):
            program, beginning, reason = (part.strip() for part in line.split("|", 2))
            if not (program and beginning and reason):
                raise ValueError(f"'{line.strip()}' is not PROGRAM | BEGINNING | REASON")
            known.append((program, beginning))
    return known


def unmatched(known, program, *outputs):
    """The beginnings of a program's known differences that no line of its Outputs has."""
    lines = [line for output in outputs for line in output.lines]
    return [beginning for name, beginning in known
            if name == program and not any(line.startswith(beginning) for line in lines)]


def without(known, program, output):
    """An Output without the lines that are known to differ between versions of Linux."""
    beginnings = tuple(beginning for name, beginning in known if name == program)
    return Output(output.end, [line for line in output.lines
                               if not (beginnings and line.startswith(beginnings))])


class Case(unittest.TestCase):
    """One test for each program that the command line names; a subclass has `check(name)`."""

    programs = ()

    @classmethod
    def take_programs(cls, argv):
        """Takes the paths of programs from a command line, and makes the tests.

        Those whose name ends in _root are left to whoever is root.
        """
        cls.programs = tuple(os.path.abspath(path) for path in argv[1:]
                             if os.geteuid() == 0 or not path.endswith("_root"))
        for path in cls.programs:
            name = os.path.basename(path)
            setattr(cls, f"test_{name}", lambda self, name=name: self.check(name))

    def assert_same(self, name, first, second):
        found = differences(first, second)
        if found:
            self.fail(f"{name} does not print the same:\n" + "\n".join(found))
