"""Boots Quire's disk image in QEMU and shows the machine.

There is a shell on the first serial port, which is this terminal, and one on the screen: a window
where there is a DISPLAY. `poweroff` ends it; so does Ctrl-a x. Ctrl-a h lists QEMU's other keys.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

from tools.machine import config as machine_config
from tools.machine import qemu, qmp

_WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_BUILT_IMAGE = os.path.join(_WORKSPACE, "disk_image.img")
_BUILT_DEMONSTRATION = os.path.join(_WORKSPACE, "demonstration_image.img")
_BUILT_EXIT_IMAGE = os.path.join(_WORKSPACE, "disk_image_exit.img")
_BUILT_TRACE_IMAGE = os.path.join(_WORKSPACE, "disk_image_trace.img")
_ENOUGH_SECONDS = 300
_WAITS_FOR_A_KEY = b"press p to power off"
_WINDOWS = ("gtk", "sdl")


def _parser():
    parser = argparse.ArgumentParser(
        prog="qemu", usage="bazel run //:qemu -- [OPTIONS]", allow_abbrev=False,
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    machine_config.add_arguments(parser)
    parser.add_argument("--exit", action="store_true",
                        help="only print the demonstration and power off after it")
    parser.add_argument("--screenshot", metavar="FILE",
                        help="only write a picture (PNG) of the screen after the demonstration")
    parser.add_argument("--trace", metavar="FILE",
                        help="as --exit, and record what happens to page tables")
    parser.add_argument("--image", metavar="FILE", help="boot this image instead of the built one; "
                        "with --exit and --trace it must power off by itself")
    parser.add_argument("--display", metavar="NAME",
                        help="QEMU's -display, such as none or gtk (default: a window if possible)")
    return parser


def choose_display(environment, available):
    """The display for QEMU: a window where there is a screen and QEMU has the module for it."""
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return next((window for window in _WINDOWS if window in available), "none")
    return "none"


def _available_displays():
    listing = subprocess.run([machine_config.QEMU, "-display", "help"], check=False, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return listing.stdout.split()


def _show(options, config):
    """Hands the terminal to QEMU; returns its exit status."""
    display = options.display or choose_display(os.environ, _available_displays())
    image = os.path.abspath(options.image or _BUILT_IMAGE)
    with tempfile.TemporaryDirectory(prefix="quire.", dir=qemu.work_directory()) as directory:
        fitted = machine_config.fit_image(config.medium, image, directory)
        return subprocess.run(
            [machine_config.QEMU, *machine_config.qemu_arguments(config, fitted), "-name", "Quire",
             "-display", display, "-serial", "mon:stdio"],
            check=False, env={**os.environ, "TMPDIR": directory}).returncode


def _demonstrate(options, config):
    """Prints the first serial port's text; returns 0 after a power-off alone."""
    def print_piece(piece):
        sys.stdout.buffer.write(piece.replace(b"\r", b""))
        sys.stdout.buffer.flush()

    built = _BUILT_TRACE_IMAGE if options.trace else _BUILT_EXIT_IMAGE
    more = qemu.trace_arguments(options.trace) if options.trace else ()
    outcome = qemu.boot_until(re.compile(_WAITS_FOR_A_KEY), config,
                              options.image or built, _ENOUGH_SECONDS, log_sinks=[print_piece],
                              more_arguments=more)
    if outcome.ending is qemu.Ending.POWERED_OFF:
        return 0
    if outcome.ending is qemu.Ending.STOPPED:
        print("\nqemu: the image waits for a key: make it with on_exit=poweroff", file=sys.stderr)
        return 1
    print(f"qemu: {outcome.ending.value}", file=sys.stderr)
    return 1


def _picture(options, config):
    """Writes a picture of the screen as it waits for a key; returns 0, or 1 if it never does."""
    with qemu.Qemu(config, options.image or _BUILT_DEMONSTRATION) as machine:
        if not machine.log.wait_for(_WAITS_FOR_A_KEY, _ENOUGH_SECONDS):
            print("qemu: the demonstration did not end", file=sys.stderr)
            return 1
        machine.qmp.command("screendump", filename=os.path.abspath(options.screenshot),
                            format="png")
        return 0


def main(argv):
    """Returns the exit status."""
    parser = _parser()
    options = parser.parse_args(argv)
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    try:
        config = machine_config.from_arguments(options)
        if options.screenshot and (options.exit or options.trace):
            parser.error("--screenshot goes neither with --exit nor with --trace")
        if options.screenshot:
            return _picture(options, config)
        is_watched = not options.exit and not options.trace
        return _show(options, config) if is_watched else _demonstrate(options, config)
    except machine_config.ConfigError as error:
        parser.error(str(error))
    except (qemu.MachineError, qmp.QmpError) as error:
        print(f"qemu: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"qemu: {machine_config.explain(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
