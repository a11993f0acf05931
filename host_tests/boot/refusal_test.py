"""What the loader will not boot, and the sentence that says why, with right checksums."""

import dataclasses
import os
import struct
import unittest

from host_tests.boot import images, trial
from tools.image import disk
from tools.testing import story

IMAGES = os.environ["TEST_TMPDIR"]

ELF_MACHINE, ELF_ENTRY, ELF_TABLE, ELF_TABLE_COUNT = 18, 24, 32, 56
FIRST_SEGMENT = 64
SEGMENT_SIZE = 56
TYPE, OFFSET, ADDRESS, FILE_SIZE, MEMORY_SIZE = 0, 8, 16, 32, 40
HEADER_VERSION, HEADER_KERNEL_SIZE = 8, 20


def changed(data, offset, layout, value):
    copy = bytearray(data)
    struct.pack_into("<" + layout, copy, offset, value)
    return bytes(copy)


def segment(index, field):
    return FIRST_SEGMENT + index * SEGMENT_SIZE + field


class RefusalTest(unittest.TestCase):
    def assert_refused(self, image, code, words, **machine_options):
        done = trial.boot_to_refusal(image, **machine_options)
        self.assertEqual(done.stage2_code(), code, done.text)
        self.assertIn(words, done.text)
        self.assertFalse(done.reached_kernel())
        self.assertIsNone(done.status, "the machine must stop, not reset")

    def assert_kernel_refused(self, kernel, code, words):
        image = images.write(os.path.join(IMAGES, "elf.img"), images.contents(kernel=kernel))
        self.assert_refused(image, code, words)

    def assert_change_refused(self, offset, layout, value, code, words):
        kernel = changed(images.witness_kernel(), offset, layout, value)
        self.assert_kernel_refused(kernel, code, words)

    def test_a_kernel_that_is_no_elf_file(self):
        self.assert_kernel_refused(b"#!/bin/sh\n" * 100, "L40", "not an ELF64 executable")

    def test_a_kernel_that_is_shorter_than_a_header(self):
        self.assert_kernel_refused(images.witness_kernel()[:63], "L40", "not an ELF64 executable")

    def test_a_kernel_of_no_bytes_at_all(self):
        self.assert_kernel_refused(b"", "L40", "not an ELF64 executable")

    def test_a_kernel_for_another_machine(self):
        self.assert_change_refused(ELF_MACHINE, "H", 183, "L40", "not an ELF64 executable")

    def test_a_table_of_segments_outside_the_file(self):
        self.assert_change_refused(ELF_TABLE, "Q", 1 << 20, "L41", "0x100000, is not in its file")
        self.assert_change_refused(ELF_TABLE, "Q", 0xFFFFFFF0, "L41", "0xfffffff0")
        self.assert_change_refused(ELF_TABLE, "Q", 1 << 32, "L41", "is not in its file")

    def test_a_kernel_without_a_segment(self):
        self.assert_change_refused(ELF_TABLE_COUNT, "H", 0, "L42", "no segment to load")

    def test_a_segment_outside_the_file(self):
        for value in (1 << 20, 0xFFFFFFFFFFFFFFFF, 0xFFFFF000):
            self.assert_change_refused(segment(1, OFFSET), "Q", value, "L43", "segment 1 is not in")

    def test_a_segment_larger_in_the_file_than_in_memory(self):
        self.assert_change_refused(segment(0, MEMORY_SIZE), "Q", 1, "L44", "segment 0 has more")
        self.assert_change_refused(segment(2, MEMORY_SIZE), "Q", 1 << 32, "L44", "segment 2 has")

    def test_segments_that_are_not_in_order(self):
        self.assert_change_refused(segment(1, ADDRESS), "Q", 0xFFFFFFFF80001000, "L45", "segment 1")

    def test_a_segment_below_the_top_two_gibibytes(self):
        for address in (0x100000, 0xFFFFFFFF7FFFF000, 0xFFFF800080000000):
            self.assert_change_refused(segment(0, ADDRESS), "Q", address, "L45", "segment 0 is not")

    def test_a_segment_that_wraps(self):
        self.assert_change_refused(segment(2, MEMORY_SIZE), "Q", 0xFFFFF000, "L45", "segment 2 is")

    def test_an_entry_point_in_data(self):
        kernel = images.witness_kernel()
        (data,) = struct.unpack_from("<Q", kernel, segment(2, ADDRESS))
        self.assert_change_refused(ELF_ENTRY, "Q", data, "L46", f"{data:x}h")

    def test_an_entry_point_in_the_lower_half(self):
        self.assert_change_refused(ELF_ENTRY, "Q", 0x80001000, "L46", "is in no executable segment")

    def test_a_kernel_larger_than_memory(self):
        self.assert_change_refused(segment(2, MEMORY_SIZE), "Q", 100 << 20, "L18", "no room for")

    def test_a_ram_disk_larger_than_memory(self):
        large = images.contents(ram_disk=bytes(20 << 20))
        image = images.write(os.path.join(IMAGES, "large.img"), large)
        self.assert_refused(image, "L19", "no room for the RAM disk: 20971520 bytes", memory="16M")

    def test_a_32_bit_pc(self):
        image = images.write(os.path.join(IMAGES, "disk.img"), images.contents())
        for cpu in ("qemu32", "486"):
            self.assert_refused(image, "L13", "this CPU has no 64-bit mode", cpu=cpu)

    def test_an_exception_in_the_loader(self):
        mask_the_pics = bytes((0xB0, 0xFF, 0xE6, 0x21))
        undefined_instruction = bytes((0x0F, 0x0B))
        good = images.loader()
        self.assertEqual(good.stage2.count(mask_the_pics), 1)
        bad = dataclasses.replace(good, stage2=good.stage2.replace(
            mask_the_pics, undefined_instruction + mask_the_pics[2:]))
        image = os.path.join(IMAGES, "exception.img")
        disk.write(image, *disk.disk_pieces(bad, images.contents()))
        self.assert_refused(image, "L60", "CPU exception 6 at 0x")

    def assert_table_refused(self, offset, value, code, words, with_crc):
        path = images.write(os.path.join(IMAGES, "table.img"), images.contents())
        with open(path, "rb") as file:
            data = images.change_header(file.read(), offset, value, with_crc)
        with open(path, "wb") as file:
            file.write(data)
        self.assert_refused(path, code, words)

    def test_a_table_of_contents_with_a_wrong_crc(self):
        self.assert_table_refused(HEADER_KERNEL_SIZE, 4096, "L10", "is damaged", with_crc=False)

    def test_a_table_of_contents_of_another_version(self):
        self.assert_table_refused(HEADER_VERSION, 7, "L11", "of version 7", with_crc=True)

    def test_sizes_that_no_memory_can_hold(self):
        self.assert_table_refused(HEADER_KERNEL_SIZE, 0xFFFFFFFF, "L18", "4294967295",
                                  with_crc=True)


if __name__ == "__main__":
    story.main()
