import unittest

from tools.lint import sources
from tools.nested.bazel import NestedBazel
from tools.testing import story

PLUMBING = (".bazelrc", ".bazelignore", "WORKSPACE", "third_party/", "tools/toolchain/",
            "tools/python/")

# `top` includes what only `middle` depends on; `honest` names it as its own dependency too.
BUILD = """
load("//tools/toolchain:room.bzl", "room")
load("//tools/toolchain:transition.bzl", "for_kernel")

room(name = "bottom", hdrs = ["bottom.h"])
room(name = "middle", hdrs = ["middle.h"], deps = [":bottom"])
room(name = "top", srcs = ["top.c"], deps = [":middle"])
room(name = "honest", srcs = ["top.c"], deps = [":bottom", ":middle"])
for_kernel(name = "kernel_top", target = ":top")
for_kernel(name = "kernel_honest", target = ":honest")
"""


class LayeringTest(unittest.TestCase):
    """The compiler itself refuses an include that the BUILD file does not name."""

    @classmethod
    def setUpClass(cls):
        bazel = NestedBazel("layering")
        cls.addClassCleanup(bazel.remove)
        bazel.copy([path for path in sources.paths() if path.startswith(PLUMBING)])
        bazel.write("sample/BUILD.bazel", BUILD)
        bazel.write("sample/bottom.h", "#pragma once\n")
        bazel.write("sample/middle.h", '#pragma once\n#include "sample/bottom.h"\n')
        bazel.write("sample/top.c", '#include "sample/bottom.h"\n#include "sample/middle.h"\n')
        _, cls.said = bazel.build("--keep_going", "--show_result=10", "//sample:all")

    def assert_builds(self, target):
        self.assertIn(f"Target //sample:{target} up-to-date", self.said)

    def assert_refused(self, target):
        self.assertIn(f"Target //sample:{target} failed to build", self.said)
        self.assertIn("module //sample:top does not depend on a module exporting 'sample/bottom.h'",
                      self.said)

    def test_what_is_named_builds_for_the_host_and_for_the_kernel(self):
        self.assert_builds("honest")
        self.assert_builds("kernel_honest")

    def test_an_include_through_another_room_does_not_build_for_the_host(self):
        self.assert_refused("top")

    def test_nor_does_it_for_the_kernel(self):
        self.assert_refused("kernel_top")


if __name__ == "__main__":
    story.main()
