"""Programs that execute what they must not. Each ends by a signal, and the kernel lives."""

import os
import random
import struct
import unittest

from tools.exec import session
from tools.machine import qemu
from tools.testing import story

TIMEOUT_SECONDS = 60
LOAD_ADDRESS = 0x400000
HEADERS_BYTES = 64 + 56
UNDEFINED = b"\x0f\x0b"

SIGILL, SIGTRAP, SIGSEGV = 4, 5, 11

NOT_CANONICAL = struct.pack("<Q", 1 << 47)
KERNEL_TEXT = struct.pack("<Q", 0xffffffff80000000)
SET_RAX, SET_RCX, SET_RSP, SET_RSI = b"\x48\xb8", b"\x48\xb9", b"\x48\xbc", b"\x48\xbe"


def set_flags(bits):
    """pushfq; or qword [rsp], bits; popfq"""
    return b"\x9c\x48\x81\x0c\x24" + struct.pack("<I", bits) + b"\x9d"


SYSCALL = b"\x0f\x05"
WRITE = b"\xb8\x01\x00\x00\x00"  # mov eax, 1
ARCH_PRCTL_SET_GS = b"\xb8\x9e\x00\x00\x00\xbf\x01\x10\x00\x00"  # mov eax, 158; mov edi, 1001h
PRIVILEGED = {
    "hlt": b"\xf4",
    "cli": b"\xfa",
    "in al, 60h": b"\xe4\x60",
    "out 64h, al": b"\xe6\x64",
    "rdmsr": b"\x0f\x32",
    "wrmsr": b"\x0f\x30",
    "mov rax, cr0": b"\x0f\x20\xc0",
    "mov cr3, rax": b"\x0f\x22\xd8",
    "lidt [rax]": b"\x0f\x01\x18",
    "invlpg [rax]": b"\x0f\x01\x38",
    "invd": b"\x0f\x08",
    "swapgs": b"\x0f\x01\xf8",
    "sysretq": b"\x48\x0f\x07",
    "xsetbv": b"\x0f\x01\xd1",
    "int 2": b"\xcd\x02",
    "int 8": b"\xcd\x08",
    "int 32": b"\xcd\x20",
    "int 80h": b"\xcd\x80",
    "mov ss, the kernel's": b"\x66\xb8\x18\x00\x8e\xd0",
    "jmp to a non-canonical address": SET_RAX + NOT_CANONICAL + b"\xff\xe0",
    "jmp to the kernel": SET_RAX + KERNEL_TEXT + b"\xff\xe0",
    "read the kernel": SET_RAX + KERNEL_TEXT + b"\x48\x8b\x00",
}
INVALID = {
    "ud2": UNDEFINED,
    "clac": b"\x0f\x01\xca",
    "rdfsbase": b"\xf3\x48\x0f\xae\xc0",
    "wrgsbase": b"\xf3\x48\x0f\xae\xd8",
}
TRAPPING = {
    "int3": b"\xcc",
    "a single step": set_flags(0x100) + b"\x90",
    "a single step over a system call": set_flags(0x100) + SYSCALL + b"\x90",
}
HARMLESS = [
    SYSCALL,
    WRITE + SYSCALL,
    set_flags(0x44400) + SYSCALL,  # AC, NT and DF
    b"\x66\xb8\x2b\x00\x8e\xe8\x8e\xe0\x8e\xd8",  # GS, FS and DS the user's data
    b"\x31\xc0\x8e\xe8\x8e\xe0",  # GS and FS null
    SET_RCX + NOT_CANONICAL + SYSCALL,
    SET_RSP + KERNEL_TEXT + SYSCALL,
    SET_RSP + NOT_CANONICAL + SYSCALL,
    ARCH_PRCTL_SET_GS + SET_RSI + KERNEL_TEXT + SYSCALL,
]


def make_elf(code):
    """A static ELF64 file whose one segment is itself, readable and executable."""
    size = HEADERS_BYTES + len(code)
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1,
                         LOAD_ADDRESS + HEADERS_BYTES, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, LOAD_ADDRESS, LOAD_ADDRESS, size, size, 4096)
    return header + segment + code


def random_code(seed):
    """A few hundred harmless calls and random bytes, then the end."""
    source = random.Random(seed)
    pieces = [source.choice(HARMLESS) for _ in range(20)]
    pieces += [bytes(source.randrange(256) for _ in range(8)) for _ in range(20)]
    return b"".join(pieces)


class HostileTest(unittest.TestCase):
    def end_of(self, code):
        """How a program of this code ends, in a machine that must not fail."""
        program = os.path.join(qemu.work_directory(), "hostile")
        with open(program, "wb") as file:
            file.write(make_elf(code + UNDEFINED * 16))
        result = session.run(session.Request(program, append="audit",
                                             timeout_seconds=TIMEOUT_SECONDS))
        self.assertIsNone(result.failure, result.log.decode(errors="replace"))
        return result.status

    def assert_each_ends_by(self, signal, programs):
        for name, code in programs.items():
            with self.subTest(name):
                self.assertEqual(self.end_of(code), 128 + signal)

    def test_what_only_the_kernel_may_do_is_a_segmentation_fault(self):
        self.assert_each_ends_by(SIGSEGV, PRIVILEGED)

    def test_what_does_not_exist_is_an_illegal_instruction(self):
        self.assert_each_ends_by(SIGILL, INVALID)

    def test_a_trap_is_a_trap(self):
        self.assert_each_ends_by(SIGTRAP, TRAPPING)

    def test_odd_flags_selectors_and_stacks_change_nothing_for_a_system_call(self):
        for code in HARMLESS:
            with self.subTest(code.hex()):
                self.assertEqual(self.end_of(code), 128 + SIGILL)

    def test_random_code_never_stops_the_kernel(self):
        for seed in range(8):
            with self.subTest(seed):
                self.assertGreater(self.end_of(random_code(seed)), 128)


if __name__ == "__main__":
    story.main()
