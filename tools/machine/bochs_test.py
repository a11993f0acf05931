import os
import shutil
import unittest

from tools.machine import bochs, qemu
from tools.machine.qemu import Ending
from tools.testing import story

ENOUGH_SECONDS = 60
CYLINDER_BYTES = 16 * 63 * 512


class EndingTest(unittest.TestCase):
    def test_only_the_log_tells_a_power_off_from_a_triple_fault(self):
        self.assertEqual(bochs.ending_of("00100i[ACPI ] ACPI control: soft power off"),
                         Ending.POWERED_OFF)
        self.assertEqual(
            bochs.ending_of("e[CPU0 ] exception(): 3rd (13) exception with no resolution"),
            Ending.TRIPLE_FAULT)
        self.assertEqual(bochs.ending_of("p[UNMAP ] Shutdown port: shutdown requested"),
                         Ending.DEBUG_EXIT)
        self.assertEqual(bochs.ending_of("[SYS ] panic"), Ending.STOPPED)


class BootTest(unittest.TestCase):
    def boot(self, ending, timeout):
        probe = os.path.join(os.path.dirname(__file__), f"probe_{ending}.bin")
        image = os.path.join(qemu.work_directory(), "probe.img")
        shutil.copyfile(probe, image)
        os.truncate(image, CYLINDER_BYTES)
        return bochs.boot(image, timeout)

    def test_a_triple_fault_is_seen(self):
        self.assertEqual(self.boot("triple_fault", ENOUGH_SECONDS).ending, Ending.TRIPLE_FAULT)

    def test_a_hang_is_stopped_in_time_and_leaves_the_text_of_both_ports(self):
        outcome = self.boot("hang", timeout=5)
        self.assertEqual(outcome.ending, Ending.TIMED_OUT)
        self.assertEqual((outcome.log, outcome.terminal),
                         (b"a line of the log\n", b"a line for the terminal\n"))


if __name__ == "__main__":
    story.main()
