import argparse
import unittest

from tools.arguments import arguments
from tools.testing import story


class PositiveTest(unittest.TestCase):
    def test_a_number_above_0_is_itself(self):
        self.assertEqual((1, 600), (arguments.positive("1"), arguments.positive("600")))

    def test_everything_else_is_refused_in_words(self):
        for text in ("0", "00", "-1", "", "1.5", "many", "\u00b2"):
            with self.subTest(text=text), self.assertRaisesRegex(
                    argparse.ArgumentTypeError, f"'{text}' is not a whole number above 0"):
                arguments.positive(text)


if __name__ == "__main__":
    story.main()
