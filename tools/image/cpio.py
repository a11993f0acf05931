"""A RAM disk: a cpio archive (newc), whose bytes depend on names and contents alone."""

import dataclasses
import os
import stat

from tools.image.errors import ImageError

_DIRECTORY_MODE = stat.S_IFDIR | 0o755
_TRAILER = "TRAILER!!!"
_SIZE_LIMIT = 1 << 32


@dataclasses.dataclass(frozen=True)
class Entry:
    """One archive member; data is a file's contents or a symbolic link's target."""

    mode: int
    data: bytes = b""


class Archive:
    """Collects entries by guest path; missing parent directories are made."""

    def __init__(self):
        self._entries = {}

    def add(self, guest_path, entry):
        """Adds `entry` at `guest_path`. Raises ImageError for a bad or a taken path."""
        path = _normalise(guest_path)
        taken = self._entries.get(path)
        if taken and not (stat.S_ISDIR(taken.mode) and stat.S_ISDIR(entry.mode)):
            raise ImageError("I21", f"the RAM disk has two entries for /{path}")
        if len(entry.data) >= _SIZE_LIMIT:
            raise ImageError("I22", f"/{path} is 4 GiB or larger, more than cpio can hold")
        self._add_parents(path)
        self._entries[path] = entry

    def add_file(self, host_path, guest_path):
        """Adds a host's regular file; only whether it is executable is kept of its mode."""
        self.add(guest_path, _read_entry(host_path))

    def add_tree(self, host_directory):
        """Adds everything below a host's directory; symbolic links stay links."""
        if not os.path.isdir(host_directory):
            raise ImageError("I23", f"{host_directory} is not a directory")
        for folder, directories, files in os.walk(host_directory):
            for name in directories + files:
                path = os.path.join(folder, name)
                self.add(os.path.relpath(path, host_directory), _read_link_or_entry(path))

    def to_bytes(self):
        """The archive, sorted by path, with inode numbers in that order."""
        out = bytearray()
        for inode, path in enumerate(sorted(self._entries), start=1):
            _append(out, inode, path, self._entries[path])
        _append(out, 0, _TRAILER, Entry(0))
        return bytes(out)

    def _add_parents(self, path):
        parent = os.path.dirname(path)
        if not parent:
            return
        if parent in self._entries:
            if not stat.S_ISDIR(self._entries[parent].mode):
                raise ImageError("I24", f"/{path} lies below /{parent}, which is not a directory")
            return
        self._add_parents(parent)
        self._entries[parent] = Entry(_DIRECTORY_MODE)


def _normalise(guest_path):
    parts = [part for part in guest_path.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or "\0" in guest_path:
        raise ImageError("I25", f"'{guest_path}' is not a path for the RAM disk")
    path = "/".join(parts)
    if path == _TRAILER:
        raise ImageError("I25", f"'{guest_path}' is the name that ends a cpio archive")
    return path


def _read_link_or_entry(host_path):
    if os.path.islink(host_path):
        return Entry(stat.S_IFLNK | 0o777, os.fsencode(os.readlink(host_path)))
    return _read_entry(host_path)


def _read_entry(host_path):
    try:
        mode = os.stat(host_path).st_mode
        if stat.S_ISDIR(mode):
            return Entry(_DIRECTORY_MODE)
        if not stat.S_ISREG(mode):
            raise ImageError("I26", f"{host_path} is neither a file, a directory nor a link")
        with open(host_path, "rb") as file:
            return Entry(stat.S_IFREG | (0o755 if mode & 0o111 else 0o644), file.read())
    except OSError as error:
        raise ImageError("I27", f"cannot read {host_path}: {error.strerror}") from error


def _append(out, inode, path, entry):
    name = os.fsencode(path) + b"\0"
    link_count = 2 if stat.S_ISDIR(entry.mode) else 1
    user = group = mtime = device = checksum = 0
    fields = (inode, entry.mode, user, group, link_count, mtime, len(entry.data),
              device, device, device, device, len(name), checksum)
    out += b"070701" + b"".join(b"%08X" % field for field in fields)
    out += name
    _pad_to_4(out)
    out += entry.data
    _pad_to_4(out)


def _pad_to_4(out):
    out += bytes(-len(out) % 4)
