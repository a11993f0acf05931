"""Runs a Linux x86-64 program on Quire, as the first process of a machine in QEMU.

The program's output, and nothing else, goes to stdout; its input ends at once. The exit status is
the program's, 128 plus the signal's number when it was killed, 125 when the program could not be
started or the machine failed (its log is then on stderr), and 2 when the command line of this tool
is wrong. What the kernel's log says against --append is on stderr in any case.
"""

import argparse
import os
import re
import signal
import sys
import threading

from tools.exec import program, session, verdict
from tools.image.errors import ImageError
from tools.machine import config as machine_config
from tools.machine.qemu import MachineError


def _parser():
    parser = argparse.ArgumentParser(
        prog="exec", usage="bazel run //tools:exec -- [OPTIONS] PROGRAM [ARGUMENTS]",
        allow_abbrev=False, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    machine_config.add_arguments(parser)
    parser.add_argument("--timeout", type=_seconds, default=120, metavar="SECONDS",
                        help="how long the machine may take (default %(default)s)")
    parser.add_argument("--file", action="append", default=[], type=_file, metavar="HOST[:GUEST]",
                        help="put the file HOST on the RAM disk as GUEST, or as /NAME where it is "
                             "HOST's name (may be repeated)")
    parser.add_argument("--root", type=_root, metavar="ROOT",
                        help="put everything in the directory, or cpio archive, ROOT on the RAM "
                             "disk; PROGRAM and --file take the place of what they name there")
    parser.add_argument("--append", default="", metavar="TEXT",
                        help="more words for the kernel's command line, such as audit")
    parser.add_argument("--log", metavar="FILE", help="write the kernel's log to FILE")
    parser.add_argument("--trace", metavar="FILE",
                        help="record what happens to page tables, for //tools:replay")
    parser.add_argument("--kernel", default=session.BUILT_KERNEL, metavar="ELF",
                        help="boot this kernel instead of the built one")
    parser.add_argument("program", metavar="PROGRAM",
                        help="an x86-64 ELF file; one that is linked dynamically finds its "
                        "interpreter and libraries in --root")
    parser.add_argument("arguments", metavar="ARGUMENTS", nargs=argparse.REMAINDER,
                        help="the program's arguments").required = False
    return parser


def _seconds(text):
    if not re.fullmatch(r"\d{1,6}(\.\d+)?", text) or float(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of seconds above 0")
    return float(text)


def _file(text):
    host, colon, guest = text.rpartition(":")
    if not colon:
        host, guest = text, "/" + os.path.basename(text)
    if not host or guest in ("", "/"):
        raise argparse.ArgumentTypeError(f"'{text}' is not HOST[:GUEST]")
    return host, guest


def _root(text):
    if not text:
        raise argparse.ArgumentTypeError("it has no name")
    return text


def _request(options):
    return session.Request(
        program=options.program, arguments=tuple(options.arguments),
        config=machine_config.from_arguments(options), files=tuple(options.file),
        root=options.root,
        append=options.append, timeout_seconds=options.timeout, kernel=options.kernel,
        trace=options.trace)


def _to_stdout(piece):
    """Where nobody reads any more, as in `... | head`, ends the run from the drain's thread."""
    try:
        os.write(sys.stdout.fileno(), piece)
    except BrokenPipeError:
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
        raise


def _run(options):
    program.check(options.program, is_alone=not (options.root or options.file))
    sinks = []
    if options.log:
        sinks.append(_open_log(options.log).write)
    result = session.run(_request(options), log_sinks=sinks, output_sinks=[_to_stdout])
    if result.failure:
        sys.stderr.buffer.write(result.log)
        _say(result.failure)
    else:
        for warning in verdict.command_line_warnings(result.log):
            _say(warning)
    return result.status


def _open_log(path):
    try:
        return open(path, "wb", buffering=0)
    except OSError as error:
        raise program.ProgramError(f"cannot write {path}: {error.strerror}") from error


def _say(sentence):
    print(f"exec: {sentence}", file=sys.stderr)


def main(argv):
    """Returns the exit status."""
    parser = _parser()
    options = parser.parse_args(argv)
    os.chdir(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return _run(options)
    except machine_config.ConfigError as error:
        parser.error(str(error))
    except (program.ProgramError, ImageError, MachineError, OSError) as error:
        _say(error)
        return verdict.MACHINE_FAILED
    except KeyboardInterrupt:
        _say("interrupted")
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
