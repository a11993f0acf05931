import os
import re
import unittest

from tools.lint import sources
from tools.testing import story

PAGES = ("docs/features.md", "docs/attacks.md")
ROW = re.compile(r"\| ([SA]\d+) \| (.+) \| (.+) \|")
GROUPS = [(1, 12), (20, 44), (50, 60), (70, 81), (90, 96)]
DUTIES = [f"S{number:02}" for first, last in GROUPS for number in range(first, last + 1)]
ATTACKS = [f"A{number}" for number in range(1, 34)]

HOST_TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s+(\w+)\)", re.MULTILINE)
PYTHON_TEST = re.compile(r"^    def (test_\w+)\(", re.MULTILINE)
QUOTED = re.compile(r"`([^`]+)`")
NAME_OF_A_TEST = re.compile(r"[A-Z]\w+\.\w+|\w+_test\.test_\w+")


def tests_of(path):
    """The tests of a source file, named as the page names them."""
    text = sources.read(path)
    if path.endswith(".py"):
        module = os.path.basename(path)[:-len(".py")]
        return {f"{module}.{name}" for name in PYTHON_TEST.findall(text)}
    return {f"{suite}.{name}" for suite, name in HOST_TEST.findall(text)}


def rows():
    return [found.groups() for page in PAGES for _, line in sources.lines(page)
            if (found := ROW.fullmatch(line))]


def is_there(quoted, tests):
    """Whether what a row quotes exists: a test, a file or folder; other words are not looked at."""
    if NAME_OF_A_TEST.fullmatch(quoted):
        return quoted in tests
    looks_like_a_path = "/" in quoted and " " not in quoted
    return not looks_like_a_path or os.path.exists(os.path.join(sources.ROOT, quoted))


class FeaturesTest(unittest.TestCase):
    def test_every_duty_and_every_attack_has_one_row(self):
        self.assertEqual([row[0] for row in rows()], DUTIES + ATTACKS)

    def test_what_a_row_names_exists(self):
        tests = set().union(*map(tests_of, sources.paths([".cc", "_test.py"])))
        missing = [f"{duty}: {quoted}" for duty, _, answer in rows()
                   for quoted in QUOTED.findall(answer) if not is_there(quoted, tests)]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    story.main()
