"""What PC to pretend: a description that becomes QEMU's command line."""

import dataclasses
import os
import re

QEMU = "/usr/bin/qemu-system-x86_64"
MACHINES = ("pc", "q35")
MEDIA = ("ide", "ahci", "virtio", "virtio-scsi", "nvme", "usb", "usb-ehci", "usb-uhci", "sd",
         "floppy")

_FLOPPY_BYTES = 1474560
_MEMORY_UNITS = {"": 1, "K": 1, "M": 1 << 10, "G": 1 << 20}


class ConfigError(ValueError):
    """A machine that cannot be had; the text says why."""


@dataclasses.dataclass(frozen=True)
class MachineConfig:
    """One PC. `memory` is as QEMU's -m takes it; `icount` as its -icount, or None."""

    machine: str = "pc"
    medium: str = "ide"
    memory: str = "128M"
    cpus: int = 1
    cpu: str = "max"
    icount: str = None

    def __post_init__(self):
        if self.machine not in MACHINES:
            raise ConfigError(f"'{self.machine}' is not a machine; choose {' or '.join(MACHINES)}")
        if self.medium not in MEDIA:
            raise ConfigError(f"'{self.medium}' is not a medium; choose one of {', '.join(MEDIA)}")
        if self.cpus < 1:
            raise ConfigError(f"a machine has at least one CPU, not {self.cpus}")
        memory_kib(self.memory)

    def __str__(self):
        return f"{self.machine} {self.medium} {self.memory} {self.cpu} x{self.cpus}"


def memory_kib(text):
    """The size in KiB of QEMU's -m notation; without a unit it is MiB."""
    match = re.fullmatch(r"([1-9][0-9]*)([KMG]?)", text.upper())
    if not match:
        raise ConfigError(f"'{text}' is not a memory size such as 128M or 4G")
    return int(match[1]) * _MEMORY_UNITS[match[2] or "M"]


def qemu_arguments(config, image):
    """QEMU's arguments for the PC itself: no display, serial port or monitor is among them."""
    return [
        "-nodefaults", "-no-user-config", "-vga", "std",
        "-machine", config.machine, "-accel", "tcg",
        "-cpu", config.cpu, "-smp", str(config.cpus), "-m", config.memory,
        *(["-icount", config.icount] if config.icount else []),
        *_medium_arguments(config, image),
    ]


def _medium_arguments(config, image):
    path = image.replace(",", ",,")
    drive = f"file={path},format=raw,snapshot=on"
    if config.medium == "floppy":
        return ["-drive", f"{drive},if=floppy"]
    devices = [word for device in _devices(config) for word in ("-device", device)]
    return ["-drive", f"{drive},if=none,id=disk", *devices]


def _devices(config):
    is_q35 = config.machine == "q35"
    first = "drive=disk,bootindex=0"
    return {
        # q35 has AHCI where pc has IDE, so either brings the other's controller along.
        "ide": (["piix3-ide,id=legacy", f"ide-hd,bus=legacy.0,{first}"] if is_q35
                else [f"ide-hd,bus=ide.0,{first}"]),
        "ahci": ([f"ide-hd,bus=ide.0,{first}"] if is_q35
                 else ["ich9-ahci,id=ahci", f"ide-hd,bus=ahci.0,{first}"]),
        "virtio": [f"virtio-blk-pci,{first}"],
        "virtio-scsi": ["virtio-scsi-pci", f"scsi-hd,{first}"],
        "nvme": [f"nvme,serial=quire,{first}"],
        "usb": ["qemu-xhci", f"usb-storage,{first}"],
        "usb-ehci": ["usb-ehci,id=ehci", f"usb-storage,bus=ehci.0,{first}"],
        "usb-uhci": ["piix3-usb-uhci,id=uhci", f"usb-storage,bus=uhci.0,{first}"],
        "sd": ["sdhci-pci", "sd-card,drive=disk"],
    }[config.medium]


def medium_bytes(medium, image_bytes):
    """How large a medium is that holds the image: some come in certain sizes only."""
    if medium == "floppy":
        if image_bytes > _FLOPPY_BYTES:
            raise ConfigError(f"the image has {image_bytes} bytes and a floppy {_FLOPPY_BYTES}")
        return _FLOPPY_BYTES
    if medium == "sd":
        return 1 << (image_bytes - 1).bit_length()
    return image_bytes


def explain(error):
    """An OSError in words, without its number."""
    if error.filename is None or not error.strerror:
        return str(error)
    return f"cannot open {error.filename}: {error.strerror}"


def fit_image(medium, image, directory):
    """The path of an image that fits the medium: `image`, or a longer copy of it in `directory`."""
    size = os.path.getsize(image)
    wanted = medium_bytes(medium, size)
    if wanted == size:
        return image
    copy = os.path.join(directory, f"{medium}.img")
    with open(image, "rb") as source, open(copy, "wb") as target:
        target.write(source.read())
        target.truncate(wanted)
    return copy


def add_arguments(parser):
    """Adds the options that describe a machine to an argparse parser."""
    default = MachineConfig()
    parser.add_argument("--memory", default=default.memory, metavar="SIZE",
                        help="memory, such as 128M or 4G; without a unit, MiB "
                             "(default %(default)s)")
    parser.add_argument("--cpus", type=int, default=default.cpus, metavar="N",
                        help="number of CPUs; Quire uses one (default %(default)s)")
    parser.add_argument("--cpu", default=default.cpu, metavar="MODEL",
                        help="QEMU's CPU model, such as qemu64 (default %(default)s)")
    parser.add_argument("--machine", default=default.machine, choices=MACHINES,
                        help="the PC's chipset (default %(default)s)")
    parser.add_argument("--medium", default=default.medium, choices=MEDIA,
                        help="what the image is booted from (default %(default)s)")
    parser.add_argument("--icount", metavar="SPEC",
                        help="count instructions: QEMU's -icount, such as shift=0,sleep=off")


def from_arguments(arguments):
    """The MachineConfig of parsed `add_arguments` options. Raises ConfigError."""
    return MachineConfig(machine=arguments.machine, medium=arguments.medium,
                         memory=arguments.memory, cpus=arguments.cpus, cpu=arguments.cpu,
                         icount=arguments.icount)
