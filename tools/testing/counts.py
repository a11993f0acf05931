"""Counts test cases after `bazel test`, from its build events and the tests' own XML reports.

usage: counts.py EVENTS BAZEL_EXIT_CODE

The last line is `N passed, N failed` (with `, N skipped` where there are any). A test that could
not be built, timed out or died before it could report counts as one failed case. The exit code is
Bazel's, and never 0 when something failed.
"""

import json
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree
from collections import namedtuple

Counts = namedtuple("Counts", "passed failed skipped")
NOTHING = Counts(0, 0, 0)


def add(left, right):
    return Counts(*(a + b for a, b in zip(left, right)))


def count_report(xml_text):
    """Counts the cases of one JUnit report, as GoogleTest, unittest and Bazel itself write them."""
    counts = NOTHING
    for case in ElementTree.fromstring(xml_text).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            counts = add(counts, Counts(0, 1, 0))
        elif case.find("skipped") is not None:
            counts = add(counts, Counts(0, 0, 1))
        else:
            counts = add(counts, Counts(1, 0, 0))
    return counts


def read_report(uri):
    with urllib.request.urlopen(uri) as report:
        return report.read()


def report_uri(result):
    for output in result.get("testActionOutput", []):
        if output["name"] == "test.xml":
            return output["uri"]
    return None


def count_result(result, read=read_report):
    """Counts one run (one shard) of one test."""
    succeeded = result.get("status") in ("PASSED", "FLAKY")
    uri = report_uri(result)
    try:
        counts = count_report(read(uri)) if uri else NOTHING
    except (OSError, ElementTree.ParseError):
        counts = NOTHING
    if succeeded and counts == NOTHING and not uri:
        return Counts(1, 0, 0)
    if not succeeded and counts.failed == 0:
        return counts._replace(failed=1)
    return counts


def last_attempts(events):
    """The result of the last attempt at each run of each shard, keyed by what was run."""
    results = {}
    for event in events:
        identity = event["id"].get("testResult")
        if identity and "testResult" in event:
            key = (identity["label"], identity.get("configuration", {}).get("id"),
                   identity.get("run", 1), identity.get("shard", 1))
            results[key] = event["testResult"]
    return results


def unbuilt_tests(events):
    """Labels of the tests that were asked for and could not be built."""
    tests = {event["id"]["targetConfigured"]["label"] for event in events
             if event.get("configured", {}).get("testSize", "UNKNOWN") != "UNKNOWN"
             or event.get("configured", {}).get("targetKind", "").endswith("_test rule")}
    failed = {event["id"]["targetCompleted"]["label"] for event in events
              if "targetCompleted" in event["id"] and not event.get("completed", {}).get("success")
              and event.get("aborted", {}).get("reason") != "SKIPPED"}
    return tests & failed


def count_events(events, bazel_exit, read=read_report):
    """Counts a whole run. A run that Bazel calls failed always has a failed case."""
    total = NOTHING
    results = last_attempts(events)
    for result in results.values():
        total = add(total, count_result(result, read))
    ran = {key[0] for key in results}
    total = add(total, Counts(0, len(unbuilt_tests(events) - ran), 0))
    if bazel_exit != 0 and total.failed == 0:
        return total._replace(failed=1)
    return total


def describe(counts):
    line = "%d passed, %d failed" % (counts.passed, counts.failed)
    return line + (", %d skipped" % counts.skipped if counts.skipped else "")


def main(events_path, bazel_exit_text):
    bazel_exit = int(bazel_exit_text)
    with open(events_path, encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines if line.strip()]
    counts = count_events(events, bazel_exit)
    print(describe(counts))
    return bazel_exit or (1 if counts.failed or not counts.passed else 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
