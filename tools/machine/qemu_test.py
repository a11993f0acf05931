import glob
import itertools
import os
import re
import shutil
import tempfile
import unittest

from tools.machine import qemu
from tools.machine.config import MACHINES, MEDIA, MachineConfig
from tools.machine.qemu import Ending
from tools.testing import story

ENOUGH_SECONDS = 20


def probe(ending):
    return os.path.join(os.path.dirname(__file__), f"probe_{ending}.bin")


def probe_disk(ending, path):
    """Makes a medium of a size that every controller's BIOS driver accepts."""
    shutil.copyfile(probe(ending), path)
    os.truncate(path, 1 << 20)
    return path


class EndingTest(unittest.TestCase):
    def boot(self, ending, timeout=ENOUGH_SECONDS):
        return qemu.boot(MachineConfig(), probe(ending), timeout)

    def test_a_machine_that_powers_off_is_seen_to(self):
        self.assertEqual(self.boot("power_off").ending, Ending.POWERED_OFF)

    def test_a_machine_that_resets_is_not_taken_for_one_that_powered_off(self):
        self.assertEqual(self.boot("reset").ending, Ending.RESET)

    def test_a_triple_fault_is_told_from_a_reset(self):
        self.assertEqual(self.boot("triple_fault").ending, Ending.TRIPLE_FAULT)

    def test_a_machine_that_leaves_by_the_debugging_port_names_its_status(self):
        outcome = qemu.boot(MachineConfig(), probe("debug_exit"), ENOUGH_SECONDS,
                            more_arguments=["-device", "isa-debug-exit,iobase=0xf4,iosize=4"])
        self.assertEqual((outcome.ending, outcome.status), (Ending.DEBUG_EXIT, 33))

    def test_a_machine_can_be_stopped_at_a_line_of_its_log(self):
        outcome = qemu.boot_until(re.compile(rb"of the \w+\n"), MachineConfig(), probe("hang"),
                                  ENOUGH_SECONDS)
        self.assertEqual((outcome.ending, outcome.status), (Ending.STOPPED, None))
        self.assertEqual(outcome.log, b"a line of the log\n")

    def test_a_line_that_never_comes_stops_no_machine_that_ends_by_itself(self):
        outcome = qemu.boot_until(re.compile(b"another"), MachineConfig(), probe("power_off"),
                                  ENOUGH_SECONDS)
        self.assertEqual((outcome.ending, outcome.status), (Ending.POWERED_OFF, 0))

    def test_a_machine_that_hangs_is_stopped_in_time_and_leaves_its_text(self):
        outcome = self.boot("hang", timeout=3)
        self.assertEqual(outcome.ending, Ending.TIMED_OUT)
        self.assertEqual(outcome.log, b"a line of the log\n")

    def test_a_machine_stopped_from_outside_did_not_power_off(self):
        with qemu.Qemu(MachineConfig(), probe("hang")) as machine:
            machine.qmp.command("quit")
            self.assertEqual(machine.wait(ENOUGH_SECONDS).ending, Ending.STOPPED)

    def test_what_qemu_refuses_it_says_itself(self):
        with self.assertRaisesRegex(qemu.MachineError, "unable to find CPU model 'abacus'"):
            qemu.boot(MachineConfig(cpu="abacus"), probe("hang"), ENOUGH_SECONDS)


class SerialTest(unittest.TestCase):
    def test_the_two_ports_are_kept_apart(self):
        outcome = qemu.boot(MachineConfig(), probe("power_off"), ENOUGH_SECONDS)
        self.assertEqual((outcome.log, outcome.terminal),
                         (b"a line of the log\n", b"a line for the terminal\n"))

    def test_text_is_handed_on_as_it_arrives(self):
        pieces = []
        with qemu.Qemu(MachineConfig(), probe("hang"), terminal_sinks=[pieces.append]) as machine:
            self.assertTrue(machine.terminal.wait_for(b"terminal\n", ENOUGH_SECONDS))
        self.assertEqual(b"".join(pieces), b"a line for the terminal\n")


class MediumTest(unittest.TestCase):
    def test_every_medium_boots_on_every_machine(self):
        image = probe_disk("power_off", os.path.join(qemu.work_directory(), "disk.img"))
        for machine, medium in itertools.product(MACHINES, MEDIA):
            with self.subTest(machine=machine, medium=medium):
                outcome = qemu.boot(MachineConfig(machine=machine, medium=medium), image,
                                    ENOUGH_SECONDS)
                self.assertEqual(outcome.ending, Ending.POWERED_OFF)


class ControlTest(unittest.TestCase):
    def test_memory_can_be_read_and_the_screen_taken(self):
        with qemu.Qemu(MachineConfig(), probe("hang")) as machine:
            self.assertTrue(machine.log.wait_for(b"log\n", ENOUGH_SECONDS))
            signature = machine.qmp.monitor("xp /1hx 0x7dfe").split()
            picture = os.path.join(machine.directory, "screen.png")
            machine.qmp.command("screendump", filename=picture, format="png")
            with open(picture, "rb") as file:
                self.assertEqual(file.read(4), b"\x89PNG")
        self.assertEqual(signature, ["0000000000007dfe:", "0xaa55"])

    def test_nothing_is_left_behind(self):
        with qemu.Qemu(MachineConfig(), probe("hang")) as machine:
            process = machine._process.pid
        self.assertFalse(os.path.exists(f"/proc/{process}"))
        self.assertEqual(glob.glob(os.path.join(qemu.work_directory(), "quire.*")), [])

    def test_a_missing_image_leaves_nothing_behind_either(self):
        with self.assertRaises(OSError):
            qemu.Qemu(MachineConfig(), os.path.join(tempfile.gettempdir(), "no such image"))
        self.assertEqual(glob.glob(os.path.join(qemu.work_directory(), "quire.*")), [])


if __name__ == "__main__":
    story.main()
