"""Images for the boot tests: the witness kernel's, and damaged relatives of it."""

import os
import struct
import zlib

from tools.image import cpio, disk, elf, image

_FILES = os.path.dirname(os.path.abspath(__file__))
WITNESS = os.path.join(_FILES, "kernel/witness_elf")
_STAGE1_FACTS = struct.Struct("<HI")
_STAGE1_FACTS_OFFSET = 0x1B2
_EXTENTS_OFFSET = 16
_HEADER_SIZE = 56
EXTENT_NAMES = ("kernel", "ram_disk", "command_line")


def witness_kernel():
    """The kernel as it is stored in an image."""
    with open(WITNESS, "rb") as file:
        return elf.trim(file.read(), WITNESS)


def ram_disk(size=20000):
    """A RAM disk with one file of `size` bytes."""
    archive = cpio.Archive()
    archive.add("data/ramp", cpio.Entry(0o100644, bytes(i * i % 251 for i in range(size))))
    return archive.to_bytes()


def contents(**changes):
    """What goes on the usual disk, with changes."""
    usual = {"kernel": witness_kernel(), "ram_disk": ram_disk(), "command_line": b"init=/x 'y z'"}
    return disk.Contents(**{**usual, **changes})


def loader():
    """The loader under test."""
    return image.built_loader()


def write(path, made_of):
    """Makes and writes an image; returns the path."""
    disk.write(path, *disk.disk_pieces(loader(), made_of))
    return path


class Map:
    """Where things lie in an image's bytes."""

    def __init__(self, data):
        size, _ = _STAGE1_FACTS.unpack_from(data, _STAGE1_FACTS_OFFSET)
        self.stage2 = range(disk.STAGE2_OFFSET, disk.STAGE2_OFFSET + size)
        self.table = range(disk.STAGE2_OFFSET, disk.STAGE2_OFFSET + _HEADER_SIZE)
        for index, name in enumerate(EXTENT_NAMES):
            at = disk.STAGE2_OFFSET + _EXTENTS_OFFSET + 12 * index
            lba, size, _ = struct.unpack_from("<III", data, at)
            setattr(self, name, range(lba * disk.SECTOR, lba * disk.SECTOR + size))


def change_header(data, offset, value, with_crc=True):
    """Stores a 32-bit value in stage 2's header and makes the checksums that cover it right."""
    data = bytearray(data)
    base = disk.STAGE2_OFFSET
    struct.pack_into("<I", data, base + offset, value)
    if with_crc:
        crc = zlib.crc32(data[base:base + _HEADER_SIZE - 4])
        struct.pack_into("<I", data, base + _HEADER_SIZE - 4, crc)
    stage2 = Map(data).stage2
    _STAGE1_FACTS.pack_into(data, _STAGE1_FACTS_OFFSET, len(stage2),
                            disk.checksum(data[stage2.start:stage2.stop]))
    return data
