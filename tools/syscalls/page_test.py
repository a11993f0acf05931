import collections
import os
import unittest

from tools.syscalls import page
from tools.testing import story

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class PageTest(unittest.TestCase):
    def test_the_page_is_what_the_table_says(self):
        with open(page.TABLE, encoding="utf-8") as table:
            wanted = page.page(table.read(), page.read_programs())
        with open(os.path.join(_WORKSPACE, page.PAGE), encoding="utf-8") as file:
            self.assertEqual(file.read(), wanted, "make it anew: bazel run //tools/syscalls")

    def test_every_call_is_compared_with_linux(self):
        programs = page.read_programs()
        with open(page.TABLE, encoding="utf-8") as table:
            names = [name for _, name, *_ in page.entries(table.read())]
        self.assertEqual([name for name in names if not page.callers(name, programs)], [])

    def test_who_names_a_call_most_often_comes_first(self):
        programs = {"a": {"read": 1, "pread": 0}, "b": {"read": 3, "pread": 1}, "c": {"write": 1}}
        programs = {name: collections.Counter(words) for name, words in programs.items()}
        self.assertEqual(page.callers("read", programs), ["b", "a"])
        self.assertEqual(page.callers("pread64", programs), ["b"])

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
