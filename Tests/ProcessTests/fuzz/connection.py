"""A server and its pipe, as strict as a client can be: each byte on stdout is accounted for, each id answered once."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .corpus import REPOSITORY

AWAIT_SECONDS = 120.0  # how long an answer may take before it is missing; says nothing about speed


class Fault(AssertionError):
    """The server did what it must not do."""


class Connection:
    """A spawned server. Requests are written as bytes; what comes back is counted by id."""

    def __init__(self, binary: str, framing: str) -> None:
        self.lines = framing == "lines"
        self.answers: Counter[Any] = Counter()
        self.errors: dict[Any, dict[str, Any]] = {}
        self.ended = False
        self.kept: Any = None  # the id whose result is kept
        self.result: Any = None
        self._buffer, self._next_fence = bytearray(), 0
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([binary, "serve"], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self._log, cwd=REPOSITORY)
        assert self.process.stdin is not None and self.process.stdout is not None
        self._input, self._output = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._input, False)
        os.set_blocking(self._output, False)
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN)
        self._schedule = os.open(f"/proc/{self.process.pid}/task/{self.process.pid}/schedstat", os.O_RDONLY)

    def initialize(self, roots: Iterable[str]) -> None:
        """The handshake, once."""
        if self._next_fence == 0:
            params = {"processId": os.getpid(), "roots": list(roots)}
            self.exchange(self.frame(json.dumps(
                {"jsonrpc": "2.0", "id": "initialize", "method": "initialize", "params": params}).encode()))

    def frame(self, body: bytes) -> bytes:
        return body + b"\n" if self.lines else b"Content-Length: %d\r\n\r\n%s" % (len(body), body)

    def loop_seconds(self) -> float:
        """CPU time of the loop's thread so far."""
        return int(os.pread(self._schedule, 64, 0).split()[0]) / 1e9

    def exchange(self, data: bytes) -> float:
        """Writes `data` and a request of no method, whose answer says that all before it has been handled.
        The CPU seconds that the loop took for it."""
        self._next_fence += 1
        fence = f"fence {self._next_fence}"
        before = self.loop_seconds()
        self.write(data + self.frame(b'{"jsonrpc":"2.0","id":"%s","method":"fuzz/fence"}' % fence.encode()))
        self.read_until(fence)
        return self.loop_seconds() - before

    def write(self, data: bytes) -> None:
        """Writes all of `data`, reading meanwhile, so that neither side can block."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._input, rest):]
            except BlockingIOError:
                writable = select.poll()
                writable.register(self._input, select.POLLOUT)
                writable.register(self._output, select.POLLIN)
                if not writable.poll(AWAIT_SECONDS * 1000):
                    raise Fault(f"the server neither reads nor writes for {AWAIT_SECONDS:.0f} s") from None
                self._read()
            except BrokenPipeError:
                self._read()
                raise self._death() from None

    def read_until(self, identifier: Any) -> None:
        """Reads until this id has been answered."""
        if not self.is_answered(identifier, AWAIT_SECONDS):
            raise Fault(f"{identifier!r} is not answered within {AWAIT_SECONDS:.0f} s")

    def is_answered(self, identifier: Any, seconds: float) -> bool:
        """Reads until this id has been answered; whether it is within `seconds`."""
        deadline = time.monotonic() + seconds
        while identifier not in self.answers:
            if not self._poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return False
            self._read()
            if self.ended and identifier not in self.answers:
                raise self._death()
        return True

    def read_to_end(self) -> int:
        """Reads until the server closes its output; its exit status."""
        deadline = time.monotonic() + AWAIT_SECONDS
        while not self.ended:
            if not self._poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise Fault(f"the server does not end within {AWAIT_SECONDS:.0f} s")
            self._read()
        if self._buffer:
            raise Fault(f"stdout ended inside a frame: {bytes(self._buffer[:200])!r}")
        return self.process.wait(AWAIT_SECONDS)

    def end_input(self) -> int:
        """Closes the server's input and reads to the end; its exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.read_to_end()

    def peak_bytes(self) -> int:
        """The most memory the process has had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._schedule)
        for file in (self.process.stdin, self.process.stdout, self._log):
            if file is not None:
                file.close()

    def log(self) -> str:
        """The end of what the server wrote to stderr."""
        self._log.seek(0)
        return self._log.read()[-2000:].decode(errors="replace")

    def _death(self) -> Fault:
        return Fault(f"the server ended with {self.process.wait(AWAIT_SECONDS)}: {self.log()}")

    def _read(self) -> None:
        try:
            data = os.read(self._output, 1 << 20)
        except BlockingIOError:
            return
        if not data:
            self.ended = True
            return
        self._buffer += data
        while (body := self._body()) is not None:
            message = json.loads(body.decode(), parse_constant=_refuse_constant)
            for one in message if isinstance(message, list) else (message,):
                self._take(one)

    def _body(self) -> bytes | None:
        if self.lines:
            end = self._buffer.find(b"\n")
            start, following = 0, end + 1
        else:
            start = self._buffer.find(b"\r\n\r\n") + 4
            if start < 4:
                return None
            name, _, length = bytes(self._buffer[: start - 4]).partition(b": ")
            if name != b"Content-Length" or not length.isdigit():
                raise Fault(f"not a frame header: {bytes(self._buffer[:200])!r}")
            following = end = start + int(length)
        if end < 0 or len(self._buffer) < following:
            return None
        body = bytes(self._buffer[start:end])
        del self._buffer[:following]
        return body

    def _take(self, message: Any) -> None:
        if message.get("jsonrpc") != "2.0":
            raise Fault(f"not a message: {message!r}"[:500])
        if "method" in message:
            return
        if ("result" in message) == ("error" in message):
            raise Fault(f"an answer with both result and error, or neither: {message!r}"[:500])
        identifier = message["id"]
        self.answers[identifier] += 1
        if identifier == self.kept and identifier is not None:
            self.result = message.get("result")
        if "error" in message:
            error = message["error"]
            self.errors[identifier] = error
            if error["code"] == -32603:
                raise Fault(f"-32603: {error['message']}, to {identifier!r}"[:500])


def _refuse_constant(name: str) -> None:
    raise Fault(f"{name} is not JSON")
