import unittest

from tools.testing import counts, story

GOOGLETEST = """<?xml version="1.0"?><testsuites><testsuite name="A">
<testcase name="Holds" status="run" result="completed"/>
<testcase name="Breaks" status="run"><failure message="no"/><failure message="nor"/></testcase>
<testcase name="Waits" status="run" result="skipped"><skipped message="later"/></testcase>
</testsuite></testsuites>"""
ALL_HOLD = '<testsuite><testcase name="One"/><testcase name="Two"/></testsuite>'


def result(label, status, report=None, attempt=1, shard=1):
    outputs = [{"name": "test.log", "uri": "file:///log"}]
    if report is not None:
        outputs.append({"name": "test.xml", "uri": report})
    return {"id": {"testResult": {"label": label, "attempt": attempt, "shard": shard}},
            "testResult": {"status": status, "testActionOutput": outputs}}


def configured(label, **what):
    return {"id": {"targetConfigured": {"label": label}}, "configured": what}


def completed(label, **what):
    return {"id": {"targetCompleted": {"label": label}}, **what}


def count(events, bazel_exit=0):
    return counts.count_events(events, bazel_exit, read=lambda report: report)


class CountsTest(unittest.TestCase):
    def test_every_case_of_a_report_counts_once_however_often_it_failed(self):
        self.assertEqual(counts.count_report(GOOGLETEST), (1, 1, 1))

    def test_shards_add_up(self):
        events = [result("//a", "PASSED", ALL_HOLD, shard=shard) for shard in (1, 2)]
        self.assertEqual(count(events), (4, 0, 0))

    def test_only_the_last_attempt_of_a_flaky_test_counts(self):
        events = [result("//a", "FAILED", GOOGLETEST), result("//a", "PASSED", ALL_HOLD, attempt=2)]
        self.assertEqual(count(events), (2, 0, 0))

    def test_a_test_that_died_after_its_cases_held_is_a_failure(self):
        events = [result("//a", "TIMEOUT", ALL_HOLD), result("//b", "FAILED", GOOGLETEST)]
        self.assertEqual(count(events, 3), (3, 2, 1))

    def test_a_failed_test_without_a_report_is_one_failure(self):
        self.assertEqual(count([result("//a", "FAILED")], 3), (0, 1, 0))

    def test_a_passed_test_without_a_report_is_one_case(self):
        self.assertEqual(count([result("//a", "PASSED")]), (1, 0, 0))

    def test_a_test_that_does_not_compile_is_a_failure_beside_those_that_ran(self):
        events = [configured("//a", testSize="SMALL"), configured("//b", testSize="SMALL"),
                  configured("//lib", targetKind="cc_library rule"),
                  result("//a", "PASSED", ALL_HOLD),
                  completed("//a", completed={"success": True}), completed("//b", completed={}),
                  completed("//lib", completed={})]
        self.assertEqual(count(events, 1), (2, 1, 0))

    def test_a_test_that_was_skipped_as_incompatible_is_no_failure(self):
        events = [configured("//b", testSize="SMALL"),
                  completed("//b", aborted={"reason": "SKIPPED"})]
        self.assertEqual(count(events), (0, 0, 0))

    def test_a_run_that_bazel_calls_failed_never_counts_no_failure(self):
        self.assertEqual(count([result("//a", "PASSED", ALL_HOLD)], 1), (2, 1, 0))

    def test_the_line_says_skipped_only_when_something_was(self):
        self.assertEqual(counts.describe(counts.Counts(3, 0, 0)), "3 passed, 0 failed")
        self.assertEqual(counts.describe(counts.Counts(3, 1, 2)), "3 passed, 1 failed, 2 skipped")


if __name__ == "__main__":
    story.main()
