"""The raw disk image that the loader boots; docs/boot_protocol.md draws it.

bootloader/image_header.inc and the end of bootloader/stage1.asm are the other side of this file.
"""

import dataclasses
import os
import struct
import tempfile
import zlib

from tools.image.errors import ImageError

SECTOR = 512
# Everything is aligned to this, so that an image also works on a disk with 4096-byte sectors.
BLOCK = 4096
STAGE2_OFFSET = BLOCK
STAGE2_LIMIT = 32 * 1024
FLOPPY_SIZE = 2880 * SECTOR
SMALLEST_DISK = 4 << 20
EFI_ALIGNMENT = 1 << 20
LARGEST_EXTENT = (1 << 32) - 1

_STAGE1_FIELDS_OFFSET = 0x1B2  # bytes of stage 2, their checksum
_PARTITION_TABLE_OFFSET = 0x1BE
_PARTITION_QUIRE = 0x7F  # "alternative OS development"
_PARTITION_EFI = 0xEF
_ACTIVE = 0x80

# magic, version, width, height, then three extents, then the CRC of all that
_HEADER_MAGIC = b"QUIREIMG"
_HEADER_VERSION = 1
_HEADER = struct.Struct("<8sIHH" + 3 * "III")
_CRC = struct.Struct("<I")


@dataclasses.dataclass(frozen=True)
class Loader:
    """What the build makes once, whatever the image holds."""

    stage1: bytes
    stage2: bytes
    efi_partition: bytes


@dataclasses.dataclass(frozen=True)
class Contents:
    """What an image is made of."""

    kernel: bytes
    ram_disk: bytes
    command_line: bytes = b""
    video: tuple = (0, 0)  # width and height of the framebuffer to ask for; (0, 0) is text
    is_floppy: bool = False


def disk_pieces(loader, contents):
    """The image as (pieces, size): pieces are (offset, bytes), and all between them is zero."""
    if b"\0" in contents.command_line:
        raise ImageError("I41", "the command line has a zero byte in it")
    header_fields = [_HEADER_MAGIC, _HEADER_VERSION, *contents.video]
    pieces = []
    offset = _round_up(STAGE2_OFFSET + len(loader.stage2), BLOCK)
    for data in (contents.kernel, contents.ram_disk, contents.command_line):
        if len(data) > LARGEST_EXTENT:
            raise ImageError("I42", "the kernel or the RAM disk is 4 GiB or larger")
        header_fields += [offset // SECTOR, len(data), zlib.crc32(data)]
        pieces.append((offset, data))
        offset = _round_up(offset + len(data), BLOCK)
    stage2 = _finish_stage2(loader.stage2, _HEADER.pack(*header_fields))
    pieces.append((STAGE2_OFFSET, stage2))
    stage1 = _finish_stage1(loader.stage1, stage2)
    if contents.is_floppy:
        return _floppy(pieces, stage1, offset)
    return _hard_disk(pieces, stage1, offset, loader.efi_partition)


def write(path, pieces, size):
    """Writes the image at `path`, which appears complete or not at all; holes stay holes."""
    try:
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)))
    except OSError as error:
        raise ImageError("I44", f"cannot write {path}: {error.strerror}") from error
    try:
        with open(handle, "wb") as file:
            file.truncate(size)
            for offset, data in pieces:
                file.seek(offset)
                file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        os.unlink(temporary)
        raise ImageError("I44", f"cannot write {path}: {error.strerror}") from error


def checksum(stage2):
    """The sum that stage 1 checks. Each step is a bijection, so one changed word always shows."""
    total = 0
    for (word,) in struct.iter_unpack("<I", stage2):
        total = ((total << 1 | total >> 31) + word) & 0xFFFFFFFF
    return total


def _finish_stage2(template, header):
    """Stage 2 with its header filled in, in whole blocks."""
    header += _CRC.pack(zlib.crc32(header))
    stage2 = header + template[len(header):]
    if not template.startswith(_HEADER_MAGIC) or len(stage2) > STAGE2_LIMIT:
        raise ImageError("I43", "stage 2 of the loader is damaged or too long")
    return stage2 + bytes(-len(stage2) % BLOCK)


def _finish_stage1(template, stage2):
    stage1 = bytearray(template)
    struct.pack_into("<HI", stage1, _STAGE1_FIELDS_OFFSET, len(stage2), checksum(stage2))
    return stage1


def _floppy(pieces, stage1, end):
    if end > FLOPPY_SIZE:
        raise ImageError("I45", f"kernel and RAM disk need {end} bytes of a floppy's {FLOPPY_SIZE}")
    return [(0, bytes(stage1))] + pieces, FLOPPY_SIZE


def _hard_disk(pieces, stage1, system_end, efi_partition):
    efi_start = _round_up(system_end, EFI_ALIGNMENT)
    end = efi_start + len(efi_partition)
    pieces.append((efi_start, efi_partition))
    _add_partition(stage1, 0, _ACTIVE, _PARTITION_QUIRE, STAGE2_OFFSET, system_end)
    _add_partition(stage1, 1, 0, _PARTITION_EFI, efi_start, end)
    # SD cards, and QEMU's model of one, come in powers of two.
    return [(0, bytes(stage1))] + pieces, max(SMALLEST_DISK, 1 << (end - 1).bit_length())


def _add_partition(stage1, index, status, kind, start, end):
    first, last = start // SECTOR, end // SECTOR - 1
    if last >= 1 << 32:
        raise ImageError("I46", "the image is larger than 2 TiB")
    struct.pack_into("<B3sB3sII", stage1, _PARTITION_TABLE_OFFSET + 16 * index,
                     status, _chs(first), kind, _chs(last), first, last + 1 - first)


def _chs(sector, heads=255, sectors_per_track=63):
    """A partition table's cylinder, head and sector; the highest there is for what lies beyond."""
    track, sector_index = divmod(sector, sectors_per_track)
    cylinder, head = divmod(track, heads)
    if cylinder > 1023:
        cylinder, head, sector_index = 1023, 254, 62
    return bytes([head, (cylinder >> 8) << 6 | (sector_index + 1), cylinder & 0xFF])


def _round_up(value, multiple):
    return -(-value // multiple) * multiple
