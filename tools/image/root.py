"""Makes a root directory, as a cpio archive: what a manifest lists, and busybox with its applets.

A line of the manifest is one of

    directory PATH MODE
    device PATH MODE MAJOR:MINOR
    link PATH TARGET
    file PATH MODE SOURCE

where SOURCE lies beside the manifest. MODE is octal, devices are character devices, `#` begins a
comment.
"""

import argparse
import os
import re
import stat
import subprocess
import sys

from tools.image import cpio
from tools.image.errors import ImageError

_APPLETS = "bin"


def read_manifest(path, archive):
    """Adds what a manifest lists to a cpio.Archive. Raises ImageError."""
    folder = os.path.dirname(path)
    for number, line in enumerate(_read(path).decode().splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            guest_path, entry = _entry(folder, words)
        except ValueError:
            raise ImageError("I29", f"{path}:{number}: not a line of a manifest: {line}") from None
        archive.add(guest_path, entry)


def _entry(folder, words):
    match words:
        case ["directory", path, mode]:
            return path, cpio.Entry(stat.S_IFDIR | _mode(mode))
        case ["device", path, mode, numbers]:
            major, minor = numbers.split(":")
            return path, cpio.Entry(stat.S_IFCHR | _mode(mode), device=(int(major), int(minor)))
        case ["link", path, target]:
            return path, cpio.Entry(stat.S_IFLNK | 0o777, os.fsencode(target))
        case ["file", path, mode, source]:
            return path, cpio.Entry(stat.S_IFREG | _mode(mode), _read(os.path.join(folder, source)))
    raise ValueError


def _mode(text):
    if not re.fullmatch("[0-7]{3,4}", text):
        raise ValueError
    return int(text, 8)


def add_busybox(program, archive):
    """Adds a host's busybox, and each of its applets as a link to it."""
    archive.add_file(program, f"{_APPLETS}/busybox")
    done = subprocess.run([program, "--list"], check=True, stdout=subprocess.PIPE, text=True)
    for applet in done.stdout.split():
        if applet != "busybox":
            archive.add(f"{_APPLETS}/{applet}", cpio.Entry(stat.S_IFLNK | 0o777, b"busybox"))


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ImageError("I27", f"cannot read {path}: {error.strerror}") from error


def _arguments(argv):
    parser = argparse.ArgumentParser(
        prog="root", usage="root [OPTIONS] OUTPUT", description=__doc__, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", metavar="OUTPUT", help="the archive to write")
    parser.add_argument("--manifest", required=True, metavar="FILE", help="what to put into it")
    parser.add_argument("--busybox", metavar="PROGRAM", help="a static busybox to put into it")
    parser.add_argument("--file", action="append", default=[], metavar="HOST:GUEST",
                        help="put the file HOST into it as GUEST (may be repeated)")
    return parser.parse_args(argv)


def main(argv):
    arguments = _arguments(argv)
    archive = cpio.Archive()
    try:
        for text in arguments.file:
            host, _, guest = text.rpartition(":")
            archive.add_file(host, guest)
        read_manifest(arguments.manifest, archive)
        if arguments.busybox:
            add_busybox(arguments.busybox, archive)
    except ImageError as error:
        sys.exit(f"root: {error}")
    with open(arguments.output, "wb") as file:
        file.write(archive.to_bytes())


if __name__ == "__main__":
    main(sys.argv[1:])
