import os
import unittest

from tools.syscalls import page
from tools.testing import story

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class PageTest(unittest.TestCase):
    def test_the_page_is_what_the_table_says(self):
        with open(page.TABLE, encoding="utf-8") as table:
            wanted = page.page(table.read())
        with open(os.path.join(_WORKSPACE, page.PAGE), encoding="utf-8") as file:
            self.assertEqual(file.read(), wanted, "make it anew: bazel run //tools/syscalls")

    def test_numbers_ascend(self):
        with open(page.TABLE, encoding="utf-8") as table:
            numbers = [number for number, *_ in page.entries(table.read())]
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_what_is_no_entry_is_refused(self):
        for line in ("CALL(1, write)", "CALL(1, write, call_write, SOMETIMES)"):
            with self.assertRaises(ValueError):
                page.entries(line)

    def test_a_comment_is_what_is_missing(self):
        self.assertEqual(page.entries("CALL(2, open, call_open, RESTART_IF_ASKED) /* no doors */"),
                         [(2, "open", "after SA_RESTART", "no doors")])


if __name__ == "__main__":
    story.main()
