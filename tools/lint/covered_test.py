import os
import re
import unittest

from tools.lint import sources
from tools.testing import story

LIST = "tools/coverage/BUILD.bazel"
ROOM_OF_MM = re.compile(r'"//mm/(?!addr")')
TEST = re.compile(r"^\s*\[?(?:host|cc)_test\(", re.MULTILINE)


def tests_mm(build):
    """Whether a BUILD file has test programs, and names a room of mm/ that has code."""
    return bool(ROOM_OF_MM.search(build) and TEST.search(build))


def complaints(builds, listed):
    """What is wrong with BUILD files, given by path, in view of the text of the list."""
    for path, build in builds.items():
        if tests_mm(build) and not build.endswith("\ncovered_tests()\n"):
            yield f"{path}: tests mm/, but does not end with covered_tests()"
        if tests_mm(build) and f'"//{os.path.dirname(path)}:covered_tests"' not in listed:
            yield f"{path}: tests mm/, but is not in {LIST}"


class CoveredTest(unittest.TestCase):
    """tools/coverage must not miss a test, nor may a new one be forgotten."""

    def test_every_package_with_tests_of_mm_is_counted(self):
        builds = {path: sources.read(path) for path in sources.paths(["/BUILD.bazel"])}
        self.assertEqual(list(complaints(builds, sources.read(LIST))), [])

    def test_one_that_is_missing_is_noticed(self):
        build = 'host_test(\n    deps = ["//mm/frame"],\n)\n'
        path = "host_tests/new/BUILD.bazel"
        self.assertEqual(len(list(complaints({path: build}, ""))), 2)
        counted = build + "\ncovered_tests()\n"
        self.assertEqual(list(complaints({path: counted}, '"//host_tests/new:covered_tests"')), [])


if __name__ == "__main__":
    story.main()
