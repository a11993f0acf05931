"""What the system tests share: running a program of user/ on Quire, and reading what came of it."""

import os
import unittest

from tools.exec import session
from tools.machine.config import MachineConfig

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Far above what any run takes on an idle machine: tests share theirs with others.
TIMEOUT_SECONDS = 120


def workspace_file(path):
    """The path of a file among the test's data."""
    return os.path.join(_WORKSPACE, path)


def program(name):
    """The path of a program of user/."""
    return workspace_file(f"user/{name}")


def log_text(result):
    """The kernel's log, with ordinary line ends."""
    return result.log.decode(errors="replace").replace("\r\n", "\n")


class MachineCase(unittest.TestCase):
    """A test case that boots machines."""

    maxDiff = None

    def run_program(self, path, *arguments, config=MachineConfig(), **request):
        """Runs a program whose machine must not fail."""
        result = self.run_anyhow(path, *arguments, config=config, **request)
        self.assertIsNone(result.failure, log_text(result))
        return result

    def run_anyhow(self, path, *arguments, config=MachineConfig(), **request):
        """Runs a program; the machine may fail."""
        return session.run(session.Request(program=path, arguments=arguments, config=config,
                                           timeout_seconds=TIMEOUT_SECONDS, **request))

    def assert_ran_hello(self, result):
        """`hello` prints its arguments and leaves with 7."""
        self.assertEqual((result.status, result.output), (7, b"argument 0: /bin/hello\n"),
                         log_text(result))

    def assert_log_has(self, result, pattern):
        self.assertRegex(log_text(result), pattern)
