import ast
import os
import unittest

from tools.lint import sources
from tools.testing import story

ROOMS = "mm/rooms.bzl"
MODELS = "host_tests/models/BUILD.bazel"


def rooms():
    """The folders under mm/ that are rooms."""
    return sorted(path.split("/")[1] for path in sources.paths(["/BUILD.bazel"], under="mm/")
                  if path.count("/") == 2)


def listed(build, name):
    """The strings of the list that a file of Bazel's calls so."""
    for node in ast.parse(build).body:
        if isinstance(node, ast.Assign) and [target.id for target in node.targets] == [name]:
            return ast.literal_eval(node.value)
    return []


def labels_of(paths):
    """The targets that are named as these sources are."""
    return [f'"//{os.path.dirname(path)}:{os.path.basename(path).removesuffix(".cc")}"'
            for path in paths]


class RoomsTest(unittest.TestCase):
    """What goes through all rooms of mm, or all models, must not miss a new one."""

    def test_the_list_that_mutants_and_coverage_use_has_every_room(self):
        self.assertIn("paging", rooms())
        self.assertEqual(listed(sources.read(ROOMS), "ROOMS"), rooms())

    def test_every_model_is_played_by_the_long_run(self):
        models = labels_of(sources.paths(["_model_test.cc"]))
        self.assertNotEqual(models, [])
        played = sources.read(MODELS)
        self.assertEqual([label for label in models if label not in played], [])

    def test_a_list_is_found_by_its_name(self):
        build = 'OTHERS = ["lib"]\nROOMS = [\n    "addr",\n]\n'
        self.assertEqual(listed(build, "ROOMS"), ["addr"])


if __name__ == "__main__":
    story.main()
