import os
import unittest

from tools.lint import sources
from tools.nested.bazel import NestedBazel
from tools.testing import story

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
IMAGES = ("disk_image", "floppy_image")


def read(path):
    with open(path, "rb") as file:
        return file.read()


class ReproducibleTest(unittest.TestCase):
    def test_a_second_build_elsewhere_and_later_gives_the_same_bytes(self):
        bazel = NestedBazel("elsewhere")
        self.addCleanup(bazel.remove)
        bazel.copy(sources.paths())
        status, said = bazel.build(*(f"//:{image}" for image in IMAGES))
        self.assertEqual(status, 0, said)
        for image in IMAGES:
            with self.subTest(image):
                first = read(os.path.join(_WORKSPACE, f"{image}.img"))
                self.assertTrue(first == read(bazel.output(f"{image}.img")), "the bytes differ")


if __name__ == "__main__":
    story.main()
