"""Boots an image in QEMU, and says how that ended."""

import ctypes
import dataclasses
import enum
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from tools.machine import config as machine_config
from tools.machine import drain, qmp

_PR_SET_PDEATHSIG = 1  # man 2 prctl
_LIBC = ctypes.CDLL(None, use_errno=True)


class MachineError(Exception):
    """QEMU did not start; the text is its own."""


class Ending(enum.Enum):
    """How a machine stopped."""

    POWERED_OFF = "the machine powered off"
    RESET = "the machine reset itself"
    TRIPLE_FAULT = "the CPU met a triple fault"
    TIMED_OUT = "the machine did not end in time"
    DEBUG_EXIT = "the machine left through its debugging port"
    STOPPED = "the machine was stopped from outside"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a machine left: `log` came out of COM1, `terminal` out of COM2.

    `status` is QEMU's exit status, or None when QEMU had to be stopped.
    """

    ending: Ending
    log: bytes
    terminal: bytes
    seconds: float
    status: int | None = None


def work_directory():
    """Where temporary files may be made: Bazel's sandbox allows few places."""
    return os.environ.get("TEST_TMPDIR") or tempfile.gettempdir()


class Qemu:
    """A machine, which runs unless it `is_paused`; a context manager that leaves nothing behind.

    Everything passes over inherited descriptors: a path to a socket would often be too long.
    Each of `log_sinks` and `terminal_sinks` is called with every piece that arrives on COM1 and
    COM2, from another thread.
    """

    def __init__(self, config, image, log_sinks=(), terminal_sinks=(), more_arguments=(),
                 is_paused=False):
        self.directory = tempfile.mkdtemp(prefix="quire.", dir=work_directory())
        self._started = time.monotonic()
        self._process = None
        try:
            fitted = machine_config.fit_image(config.medium, os.path.abspath(image), self.directory)
            arguments = machine_config.qemu_arguments(config, fitted)
            self._start([*arguments, *more_arguments], log_sinks, terminal_sinks)
            if not is_paused:
                self.qmp.command("cont")
        except BaseException:
            self.close()
            raise

    def _start(self, arguments, log_sinks, terminal_sinks):
        log_reader, log_writer = os.pipe()
        terminal_reader, terminal_writer = os.pipe()
        ours, theirs = socket.socketpair()
        inherited = (log_writer, terminal_writer, theirs.fileno())
        self._process = subprocess.Popen(
            [machine_config.QEMU, *arguments, *_serial(1, log_writer), *_serial(2, terminal_writer),
             # It starts to run once it listens, or the end of a short run could be missed.
             *_control(theirs.fileno()), "-S", "-display", "none", "-no-reboot",
             "-d", "cpu_reset", "-D", self._path("resets")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._open_errors(),
            pass_fds=inherited, preexec_fn=_die_with_parent, cwd=self.directory,
            start_new_session=True,  # the terminal's Ctrl-C is for us alone
            env={**os.environ, "TMPDIR": self.directory})
        for descriptor in (log_writer, terminal_writer):
            os.close(descriptor)
        theirs.close()
        self.log = drain.Drain(log_reader, *log_sinks)
        self.terminal = drain.Drain(terminal_reader, *terminal_sinks)
        self._connect(ours)

    def _connect(self, connection):
        try:
            self.qmp = qmp.Qmp(connection, timeout=60)
        except qmp.QmpClosed:
            self._process.wait()
            raise MachineError(self._errors() or "QEMU ended at once without a word") from None

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _open_errors(self):
        return os.open(self._path("errors"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _errors(self):
        with open(self._path("errors"), encoding="utf-8", errors="replace") as text:
            return text.read().strip()

    def wait(self, timeout):
        """Waits up to `timeout` seconds for the end, stops the machine by then; an Outcome."""
        try:
            self.qmp.wait_until_closed(time.monotonic() + timeout)
        except TimeoutError:
            return self._stop(Ending.TIMED_OUT)
        status = self._process.wait()
        return self._outcome(self._ending(status), status)

    def wait_or_stop_at(self, pattern, timeout):
        """As `wait`, but stops the machine as soon as COM1's text matches the compiled pattern."""
        deadline = time.monotonic() + timeout
        if self.log.wait_for_match(pattern, timeout):
            return self._stop(Ending.STOPPED)
        return self.wait(deadline - time.monotonic())

    def _stop(self, ending):
        self._process.kill()
        self._process.wait()
        return self._outcome(ending, None)

    def _outcome(self, ending, status):
        return Outcome(ending, self.log.finish(), self.terminal.finish(),
                       time.monotonic() - self._started, status)

    def _ending(self, status):
        reason = self.qmp.shutdown_reason()
        if reason == "guest-shutdown":
            return Ending.POWERED_OFF
        if reason == "guest-reset":
            return Ending.TRIPLE_FAULT if self._has_triple_fault() else Ending.RESET
        if reason is None and status > 1:  # isa-debug-exit is silent; QEMU's own failures are 1
            return Ending.DEBUG_EXIT
        if reason is None:
            raise MachineError(self._errors() or "QEMU ended without saying why")
        return Ending.STOPPED

    def _has_triple_fault(self):
        with open(self._path("resets"), "rb") as resets:
            return b"Triple fault" in resets.read()

    def close(self):
        """Ends the machine and removes its files."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _serial(number, descriptor):
    """A serial port that writes to a descriptor, by way of one of QEMU's sets of them."""
    return ["-add-fd", f"fd={descriptor},set={number}",
            "-chardev", f"file,id=com{number},path=/dev/fdset/{number},append=on",
            "-serial", f"chardev:com{number}"]


def _control(descriptor):
    return ["-chardev", f"socket,id=qmp,fd={descriptor}", "-mon", "chardev=qmp,mode=control"]


def _die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def trace_arguments(path):
    """QEMU's arguments for a machine whose debugging port (E9h) writes to a file."""
    escaped = os.path.abspath(path).replace(",", ",,")
    return ["-chardev", f"file,id=trace,path={escaped}",
            "-device", "isa-debugcon,iobase=0xe9,chardev=trace"]


def boot(config, image, timeout, **options):
    """Boots an image and waits for its end. The options are those of Qemu."""
    with Qemu(config, image, **options) as machine:
        return machine.wait(timeout)


def boot_until(pattern, config, image, timeout, **options):
    """As `boot`, but stops the machine as soon as COM1's text matches the compiled pattern."""
    with Qemu(config, image, **options) as machine:
        return machine.wait_or_stop_at(pattern, timeout)
