"""//tools/image: what it makes, byte by byte, and what it refuses."""

import os
import stat
import struct
import subprocess
import unittest

from host_tests.boot import images
from tools.image import cpio, disk, elf, image
from tools.image.errors import ImageError
from tools.testing import story

WORK = os.environ["TEST_TMPDIR"]
FILES = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.join(FILES, "../../tools/image/image")
KERNEL = os.path.join(FILES, "../../kernel/quire.elf")


def in_work(name, data=b""):
    path = os.path.join(WORK, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def members(archive):
    """name -> (mode, inode, data) of a cpio archive, by a reading of the format's description."""
    found = {}
    at = 0
    while True:
        assert archive[at:at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name_end = at + 110 + fields[11]
        name = archive[at + 110:name_end - 1].decode()
        data_start = -(-name_end // 4) * 4
        if name == "TRAILER!!!":
            return found
        found[name] = (fields[1], fields[0], archive[data_start:data_start + fields[6]])
        at = -(-(data_start + fields[6]) // 4) * 4


class RamDiskTest(unittest.TestCase):
    def test_parents_are_made_and_members_are_sorted_and_numbered(self):
        archive = cpio.Archive()
        archive.add_file(in_work("host", b"hello"), "/usr/bin/hello")
        archive.add_file(in_work("host", b"hello"), "etc/motd")
        found = members(archive.to_bytes())
        self.assertEqual(list(found), ["etc", "etc/motd", "usr", "usr/bin", "usr/bin/hello"])
        self.assertEqual([inode for _, inode, _ in found.values()], [1, 2, 3, 4, 5])
        self.assertTrue(stat.S_ISDIR(found["usr"][0]))
        self.assertEqual(found["usr/bin/hello"][2], b"hello")

    def test_of_a_mode_only_the_right_to_execute_is_kept(self):
        for mode, expected in ((0o600, 0o644), (0o700, 0o755), (0o4755, 0o755)):
            path = in_work("moded")
            os.chmod(path, mode)
            archive = cpio.Archive()
            archive.add_file(path, "f")
            self.assertEqual(members(archive.to_bytes())["f"][0], stat.S_IFREG | expected)

    def test_a_directory_comes_with_its_links_and_empty_directories(self):
        in_work("tree/a/file", b"x")
        os.makedirs(os.path.join(WORK, "tree/empty"), exist_ok=True)
        os.symlink("a/file", os.path.join(WORK, "tree/link"))
        archive = cpio.Archive()
        archive.add_tree(os.path.join(WORK, "tree"))
        found = members(archive.to_bytes())
        self.assertEqual(list(found), ["a", "a/file", "empty", "link"])
        self.assertTrue(stat.S_ISLNK(found["link"][0]))
        self.assertEqual(found["link"][2], b"a/file")

    def assert_refused(self, code, *guest_paths):
        archive = cpio.Archive()
        with self.assertRaises(ImageError) as caught:
            for path in guest_paths:
                archive.add_file(in_work("host"), path)
        self.assertEqual(caught.exception.code, code)

    def test_paths_that_make_no_sense(self):
        self.assert_refused("I21", "a", "a")
        self.assert_refused("I21", "a/b", "a")
        self.assert_refused("I24", "a", "a/b")
        for path in ("", "/", "../etc", "a/../../b", "TRAILER!!!"):
            self.assert_refused("I25", path)

    def test_things_that_are_no_files(self):
        fifo = os.path.join(WORK, "fifo")
        os.mkfifo(fifo)
        with self.assertRaisesRegex(ImageError, "I26"):
            cpio.Archive().add_file(fifo, "f")
        with self.assertRaisesRegex(ImageError, "I27"):
            cpio.Archive().add_file(os.path.join(WORK, "absent"), "f")


class DiskTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.path = images.write(os.path.join(WORK, "disk.img"), images.contents())
        cls.data = read(cls.path)

    def partitions(self, data):
        rows = [struct.unpack_from("<BxxxBxxxII", data, 446 + 16 * i) for i in range(4)]
        return [(status, kind, range(start, start + count))
                for status, kind, start, count in rows if kind]

    def test_the_same_input_makes_the_same_bytes(self):
        again = images.write(os.path.join(WORK, "again.img"), images.contents())
        self.assertEqual(self.data, read(again))

    def test_5_the_active_partition_covers_all_that_is_booted(self):
        (active, efi) = self.partitions(self.data)
        self.assertEqual((active[0], efi[0]), (0x80, 0))
        places = images.Map(self.data)
        for part in (places.stage2, places.kernel, places.ram_disk, places.command_line):
            self.assertIn(part.start // disk.SECTOR, active[2])
            self.assertIn((part.stop - 1) // disk.SECTOR, active[2])
        self.assertGreaterEqual(efi[2].start, active[2].stop)
        self.assertLessEqual(efi[2].stop * disk.SECTOR, len(self.data))

    def test_5_what_a_bios_or_a_system_may_rewrite_is_empty(self):
        self.assertEqual(self.data[0x03:0x5A].strip(b"\0"), b"")
        self.assertEqual(self.data[0xDA:0xE0], bytes(6))
        self.assertEqual(self.data[0x1B8:0x1BE], bytes(6))
        self.assertEqual(self.data[510:512], b"\x55\xaa")

    def test_14_everything_begins_where_a_large_sector_begins(self):
        places = images.Map(self.data)
        for part in (places.stage2, places.kernel, places.ram_disk, places.command_line):
            self.assertEqual(part.start % 4096, 0)
        self.assertEqual(len(places.stage2) % 4096, 0)

    def test_17_a_uefi_pc_finds_a_notice_that_says_what_is_needed(self):
        (_, efi) = self.partitions(self.data)
        self.assertEqual(efi[1], 0xEF)
        notice = subprocess.run(
            ["/usr/bin/mtype", "-i", f"{self.path}@@{efi[2].start * disk.SECTOR}",
             "::/EFI/BOOT/BOOTX64.EFI"], check=True, capture_output=True).stdout
        self.assertEqual(notice[:2], b"MZ")
        self.assertIn("Quire needs a legacy BIOS".encode("utf-16-le"), notice)

    def test_a_disk_has_a_size_that_an_sd_card_can_have(self):
        self.assertEqual(len(self.data) & (len(self.data) - 1), 0)

    def test_a_floppy_has_the_size_of_one_and_no_partitions(self):
        data = read(images.write(os.path.join(WORK, "f.img"), images.contents(is_floppy=True)))
        self.assertEqual(len(data), 1474560)
        self.assertEqual(self.partitions(data), [])

    def test_a_floppy_that_does_not_hold_it_all_is_refused(self):
        with self.assertRaisesRegex(ImageError, "I45"):
            images.write(os.path.join(WORK, "f.img"),
                         images.contents(is_floppy=True, ram_disk=bytes(1500000)))

    def test_a_zero_byte_in_the_command_line_is_refused(self):
        with self.assertRaisesRegex(ImageError, "I41"):
            images.write(os.path.join(WORK, "z.img"), images.contents(command_line=b"a\0b"))

    def test_an_image_that_cannot_be_written_leaves_nothing_behind(self):
        folder = os.path.join(WORK, "taken")
        os.makedirs(os.path.join(folder, "disk.img"))
        with self.assertRaisesRegex(ImageError, "I44"):
            images.write(os.path.join(folder, "disk.img"), images.contents())
        self.assertEqual(os.listdir(folder), ["disk.img"])
        with self.assertRaisesRegex(ImageError, "I44"):
            images.write(os.path.join(WORK, "absent/disk.img"), images.contents())


class KernelTest(unittest.TestCase):
    def setUp(self):
        self.whole = read(images.WITNESS)
        self.trimmed = elf.trim(self.whole, "witness")

    def assert_refused(self, code, data):
        with self.assertRaises(ImageError) as caught:
            elf.trim(bytes(data), "kernel")
        self.assertEqual(caught.exception.code, code)

    def changed(self, offset, layout, value):
        data = bytearray(self.whole)
        struct.pack_into(layout, data, offset, value)
        return data

    def test_only_what_is_loaded_is_kept(self):
        self.assertLess(len(self.trimmed), len(self.whole))
        self.assertEqual(self.trimmed, elf.trim(self.trimmed, "again"))

    def test_a_kernel_that_the_loader_would_refuse_is_refused(self):
        first, second = 64, 64 + 56
        self.assert_refused("I31", b"#!/bin/sh\n" * 10)
        self.assert_refused("I31", self.whole[:40])
        self.assert_refused("I32", self.changed(16, "<H", 3))
        self.assert_refused("I33", self.changed(32, "<Q", 1 << 40))
        self.assert_refused("I34", self.changed(56, "<H", 0))
        self.assert_refused("I35", self.changed(first + 40, "<Q", 1))
        self.assert_refused("I36", self.changed(second + 16, "<Q", 0xFFFFFFFF80000000))
        self.assert_refused("I36", self.changed(first + 16, "<Q", 0x100000))
        self.assert_refused("I37", self.changed(24, "<Q", 0))
        self.assert_refused("I38", self.changed(first + 8, "<Q", 1 << 40))


class ToolTest(unittest.TestCase):
    def run_tool(self, *arguments):
        return subprocess.run([TOOL, *arguments], cwd=WORK, capture_output=True, text=True,
                              env={**os.environ, "BUILD_WORKING_DIRECTORY": WORK}, check=False)

    def test_it_makes_the_image_that_the_library_makes(self):
        in_work("root/data/ramp", bytes(i * i % 251 for i in range(20000)))
        done = self.run_tool("tool.img", "--kernel", images.WITNESS, "--directory", "root",
                             "--command-line", "init=/x 'y z'")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        made = images.write(os.path.join(WORK, "library.img"), images.contents())
        self.assertEqual(read(os.path.join(WORK, "tool.img")), read(made))

    def test_the_built_kernel_is_the_one_to_boot_unless_another_is_named(self):
        for name, *options in (["built.img"], ["named.img", "--kernel", KERNEL]):
            done = self.run_tool("--command-line", "audit", name, *options)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(read(os.path.join(WORK, "built.img")),
                         read(os.path.join(WORK, "named.img")))

    def test_bad_input_is_a_numbered_sentence_and_no_image(self):
        kernel = ["--kernel", images.WITNESS]
        for code, *arguments in (["I11", *kernel, "--vbe", "huge"],
                                 ["I12", *kernel, "--file", "x"],
                                 ["I23", *kernel, "--directory", "absent"],
                                 ["I27", *kernel, "--file", "absent:x"],
                                 ["I27", "--kernel", "absent"],
                                 ["I31", "--kernel", "/dev/null"]):
            with self.subTest(arguments):
                done = self.run_tool("bad.img", *arguments)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertRegex(done.stderr, rf"^image: {code}: .+\n$")
                self.assertFalse(os.path.exists(os.path.join(WORK, "bad.img")))

    def test_help_names_every_option(self):
        done = self.run_tool("--help")
        self.assertEqual(done.returncode, 0)
        for option in ("--kernel", "--directory", "--file", "--command-line", "--vbe", "--floppy"):
            self.assertIn(option, done.stdout)


if __name__ == "__main__":
    story.main()
