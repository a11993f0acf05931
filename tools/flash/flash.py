"""Writes Quire's disk image to a drive, such as a USB stick, and reads it back to compare.

Everything on the drive is lost. A drive that is mounted, holds this system or is not removable is
refused unless --force is given. A plain file works as a drive does.
"""

import argparse
import os
import sys

from tools.flash import target as drives

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_BUILT_IMAGE = os.path.join(_WORKSPACE, "disk_image.img")
_CHUNK_BYTES = 1 << 20
_UNFINISHED = "the drive does not boot until the image is written whole"


class FlashError(Exception):
    """The image is not on the drive; the text says why."""


class Progress:
    """One line that shows how far a step has come, where there is a terminal to show it on."""

    def __init__(self, step, total_bytes):
        self._step = step
        self._total = total_bytes

    def show(self, done_bytes):
        if sys.stdout.isatty():
            percent = 100 * done_bytes // max(self._total, 1)
            print(f"\r{self._step}: {percent:3d} %", end="", flush=True)

    def finish(self):
        start = "\r" if sys.stdout.isatty() else ""
        print(f"{start}{self._step}: {describe_size(self._total)}")


def describe_size(size_bytes):
    """`8.0 MB`, in the decimal units that drives are sold in."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= scale:
            return f"{size_bytes / scale:.1f} {unit}"
    return f"{size_bytes} bytes"


def _describe(target, image_path, image_bytes):
    size = f", {describe_size(target.size_bytes)}" if target.size_bytes is not None else ""
    print(f"target: {target.path} ({target.model}{size})")
    for partition in target.partitions:
        places = f", mounted at {', '.join(partition.mounted_at)}" if partition.mounted_at else ""
        print(f"        {partition.name}: {describe_size(partition.size_bytes)}{places}")
    name = "the built image" if image_path == _BUILT_IMAGE else image_path
    print(f"image:  {name} ({describe_size(image_bytes)})")


def check(target, image_bytes, is_forced):
    """Raises FlashError where the image must not, or cannot, be written."""
    if target.size_bytes is not None and target.size_bytes < image_bytes:
        raise FlashError(
            f"{target.path} has {target.size_bytes} bytes; the image needs {image_bytes}")
    if target.objections and not is_forced:
        reasons = "; ".join(target.objections)
        raise FlashError(f"{reasons}. If you are sure, say --force")


def _agreed(target):
    print(f"Everything on {target.path} will be lost. Type {target.name} to go on: ", end="",
          flush=True)
    return sys.stdin.readline().strip() == target.name


def copy(image_path, target_path):
    """Writes the image and waits until the drive has it."""
    total = os.path.getsize(image_path)
    progress = Progress("written", total)
    with open(image_path, "rb") as image, open(target_path, "r+b", buffering=0) as drive:
        done = 0
        while chunk := image.read(_CHUNK_BYTES):
            _write_all(drive, chunk)
            done += len(chunk)
            progress.show(done)
        os.fsync(drive.fileno())
    progress.finish()


def _write_all(drive, chunk):
    view = memoryview(chunk)
    while view:
        view = view[drive.write(view):]


def compare(image_path, target_path):
    """Reads the drive itself, not what the system still remembers of it. Raises FlashError."""
    total = os.path.getsize(image_path)
    progress = Progress("compared", total)
    with open(image_path, "rb") as image, open(target_path, "rb", buffering=0) as drive:
        os.posix_fadvise(drive.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        done = 0
        while chunk := image.read(_CHUNK_BYTES):
            found = _read_all(drive, len(chunk))
            if found != chunk:
                at = done + _first_difference(chunk, found)
                raise FlashError(
                    f"{target_path} does not give back what was written, from byte {at} on")
            done += len(chunk)
            progress.show(done)
    progress.finish()


def _read_all(drive, size):
    found = b""
    while len(found) < size and (piece := drive.read(size - len(found))):
        found += piece
    return found


def _first_difference(left, right):
    shorter = min(len(left), len(right))
    return next((at for at in range(shorter) if left[at] != right[at]), shorter)


def _parser():
    parser = argparse.ArgumentParser(
        prog="flash", usage="bazel run //tools:flash -- [OPTIONS] /dev/sdX",
        allow_abbrev=False, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", default=_BUILT_IMAGE, metavar="FILE",
                        help="write this image instead of the built one")
    parser.add_argument("--force", action="store_true",
                        help="write even to a drive that is mounted, in use or not removable")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("target", metavar="/dev/sdX",
                        help="the drive to overwrite, or a plain file")
    return parser


def flash(options, root="/"):
    """Does it all; returns the exit status."""
    target = drives.inspect(options.target, root)
    image_bytes = os.path.getsize(options.image)
    _describe(target, options.image, image_bytes)
    check(target, image_bytes, options.force)
    if not options.yes and not _agreed(target):
        print("Nothing was written.")
        return 1
    try:
        copy(options.image, options.target)
        compare(options.image, options.target)
    except KeyboardInterrupt as interruption:
        raise FlashError(f"interrupted; {_UNFINISHED}") from interruption
    except OSError as error:
        raise FlashError(f"{options.target}: {error.strerror}; {_UNFINISHED}") from error
    print(f"Done. {options.target} boots Quire on a PC with a legacy BIOS (or CSM).")
    return 0


def main(argv, root="/"):
    options = _parser().parse_args(argv)
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    try:
        return flash(options, root)
    except KeyboardInterrupt:
        print("\nflash: interrupted; nothing was written", file=sys.stderr)
    except (FlashError, drives.TargetError) as error:
        print(f"flash: {error}", file=sys.stderr)
    except OSError as error:
        print(f"flash: {error.filename or options.target}: {error.strerror}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
