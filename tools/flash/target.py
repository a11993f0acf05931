"""What a drive is and why it should not be written to, as Linux's /sys and /proc tell it."""

import dataclasses
import os
import re
import stat

_SECTOR_BYTES = 512  # the unit of /sys/block/*/size, whatever the drive's own is
_SYSTEM_PLACES = ("/", "/boot", "/boot/efi", "/home", "/usr", "/var")


class TargetError(Exception):
    """Nothing can be written there; the text says why."""


@dataclasses.dataclass(frozen=True)
class Partition:
    name: str
    size_bytes: int
    mounted_at: tuple = ()


@dataclasses.dataclass(frozen=True)
class Target:
    """Where an image would go. `objections` are sentences that --force overrides."""

    path: str
    model: str
    size_bytes: int  # None: a plain file grows as it must
    partitions: tuple = ()
    objections: tuple = ()

    @property
    def name(self):
        """What a person types to agree."""
        return os.path.basename(self.path)


def inspect(path, root="/"):
    """Describes `path`, with /sys and /proc below `root`. Raises TargetError."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError as error:
        raise TargetError(f"there is no {path}") from error
    except OSError as error:
        raise TargetError(f"cannot look at {path}: {error.strerror}") from error
    if stat.S_ISREG(mode):
        return Target(path, "plain file", None)
    if not stat.S_ISBLK(mode):
        raise TargetError(f"{path} is neither a drive nor a plain file")
    return inspect_drive(path, root)


def inspect_drive(path, root="/"):
    """Describes a block device by its name alone. Raises TargetError."""
    name = os.path.basename(os.path.realpath(path))
    folder = os.path.join(root, "sys/block", name)
    if not os.path.isdir(folder):
        raise TargetError(f"{path} is not a whole drive; name the drive, not one of its partitions")
    mounts = read_mounts(root)
    partitions = tuple(_partitions(folder, name, mounts))
    return Target(path, _model(folder), _size(folder), partitions,
                  tuple(_objections(folder, name, partitions, mounts)))


def _model(folder):
    """What the drive calls itself; some vendors are only numbers, which help nobody."""
    words = (_line(folder, "device/vendor"), _line(folder, "device/model"))
    return " ".join(word for word in words if word and not word.startswith("0x")) or "unnamed drive"


def _objections(folder, name, partitions, mounts):
    mounted = [(part.name, place) for part in partitions for place in part.mounted_at]
    mounted += [(name, place) for place in mounts.get(name, ())]
    for part, place in mounted:
        yield f"/dev/{part} is mounted at {place}"
    if any(place in _SYSTEM_PLACES for _, place in mounted):
        yield f"/dev/{name} holds this system"
    if _line(folder, "removable") != "1" and "/usb" not in os.path.realpath(folder):
        yield f"/dev/{name} is not a removable drive"
    for part in [name, *(partition.name for partition in partitions)]:
        holders = os.path.join(folder, "" if part == name else part, "holders")
        if os.path.isdir(holders) and os.listdir(holders):
            yield f"/dev/{part} is in use by {', '.join(sorted(os.listdir(holders)))}"
    if _line(folder, "ro") == "1":
        yield f"/dev/{name} is write-protected"


def _partitions(folder, name, mounts):
    for entry in sorted(os.listdir(folder)):
        if os.path.exists(os.path.join(folder, entry, "partition")):
            yield Partition(entry, _size(os.path.join(folder, entry)), tuple(mounts.get(entry, ())))


def read_mounts(root="/"):
    """Where each device is mounted or swapped to, by the device's name."""
    places = {}
    for line in _lines(os.path.join(root, "proc/mounts")):
        device, place = line.split()[:2]
        _add_place(places, device, _unescape(place))
    for line in _lines(os.path.join(root, "proc/swaps"))[1:]:
        _add_place(places, line.split()[0], "[swap]")
    return places


def _add_place(places, device, place):
    if device.startswith("/dev/"):
        places.setdefault(os.path.basename(os.path.realpath(device)), []).append(place)


def _unescape(text):
    """/proc/mounts writes a blank as \\040."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _size(folder):
    return int(_line(folder, "size") or 0) * _SECTOR_BYTES


def _line(folder, name):
    lines = _lines(os.path.join(folder, name))
    return lines[0].strip() if lines else ""


def _lines(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []
