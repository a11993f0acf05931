"""Tells whether a host's file is a program that Quire can run: an x86-64 ELF file."""

import struct

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")  # Elf64_Ehdr, man 5 elf
_SEGMENT = struct.Struct("<IIQQQQQQ")  # Elf64_Phdr
_ET_EXEC, _ET_DYN, _EM_X86_64, _PT_INTERP = 2, 3, 62, 3
_ELF64_LITTLE_ENDIAN = b"\x7fELF\x02\x01"


class ProgramError(Exception):
    """The file is no such program; the text says why."""


def check(path, is_alone):
    """Raises ProgramError where a boot would only end with the kernel's refusal.

    A program that is alone on the RAM disk has no interpreter there.
    """
    try:
        with open(path, "rb") as file:
            image = file.read()
    except OSError as error:
        raise ProgramError(f"cannot read {path}: {error.strerror}") from error
    fault = find_fault(image, is_alone)
    if fault:
        raise ProgramError(f"{path} {fault}")


def find_fault(image, is_alone=True):
    """What keeps these bytes from being a program that can run, in words; None if nothing does."""
    if not image.startswith(b"\x7fELF"):
        return "is not an ELF file"
    if not image.startswith(_ELF64_LITTLE_ENDIAN) or len(image) < _HEADER.size:
        return "is not a 64-bit little-endian ELF file"
    header = _HEADER.unpack_from(image)
    kind, cpu = header[1:3]
    if cpu != _EM_X86_64:
        return f"is for another CPU (ELF machine {cpu}, x86-64 is {_EM_X86_64})"
    if kind not in (_ET_EXEC, _ET_DYN):
        return "is an object file or a core dump, not a program"
    if is_alone and _PT_INTERP in _segment_types(image, header):
        return ("is linked dynamically: link it with -static, or put its interpreter and libraries "
                "on the RAM disk with --root")
    return None


def _segment_types(image, header):
    start, size, count = header[5], header[9], header[10]
    offsets = (start + number * size for number in range(count))
    return {_SEGMENT.unpack_from(image, offset)[0] for offset in offsets
            if offset + _SEGMENT.size <= len(image)}
