"""The kernel's ELF file: what the loader will accept of it, and the part that it needs."""

import struct

from tools.image.errors import ImageError

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_IDENT = b"\x7fELF\x02\x01\x01"  # 64-bit, little-endian, version 1
_ET_EXEC = 2
_EM_X86_64 = 62
_PT_LOAD = 1
_PF_X = 1
_LOWEST_ADDRESS = 0xFFFFFFFF80000000
_ADDRESS_END = (1 << 64) - 4096  # the last page is never used


def trim(data, name):
    """The headers and segments of the ELF file `data`, without symbols and debug information.

    Raises ImageError for everything that the loader would refuse; `name` is for the message.
    """
    header, segments = _parse(data, name)
    loads = [segment for segment in segments if segment[0] == _PT_LOAD]
    if not loads:
        raise ImageError("I34", f"{name} has no segment to load")
    end = max(offset + file_size for _, _, offset, _, _, file_size, _, _ in loads)
    if end > len(data):
        raise ImageError("I38", f"{name} ends before its last segment does")
    _check_addresses(loads, header[4], name)
    no_sections = (0, 0)
    headers = _HEADER.pack(*header[:6], 0, *header[7:11], 0, *no_sections)
    table_end = header[5] + header[10] * _PROGRAM_HEADER.size
    return headers + data[_HEADER.size:max(end, table_end)]


def _parse(data, name):
    if len(data) < _HEADER.size or data[:7] != _IDENT:
        raise ImageError("I31", f"{name} is not a 64-bit little-endian ELF file")
    header = _HEADER.unpack_from(data)
    _, kind, machine, _, _, table, _, _, _, entry_size, count, _, _, _ = header
    if kind != _ET_EXEC or machine != _EM_X86_64:
        raise ImageError("I32", f"{name} is not a static executable for x86-64")
    if entry_size != _PROGRAM_HEADER.size or table + count * entry_size > len(data):
        raise ImageError("I33", f"{name} has a damaged table of segments")
    return header, [
        _PROGRAM_HEADER.unpack_from(data, table + i * entry_size) for i in range(count)
    ]


def _check_addresses(loads, entry, name):
    previous_end = _LOWEST_ADDRESS
    entry_is_code = False
    for _, flags, offset, address, _, file_size, memory_size, _ in loads:
        end = address + memory_size
        if file_size > memory_size:
            raise ImageError("I35", f"{name}: the segment at {address:#x} has more bytes in the "
                             "file than in memory")
        if address < previous_end or end > _ADDRESS_END:
            raise ImageError("I36", f"{name}: the segment at {address:#x} is not above "
                             f"{previous_end:#x}, where the one before it ends")
        previous_end = end
        entry_is_code |= bool(flags & _PF_X) and address <= entry < end
    if not entry_is_code:
        raise ImageError("I37", f"{name}: the entry point {entry:#x} lies in no executable segment")
