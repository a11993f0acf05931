"""Keeps what arrives on a pipe, so that the writer never waits."""

import os
import re
import threading


class Drain:
    """Reads a file descriptor to its end on a thread of its own, and hands each piece on.

    A sink that raises OSError is called no more, and `finish` raises its error.
    """

    def __init__(self, descriptor, *sinks):
        self._descriptor = descriptor
        self._sinks = list(sinks)
        self._sink_error = None
        self._text = bytearray()  # guarded by _arrived
        self._is_open = True  # guarded by _arrived
        self._arrived = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        with os.fdopen(self._descriptor, "rb", buffering=0) as stream:
            while piece := stream.read(65536):
                with self._arrived:
                    self._text += piece
                    self._arrived.notify_all()
                self._hand_on(piece)
        with self._arrived:
            self._is_open = False
            self._arrived.notify_all()

    def _hand_on(self, piece):
        for sink in list(self._sinks):
            try:
                sink(piece)
            except OSError as error:
                self._sinks.remove(sink)
                self._sink_error = error

    def contents(self):
        """Everything so far."""
        with self._arrived:
            return bytes(self._text)

    def wait_for(self, wanted, timeout):
        """Waits up to `timeout` seconds until `wanted` has arrived; says whether it has."""
        return self.wait_for_match(re.compile(re.escape(wanted)), timeout)

    def wait_for_match(self, pattern, timeout):
        """As `wait_for`, for a compiled pattern; the end of the stream ends the waiting too."""
        with self._arrived:
            self._arrived.wait_for(
                lambda: pattern.search(self._text) or not self._is_open, timeout)
            return pattern.search(self._text) is not None

    def finish(self):
        """Waits for the end, which comes once every writer has closed; returns everything."""
        self._thread.join()
        if self._sink_error:
            raise self._sink_error
        return self.contents()
