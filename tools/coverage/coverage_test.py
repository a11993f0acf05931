import json
import unittest

from tools.coverage import coverage, measure
from tools.testing import refusal, story

LEAST_LINE_PERCENT = 98
LEAST_BRANCH_PERCENT = 95

LCOV = """\
SF:mm/a.c
FN:1,one
DA:1,2
DA:2,0
end_of_record
SF:lib/b.c
DA:1,1
end_of_record
"""
TEXT = ["switch (kind) {", "if (a && b) {"]


def exported(*branches):
    return json.dumps({"data": [{"files": [
        {"filename": "mm/a.c", "branches": branches},
        {"filename": "lib/b.c", "branches": [[1, 1, 1, 2, 0, 0, 0, 0, 4]]}]}]})


class ReadingTest(unittest.TestCase):
    def test_what_two_programs_ran_is_added_up(self):
        files = {}
        measure.read_lines(LCOV, files)
        measure.read_lines(LCOV.replace("DA:2,0", "DA:2,5"), files)
        self.assertEqual({path: file.lines for path, file in files.items()},
                         {"mm/a.c": {1: 4, 2: 5}})

    def test_a_condition_has_two_arms(self):
        files = {}
        measure.read_arms(exported([2, 5, 2, 6, 7, 0, 0, 0, 4]), files, {"mm/a.c": TEXT})
        self.assertEqual(files["mm/a.c"].arms, {measure.Arm(2, 5, 6, True): 7,
                                                measure.Arm(2, 5, 6, False): 0})
        self.assertEqual(list(coverage.uncovered(files, {"mm/a.c": TEXT})),
                         ["mm/a.c:2: never false: a"])

    def test_a_switch_over_every_kind_has_no_default_to_take(self):
        files = {}
        measure.read_arms(exported([1, 9, 1, 13, 0, 3, 0, 0, 4]), files, {"mm/a.c": TEXT})
        self.assertEqual(files["mm/a.c"].arms, {measure.Arm(1, 9, 13, False): 3})


class ArgumentsTest(unittest.TestCase):
    def test_a_word_is_refused_before_anything_runs(self):
        self.assertIn("unrecognized arguments: mm/frame",
                      refusal.of(lambda: coverage.main(["mm/frame"])))


class CoverageTest(unittest.TestCase):
    def test_nearly_all_of_mm_is_run(self):
        files, texts = measure.measure()
        listing = "\n".join([*coverage.uncovered(files, texts), coverage.summary(files)])
        print(listing)
        self.assertEqual(measure.uncounted(files), [])
        lines, arms = coverage.totals(files)
        self.assertGreaterEqual(coverage.percent(*lines), LEAST_LINE_PERCENT, listing)
        self.assertGreaterEqual(coverage.percent(*arms), LEAST_BRANCH_PERCENT, listing)


if __name__ == "__main__":
    story.main()
