"""Boots Quire in QEMU, stopped at the kernel's first C function, with gdb on it.

Arguments after the options go to gdb: `bazel run //tools:gdb -- --memory 1G -ex bt`.
"""

import argparse
import os
import signal
import subprocess
import sys

from tools.machine import config as machine_config
from tools.machine import qemu

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_BUILT_IMAGE = os.path.join(_WORKSPACE, "disk_image.img")
_BUILT_KERNEL = os.path.join(_WORKSPACE, "kernel/quire.elf")
_GDB = "/usr/bin/gdb"
_SOCKET = "gdb.sock"


def _parser():
    parser = argparse.ArgumentParser(
        prog="gdb", usage="bazel run //tools:gdb -- [OPTIONS] [GDB ARGUMENTS]",
        allow_abbrev=False, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    machine_config.add_arguments(parser)
    parser.add_argument("--image", default=_BUILT_IMAGE, metavar="FILE",
                        help="boot this image instead of the built one")
    parser.add_argument("--kernel", default=_BUILT_KERNEL, metavar="ELF",
                        help="the kernel in the image, for its symbols")
    parser.add_argument("--stop-at", default="kernel_main", metavar="WHERE",
                        help="where to stop first (default %(default)s)")
    parser.add_argument("--log", metavar="FILE", help="write the kernel's log to FILE")
    return parser


def gdb_script(kernel, stop_at, directory):
    """What gdb is told first; it leaves the script at the first command that fails."""
    sources = os.environ.get("BUILD_WORKSPACE_DIRECTORY", _WORKSPACE)
    return "\n".join([
        "set confirm off",
        "set breakpoint pending off",
        f"file {kernel}",
        f"set substitute-path /proc/self/cwd {sources}",
        f"target remote {_SOCKET}",
        f"cd {directory}",
        # Memory is not there yet to put a breakpoint instruction into.
        f"hbreak {stop_at}",
        "continue",
    ]) + "\n"


def _debug(options, more):
    kernel = os.path.abspath(options.kernel)
    log_file = open(options.log or os.devnull, "wb", buffering=0)
    stub = ["-gdb", f"unix:{_SOCKET},server=on,wait=off"]
    with log_file, qemu.Qemu(machine_config.from_arguments(options), options.image,
                             log_sinks=[log_file.write], more_arguments=stub,
                             is_paused=True) as machine:
        script = os.path.join(machine.directory, "script.gdb")
        with open(script, "w", encoding="utf-8") as file:
            file.write(gdb_script(kernel, options.stop_at, os.getcwd()))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for gdb
        # The socket's path could be too long, so gdb starts where it lies.
        return subprocess.run([_GDB, "-quiet", "-x", script, *more], cwd=machine.directory,
                              check=False, preexec_fn=_restore_interrupt).returncode


def _restore_interrupt():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def main(argv):
    """Returns gdb's exit status."""
    parser = _parser()
    options, more = parser.parse_known_args(argv)
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    try:
        return _debug(options, more)
    except machine_config.ConfigError as error:
        parser.error(str(error))
    except qemu.MachineError as error:
        print(f"gdb: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"gdb: {machine_config.explain(error)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
