"""What a test hands on to the programs that it runs."""

import os

_OF_THIS_TEST = ("TEST_", "TESTBRIDGE_", "GTEST_", "XML_", "QUIRE_")


def inherited():
    """Without what would make a program believe that Bazel runs it, perhaps as one of shards."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(_OF_THIS_TEST)}
