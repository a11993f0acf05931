"""What the kernel finds when the loader starts it, from every medium and on unlike machines."""

import os
import unittest

from host_tests.boot import images, trial
from tools.machine.config import MEDIA
from tools.testing import story

IMAGES = os.environ["TEST_TMPDIR"]
BOOT_INFO_MAGIC = 0x464E494552495551


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


class BootTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.contents = images.contents()
        cls.disk = images.write(os.path.join(IMAGES, "disk.img"), cls.contents)
        cls.ram_disk_hash = fnv1a(cls.contents.ram_disk)

    def boot(self, image=None, **machine_options):
        done = trial.boot(image or self.disk, **machine_options)
        self.assertEqual(done.status, trial.WITNESS_STATUS, done.text)
        self.assertEqual(done.facts("witness"), ["end"])
        return done

    def assert_contents_arrived(self, done):
        self.assertEqual(done.fact("bss_is_zero"), 1)
        self.assertEqual(done.fact("data"), 0x0123456789ABCDEF)
        self.assertEqual(done.fact("ram_disk_hash"), self.ram_disk_hash)
        self.assertEqual(done.facts("command_line"), [self.contents.command_line.decode()])

    def test_boot_info_says_what_was_loaded_and_where(self):
        done = self.boot()
        self.assertEqual(done.fact("magic"), BOOT_INFO_MAGIC)
        self.assertEqual(done.fact("boot_drive"), 0x80)
        self.assertEqual(done.fact("entry_is_witness"), 1)
        self.assertEqual(done.fact("kernel_virt"), 0xFFFFFFFF80000000)
        self.assertEqual(done.fact("kernel_phys") % (2 << 20), 0)
        self.assertEqual(done.fact("mapped_twice"), 1)
        self.assertEqual(done.fact("ram_disk_size"), len(self.contents.ram_disk))
        self.assertEqual(done.fact("ram_disk") % 4096, 0)
        self.assertEqual(done.fact("command_line_size"), len(self.contents.command_line))
        self.assert_contents_arrived(done)

    def test_what_was_in_memory_before_does_not_matter(self):
        garbage = os.path.join(IMAGES, "garbage")
        with open(garbage, "wb") as file:
            file.write(b"\xa5" * (15 << 20))
        self.assert_contents_arrived(self.boot(options=trial.memory_full_of(garbage, 1 << 20)))

    def test_the_kernel_starts_with_all_interrupts_shut_out_and_nx_on(self):
        done = self.boot()
        self.assertEqual(done.fact("interrupts"), 0)
        self.assertEqual(done.fact("pic_masks"), 0xFFFF)
        self.assertEqual(done.fact("nxe"), 1)

    def test_memory_in_use_is_usable_disjoint_and_listed_once_each(self):
        done = self.boot()
        usable = [range(base, base + size) for base, size, kind in zip(
            (int(v, 16) for v in done.facts("region_base")),
            (int(v, 16) for v in done.facts("region_size")),
            done.facts("region_type")) if kind == "1"]
        uses = sorted((int(phys, 16), int(size, 16)) for phys, size in zip(
            done.facts("use_phys"), done.facts("use_size")))
        self.assertEqual(sorted(done.facts("use_kind")), ["1", "2", "3", "4"])
        for (phys, size), (next_phys, _) in zip(uses, uses[1:]):
            self.assertLessEqual(phys + size, next_phys)
        for phys, size in uses:
            self.assertTrue(any(phys in r and phys + size - 1 in r for r in usable), hex(phys))

    def test_a_cpu_without_nx_is_not_told_to_use_it(self):
        self.assertEqual(self.boot(cpu="Nehalem,-nx").fact("nxe"), 0)

    def test_the_screen_is_text_unless_the_image_asks_for_more(self):
        done = self.boot()
        self.assertEqual(done.fact("framebuffer"), 0)
        self.assertEqual(done.fact("text"), 0xB8000)
        self.assertEqual((done.fact("columns"), done.fact("rows")), (80, 25))

    def test_the_screen_is_the_framebuffer_that_the_image_asks_for(self):
        disk = images.write(os.path.join(IMAGES, "vbe.img"), images.contents(video=(1024, 768)))
        done = self.boot(disk)
        self.assertEqual((done.fact("width"), done.fact("height")), (1024, 768))
        self.assertEqual(done.fact("bits"), 32)
        self.assertGreaterEqual(done.fact("pitch"), 4096)
        self.assertEqual([done.fact(c) for c in ("red", "green", "blue")], [0x810, 0x808, 0x800])
        self.assertGreater(done.fact("framebuffer"), 1 << 20)
        self.assertEqual(done.fact("text"), 0)

    def test_a_framebuffer_that_the_bios_has_not_is_a_sentence_and_text(self):
        disk = images.write(os.path.join(IMAGES, "odd.img"), images.contents(video=(1000, 700)))
        done = self.boot(disk)
        self.assertIn("the BIOS has no such framebuffer; text instead", done.text)
        self.assertEqual((done.fact("framebuffer"), done.fact("text")), (0, 0xB8000))

    def test_a_pc_without_a_graphics_card_has_no_screen(self):
        done = self.boot(options=["-vga", "none"])
        self.assertEqual((done.fact("framebuffer"), done.fact("text")), (0, 0))

    def test_every_medium_brings_every_byte(self):
        for medium in set(MEDIA) - {"floppy"}:
            with self.subTest(medium):
                self.assert_contents_arrived(self.boot(medium=medium))

    def test_a_floppy_boots_without_extensions(self):
        floppy = images.write(os.path.join(IMAGES, "floppy.img"), images.contents(is_floppy=True))
        done = self.boot(floppy, medium="floppy")
        self.assertEqual(done.fact("boot_drive"), 0)
        self.assert_contents_arrived(done)

    def test_unlike_machines_are_all_the_same_to_it(self):
        for fields in ({"machine": "q35", "medium": "ahci", "memory": "3G"}, {"memory": "6G"},
                       {"memory": "16M"}, {"cpu": "max"}, {"cpu": "qemu64"},
                       {"cpu": "Icelake-Server"}):
            with self.subTest(**fields):
                self.assert_contents_arrived(self.boot(**fields))

    def test_a_ram_disk_may_be_as_large_as_memory_allows(self):
        large = images.contents(ram_disk=bytes(range(1, 252)) * 100000)
        disk = images.write(os.path.join(IMAGES, "large.img"), large)
        done = self.boot(disk, memory="40M")
        self.assertEqual(done.fact("ram_disk_size"), len(large.ram_disk))
        self.assertEqual(done.fact("ram_disk_hash"), fnv1a(large.ram_disk))


if __name__ == "__main__":
    story.main()
