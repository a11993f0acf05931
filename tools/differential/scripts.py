"""Runs scripts of memory operations by user/tests/memory_script, on Linux and on Quire."""

import dataclasses
import os
import re
import subprocess
import tempfile

from tools.exec import session
from tools.machine import qemu
from tools.machine.config import MachineConfig

WORKSPACE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_INTERPRETER = os.path.join(WORKSPACE, "user/tests/memory_script")
_TIMEOUT_SECONDS = 600
_MARK = "@script "
_MARK_LINE = re.compile(r"@script (\d+)")
_NOT_RUN = "did not run: "


@dataclasses.dataclass(frozen=True)
class Difference:
    """A script, and what it printed on both machines."""

    steps: tuple
    linux: tuple
    quire: tuple


def to_text(scripts):
    """The file for the interpreter: scripts are tuples of steps, named by their numbers."""
    parts = ["\n".join((f"script {number}", *steps, "end\n"))
             for number, steps in enumerate(scripts)]
    return "".join(parts)


def from_text(text):
    """The scripts of such a file; `#` begins a comment, which is left out."""
    scripts = []
    for line in text.splitlines():
        step = line.partition("#")[0].strip()
        if step.startswith("script "):
            scripts.append([])
        elif step and step != "end":
            scripts[-1].append(step)
    return [tuple(steps) for steps in scripts]


def parse(output, count, failure=None):
    """What each of `count` scripts printed: a tuple of lines each.

    Of those that were not begun it is `failure`, the reason.
    """
    printed = [(f"{_NOT_RUN}{failure}",)] * count
    current = None
    for line in output.splitlines():
        mark = _MARK_LINE.fullmatch(line)
        if mark and int(mark[1]) < count:
            current = int(mark[1])
            printed[current] = ()
        elif current is not None:
            printed[current] += (line,)
    if failure and current is not None:
        printed[current] += (f"did not end: {failure}",)
    return printed


def _write(directory, scripts):
    path = os.path.join(directory, "scripts")
    with open(path, "w", encoding="utf-8") as file:
        file.write(to_text(scripts))
    return path


def run_natively(scripts):
    """What each script prints on the host."""
    with tempfile.TemporaryDirectory(prefix="quire.", dir=qemu.work_directory()) as directory:
        done = subprocess.run([_INTERPRETER, _write(directory, scripts)], check=True,
                              stdout=subprocess.PIPE, text=True, timeout=_TIMEOUT_SECONDS)
    return parse(done.stdout, len(scripts))


def run_on_quire(scripts, boot=None, **machine):
    """What each script prints on Quire. Raises MachineError where none runs.

    One boot runs them all; where the kernel stops, another one runs those that are left. `machine`
    is what `boot_once` takes.
    """
    boot = boot or (lambda some: boot_once(some, **machine))
    printed = []
    while len(printed) < len(scripts):
        printed += [lines for lines in boot(scripts[len(printed):])
                    if not (lines and lines[0].startswith(_NOT_RUN))]
    return printed


def boot_once(scripts, config=MachineConfig(memory="512M"), kernel=session.BUILT_KERNEL):
    """What each prints on Quire, up to where it stops. Raises MachineError where none runs."""
    with tempfile.TemporaryDirectory(prefix="quire.", dir=qemu.work_directory()) as directory:
        request = session.Request(
            program=_INTERPRETER, arguments=("/scripts",), config=config, kernel=kernel,
            files=((_write(directory, scripts), "/scripts"),), timeout_seconds=_TIMEOUT_SECONDS)
        result = session.run(request)
    output = result.output.decode(errors="replace")
    if scripts and _MARK not in output:
        raise qemu.MachineError(f"no script ran: {result.failure or output.strip() or 'silence'}")
    return parse(output, len(scripts), result.failure)


def find_differences(scripts, quire=run_on_quire):
    """A Difference for each script that does not print the same on both."""
    return [Difference(steps, linux, other)
            for steps, linux, other in zip(scripts, run_natively(scripts), quire(scripts))
            if linux != other]
