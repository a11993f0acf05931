"""Boots an image in Bochs, a second opinion on what a PC is."""

import os
import shutil
import subprocess
import tempfile
import time

from tools.machine.qemu import Ending, MachineError, Outcome, work_directory

BOCHS = "/usr/bin/bochs"

# Debian's build has the debugger on, so a script must say `continue`.
_SCRIPT = "continue\nquit\n"

_CONFIG = """\
display_library: term
config_interface: textconfig
romimage: file=/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=/usr/share/vgabios/vgabios.stdvga.bin
vga: extension=vbe
cpu: model={model}, count=1, ips=50000000, reset_on_triple_fault=0
memory: guest={memory_mib}, host={memory_mib}
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=disk, path=disk.img, mode=flat
boot: disk
com1: enabled=1, mode=file, dev=com1
com2: enabled=1, mode=file, dev=com2
clock: sync=none
panic: action=fatal
error: action=report
info: action=report
debug: action=ignore
log: bochs.log
"""


def bochs_config(memory_mib, model):
    """The text of a bochsrc; its files lie in Bochs's working directory."""
    return _CONFIG.format(memory_mib=memory_mib, model=model)


def ending_of(bochs_log):
    """Bochs leaves with 1 however a machine ends; only its log tells."""
    if "ACPI control: soft power off" in bochs_log:
        return Ending.POWERED_OFF
    if "Shutdown port: shutdown requested" in bochs_log:
        return Ending.DEBUG_EXIT
    if "exception with no resolution" in bochs_log:
        return Ending.TRIPLE_FAULT
    return Ending.STOPPED


def boot(image, timeout, memory_mib=128, model="corei7_skylake_x"):
    """Boots an image from the first IDE disk and waits for the end; an Outcome."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="quire.", dir=work_directory()) as directory:
        _write(directory, "bochsrc", bochs_config(memory_mib, model))
        _write(directory, "script", _SCRIPT)
        shutil.copyfile(image, os.path.join(directory, "disk.img"))
        was_in_time = _run(directory, timeout)
        bochs_log = _read(directory, "bochs.log").decode(errors="replace")
        ending = ending_of(bochs_log) if was_in_time else Ending.TIMED_OUT
        if ending is Ending.STOPPED:
            raise MachineError(f"Bochs ended without a power-off:\n{bochs_log[-4000:]}")
        return Outcome(ending, _read(directory, "com1"), _read(directory, "com2"),
                       time.monotonic() - started)


def _run(directory, timeout):
    """Runs Bochs; says whether it ended within `timeout` seconds."""
    with open(os.path.join(directory, "output"), "wb") as output:
        try:
            subprocess.run([BOCHS, "-q", "-f", "bochsrc", "-rc", "script"], cwd=directory,
                           timeout=timeout, check=False, stdin=subprocess.DEVNULL, stdout=output,
                           stderr=subprocess.STDOUT, env={**os.environ, "TERM": "xterm"})
        except subprocess.TimeoutExpired:
            return False
    return True


def _write(directory, name, text):
    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
        file.write(text)


def _read(directory, name):
    try:
        with open(os.path.join(directory, name), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""
