import os
import stat
import tempfile
import unittest

from tools.image import cpio, root
from tools.image.errors import ImageError
from tools.testing import story

BUSYBOX = "/bin/busybox"


class RootTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def members(self, archive):
        path = os.path.join(self.directory, "archive")
        with open(path, "wb") as file:
            file.write(archive.to_bytes())
        return dict(cpio.parse(archive.to_bytes()))

    def read(self, text):
        archive = cpio.Archive()
        root.read_manifest(self.write("manifest", text), archive)
        return self.members(archive)

    def test_each_kind_of_line_makes_its_entry(self):
        self.write("source", "text\n")
        found = self.read("# comment\n\ndirectory /tmp 1777 # sticky\ndevice /dev/null 666 1:3\n"
                          "link /sbin bin\nfile /etc/motd 600 source\n")
        self.assertEqual(found["tmp"], cpio.Entry(stat.S_IFDIR | 0o1777))
        self.assertEqual(found["dev/null"], cpio.Entry(stat.S_IFCHR | 0o666, device=(1, 3)))
        self.assertEqual(found["sbin"], cpio.Entry(stat.S_IFLNK | 0o777, b"bin"))
        self.assertEqual(found["etc/motd"], cpio.Entry(stat.S_IFREG | 0o600, b"text\n"))

    def test_a_line_that_is_none_is_refused_with_its_number(self):
        for line in ("fifo /x 600", "directory /x 8", "device /x 666 1", "link /x"):
            with self.subTest(line), self.assertRaisesRegex(ImageError, "I29: .*manifest:2: "):
                self.read(f"# first\n{line}\n")

    def test_a_file_that_is_not_there_is_refused(self):
        with self.assertRaisesRegex(ImageError, "I27"):
            self.read("file /x 644 absent\n")

    def test_every_applet_is_a_link_to_busybox(self):
        archive = cpio.Archive()
        root.add_busybox(BUSYBOX, archive)
        found = self.members(archive)
        self.assertGreater(len(found), 200)
        self.assertEqual(found["bin/sh"].data, b"busybox")
        self.assertTrue(stat.S_ISREG(found["bin/busybox"].mode))


class ArchiveTest(unittest.TestCase):
    def archive(self, **entries):
        archive = cpio.Archive()
        for path, data in entries.items():
            archive.add(path, cpio.Entry(stat.S_IFREG | 0o644, data))
        return archive

    def read(self, data):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            archive = cpio.Archive()
            archive.add_archive(file.name)
            return archive.to_bytes()

    def test_an_archive_that_is_read_and_written_is_the_same(self):
        archive = self.archive(a=b"1", b=b"22222")
        archive.add("dev/full", cpio.Entry(stat.S_IFCHR | 0o666, device=(1, 7)))
        self.assertEqual(self.read(archive.to_bytes()), archive.to_bytes())

    def test_what_is_no_archive_is_refused(self):
        whole = self.archive(a=b"1" * 100).to_bytes()
        for data in (b"", b"hello", whole[:150], whole[:-130], whole.replace(b"070701", b"070702")):
            with self.subTest(data[:10]), self.assertRaisesRegex(ImageError, "I28"):
                self.read(data)

    def test_what_is_missing_is_added_and_what_is_there_stays(self):
        ours, other = self.archive(a=b"ours"), self.archive(a=b"theirs", b=b"theirs")
        ours.add_missing(other)
        self.assertEqual(ours.to_bytes(), self.archive(a=b"ours", b=b"theirs").to_bytes())


if __name__ == "__main__":
    story.main()
