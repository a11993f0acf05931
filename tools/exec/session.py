"""Runs one program on Quire: makes an image with it, boots that, and judges what came of it."""

import dataclasses
import os
import tempfile

from tools.exec import command_line, verdict
from tools.image import cpio, image
from tools.machine import qemu
from tools.machine.config import MachineConfig

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT_KERNEL = os.path.join(_WORKSPACE, "kernel/quire.elf")


@dataclasses.dataclass(frozen=True)
class Request:
    """What to run, on what. `files` are pairs of a host's and a guest's path.

    `root` is a host's directory or cpio archive: the rest of what lies below / on Quire. `trace`
    names a file for the recording of all that happens to page tables.
    """

    program: str
    arguments: tuple = ()
    config: MachineConfig = MachineConfig()
    files: tuple = ()
    root: str = None
    append: str = ""
    timeout_seconds: float = 120
    kernel: str = BUILT_KERNEL
    trace: str = None

    @property
    def guest_path(self):
        """Where init lies; the name is kept, since some programs look at argv[0]."""
        return "/bin/" + os.path.basename(self.program)


@dataclasses.dataclass(frozen=True)
class Result:
    """`status` as the shell shows it; where the machine failed it is 125 and `failure` says why."""

    status: int
    failure: str
    output: bytes
    log: bytes
    seconds: float


def make_archive(request):
    """The RAM disk, a cpio.Archive. Raises ImageError or OSError."""
    archive = cpio.Archive()
    root = _read_root(request.root) if request.root else cpio.Archive()
    archive.add_file(request.program, root.real_path(request.guest_path))
    for host, guest in request.files:
        archive.add_file(host, root.real_path(guest))
    archive.add_missing(root)
    return archive


def make_image(path, request):
    """Writes the image that boots the program. Raises ImageError or OSError."""
    append = " ".join(["trace=debugcon"] * bool(request.trace) + [request.append]).strip()
    words = command_line.build(request.guest_path, request.arguments, append)
    image.make_image(path, request.kernel, make_archive(request), words,
                     is_floppy=request.config.medium == "floppy")


def _read_root(path):
    archive = cpio.Archive()
    if os.path.isdir(path):
        archive.add_tree(path)
    else:
        archive.add_archive(path)
    return archive


def _more_arguments(request):
    return qemu.trace_arguments(request.trace) if request.trace else ()


def run(request, log_sinks=(), output_sinks=()):
    """Runs a program to its end. Raises MachineError, ImageError or OSError if it cannot start."""
    with tempfile.TemporaryDirectory(prefix="quire.", dir=qemu.work_directory()) as directory:
        path = os.path.join(directory, "disk.img")
        make_image(path, request)
        outcome = qemu.boot_until(verdict.LOADER_STOPPED, request.config, path,
                                  request.timeout_seconds, log_sinks=log_sinks,
                                  terminal_sinks=output_sinks,
                                  more_arguments=_more_arguments(request))
    judged = verdict.judge(outcome)
    return Result(judged.status, judged.failure, outcome.terminal, outcome.log, outcome.seconds)
