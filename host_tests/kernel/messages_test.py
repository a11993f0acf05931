"""Every numbered complaint of the kernel is explained in docs/messages.md, and no other."""

import pathlib
import re
import unittest

from tools.testing import story

# This file is a symbolic link in the runfiles, and the link ends in the checkout.
_ROOT = pathlib.Path(__file__).resolve().parents[2]
_DOCUMENTED = re.compile(r"^\| (K\d{3}) \|", re.MULTILINE)
_SAID = re.compile(r'"(K\d{3}): ')


def _documented():
    return _DOCUMENTED.findall((_ROOT / "docs/messages.md").read_text())


def _said():
    numbers = set()
    for source in (_ROOT / "kernel").rglob("*.c"):
        numbers.update(_SAID.findall(source.read_text()))
    return numbers


class MessagesTest(unittest.TestCase):
    def test_what_the_kernel_says_is_what_the_page_explains(self):
        self.assertEqual(sorted(_said()), _documented())

    def test_there_are_complaints_to_look_at(self):
        self.assertGreater(len(_said()), 40)


if __name__ == "__main__":
    story.main()
