"""Runs a file's unittest cases as Bazel wants them run: filtered, sharded, and reported one by one.

A test file ends with `if __name__ == "__main__": story.main()`.
"""

import os
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree


class _Recorder(unittest.TextTestResult):
    """Keeps what became of each case, and how long it took."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.outcomes = {}
        self._started = {}

    def startTest(self, test):
        super().startTest(test)
        self._started[test.id()] = time.monotonic()
        self.outcomes[test.id()] = (None, "", 0.0)

    def stopTest(self, test):
        super().stopTest(test)
        kind, text, _ = self.outcomes[test.id()]
        self.outcomes[test.id()] = (kind, text, time.monotonic() - self._started[test.id()])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._record(test, "failure", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._record(test, "error", self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._record(test, "failure", (self.failures + self.errors)[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._record(test, "skipped", reason)

    def _record(self, test, kind, text):
        self.outcomes[test.id()] = (kind, text, 0.0)


def _cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _cases(item)
        else:
            yield item


def _mine(cases):
    """The cases of this shard, after `bazel test --test_filter`."""
    wanted = os.environ.get("TESTBRIDGE_TEST_ONLY", "")
    cases = [case for case in cases if wanted in case.id()]
    status_file = os.environ.get("TEST_SHARD_STATUS_FILE")
    if status_file:
        with open(status_file, "w", encoding="utf-8"):
            pass
    if wanted and not cases:
        sys.exit(f"story: --test_filter={wanted} chooses no case: no name contains it")
    shards = int(os.environ.get("TEST_TOTAL_SHARDS", "1"))
    return cases[int(os.environ.get("TEST_SHARD_INDEX", "0"))::shards]


def _write_report(path, outcomes):
    suite = ElementTree.Element("testsuite", name=os.environ.get("TEST_TARGET", "tests"))
    for identity, (kind, text, seconds) in outcomes.items():
        case = ElementTree.SubElement(suite, "testcase", name=identity, time="%.3f" % seconds)
        if kind:
            printable = "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
            ElementTree.SubElement(case, kind).text = printable
    ElementTree.ElementTree(suite).write(path, encoding="utf-8")


def main():
    """Runs the cases of the file that was started and leaves with 0 when all of them hold."""
    everything = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    cases = unittest.TestSuite(_mine(sorted(_cases(everything), key=lambda case: case.id())))
    runner = unittest.TextTestRunner(verbosity=2, resultclass=_Recorder)
    result = runner.run(cases)
    if "XML_OUTPUT_FILE" in os.environ:
        _write_report(os.environ["XML_OUTPUT_FILE"], result.outcomes)
    sys.exit(0 if result.wasSuccessful() else 1)
