import os
import unittest

from tools.machine import bochs, qemu
from tools.machine.config import MachineConfig
from tools.machine.qemu import Ending
from tools.testing import story

TIMEOUT_SECONDS = 60
IMAGE = os.path.join(os.path.dirname(__file__), "entry_image.img")


class EntryTest(unittest.TestCase):
    """The kernel that tries every way in and out prints PASS, or the line that is not so."""

    def assert_passes(self, outcome):
        log = outcome.log.decode(errors="replace")
        self.assertEqual(outcome.ending, Ending.POWERED_OFF, log)
        self.assertEqual(log.splitlines()[-1], "PASS", log)

    def assert_passes_on(self, cpu):
        self.assert_passes(qemu.boot(MachineConfig(cpu=cpu), IMAGE, TIMEOUT_SECONDS))

    def test_a_cpu_without_any_extension(self):
        self.assert_passes_on("qemu64")

    def test_a_cpu_with_xsave_but_without_smap(self):
        self.assert_passes_on("IvyBridge")

    def test_a_cpu_with_smap(self):
        self.assert_passes_on("Skylake-Client")

    def test_a_cpu_with_everything(self):
        self.assert_passes_on("max")

    def test_bochs_which_checks_what_qemu_forgives(self):
        self.assert_passes(bochs.boot(IMAGE, TIMEOUT_SECONDS))


if __name__ == "__main__":
    story.main()
