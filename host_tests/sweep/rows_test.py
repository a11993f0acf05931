import os
import sys
import unittest

from host_tests.sweep import operations
from tools.testing import story

PROGRAM = os.path.abspath(sys.argv.pop())


class RowsTest(unittest.TestCase):
    """What mm offers, and what the sweep runs, is the same."""

    def setUp(self):
        self.declared = {name for _, name in operations.operations()}
        self.swept = operations.swept(PROGRAM)

    def test_every_public_operation_has_a_row(self):
        missing = [f"{header}: {name} has no row in host_tests/sweep"
                   for header, name in operations.operations()
                   if name not in self.swept and name not in operations.EXEMPT]
        self.assertEqual(missing, [])

    def test_every_row_is_of_a_public_operation(self):
        self.assertEqual(sorted(self.swept - self.declared), [])

    def test_what_is_exempt_exists_and_has_no_row(self):
        exempt = set(operations.EXEMPT)
        self.assertEqual((sorted(exempt - self.declared), sorted(exempt & self.swept)), ([], []))

    def test_a_rows_name_says_its_operation(self):
        self.assertEqual(operations.operation_of("space_unmap_OutOfTheMiddle/FiveLevels"),
                         "space_unmap")
        self.assertEqual(operations.operation_of("early_alloc"), "early_alloc")


if __name__ == "__main__":
    story.main()
