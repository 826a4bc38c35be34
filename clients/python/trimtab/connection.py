"""The blocking client's connection: no reader thread, so that a small call costs two system calls.

Threads that share a client take turns: a call is a turn, while waiting for a push or a started request is none, so that
other threads' calls go on. Callbacks run inside the call that met their notification and may themselves make calls. A
call that is interrupted (Ctrl-C) leaves the client as it was: the server runs in a session of
its own, so that the terminal's interrupt does not reach it, and the next call finishes what was written or read in
part."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, TypeVar

from .declared import UnknownFields
from .endpoint import Endpoint, OnNotification
from .errors import CallTimeout, ServerExited
from .frames import Command, Folder, Frames, command_line, initialize_params, kill_group, last_lines
from .requests import Progress, Request
from .restart import keeps_sessions, may_be_repeated, outcome_unknown, to_open_again, warn_of_restart
from .turns import Turns

T = TypeVar("T")
CHUNK_BYTES = 65536
WRITE_BYTES = 1 << 20


class Connection(Endpoint):
    """A server process, what is written to it and what is read."""

    def __init__(
        self, command: Command = None, *, roots: Sequence[Folder] = (),
        state_directory: Optional[Folder] = None,
        capabilities: Optional[Mapping[str, Any]] = None, framing: str = "headers", timeout: Optional[float] = None,
        on_notification: Optional[OnNotification] = None, unknown_fields: Optional[UnknownFields] = None,
        restart: bool = True,
    ) -> None:
        super().__init__(framing, on_notification)
        self._turns = Turns()
        self.server: Mapping[str, Any] = {}  # what it answered to `initialize`
        self.timeout, self.restart = timeout, restart
        self._command, self._framing, self._closed, self._shut, self._restarting = command, framing, True, False, False
        self._initialize = initialize_params(roots, state_directory, capabilities, unknown_fields)
        # The requests that wait, in the order in which they were sent, and which of them were sent a second time.
        self._waiting: dict[int, Request[Any]] = {}
        self._repeated: set[int] = set()
        self._given_up: dict[int, ServerExited] = {}
        self._arrived: dict[int, Mapping[str, Any]] = {}
        self._opened: dict[str, None] = {}
        self._start_server()

    def _start_server(self) -> None:
        self._frames = Frames(self._framing)
        # What is being written, and how much of it went out in each write so far.
        self._output: tuple[bytes, list[int]] = (b"", [0])
        self._stderr = tempfile.TemporaryFile()
        # A session of its own: the terminal's interrupt is for this program, which decides what becomes of the server.
        self.process = subprocess.Popen(command_line(self._command), bufsize=0, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self._stderr, start_new_session=True)
        assert self.process.stdin is not None and self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._stdin, False)
        self._closed = False
        try:
            self.server = self.call(Request("initialize", self._initialize))
            self.notify("initialized", {})
        except BaseException:
            self._kill()
            raise

    def call(
        self, request: Request[T], *, timeout: Optional[float] = None, progress: Optional[Progress] = None
    ) -> T:
        """Sends a request and waits for its answer. A timeout or an interrupt cancels it on the wire."""
        if progress is not None:
            request = Request(request.method, request.params, request.read, progress=progress, timeout=request.timeout)
        limit = timeout if timeout is not None else self.timeout if request.timeout is None else request.timeout
        deadline = None if limit is None else time.monotonic() + limit
        if deadline is None:
            with self._turns.lock:
                return self._call(request, None)
        return self._turns.run(lambda: self._call(request, deadline), deadline)

    def _call(self, request: Request[T], deadline: Optional[float]) -> T:
        self._last_id = identifier = self._last_id + 1
        try:
            self._waiting[identifier] = request
            self._submit(self._framed(identifier, request), [identifier], deadline)
            answer = self._await(identifier, deadline)
        except ServerExited:
            raise
        except BaseException:
            self._cancel(identifier)
            raise
        finally:
            self._forget(identifier)
        return request.result(answer)

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Sends a notification, which has no answer."""
        self._turns.run(lambda: self._notify(method, params))

    def _notify(self, method: str, params: Mapping[str, Any]) -> None:
        frame = self._frames.message({"method": method, "params": params})
        try:
            self._send(frame)
        except ServerExited as error:
            self._start_again(error)
            self._send(frame)  # a report may come twice

    def _send(self, frame: bytes) -> None:
        self._write(frame, None)

    def _submit(self, data: bytes, identifiers: Sequence[int], deadline: Optional[float]) -> None:
        """Writes requests, to another server where this one has ended."""
        try:
            self._write(data, deadline)
        except ServerExited as error:
            # A frame of which a byte is missing has had no effect, and the last frame is the only one here, or it is
            # not known which ones went out.
            unsent = sum(self._output[1]) < len(self._output[0]) if len(identifiers) == 1 else not any(self._output[1])
            self._start_again(error, identifiers if unsent else ())

    def _start_again(self, error: ServerExited, unsent: Sequence[int] = ()) -> None:
        """Starts a server on the same state directory, or raises `error` where there is none. A request at which a
        server ended that had been sent it again is given up."""
        if self._shut or self._restarting or not self.restart or not keeps_sessions(self.server):
            raise error
        waiting = {key: request for key, request in self._waiting.items() if key not in self._arrived}
        for identifier in self._repeated.intersection(waiting):
            self._given_up[identifier] = error
            del waiting[identifier]
        warn_of_restart(error)
        self._restarting = True
        try:
            self._start_server()
            listed = self.call(Request("session/list", {}))
            for name in to_open_again(listed, self._opened):
                self.call(Request("session/open", {"session": name}))
            for identifier, request in waiting.items():
                if identifier in unsent or may_be_repeated(request):
                    self._repeated.add(identifier)
                    self._write(self._framed(identifier, request), None)
                else:
                    self._arrived[identifier] = outcome_unknown(request)
        except BaseException:
            self._kill()  # the next call begins again
            raise
        finally:
            self._restarting = False

    def _write(self, data: bytes, deadline: Optional[float]) -> None:
        """Writes all of `data`, reading answers meanwhile when the pipe is full, so that neither side can block.

        An interrupt may come between any two instructions of Python, but not between `os.write` and the note of
        what it wrote: `extend` and `map` run in C. So the next write goes on where an interrupted one stopped.
        """
        if self._closed:
            self._output = data, []
            raise ServerExited(self.process.returncode, ())
        unsent, written = self._output
        if written != [len(unsent)] and (sent := sum(written)) < len(unsent):
            data = unsent[sent:] + data
        self._output = data, written = data, []
        try:
            written.extend(map(os.write, (self._stdin,), (data,)))
        except BlockingIOError:
            pass
        except BrokenPipeError:
            raise self._exited() from None
        if written != [len(data)]:
            self._write_rest(data, written, deadline)

    def _write_rest(self, data: bytes, written: list[int], deadline: Optional[float]) -> None:
        rest, poller = memoryview(data), select.poll()
        poller.register(self._stdin, select.POLLOUT)
        poller.register(self._stdout, select.POLLIN)
        while (sent := sum(written)) < len(data):
            ready = poller.poll(_milliseconds(deadline))
            if not ready:
                raise CallTimeout("the server did not read the request within the call's timeout")
            for descriptor, _ in ready:
                try:
                    if descriptor == self._stdout:
                        self._read()
                    else:
                        written.extend(map(os.write, (self._stdin,), (rest[sent:sent + WRITE_BYTES],)))
                except BlockingIOError:
                    pass
                except BrokenPipeError:
                    raise self._exited() from None

    def _await(self, identifier: int, deadline: Optional[float]) -> Mapping[str, Any]:
        """Waits for an answer. It stays among the arrived ones until it is forgotten."""
        arrived = self._arrived
        while identifier not in arrived:
            frames = self._frames  # others after a restart
            message = frames.peek()
            if message is None:
                if not self._fill(deadline):
                    raise CallTimeout("no answer within the timeout")
                if identifier in self._given_up:
                    raise self._given_up[identifier]
            elif (key := message.get("id")) == identifier and type(key) is int and "method" not in message:
                arrived[identifier] = message  # as `_dispatch` does, for what comes next nearly always
                frames.done()
            else:
                self._dispatch(message)
        return arrived[identifier]

    def _answer_now(self, identifier: int) -> Optional[Mapping[str, Any]]:
        """An answer that has come; None where it has not yet. It stays among the arrived ones, as in `_await`."""
        while identifier not in self._arrived:
            message = self._frames.peek()
            if message is not None:
                self._dispatch(message)
            elif not self._fill(time.monotonic()):
                return None
            elif identifier in self._given_up:
                raise self._given_up[identifier]
        return self._arrived[identifier]

    def _until(self, attempt: Callable[[], Optional[T]], deadline: Optional[float]) -> Optional[T]:
        """What `attempt` returns when that is not None; None at the deadline.

        Each attempt is a turn, made when something may have come, whichever thread has read it; between them other
        threads have their turns. Raises TurnTimeout where these leave none until the deadline.
        """
        if (found := self._turns.run(attempt, deadline)) is not None:
            return found
        listener = self._turns.listen()
        try:
            while (found := self._turns.run(attempt, deadline)) is None:
                poller = select.poll()
                poller.register(self._stdout, select.POLLIN)
                poller.register(listener, select.POLLIN)
                if not poller.poll(_milliseconds(deadline)):
                    return None
                listener.clear()
            return found
        finally:
            listener.close()

    def _fill(self, deadline: Optional[float]) -> bool:
        """Reads what comes next, from another server where this one has ended; false at the deadline."""
        try:
            if self._closed:
                raise ServerExited(self.process.returncode, ())
            if deadline is not None:
                poller = select.poll()
                poller.register(self._stdout, select.POLLIN)
                if not poller.poll(_milliseconds(deadline)):
                    return False
            self._read()
        except ServerExited as error:
            self._start_again(error)
        return True

    def _read(self) -> None:
        chunks = self._frames.chunks
        chunks.extend(map(os.read, (self._stdout,), (CHUNK_BYTES,)))  # in C, as in `_write`
        self._turns.tell()
        if not chunks[-1]:
            raise self._exited()

    def _answered(self, identifier: Any, message: Mapping[str, Any]) -> bool:
        if identifier not in self._waiting:
            return False
        self._arrived[identifier] = message
        return True

    def _forget(self, identifier: int) -> None:
        self._waiting.pop(identifier, None)
        self._arrived.pop(identifier, None)
        if self._repeated:
            self._repeated.discard(identifier)
            self._given_up.pop(identifier, None)
        if self._progress:
            self._forget_progress(identifier)

    def _cancel(self, identifier: int) -> None:
        with contextlib.suppress(CallTimeout, ServerExited):  # what is left unsent goes out with the next call
            self._write(self._frames.message({"method": "$/cancelRequest", "params": {"id": identifier}}),
                        time.monotonic() + 0.1)

    def _exited(self) -> ServerExited:
        try:
            code: Optional[int] = self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            code = None
        error = ServerExited(code, last_lines(self._stderr))
        self._kill()
        return error

    def _kill(self) -> None:
        self._closed = True
        self._turns.tell()
        if self.process.poll() is None:
            kill_group(self.process.pid)
            self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self._stderr):
            if file is not None:
                file.close()


def _milliseconds(deadline: Optional[float]) -> Optional[float]:
    return None if deadline is None else max(0.0, (deadline - time.monotonic()) * 1000)
