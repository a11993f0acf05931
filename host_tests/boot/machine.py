"""Boots disk images in QEMU and reads what the loader or the witness kernel says on COM1."""

import dataclasses
import os
import re
import selectors
import subprocess
import time

WITNESS_STATUS = 33  # the witness kernel's write to isa-debug-exit
_DEADLINE_SECONDS = 30
# What is said last when no kernel is started: stage 1 has tried three drives, or stage 2 stops.
_STOPPED = re.compile(rb"(L[123]){3}|quire: stopped before the kernel")

MEDIA = {
    "ide": ["-device", "ide-hd,drive=disk"],
    "ahci": ["-device", "ich9-ahci,id=ahci", "-device", "ide-hd,drive=disk,bus=ahci.0"],
    "virtio": ["-device", "virtio-blk-pci,drive=disk"],
    "virtio-scsi": ["-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=disk"],
    "nvme": ["-device", "nvme,drive=disk,serial=quire"],
    "usb-xhci": ["-device", "qemu-xhci", "-device", "usb-storage,drive=disk"],
    "usb-ehci": ["-device", "usb-ehci", "-device", "usb-storage,drive=disk"],
    "usb-uhci": ["-usb", "-device", "usb-storage,drive=disk"],
    "sd": ["-device", "sdhci-pci", "-device", "sd-card,drive=disk"],
    "floppy": ["-device", "floppy,drive=disk"],
}


def memory_full_of(path, address):
    """Options that fill memory with a file before the BIOS starts."""
    return ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]


@dataclasses.dataclass
class Boot:
    """One boot: what came out of COM1, and how QEMU ended (None: it had to be ended)."""

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


def boot(image, medium="ide", memory="64M", options=()):
    """Boots the image file; its contents stay as they are."""
    command = [
        "/usr/bin/qemu-system-x86_64", "-display", "none", "-monitor", "none", "-serial", "stdio",
        "-no-reboot", "-net", "none", "-m", memory,
        "-drive", f"file={image},format=raw,if=none,id=disk,snapshot=on", *MEDIA[medium],
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *options,
    ]
    environment = dict(os.environ, TMPDIR=os.environ.get("TEST_TMPDIR", "/tmp"))
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          env=environment) as process:
        output = _read_until_stopped(process)
        status = process.poll()
        process.kill()
    return Boot(output.decode(errors="replace"), status)


def _read_until_stopped(process):
    output = b""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not _STOPPED.search(output) and time.monotonic() < deadline:
            if not selector.select(deadline - time.monotonic()):
                break
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                process.wait()
                break
            output += chunk
    return output
