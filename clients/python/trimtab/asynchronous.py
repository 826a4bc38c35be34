"""The asyncio client: the same methods, awaited; any number of calls may be under way at once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional, TypeVar, Union

from .declared import UnknownFields
from .endpoint import Endpoint, OnNotification, Push
from .errors import CallTimeout, RPCError, ServerExited, TrimtabError
from .frames import Command, Folder, Frames, command_line, initialize_params, kill_group, last_lines
from .methods import Awaited, ClientMethods, ClientRequests, SessionMethods, SessionRequests
from .requests import Progress, Request
from .restart import keeps_sessions, may_be_repeated, outcome_unknown, to_open_again, warn_of_restart
from .selection import AsyncPool, AsyncTrial

if TYPE_CHECKING:
    from .answers import NoTrial

T = TypeVar("T")


class AsyncTrimtab(ClientMethods, Awaited, Endpoint):
    """A running server. `async with AsyncTrimtab() as client: session = await client.open_session()`.

    The arguments are those of `Trimtab`. `process` and `server` are there once the context has been entered.
    """

    process: asyncio.subprocess.Process
    server: Mapping[str, Any]

    def __init__(
        self, command: Command = None, *, roots: Sequence[Folder] = (),
        state_directory: Optional[Folder] = None,
        capabilities: Optional[Mapping[str, Any]] = None, framing: str = "headers", timeout: Optional[float] = None,
        on_notification: Optional[OnNotification] = None, unknown_fields: Optional[UnknownFields] = None,
        restart: bool = True,
    ) -> None:
        super().__init__(framing, on_notification)
        self.request, self.timeout, self.restart = ClientRequests(), timeout, restart
        self._command, self._framing = command, framing
        self._initialize = initialize_params(roots, state_directory, capabilities, unknown_fields)
        self._pending: dict[int, tuple[asyncio.Future[Any], Request[Any]]] = {}
        self._opened: dict[str, None] = {}
        self._repeated: set[int] = set()
        self._ended: Optional[Exception] = None
        self._shut, self._held, self._began = False, None, False
        self._pushed = asyncio.Event()

    # What is sent while another server starts, and goes out once it has been initialized; None at other times.
    _held: Optional[list[bytes]]

    async def __aenter__(self) -> AsyncTrimtab:
        try:
            await self._start_server()
        except BaseException:
            if self._began:
                await self.close(timeout=0.0)
            raise
        return self

    async def _start_server(self) -> None:
        command = command_line(self._command)
        self._frames = Frames(self._framing)
        self._stderr = tempfile.TemporaryFile()
        # A session of its own: the terminal's interrupt is for this program, which decides what becomes of the server.
        try:
            self.process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=self._stderr,
                start_new_session=True)
        except BaseException:
            self._stderr.close()
            raise
        assert self.process.stdin is not None and self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin, self.process.stdout
        self._reader = asyncio.ensure_future(self._read())
        self._began = True
        self.server = await self._shake_hands(Request("initialize", self._initialize))
        self._stdin.write(self._frames.message({"method": "initialized", "params": {}}))

    async def _shake_hands(self, request: Request[T]) -> T:
        """A call that goes out at once."""
        identifier = self._new_id()
        answer = asyncio.get_running_loop().create_future()
        self._pending[identifier] = answer, request
        try:
            self._stdin.write(self._framed(identifier, request))
            return request.result(await asyncio.wait_for(answer, self.timeout))
        except asyncio.TimeoutError:
            raise CallTimeout("no answer within the timeout") from None
        finally:
            self._pending.pop(identifier, None)

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open_session(
        self, session: Optional[str] = None, *, seed: Optional[int] = None, timeout: Optional[float] = None
    ) -> AsyncSession:
        """Opens a session, or resumes the open one of this name."""
        opened = await self.call(self.request.open_session(session, seed=seed, timeout=timeout))
        self._opened[opened.session] = None
        return AsyncSession(self, opened.session)

    async def call(
        self, request: Request[T], *, timeout: Optional[float] = None, progress: Optional[Progress] = None
    ) -> T:
        """Sends a request and waits for its answer. A timeout or a cancelled task cancels it on the wire."""
        if self._ended is not None:
            raise self._ended
        if progress is not None:
            request = Request(request.method, request.params, request.read, progress=progress, timeout=request.timeout)
        limits = (timeout, request.timeout, self.timeout)
        identifier = self._new_id()
        answer = asyncio.get_running_loop().create_future()
        self._pending[identifier] = answer, request
        try:
            self._send(self._framed(identifier, request))
            limit = next((limit for limit in limits if limit is not None), None)
            return request.result(await asyncio.wait_for(answer, limit))
        except asyncio.TimeoutError:
            self.notify("$/cancelRequest", {"id": identifier})
            raise CallTimeout("no answer within the timeout") from None
        except asyncio.CancelledError:
            self.notify("$/cancelRequest", {"id": identifier})
            raise
        finally:
            self._pending.pop(identifier, None)
            self._repeated.discard(identifier)
            self._forget_progress(identifier)

    async def pipeline_requests(
        self, requests: Iterable[Request[Any]], *, timeout: Optional[float] = None
    ) -> list[Any]:
        """All requests at once; a failed one is its RPCError, returned and not raised."""

        async def settle(request: Request[Any]) -> Any:
            try:
                return await self.call(request, timeout=timeout)
            except RPCError as error:
                return error

        return list(await asyncio.gather(*map(settle, requests)))

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        """Sends a notification, which has no answer."""
        self._send(self._frames.message({"method": method, "params": params}))

    async def wait(self, timeout: Optional[float] = None) -> Optional[Push]:
        """The server's next push, in the order of arrival, or None when none comes within `timeout` seconds."""
        if not self._pushes:
            if self._ended is not None:
                raise self._ended
            self._pushed.clear()
            try:
                await asyncio.wait_for(self._pushed.wait(), timeout)
            except asyncio.TimeoutError:
                return None
            if not self._pushes:
                assert self._ended is not None
                raise self._ended
        return self._pushes.popleft()

    async def pushes(self, timeout: Optional[float] = None) -> AsyncIterator[Push]:
        """The server's pushes, until none comes for `timeout` seconds."""
        while (push := await self.wait(timeout)) is not None:
            yield push

    async def close(self, *, timeout: float = 2.0) -> Optional[int]:
        """Shuts the server down in order, kills it if it has not ended in time, and returns its exit code."""
        self._shut = True
        try:
            if self._ended is None and timeout > 0:
                await self.call(Request("shutdown", {}), timeout=timeout)
                self.notify("exit", {})
            self._stdin.close()
            await asyncio.wait_for(self.process.wait(), timeout)
        except (TrimtabError, asyncio.TimeoutError):
            if self.process.returncode is None:
                kill_group(self.process.pid)
        await self._reader
        self._stderr.close()
        return self.process.returncode

    async def _read(self) -> None:
        try:
            while data := await self._stdout.read(1 << 18):
                self._frames.chunks.append(data)
                while (message := self._frames.peek()) is not None:
                    self._dispatch(message)
                if self._pushes:
                    self._pushed.set()
            failure: Exception = ServerExited(await self.process.wait(), last_lines(self._stderr))
        except Exception as error:  # a callback or a garbled frame: nothing after it can be trusted
            if self.process.returncode is None:
                kill_group(self.process.pid)
            await self.process.wait()
            failure = error
        waiting = {key: request for key, (answer, request) in self._pending.items() if not answer.done()}
        if (isinstance(failure, ServerExited) and self.restart and not self._shut and self._held is None
                and hasattr(self, "server") and keeps_sessions(self.server)):
            warn_of_restart(failure)
            for identifier in self._repeated.intersection(waiting):  # at which two servers have ended
                self._pending[identifier][0].set_exception(failure)
                del waiting[identifier]
            self._held = []
            self._restarted = asyncio.ensure_future(self._start_again(waiting))
        elif self._held is not None:
            self._fail_handshakes(failure)
        else:
            self._end(failure)

    async def _start_again(self, waiting: Mapping[int, Request[Any]]) -> None:
        """Starts a server on the same state directory, and sends it what waits."""
        try:
            await self._start_server()
            listed = await self._shake_hands(Request("session/list", {}))
            for name in to_open_again(listed, self._opened):
                await self._shake_hands(Request("session/open", {"session": name}))
        except Exception as error:
            self._held = None
            self._end(error)
            return
        held, self._held = self._held or [], None
        for identifier, request in waiting.items():
            if identifier not in self._pending:
                continue  # given up meanwhile
            if may_be_repeated(request):
                self._repeated.add(identifier)
                self._send(self._framed(identifier, request))
            else:
                self._answered(identifier, outcome_unknown(request))
        for frame in held:
            self._send(frame)

    def _fail_handshakes(self, failure: Exception) -> None:
        """The server that was started again has ended, too."""
        for answer, request in self._pending.values():
            if request.method in ("initialize", "session/list", "session/open") and not answer.done():
                answer.set_exception(failure)

    def _end(self, failure: Exception) -> None:
        self._ended = failure
        self._pushed.set()
        for answer, _ in self._pending.values():
            if not answer.done():
                answer.set_exception(failure)

    async def _run(self, request: Request[T]) -> T:
        return await self.call(request)

    def _send(self, frame: bytes) -> None:
        if self._held is not None:
            self._held.append(frame)
        else:
            self._stdin.write(frame)

    def _answered(self, identifier: Any, message: Mapping[str, Any]) -> bool:
        answer, _ = self._pending.get(identifier, (None, None))
        if answer is None or answer.done():
            return False
        answer.set_result(message)
        return True


class AsyncSession(SessionMethods, Awaited):
    """One session of a server; its methods send their request and are awaited for the answer."""

    def __init__(self, client: AsyncTrimtab, name: str) -> None:
        self.name, self.request, self._client, self._run = name, SessionRequests(name), client, client.call
        self.call, self.notify, self.pool = client.call, client.notify, AsyncPool(self)

    async def ask(
        self, worker: Optional[str] = None, *, gpus: Optional[Sequence[str]] = None,
        memory_bytes: Optional[int] = None, elapsed_seconds: Optional[float] = None, timeout: Optional[float] = None,
    ) -> Union[AsyncTrial, NoTrial]:
        """What this worker trains next; `trial.report(...)` says how it goes.

            while trial := await session.ask("worker0"):
                ...
                if await trial.report(step, score, data_fraction=fraction).ended:
                    break

        As Optuna's `ask`, but a trial has no `suggest_*`: the pool says what there is to try, and
        `session.suggestion()` is the candidate to choose. Nor has it a `tell`, which ends a trial there: here the
        search ends it, by a decision about a report. A `NoTrial` is false; `finished` says whether asking again is
        useless.
        """
        return await self.pool.next_trial(
            worker, gpus=gpus, memory_bytes=memory_bytes, elapsed_seconds=elapsed_seconds, timeout=timeout)
