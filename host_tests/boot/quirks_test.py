"""BIOSes that do what real ones have done: quirky_bios.asm stands before SeaBIOS in each boot."""

import os
import subprocess
import unittest

from host_tests.boot import images, trial
from tools.image import disk
from tools.testing import story

FILES = os.path.dirname(os.path.abspath(__file__))
IMAGES = os.environ["TEST_TMPDIR"]
PARKED_OFFSET = 7000 * disk.SECTOR
E801, ONLY_88 = 2, 3


class QuirksTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.contents = images.contents()
        pieces, cls.size = disk.disk_pieces(images.loader(), cls.contents)
        cls.pieces = dict(pieces)

    def boot_with(self, *quirks):
        """Boots from a disk whose BIOS has the quirks, given as NASM definitions."""
        program = os.path.join(IMAGES, "quirky_bios.bin")
        subprocess.run(["/usr/bin/nasm", "-f", "bin", *(f"-D{quirk}" for quirk in quirks),
                        "-o", program, os.path.join(FILES, "quirky_bios.asm")], check=True)
        with open(program, "rb") as file:
            bios = file.read()
        stage1 = self.pieces[0]
        pieces = {**self.pieces, 0: bios[:446] + stage1[446:510] + bios[510:512],
                  PARKED_OFFSET: bios + stage1}
        image = os.path.join(IMAGES, "quirky.img")
        disk.write(image, pieces.items(), self.size)
        return trial.boot(image)

    def assert_boots_with(self, *quirks):
        done = self.boot_with(*quirks)
        self.assertEqual(done.status, trial.WITNESS_STATUS, done.text)
        self.assertEqual(done.fact("ram_disk_size"), len(self.contents.ram_disk))
        self.assertEqual(done.fact("boot_drive"), 0x80)
        return done

    def test_no_quirk_at_all(self):
        self.assert_boots_with()

    def test_1_a_bios_that_reads_one_sector_a_call(self):
        self.assert_boots_with("ONE_SECTOR")

    def test_1_a_bios_that_reads_one_sector_a_call_by_chs(self):
        self.assert_boots_with("ONE_SECTOR", "NO_EXTENSIONS")

    def test_1_reads_that_succeed_the_third_time(self):
        self.assert_boots_with("FLAKY=3")

    def test_1_a_sector_that_cannot_be_read_is_named(self):
        done = self.boot_with("BAD_SECTOR=30")
        self.assertEqual(done.stage2_code(), "L23")
        self.assertIn("sector 30 of the drive cannot be read: BIOS status 0x20", done.text)

    def test_1_a_sector_of_stage_2_that_cannot_be_read_is_a_code(self):
        self.assertEqual(self.boot_with("BAD_SECTOR=9").stage1_codes(), "L1L1L1")

    def test_2_a_bios_that_changes_segments_flags_and_registers(self):
        usual = self.assert_boots_with()
        self.assertEqual(self.assert_boots_with("REGISTERS_CHANGED").text, usual.text)
        self.assert_boots_with("REGISTERS_CHANGED", "NO_EXTENSIONS")

    def test_3_a_bios_that_names_the_wrong_drive(self):
        for drive in ("0", "0x01", "0x5A", "0x81", "0xFF"):
            with self.subTest(drive):
                self.assert_boots_with("WRONG_DRIVE=" + drive)

    def test_6_a_bios_without_extensions(self):
        self.assert_boots_with("NO_EXTENSIONS")

    def test_7_a_bios_that_leaves_a20_closed_and_cannot_open_it(self):
        self.assert_boots_with("A20_CLOSED")

    def test_8_a_memory_map_that_ends_by_carry(self):
        done = self.assert_boots_with("E820_ENDS_BY_CARRY")
        self.assertEqual(done.fact("memory_map_count"),
                         self.assert_boots_with().fact("memory_map_count"))

    def test_8_a_memory_map_that_never_ends(self):
        self.assertEqual(self.assert_boots_with("E820_ENDLESS").fact("memory_map_count"), 256)

    def test_8_a_memory_map_without_attributes(self):
        done = self.assert_boots_with("E820_SHORT")
        self.assertEqual(set(done.facts("region_attributes")), {"1"})

    def test_8_a_memory_map_in_disorder(self):
        done = self.assert_boots_with("E820_TABLE")
        self.assertEqual(done.fact("memory_map_count"), 7)
        self.assertEqual(done.fact("kernel_phys"), 0xA00000)
        self.assertLess(done.fact("ram_disk"), 0x200000)

    def test_8_a_bios_without_e820(self):
        done = self.assert_boots_with("NO_E820")
        self.assertEqual(done.fact("memory_map_source"), E801)
        self.assertEqual(done.facts("region_base"), ["0", "100000", "1000000"])
        self.assertEqual(done.facts("region_size")[1], "f00000")

    def test_8_a_bios_whose_e801_answers_in_two_registers_only(self):
        done = self.assert_boots_with("NO_E820", "E801_IN_AX_ONLY")
        self.assertEqual(done.facts("region_size")[1], "f00000")

    def test_8_a_bios_that_has_only_88h(self):
        done = self.assert_boots_with("NO_E820", "NO_E801")
        self.assertEqual(done.fact("memory_map_source"), ONLY_88)
        self.assertEqual(done.facts("region_base"), ["0", "100000"])

    def test_8_a_bios_that_does_not_know_its_memory(self):
        self.assertEqual(self.boot_with("NO_E820", "NO_E801", "NO_88").stage2_code(), "L15")

    def test_9_too_little_low_memory(self):
        done = self.boot_with("LOW_MEMORY_KIB=128")
        self.assertEqual(done.stage2_code(), "L16")
        self.assertIn("the BIOS leaves 131072", done.text)

    def test_14_a_drive_with_sectors_of_4096_bytes(self):
        self.assert_boots_with("LARGE_SECTORS")
        self.assert_boots_with("LARGE_SECTORS", "ONE_SECTOR")


if __name__ == "__main__":
    story.main()
