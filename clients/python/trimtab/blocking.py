"""The blocking client: one thread, no locks, no reader thread, so that a small call costs two system calls.

Not safe for use from several threads at once; callbacks run inside the call that met their notification and may
themselves make calls. A call that is interrupted (Ctrl-C) leaves the client as it was: the server runs in a session of
its own, so that the terminal's interrupt does not reach it, and the next call finishes what was written or read in
part. """

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, Optional, TypeVar

from .declared import UnknownFields
from .endpoint import Endpoint, OnNotification
from .errors import CallTimeout, RPCError, ServerExited, TrimtabError
from .frames import Command, command_line, initialize_params, last_lines
from .methods import ClientMethods, ClientRequests, Now, SessionMethods, SessionRequests
from .requests import Progress, Request
from .selection import Pool

T = TypeVar("T")
CHUNK_BYTES = 65536
WRITE_BYTES = 1 << 20


class Trimtab(ClientMethods, Now, Endpoint):
    """A running server. `with Trimtab(roots=["profiles"]) as client: session = client.open_session()`.

    `roots` are the folders below which files may be read. Clients with the same `state_directory` share its sessions.
    `timeout` (seconds) bounds every call that does not state its own; None waits for ever.
    `on_notification(method, params)` gets what the server pushes. `unknown_fields`: whether a field that the server
    does not know is a warning (the default) or an error.
    """

    def __init__(
        self, command: Command = None, *, roots: Sequence[str] = (), state_directory: Optional[str] = None,
        capabilities: Optional[Mapping[str, Any]] = None, framing: str = "headers", timeout: Optional[float] = None,
        on_notification: Optional[OnNotification] = None, unknown_fields: Optional[UnknownFields] = None,
    ) -> None:
        super().__init__(framing, on_notification)
        self.request, self.timeout, self._closed = ClientRequests(), timeout, False
        # What is being written, and how much of it went out in each write so far.
        self._output: tuple[bytes, list[int]] = (b"", [0])
        self._waiting: set[int] = set()
        self._arrived: dict[int, Mapping[str, Any]] = {}
        self._stderr = tempfile.TemporaryFile()
        # A session of its own: the terminal's interrupt is for this program, which decides what becomes of the server.
        self.process = subprocess.Popen(command_line(command), bufsize=0, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self._stderr, start_new_session=True)
        assert self.process.stdin is not None and self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._stdin, False)
        try:
            params = initialize_params(roots, state_directory, capabilities, unknown_fields)
            self.server: Mapping[str, Any] = self.call(Request("initialize", params))
            self.notify("initialized", {})
        except BaseException:
            self._kill()
            raise

    def __enter__(self) -> Trimtab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open_session(
        self, session: Optional[str] = None, *, seed: Optional[int] = None, timeout: Optional[float] = None
    ) -> Session:
        """Opens a session, or resumes the open one of this name."""
        return Session(self, self.call(self.request.open_session(session, seed=seed, timeout=timeout)).session)

    def call(
        self, request: Request[T], *, timeout: Optional[float] = None, progress: Optional[Progress] = None
    ) -> T:
        """Sends a request and waits for its answer. A timeout or an interrupt cancels it on the wire."""
        if progress is not None:
            request = Request(request.method, request.params, request.read, progress=progress, timeout=request.timeout)
        limit = timeout if timeout is not None else self.timeout if request.timeout is None else request.timeout
        deadline = None if limit is None else time.monotonic() + limit
        self._last_id = identifier = self._last_id + 1
        try:
            self._waiting.add(identifier)
            self._write(self._framed(identifier, request), deadline)
            answer = self._await(identifier, deadline)
        except ServerExited:
            raise
        except BaseException:
            self._cancel(identifier)
            raise
        finally:
            self._waiting.discard(identifier)
            self._arrived.pop(identifier, None)
            if self._progress:
                self._forget_progress(identifier)
        return request.result(answer)

    def start(self, request: Request[T]) -> Pending[T]:
        """Sends a request without waiting, such as a long computation beside which queries go on."""
        identifier = self._new_id()
        try:
            self._waiting.add(identifier)
            self._write(self._framed(identifier, request), None)
            return Pending(self, identifier, request)
        except BaseException:
            self._forget(identifier)
            raise

    def pipeline_requests(
        self, requests: Iterable[Request[Any]], *, timeout: Optional[float] = None
    ) -> list[Any]:
        """Sends all requests before it waits. Answers come in the order of the requests; a failed one is its
        RPCError, returned and not raised."""
        limit, sent = self.timeout if timeout is None else timeout, list(requests)
        deadline = None if limit is None else time.monotonic() + limit
        identifiers = [self._new_id() for _ in sent]
        answers: list[Any] = []
        try:
            self._waiting.update(identifiers)
            self._write(b"".join(map(self._framed, identifiers, sent)), deadline)
            for identifier, request in zip(identifiers, sent, strict=True):
                try:
                    answers.append(request.result(self._await(identifier, deadline)))
                except RPCError as error:
                    answers.append(error)
        except ServerExited:
            raise
        except BaseException:
            for identifier in identifiers[len(answers):]:
                self._cancel(identifier)
            raise
        finally:
            for identifier in identifiers:
                self._forget(identifier)
        return answers

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Sends a notification, which has no answer."""
        self._send(self._frames.message({"method": method, "params": params}))

    def close(self, *, timeout: float = 2.0) -> Optional[int]:
        """Shuts the server down in order, kills it if it has not ended in time, and returns its exit code."""
        if self._closed:
            return self.process.returncode
        try:
            if self.process.poll() is None:
                self.call(Request("shutdown", {}), timeout=timeout)
                self.notify("exit", {})
                assert self.process.stdin is not None
                self.process.stdin.close()
                self.process.wait(timeout)
        except (TrimtabError, subprocess.TimeoutExpired):
            pass  # then it is killed
        finally:
            self._kill()
        return self.process.returncode

    def _kill(self) -> None:
        self._closed = True
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self._stderr):
            if file is not None:
                file.close()

    def _run(self, request: Request[T]) -> T:
        return self.call(request)

    def _send(self, frame: bytes) -> None:
        self._write(frame, None)

    def _write(self, data: bytes, deadline: Optional[float]) -> None:
        """Writes all of `data`, reading answers meanwhile when the pipe is full, so that neither side can block.

        An interrupt may come between any two instructions of Python, but not between `os.write` and the note of
        what it wrote: `extend` and `map` run in C. So the next write goes on where an interrupted one stopped.
        """
        if self._closed:
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
        peek, arrived = self._frames.peek, self._arrived
        while identifier not in arrived:
            message = peek()
            if message is not None:
                if message.get("id") == identifier and "method" not in message:
                    arrived[identifier] = message  # as `_dispatch` does, for what comes next nearly always
                    self._frames.done()
                else:
                    self._dispatch(message)
                continue
            if deadline is not None:
                poller = select.poll()
                poller.register(self._stdout, select.POLLIN)
                if not poller.poll(_milliseconds(deadline)):
                    raise CallTimeout("no answer within the timeout")
            self._read()
        return arrived[identifier]

    def _read(self) -> None:
        chunks = self._frames.chunks
        chunks.extend(map(os.read, (self._stdout,), (CHUNK_BYTES,)))  # in C, as in `_write`
        if not chunks[-1]:
            raise self._exited()

    def _answered(self, identifier: Any, message: Mapping[str, Any]) -> bool:
        if identifier not in self._waiting:
            return False
        self._arrived[identifier] = message
        return True

    def _forget(self, identifier: int) -> None:
        self._waiting.discard(identifier)
        self._arrived.pop(identifier, None)
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


class Pending(Generic[T]):
    """The answer to come of a request sent with `Trimtab.start`."""

    def __init__(self, client: Trimtab, identifier: int, request: Request[T]) -> None:
        self._client, self._identifier, self._request = client, identifier, request
        self._answer: Optional[Mapping[str, Any]] = None

    @property
    def arrived(self) -> bool:
        """Whether the answer was met while other calls were waiting for theirs; reads nothing itself."""
        return self._answer is not None or self._identifier in self._client._arrived

    def result(self, *, timeout: Optional[float] = None) -> T:
        """Waits for the answer. A timeout or an interrupt leaves the request running: ask again."""
        if self._answer is None:
            deadline = None if timeout is None else time.monotonic() + timeout
            self._answer = self._client._await(self._identifier, deadline)
            self._client._forget(self._identifier)
        return self._request.result(self._answer)

    def cancel(self) -> None:
        """Asks the server to stop; `result` then raises RequestCancelled, or returns what was faster."""
        self._client._cancel(self._identifier)


class Session(SessionMethods, Now):
    """One session of a server; its methods send their request and wait for the answer."""

    def __init__(self, client: Trimtab, name: str) -> None:
        self.name, self.request, self._client, self._run = name, SessionRequests(name), client, client.call
        self.call, self.notify, self.pool = client.call, client.notify, Pool(self)


def _milliseconds(deadline: Optional[float]) -> Optional[float]:
    return None if deadline is None else max(0.0, (deadline - time.monotonic()) * 1000)
