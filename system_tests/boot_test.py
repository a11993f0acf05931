import os
import re
import struct

from system_tests.machine_case import (MachineCase, TIMEOUT_SECONDS, log_text, program,
                                       workspace_file)
from tools.exec import session, verdict
from tools.machine import bochs, qemu
from tools.machine.config import MachineConfig
from tools.machine.qemu import Ending
from tools.testing import story

FLOPPY_BYTES = 1474560
HEX = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{16}\b")
OF_A_STACK = re.compile(r"@ +\d+ KiB +((?:\S+ +){3}stack)")
OF_A_TWIN = re.compile("twin |demo: process [12]: ")
NUMBER = re.compile(r"\b\d+\b")


class OtherMediaTest(MachineCase):
    def test_a_floppy_boots(self):
        config = MachineConfig(medium="floppy")
        self.assert_ran_hello(self.run_program(program("hello"), config=config, append="audit"))

    def test_the_built_floppy_image_fits_on_a_floppy_and_boots(self):
        image = workspace_file("floppy_image.img")
        self.assertLessEqual(os.path.getsize(image), FLOPPY_BYTES)
        with qemu.Qemu(MachineConfig(medium="floppy"), image) as machine:
            self.assertTrue(machine.log.wait_for(b"press p to power off", TIMEOUT_SECONDS))

    def test_the_same_image_boots_in_bochs(self):
        image = os.path.join(qemu.work_directory(), "bochs.img")
        session.make_image(image, session.Request(program("hello"), append="audit"))
        outcome = bochs.boot(image, TIMEOUT_SECONDS)
        self.assertEqual(verdict.judge(outcome), verdict.Verdict(7), outcome.log.decode())
        self.assertEqual(outcome.terminal, b"argument 0: /bin/hello\n")


class KeyTest(MachineCase):
    """After the demonstration the machine waits for a key, and does what it says."""

    def press(self, key, config=MachineConfig()):
        with qemu.Qemu(config, workspace_file("demonstration_image.img")) as machine:
            self.assertTrue(machine.log.wait_for(b"press p to power off", TIMEOUT_SECONDS))
            machine.qmp.command("send-key", keys=[{"type": "qcode", "data": key}])
            return machine.wait(TIMEOUT_SECONDS).ending

    def test_p_powers_off(self):
        self.assertEqual(self.press("p"), Ending.POWERED_OFF)
        self.assertEqual(self.press("p", MachineConfig(machine="q35", medium="ahci")),
                         Ending.POWERED_OFF)

    def test_r_reboots(self):
        self.assertEqual(self.press("r"), Ending.RESET)
        self.assertEqual(self.press("r", MachineConfig(machine="q35", medium="ahci")), Ending.RESET)


class DemonstrationTest(MachineCase):
    def test_it_says_what_it_should(self):
        outcome = qemu.boot(MachineConfig(), workspace_file("disk_image_exit.img"), TIMEOUT_SECONDS)
        self.assertEqual(outcome.ending, Ending.POWERED_OFF)
        with open(workspace_file("system_tests/demonstration.txt"), encoding="utf-8") as golden:
            self.assertEqual(normalise(log_text(outcome)), golden.read())


def normalise(text):
    """The demonstration, without what may change: numbers, times, and which twin is ahead.

    How many pages the strings on a stack take depends on where it was put.
    """
    lines = [HEX.sub("@", line) for line in text[text.index("demo: "):].splitlines(keepends=True)]
    places = [place for place, line in enumerate(lines) if OF_A_TWIN.match(line)]
    in_order = sorted((lines[place] for place in places), key=lambda line: (line[0] == "d", line))
    for place, line in zip(places, in_order):
        lines[place] = line
    counted = (NUMBER.sub("#", line) if "frames" in line else line for line in lines)
    text = OF_A_STACK.sub(r"@ # KiB \1", "".join(counted))
    return re.sub(r" +", " ", re.sub(r"at tick \d+", "at tick #", text))


class ScreenTest(MachineCase):
    def screen_of(self, image):
        """Width, height and the set of colours on the screen at the end of the demonstration."""
        with qemu.Qemu(MachineConfig(), workspace_file(image)) as machine:
            self.assertTrue(machine.log.wait_for(b"press p to power off", TIMEOUT_SECONDS))
            picture = os.path.join(machine.directory, "screen.ppm")
            machine.qmp.command("screendump", filename=picture)
            with open(picture, "rb") as file:
                return read_ppm(file.read())

    def test_text_is_shown_in_text_mode_where_the_image_asks_for_nothing_else(self):
        width, height, colours = self.screen_of("system_tests/text_image.img")
        self.assertEqual((width, height), (720, 400))
        self.assertGreater(len(colours), 1)

    def test_text_is_shown_on_a_framebuffer_where_the_image_asks_for_one(self):
        width, height, colours = self.screen_of("demonstration_image.img")
        self.assertEqual((width, height), (1024, 768))
        self.assertGreater(len(colours), 1)


def read_ppm(contents):
    """A binary PPM's width, height and set of colours."""
    header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", contents)
    pixels = struct.iter_unpack("3s", contents[header.end():])
    return int(header[1]), int(header[2]), set(pixels)


if __name__ == "__main__":
    story.main()
