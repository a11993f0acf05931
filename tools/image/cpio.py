"""A RAM disk: a cpio archive (newc, man 5 cpio), whose bytes depend on names and contents alone."""

import dataclasses
import os
import stat

from tools.image.errors import ImageError

_DIRECTORY_MODE = stat.S_IFDIR | 0o755
_MAGIC = b"070701"
_HEADER_SIZE = 110
_TRAILER = "TRAILER!!!"
_LINKS_MAX = 40  # that a path may lead through, as on Linux
_SIZE_LIMIT = 1 << 32


@dataclasses.dataclass(frozen=True)
class Entry:
    """One archive member; data is a file's contents or a symbolic link's target.

    `device` is the major and the minor number of a device.
    """

    mode: int
    data: bytes = b""
    device: tuple = (0, 0)


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

    def real_path(self, guest_path):
        """The path with links to directories that are in the archive replaced by where they lead.
        Raises ImageError for a bad path."""
        done, left, link_count = [], _normalise(guest_path).split("/"), 0
        while len(left) > 1:
            done.append(left.pop(0))
            entry = self._entries.get("/".join(done))
            if entry and stat.S_ISLNK(entry.mode) and link_count < _LINKS_MAX:
                link_count += 1
                target = os.path.join("/", *done[:-1], os.fsdecode(entry.data))
                done, left = [], os.path.normpath(target).strip("/").split("/") + left
        return "/".join(done + left)

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

    def add_archive(self, host_path):
        """Adds everything in a host's cpio archive (newc), with its modes and devices."""
        for path, entry in _read_members(host_path):
            self.add(path, entry)

    def add_missing(self, other):
        """Adds what another Archive has at paths that are free here."""
        for path in sorted(other._entries.keys() - self._entries.keys()):
            self.add(path, other._entries[path])

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


def _read_members(host_path):
    try:
        with open(host_path, "rb") as file:
            archive = file.read()
    except OSError as error:
        raise ImageError("I27", f"cannot read {host_path}: {error.strerror}") from error
    try:
        yield from parse(archive)
    except (ValueError, UnicodeError) as error:
        raise ImageError("I28", f"{host_path} is not a cpio archive (newc): {error}") from error


def parse(archive):
    """Pairs of a path and its Entry, of an archive's bytes. Raises ValueError for a damaged one."""
    at = 0
    while True:
        if archive[at:at + 6] != _MAGIC:
            raise ValueError(f"no member begins at byte {at}")
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, major, minor, name_size = (fields[i] for i in (1, 6, 9, 10, 11))
        name_at = at + _HEADER_SIZE
        path = os.fsdecode(archive[name_at:name_at + name_size - 1])
        if path == _TRAILER:
            return
        data_at = _align(name_at + name_size)
        at = _align(data_at + size)
        if at > len(archive):
            raise ValueError(f"{path} is cut off")
        if path != ".":
            yield path, Entry(mode, archive[data_at:data_at + size], (major, minor))


def _append(out, inode, path, entry):
    name = os.fsencode(path) + b"\0"
    link_count = 2 if stat.S_ISDIR(entry.mode) else 1
    user = group = mtime = device = checksum = 0
    fields = (inode, entry.mode, user, group, link_count, mtime, len(entry.data),
              device, device, *entry.device, len(name), checksum)
    out += _MAGIC + b"".join(b"%08X" % field for field in fields)
    out += name
    _pad_to_4(out)
    out += entry.data
    _pad_to_4(out)


def _align(offset):
    return -(-offset // 4) * 4


def _pad_to_4(out):
    out += bytes(_align(len(out)) - len(out))
