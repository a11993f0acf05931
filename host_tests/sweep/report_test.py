import unittest

from host_tests.sweep import operations, report
from tools.testing import refusal, story

DECLARED = [("mm/heap/heap.h", "heap_alloc"), ("mm/heap/heap.h", "heap_count"),
            ("mm/frame/early.h", "early_begin")]


class ReportTest(unittest.TestCase):
    def test_rows_are_counted_by_the_header_that_declares_their_operation(self):
        text = report.render([("heap_alloc", 4), ("heap_alloc", 2), ("heap_count", 0)], DECLARED)
        self.assertIn("2 of 3 public operations, found in 2 headers, ran in 3 rows; 6 ", text)
        self.assertIn("| `mm/heap/heap.h` | 2 | 1 | 3 | 6 |\n", text)
        self.assertIn("| `mm/frame/early.h` | 1 | 0 | 0 | 0 |\n", text)

    def test_what_has_no_row_is_named_with_its_reason(self):
        text = report.render([], DECLARED)
        for name, why in operations.EXEMPT.items():
            self.assertIn(f"`{name}` has no row: it is {why}.\n", text)

    def test_a_word_is_refused(self):
        self.assertIn("unrecognized arguments: frame",
                      refusal.of(lambda: report.parse(["--program=/no/such", "frame"])))


if __name__ == "__main__":
    story.main()
