"""Boots images on the pretend PC and reads what the loader or the witness kernel says on COM1."""

import dataclasses
import re

from tools.machine import qemu
from tools.machine.config import MachineConfig

WITNESS_STATUS = 33  # the witness kernel's write to isa-debug-exit
_DEADLINE_SECONDS = 30
# What is said last when no kernel is started: stage 1 has tried three drives, or stage 2 stops.
_STOPPED = rb"(L[123]){3}|quire: stopped before the kernel"
_REFUSED = re.compile(_STOPPED)
_REFUSED_OR_NOT = re.compile(_STOPPED + rb"|magic=")


def memory_full_of(path, address):
    """Options that fill memory with a file before the BIOS starts."""
    return ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]


@dataclasses.dataclass
class Boot:
    """One boot: what came out of COM1, and QEMU's status (None: it had to be ended)."""

    text: str
    status: int | None

    def stage1_codes(self):
        """The codes of the drives that stage 1 tried, if it gave up: "L3L3L1", say."""
        match = re.match(r"((?:L[123]){3})", self.text)
        return match[1] if match else ""

    def stage2_code(self):
        """The code of stage 2's sentence: "L30", say; empty when it said none."""
        match = re.search(r"^quire: (L\d\d): ", self.text, re.MULTILINE)
        return match[1] if match else ""

    def reached_kernel(self):
        return "magic=" in self.text

    def facts(self, name):
        """All the values that the witness gave `name`, in order."""
        return re.findall(rf"^{name}=(.*?)\r?$", self.text, re.MULTILINE)

    def fact(self, name):
        """The one value of `name`, which was a number."""
        (value,) = self.facts(name)
        return int(value, 16)


def boot(image, options=(), **machine):
    """Boots the image file until the kernel ends or is refused; the file stays as it is.

    The options are QEMU's; the rest are fields of a MachineConfig.
    """
    return _boot_until(_REFUSED, image, options, machine)


def boot_to_refusal(image, options=(), **machine):
    """As `boot`, but a kernel that is started after all is stopped at its first word."""
    return _boot_until(_REFUSED_OR_NOT, image, options, machine)


def _boot_until(pattern, image, options, machine):
    config = MachineConfig(**{"memory": "64M", "cpu": "qemu64", **machine})
    outcome = qemu.boot_until(
        pattern, config, image, _DEADLINE_SECONDS,
        more_arguments=["-device", "isa-debug-exit,iobase=0xf4,iosize=4", *options])
    return Boot(outcome.log.decode(errors="replace"), outcome.status)
