import ast
import os
import re
import unittest

from tools.lint import sources
from tools.testing import story

LIST = "tools/coverage/BUILD.bazel"
ROOM_OF_MM = re.compile(r'"//mm/(?!addr")')
TEST = re.compile(r"^\s*\[?(?:host|cc)_test\(", re.MULTILINE)
# Tests that mutants cannot reach, by BUILD file and as it names them: these models would be played
# again for nearly every mutant of their rooms.
STATIC = {
    ("host_tests/heap/BUILD.bazel", "'heap_model_test'"),
    ("host_tests/object/BUILD.bazel", "'memory_object_model_test'"),
    ("host_tests/space/BUILD.bazel", "name + '_model_test'"),
}


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


def static_tests(build):
    """The host_tests of a BUILD file that are linked with archives, as it names them."""
    for call in ast.walk(ast.parse(build)):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "host_test":
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            if given.get("linkstatic") != "False":
                yield given["name"]


def unreachable(builds):
    """Complaints about tests of mm's rooms, in BUILD files given by path, and about STATIC."""
    found = {(path, name) for path, build in builds.items() for name in static_tests(build)}
    for path, name in sorted(found - STATIC):
        yield f"{path}: {name} has no linkstatic = False, so mutants cannot replace functions in it"
    for path, name in sorted(STATIC - found):
        yield f"{path}: {name} is excused in vain"


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

    def test_mutants_reach_the_tests_of_every_room(self):
        rooms = {path.removeprefix("mm/") for path in sources.paths(["/BUILD.bazel"], under="mm/")}
        builds = {path: sources.read(path) for path in sources.paths(["/BUILD.bazel"])
                  if path.removeprefix("host_tests/") in rooms}
        self.assertIn("host_tests/paging/BUILD.bazel", builds)
        self.assertEqual(list(unreachable(builds)), [])

    def test_one_that_mutants_cannot_reach_is_noticed(self):
        build = '[host_test(\n    name = name + "_test",\n    LINK\n) for name in ["a"]]\n'
        self.assertEqual(list(static_tests(build.replace("LINK", "srcs = []"))), ["name + '_test'"])
        self.assertEqual(list(static_tests(build.replace("LINK", "linkstatic = False,"))), [])


if __name__ == "__main__":
    story.main()
