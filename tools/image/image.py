"""Makes a disk image that boots a kernel with a RAM disk and a command line."""

import argparse
import os
import re
import sys

from tools.image import cpio, disk, elf
from tools.image.errors import ImageError

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_BUILT_KERNEL = os.path.join(_WORKSPACE, "kernel/quire.elf")


def built_loader():
    """The loader that the build made, from this program's runfiles."""
    return disk.Loader(
        stage1=_read(os.path.join(_WORKSPACE, "bootloader/stage1.bin")),
        stage2=_read(os.path.join(_WORKSPACE, "bootloader/stage2.bin")),
        efi_partition=_read(os.path.join(_WORKSPACE, "tools/image/efi_partition.img")),
    )


def make_image(output, kernel_path, archive, command_line="", video=(0, 0), is_floppy=False):
    """Writes a bootable image of the kernel's ELF file and a cpio.Archive. Raises ImageError."""
    contents = disk.Contents(
        kernel=elf.trim(_read(kernel_path), kernel_path),
        ram_disk=archive.to_bytes(),
        command_line=os.fsencode(command_line),
        video=video,
        is_floppy=is_floppy,
    )
    disk.write(output, *disk.disk_pieces(built_loader(), contents))


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise ImageError("I27", f"cannot read {path}: {error.strerror}") from error


def _parse_video(text):
    match = re.fullmatch(r"([1-9]\d{2,3})x([1-9]\d{2,3})", text)
    if not match:
        raise ImageError("I11", f"'{text}' is not a resolution such as 1024x768")
    return int(match[1]), int(match[2])


def _parse_file(text):
    host, colon, guest = text.rpartition(":")
    if not colon:
        raise ImageError("I12", f"'{text}' is not HOST:GUEST")
    return host, guest


def _collect(arguments):
    archive = cpio.Archive()
    for directory in arguments.directory:
        archive.add_tree(directory)
    for text in arguments.file:
        archive.add_file(*_parse_file(text))
    if arguments.root:
        rest = cpio.Archive()
        rest.add_archive(arguments.root)
        archive.add_missing(rest)
    return archive


def _arguments(argv):
    parser = argparse.ArgumentParser(
        prog="image", usage="bazel run //tools:image -- [OPTIONS] OUTPUT", description=__doc__,
        epilog="Bad input ends with a numbered sentence and status 1, and writes nothing.")
    parser.add_argument("output", metavar="OUTPUT", help="the image to write")
    parser.add_argument("--kernel", default=_BUILT_KERNEL, metavar="ELF",
                        help="the kernel's ELF64 file instead of the built one")
    parser.add_argument("--directory", action="append", default=[], metavar="DIR",
                        help="put everything in DIR on the RAM disk (may be repeated)")
    parser.add_argument("--file", action="append", default=[], metavar="HOST:GUEST",
                        help="put the file HOST on the RAM disk as GUEST (may be repeated)")
    parser.add_argument("--root", metavar="CPIO",
                        help="put what this archive holds, and the others do not, on the RAM disk")
    parser.add_argument("--command-line", default="", metavar="TEXT",
                        help="the kernel's command line")
    parser.add_argument("--vbe", metavar="WxH",
                        help="ask the BIOS for a framebuffer of this size instead of text")
    parser.add_argument("--floppy", action="store_true",
                        help="make a 1.44 MB floppy without a partition table")
    return parser.parse_args(argv)


def main(argv):
    arguments = _arguments(argv)
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    try:
        video = _parse_video(arguments.vbe) if arguments.vbe else (0, 0)
        make_image(arguments.output, arguments.kernel, _collect(arguments),
                   arguments.command_line, video, arguments.floppy)
    except ImageError as error:
        sys.exit(f"image: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
