"""The blocking client: calls that wait for their answers, over a `Connection`."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Optional, TypeVar, Union

from .connection import Connection
from .declared import UnknownFields
from .endpoint import OnNotification, Push
from .errors import CallTimeout, RPCError, ServerExited, TrimtabError
from .frames import Command, Folder, kill_group
from .methods import ClientMethods, ClientRequests, Now, SessionMethods, SessionRequests
from .requests import Request
from .selection import Pool, Trial
from .turns import TurnTimeout

if TYPE_CHECKING:
    from .answers import NoTrial

T = TypeVar("T")


class Trimtab(ClientMethods, Now, Connection):
    """A running server. `with Trimtab(roots=["profiles"]) as client: session = client.open_session()`.

    `roots` are the folders below which files may be read. Clients with the same `state_directory` share its sessions.
    `timeout` (seconds) bounds every call that does not state its own; None waits for ever.
    `on_notification(method, params)` gets what the server pushes, which `wait` and `pushes` give as well.
    `unknown_fields`: whether a field that the server does not know is a warning (the default) or an error.
    With a state directory a server that ends is started again (unless `restart` is false): its sessions go on, and
    calls do not notice, but for changes under way, which raise `OutcomeUnknown`.
    Threads may share a client: their calls follow each other, and `timeout` bounds the waiting for a turn, too. A long
    request that others shall not wait for is one for `start`.
    """

    def __init__(
        self, command: Command = None, *, roots: Sequence[Folder] = (),
        state_directory: Optional[Folder] = None,
        capabilities: Optional[Mapping[str, Any]] = None, framing: str = "headers", timeout: Optional[float] = None,
        on_notification: Optional[OnNotification] = None, unknown_fields: Optional[UnknownFields] = None,
        restart: bool = True,
    ) -> None:
        self.request = ClientRequests()
        super().__init__(
            command, roots=roots, state_directory=state_directory, capabilities=capabilities, framing=framing,
            timeout=timeout, on_notification=on_notification, unknown_fields=unknown_fields, restart=restart)

    def __enter__(self) -> Trimtab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open_session(
        self, session: Optional[str] = None, *, seed: Optional[int] = None, timeout: Optional[float] = None
    ) -> Session:
        """Opens a session, or resumes the open one of this name."""
        opened = self.call(self.request.open_session(session, seed=seed, timeout=timeout))
        self._opened[opened.session] = None
        return Session(self, opened.session)

    def _run(self, request: Request[T]) -> T:
        return self.call(request)

    def start(self, request: Request[T]) -> Pending[T]:
        """Sends a request without waiting, such as a long computation beside which queries go on."""
        return self._turns.run(lambda: self._start(request))

    def _start(self, request: Request[T]) -> Pending[T]:
        identifier = self._new_id()
        try:
            self._waiting[identifier] = request
            self._submit(self._framed(identifier, request), [identifier], None)
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
        return self._turns.run(lambda: self._pipeline(sent, deadline), deadline)

    def _pipeline(self, sent: list[Request[Any]], deadline: Optional[float]) -> list[Any]:
        identifiers = [self._new_id() for _ in sent]
        answers: list[Any] = []
        try:
            self._waiting.update(zip(identifiers, sent, strict=True))
            self._submit(b"".join(map(self._framed, identifiers, sent)), identifiers, deadline)
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

    def wait(self, timeout: Optional[float] = None) -> Optional[Push]:
        """The server's next push, in the order of arrival, or None when none comes within `timeout` seconds.

        Pushes that came during calls are kept for it, the newest 4096 of them. Progress of started requests is passed
        on meanwhile, and their answers are received.

            while push := client.wait(timeout=60):
                print(push.method, push.params)
        """
        try:
            return self._until(self._next_push, None if timeout is None else time.monotonic() + timeout)
        except TurnTimeout:
            return None

    def _next_push(self) -> Optional[Push]:
        while not self._pushes:
            message = self._frames.peek()
            if message is not None:
                self._dispatch(message)
            elif not self._fill(time.monotonic()):
                return None
        return self._pushes.popleft()

    def pushes(self, timeout: Optional[float] = None) -> Iterator[Push]:
        """The server's pushes, until none comes for `timeout` seconds; without one until the client is closed."""
        while (push := self.wait(timeout)) is not None:
            yield push

    def close(self, *, timeout: float = 2.0) -> Optional[int]:
        """Shuts the server down in order, kills it if it has not ended in time, and returns its exit code."""
        self._shut = True
        try:
            return self._turns.run(lambda: self._close(timeout), time.monotonic() + timeout)
        except TurnTimeout:
            if self.process.poll() is None:
                kill_group(self.process.pid)  # the call of the other thread raises ServerExited
            return self._turns.run(lambda: self._close(timeout))

    def _close(self, timeout: float) -> Optional[int]:
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
            if self._client._until(self._take, deadline) is None:
                raise CallTimeout("no answer within the timeout")
        assert self._answer is not None
        return self._request.result(self._answer)

    def _take(self) -> Optional[Mapping[str, Any]]:
        """The answer, once it has come; another thread may have taken it."""
        if self._answer is None:
            try:
                self._answer = self._client._answer_now(self._identifier)
            except ServerExited:
                self._client._forget(self._identifier)
                raise
            if self._answer is not None:
                self._client._forget(self._identifier)
        return self._answer

    def cancel(self) -> None:
        """Asks the server to stop; `result` then raises RequestCancelled, or returns what was faster."""
        self._client._turns.run(lambda: self._client._cancel(self._identifier))


class Session(SessionMethods, Now):
    """One session of a server; its methods send their request and wait for the answer."""

    def __init__(self, client: Trimtab, name: str) -> None:
        self.name, self.request, self._client, self._run = name, SessionRequests(name), client, client.call
        self.call, self.notify, self.pool = client.call, client.notify, Pool(self)

    def ask(
        self, worker: Optional[str] = None, *, gpus: Optional[Sequence[str]] = None,
        memory_bytes: Optional[int] = None, elapsed_seconds: Optional[float] = None, timeout: Optional[float] = None,
    ) -> Union[Trial, NoTrial]:
        """What this worker trains next; `trial.report(...)` says how it goes.

            while trial := session.ask("worker0"):
                ...
                if trial.report(step, score, data_fraction=fraction).ended:
                    break

        As Optuna's `ask`, but a trial has no `suggest_*`: the pool says what there is to try, and
        `session.suggestion()` is the candidate to choose. Nor has it a `tell`, which ends a trial there: here the
        search ends it, by a decision about a report. A `NoTrial` is false; `finished` says whether asking again is
        useless.
        """
        return self.pool.next_trial(
            worker, gpus=gpus, memory_bytes=memory_bytes, elapsed_seconds=elapsed_seconds, timeout=timeout)
