"""The asyncio client: the same methods, awaited; any number of calls may be under way at once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional, TypeVar

from .declared import UnknownFields
from .endpoint import Endpoint, OnNotification
from .errors import CallTimeout, RPCError, ServerExited, TrimtabError
from .frames import Command, command_line, initialize_params, last_lines
from .methods import Awaited, ClientMethods, ClientRequests, SessionMethods, SessionRequests
from .requests import Progress, Request
from .selection import AsyncPool

T = TypeVar("T")


class AsyncTrimtab(ClientMethods, Awaited, Endpoint):
    """A running server. `async with AsyncTrimtab() as client: session = await client.open_session()`.

    The arguments are those of `Trimtab`. `process` and `server` are there once the context has been entered.
    """

    process: asyncio.subprocess.Process
    server: Mapping[str, Any]

    def __init__(
        self, command: Command = None, *, roots: Sequence[str] = (), state_directory: Optional[str] = None,
        capabilities: Optional[Mapping[str, Any]] = None, framing: str = "headers", timeout: Optional[float] = None,
        on_notification: Optional[OnNotification] = None, unknown_fields: Optional[UnknownFields] = None,
    ) -> None:
        super().__init__(framing, on_notification)
        self.request, self.timeout, self._command = ClientRequests(), timeout, command
        self._initialize = initialize_params(roots, state_directory, capabilities, unknown_fields)
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._ended: Optional[Exception] = None

    async def __aenter__(self) -> AsyncTrimtab:
        self._stderr = tempfile.TemporaryFile()
        # A session of its own: the terminal's interrupt is for this program, which decides what becomes of the server.
        self.process = await asyncio.create_subprocess_exec(
            *command_line(self._command), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=self._stderr, start_new_session=True)
        assert self.process.stdin is not None and self.process.stdout is not None
        self._stdin, self._stdout = self.process.stdin, self.process.stdout
        self._reader = asyncio.ensure_future(self._read())
        try:
            self.server = await self.call(Request("initialize", self._initialize))
            self.notify("initialized", {})
        except BaseException:
            await self.close(timeout=0.0)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open_session(
        self, session: Optional[str] = None, *, seed: Optional[int] = None, timeout: Optional[float] = None
    ) -> AsyncSession:
        """Opens a session, or resumes the open one of this name."""
        opened = await self.call(self.request.open_session(session, seed=seed, timeout=timeout))
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
        answer = self._pending[identifier] = asyncio.get_running_loop().create_future()
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

    async def close(self, *, timeout: float = 2.0) -> Optional[int]:
        """Shuts the server down in order, kills it if it has not ended in time, and returns its exit code."""
        try:
            if self._ended is None and timeout > 0:
                await self.call(Request("shutdown", {}), timeout=timeout)
                self.notify("exit", {})
            self._stdin.close()
            await asyncio.wait_for(self.process.wait(), timeout)
        except (TrimtabError, asyncio.TimeoutError):
            if self.process.returncode is None:
                self.process.kill()
        await self._reader
        self._stderr.close()
        return self.process.returncode

    async def _read(self) -> None:
        try:
            while data := await self._stdout.read(1 << 18):
                self._frames.chunks.append(data)
                while (message := self._frames.peek()) is not None:
                    self._dispatch(message)
            failure: Exception = ServerExited(await self.process.wait(), last_lines(self._stderr))
        except Exception as error:  # a callback or a garbled frame: nothing after it can be trusted
            self.process.kill()
            await self.process.wait()
            failure = error
        self._ended = failure
        for waiting in self._pending.values():
            if not waiting.done():
                waiting.set_exception(failure)

    async def _run(self, request: Request[T]) -> T:
        return await self.call(request)

    def _send(self, frame: bytes) -> None:
        self._stdin.write(frame)

    def _answered(self, identifier: Any, message: Mapping[str, Any]) -> bool:
        waiting = self._pending.get(identifier)
        if waiting is None or waiting.done():
            return False
        waiting.set_result(message)
        return True


class AsyncSession(SessionMethods, Awaited):
    """One session of a server; its methods send their request and are awaited for the answer."""

    def __init__(self, client: AsyncTrimtab, name: str) -> None:
        self.name, self.request, self._client, self._run = name, SessionRequests(name), client, client.call
        self.call, self.notify, self.pool = client.call, client.notify, AsyncPool(self)
