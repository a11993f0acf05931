"""A second opinion: another PC with another BIOS, Bochs."""

import os
import unittest

from host_tests.boot import images, trial
from tools.machine import bochs
from tools.testing import story

WORK = os.environ["TEST_TMPDIR"]
ENOUGH_SECONDS = 60


class BochsTest(unittest.TestCase):
    def test_the_disk_boots_in_bochs(self):
        contents = images.contents()
        image = images.write(os.path.join(WORK, "disk.img"), contents)
        outcome = bochs.boot(image, ENOUGH_SECONDS, memory_mib=64)
        done = trial.Boot(outcome.log.decode(errors="replace"), None)
        self.assertEqual(done.facts("witness"), ["end"], done.text)
        self.assertEqual(done.fact("bss_is_zero"), 1)
        self.assertEqual(done.fact("ram_disk_size"), len(contents.ram_disk))
        self.assertEqual(done.facts("command_line"), [contents.command_line.decode()])
        self.assertEqual(done.fact("text"), 0xB8000)


if __name__ == "__main__":
    story.main()
