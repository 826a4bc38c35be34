"""A server with one reader thread, which notes answers the moment they come."""

import contextlib
import itertools
import json
import os
import queue
import signal
import subprocess
import threading
from typing import Any

from .points import KillAt

# Generous, since computations yield to everything else on a busy machine.
AWAIT_SECONDS = 300


class Server:
    """Requests may be sent without waiting for the answers; `kill` may come from any thread."""

    def __init__(self, binary, *options, command=False):
        """Runs `binary serve` with options; with `command` those stand alone."""
        self.process = subprocess.Popen(
            [binary, *([] if command else ["serve"]), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, bufsize=0)
        self._ids = itertools.count(1)
        self.answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.is_over = False
        self.killer = None

    def kill_at(self, point, count, is_after):
        self.killer = KillAt(self.process, point, count, is_after)

    def _read(self):
        assert self.process.stdout is not None
        buffer = b""
        while chunk := self.process.stdout.read(65536):
            lines = (buffer + chunk).split(b"\n")
            # An answer cut off in its middle has not been given.
            buffer = lines.pop()
            for line in lines:
                message = json.loads(line)
                if "id" in message and "method" not in message:
                    self.answers.put(message)
        self.answers.put(None)

    def send(self, method, params):
        """The request's id; nil where the server has gone."""
        number = next(self._ids)
        line = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n"
        try:
            assert self.process.stdin is not None
            self.process.stdin.write(line.encode())
        except OSError:
            return None
        return number

    def receive(self):
        """The next answer; None once the server has gone."""
        if self.is_over:
            return None
        answer = self.answers.get(timeout=AWAIT_SECONDS)
        self.is_over = answer is None
        return answer

    def answer_to(self, method, params):
        number = self.send(method, params)
        while True:
            answer = self.receive()
            assert answer is not None, f"the server ended before it answered {method}"
            if answer["id"] == number:
                return answer

    def result(self, method, params=None):
        answer = self.answer_to(method, params or {})
        assert "result" in answer, answer
        return answer["result"]

    def kill(self):
        # `Popen.kill` would ask for the process's state first, and take a stop that its tracer waits for.
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, signal.SIGKILL)

    def wait(self):
        if self.killer:
            self.killer.join()
        self.process.wait()
        self._reader.join()
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
