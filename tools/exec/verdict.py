"""Reads from a machine's log what became of init (docs/boot_protocol.md lists the lines)."""

import dataclasses
import re

from tools.machine.qemu import Ending

MACHINE_FAILED = 125

_INIT_ENDED = re.compile(
    rb"^init: (?:exited with status (\d+)|killed by signal (\d+) \(\w+\))\r?$", re.MULTILINE)
# The loader's last line when it starts no kernel; the sentence before it says why.
LOADER_STOPPED = re.compile(rb"^quire: stopped before the kernel", re.MULTILINE)
_LOADER_COMPLAINT = re.compile(rb"^quire: L\d\d: [^\r\n]*", re.MULTILINE)
_COMMAND_LINE_WARNING = re.compile(rb"^warning: (K2\d\d: [^\r\n]*)", re.MULTILINE)
# The first group, which can be missing, says why; the second that it is so.
_NOT_RUN = re.compile(
    rb"^(?:error: (K\d\d\d: [^\r\n]*)\r?\n)?error: (init: [^\r\n]* cannot be run)\r?$",
    re.MULTILINE)
_KERNEL_STOPPED = re.compile(rb"^kernel: stopped: [^\r\n]*", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The status to leave with; `failure` is None, or why the machine is not to be believed."""

    status: int
    failure: str = None


def init_status(log):
    """Init's status as a shell shows it, 128 + signal where it was killed, or None."""
    found = _INIT_ENDED.search(log)
    if not found:
        return None
    exited, killed = found.groups()
    return int(exited) if exited is not None else 128 + int(killed)


def command_line_warnings(log):
    """What the kernel has ignored of its command line, a sentence each."""
    return [sentence.decode(errors="replace") for sentence in _COMMAND_LINE_WARNING.findall(log)]


def judge(outcome):
    """A status is believed only from a machine that then powered off, without complaint."""
    failure = _find_failure(outcome)
    if failure:
        return Verdict(MACHINE_FAILED, failure)
    return Verdict(init_status(outcome.log))


def _find_failure(outcome):
    stopped = _LOADER_COMPLAINT.search(outcome.log) or _KERNEL_STOPPED.search(outcome.log)
    if stopped:
        return stopped[0].decode(errors="replace")
    if outcome.ending is not Ending.POWERED_OFF:
        return f"{outcome.ending.value} ({round(outcome.seconds, 1):g} seconds)"
    if init_status(outcome.log) is None:
        refused = _NOT_RUN.search(outcome.log)
        return ((refused[1] or refused[2]).decode(errors="replace") if refused
                else "the log does not say how init ended")
    return None
