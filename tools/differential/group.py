"""Runs a group of programs by user/tests/run_group, on the host's Linux or on Quire."""

import dataclasses
import os
import re
import shutil
import subprocess
import tempfile

from tools.exec import session
from tools.machine.config import MachineConfig

WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUNNER = os.path.join(WORKSPACE, "user/tests/run_group")
ROOT = os.path.join(WORKSPACE, "user/root/root.cpio")
_MACHINE = MachineConfig(memory="512M")
_TIMEOUT_SECONDS = 280
_NOT_RUN = "did not run: "
_RUNNER_ENDED = "run_group ended before"
_BEGIN = re.compile(r"@begin (\S+)")
_END = re.compile(r"@end (\S+) (.+)")


class GroupError(Exception):
    """The group could not be run at all; the text says why."""


@dataclasses.dataclass(frozen=True)
class Output:
    """What became of a program, such as `exited 0`, and the lines that it printed."""

    end: str
    lines: list


def parse(text, names, failure="nothing says why"):
    """The Output of each of `names`, by name; `failure` is why one did not run, or end."""
    outputs = {name: Output(_NOT_RUN + failure, []) for name in names}
    running, lines = None, []
    for line in text.splitlines():
        begin, end = _BEGIN.fullmatch(line), _END.fullmatch(line)
        if begin:
            running, lines = begin[1], []
            outputs[running] = Output(f"did not end: {failure}", lines)
        elif end and end[1] == running:
            outputs[running] = Output(end[2], lines)
            running = None
        elif running:
            lines.append(line)
    return outputs


def _names(programs):
    return [os.path.basename(path) for path in programs]


def run_natively(programs):
    """The Output of each program on the host, by name."""
    # Whoever the programs run as can enter no directory of the build's. The scratch directory lies
    # in memory, as all files of Quire do.
    with tempfile.TemporaryDirectory(prefix="quire.", dir="/tmp") as directory, \
            tempfile.TemporaryDirectory(prefix="quire.", dir="/dev/shm") as scratch:
        for path in (RUNNER, *programs):
            shutil.copy(path, directory)
        for path in (directory, scratch):
            os.chmod(path, 0o755)
        done = subprocess.run([os.path.join(directory, "run_group"), directory, scratch,
                               *_names(programs)], check=False, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, timeout=_TIMEOUT_SECONDS)
    return parse(done.stdout.decode(errors="replace"), _names(programs))


def _boot(programs):
    request = session.Request(
        program=RUNNER, arguments=("/tests", "/tmp", *_names(programs)), config=_MACHINE,
        files=tuple((path, f"/tests/{os.path.basename(path)}") for path in programs),
        root=ROOT, timeout_seconds=_TIMEOUT_SECONDS)
    result = session.run(request)
    return parse(result.output.decode(errors="replace"), _names(programs),
                 result.failure or _RUNNER_ENDED)


def run_on_quire(programs, boot=_boot):
    """The Output of each program on Quire, by name. Raises GroupError.

    One boot runs them all; where the kernel stops, another one runs those that are left.
    """
    outputs = {}
    left = list(programs)
    while left:
        found = boot(left)
        outputs.update(found)
        rest = [path for path in left if found[os.path.basename(path)].end.startswith(_NOT_RUN)]
        if rest == left:
            raise GroupError(found[os.path.basename(left[0])].end)
        left = rest
    return outputs
