"""A client of QEMU's machine protocol (QMP) on a connected socket."""

import json
import time


class QmpError(Exception):
    """QEMU refused a command."""


class QmpClosed(Exception):
    """QEMU has gone."""


class Qmp:
    """Speaks QMP. Events that arrive in between are kept in `events`."""

    def __init__(self, connection, timeout):
        self._connection = connection
        self._unread = b""
        self.events = []
        self._next_message(time.monotonic() + timeout)
        self.command("qmp_capabilities", timeout=timeout)

    def command(self, name, timeout=30, **arguments):
        """Runs a command and returns its result. Raises QmpError, QmpClosed or TimeoutError."""
        request = {"execute": name, "arguments": arguments}
        deadline = time.monotonic() + timeout
        try:
            self._connection.sendall(json.dumps(request).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError) as error:
            raise QmpClosed from error
        while True:
            message = self._next_message(deadline)
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise QmpError(f"{name}: {message['error']['desc']}")
            else:
                return message["return"]

    def monitor(self, line, timeout=30):
        """Runs a line of the human monitor, such as `xp /4gx 0x1000`; returns its text."""
        return self.command("human-monitor-command", timeout, **{"command-line": line})

    def wait_until_closed(self, deadline):
        """Collects events until QEMU goes. Raises TimeoutError at `deadline`."""
        try:
            while True:
                self.events.append(self._next_message(deadline))
        except QmpClosed:
            return

    def shutdown_reason(self):
        """Why the machine stopped, in QEMU's words (`guest-shutdown`), or None."""
        for event in self.events:
            if event.get("event") == "SHUTDOWN":
                return event["data"]["reason"]
        return None

    def _next_message(self, deadline):
        while b"\n" not in self._unread:
            self._receive(deadline)
        line, self._unread = self._unread.split(b"\n", 1)
        return json.loads(line)

    def _receive(self, deadline):
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("QEMU did not answer in time")
        self._connection.settimeout(remaining)
        try:
            piece = self._connection.recv(65536)
        except ConnectionResetError:
            piece = b""
        if not piece:
            raise QmpClosed
        self._unread += piece
