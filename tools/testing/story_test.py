import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from tools.testing import counts, story

CASES = """
import unittest
from tools.testing import story

class Sample(unittest.TestCase):
    def test_a_holds(self):
        pass
    def test_b_breaks(self):
        self.assertEqual("one\\x01", "two")
    def test_c_raises(self):
        raise OSError("no such thing")
    def test_d_waits(self):
        self.skipTest("later")
    def test_e_breaks_in_parts(self):
        for part in range(3):
            with self.subTest(part=part):
                self.assertEqual(part, 0)

story.main()
"""


class StoryTest(unittest.TestCase):
    def run_cases(self, **environment):
        with tempfile.TemporaryDirectory() as directory:
            program = pathlib.Path(directory, "sample.py")
            report = pathlib.Path(directory, "report.xml")
            program.write_text(CASES, encoding="utf-8")
            inherited = {name: value for name, value in os.environ.items()
                         if not name.startswith("TEST")}
            done = subprocess.run(
                [sys.executable, program], stderr=subprocess.PIPE, check=False,
                env={**inherited, "PYTHONPATH": os.pathsep.join(sys.path),
                     "XML_OUTPUT_FILE": str(report), **environment})
            text = report.read_text(encoding="utf-8") if report.exists() else None
            return done.returncode, text and counts.count_report(text)

    def test_each_case_is_reported_once(self):
        self.assertEqual(self.run_cases(), (1, counts.Counts(1, 3, 1)))

    def test_shards_share_the_cases(self):
        first = self.run_cases(TEST_TOTAL_SHARDS="2", TEST_SHARD_INDEX="0")
        second = self.run_cases(TEST_TOTAL_SHARDS="2", TEST_SHARD_INDEX="1")
        self.assertEqual((first, second), ((1, (1, 2, 0)), (1, (0, 1, 1))))

    def test_a_filter_that_chooses_nothing_fails(self):
        self.assertEqual(self.run_cases(TESTBRIDGE_TEST_ONLY="test_z"), (1, None))

    def test_a_shard_that_a_filter_leaves_nothing_for_holds(self):
        self.assertEqual(self.run_cases(TESTBRIDGE_TEST_ONLY="test_a", TEST_TOTAL_SHARDS="2",
                                        TEST_SHARD_INDEX="1"), (0, (0, 0, 0)))

    def test_a_filter_leaves_the_others_out(self):
        self.assertEqual(self.run_cases(TESTBRIDGE_TEST_ONLY="test_a"), (0, (1, 0, 0)))


if __name__ == "__main__":
    story.main()
