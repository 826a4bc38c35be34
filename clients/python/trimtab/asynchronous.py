"""The asyncio client: the same methods, awaited; any number of calls may be under way at once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from .answers import Characterization
from .blocking import _result
from .errors import CallTimeout, RPCError, ServerExited, TrimtabError, error_from
from .frames import Command, Frames, command_line, initialize_params, last_lines
from .methods import ClientMethods, Progress, Request, SessionMethods
from .selection import AsyncPool

T = TypeVar("T")
if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")


def _awaited(build: Callable[Concatenate[Any, P], Request[T]]) -> Callable[Concatenate[Any, P], Awaitable[T]]:
    @wraps(build)
    def method(self: Any, *arguments: P.args, **options: P.kwargs) -> Awaitable[T]:
        return self._run(build(self.request, *arguments, **options))  # type: ignore[no-any-return]

    return method  # type: ignore[return-value]


class AsyncTrimtab:
    """A running server. `async with AsyncTrimtab() as client: session = await client.open_session()`."""

    def __init__(
        self, command: Command = None, *, roots: Sequence[str] = (), state_directory: Optional[str] = None,
        capabilities: Optional[Mapping[str, Any]] = None, framing: str = "headers", timeout: Optional[float] = None,
        on_notification: Optional[Callable[[str, Any], None]] = None,
    ) -> None:
        self.request, self.timeout, self.on_notification = ClientMethods(), timeout, on_notification
        self._command, self._initialize = command, initialize_params(roots, state_directory, capabilities)
        self._frames, self._last_id = Frames(framing), 0
        self._pending: dict[int, asyncio.Future[Any]] = {}
        self._progress: dict[Any, Progress] = {}
        self._ended: Optional[Exception] = None

    async def __aenter__(self) -> AsyncTrimtab:
        self._stderr = tempfile.TemporaryFile()
        self.process = await asyncio.create_subprocess_exec(
            *command_line(self._command), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=self._stderr)
        assert self.process.stdin is not None and self.process.stdout is not None
        self._input, self._output = self.process.stdin, self.process.stdout
        self._reader = asyncio.ensure_future(self._read())
        try:
            self.server: Mapping[str, Any] = await self.call(Request("initialize", self._initialize))
            self.notify("initialized", {})
        except BaseException:
            await self.close(timeout=0.0)
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open_session(self, session: Optional[str] = None, *, seed: Optional[int] = None) -> AsyncSession:
        params = {name: value for name, value in (("session", session), ("seed", seed)) if value is not None}
        return AsyncSession(self, (await self.call(Request("session/open", params)))["session"])

    list_sessions = _awaited(ClientMethods.list_sessions)

    async def call(
        self, request: Request[T], *, timeout: Optional[float] = None, progress: Optional[Progress] = None
    ) -> T:
        """Sends a request and waits for its answer. A timeout or a cancelled task cancels it on the wire."""
        if self._ended is not None:
            raise self._ended
        self._last_id = identifier = self._last_id + 1
        params, token = request.params, f"progress-{identifier}"
        if progress is not None:
            params = {**params, "workDoneToken": token}
            self._progress[token] = progress
        frame = self._frames.request(identifier, request.method, params)
        answer = self._pending[identifier] = asyncio.get_running_loop().create_future()
        try:
            self._input.write(frame)
            return _result(request, await asyncio.wait_for(answer, self.timeout if timeout is None else timeout))
        except asyncio.TimeoutError:
            self.notify("$/cancelRequest", {"id": identifier})
            raise CallTimeout("no answer within the timeout") from None
        except asyncio.CancelledError:
            self.notify("$/cancelRequest", {"id": identifier})
            raise
        finally:
            self._pending.pop(identifier, None)
            self._progress.pop(token, None)

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
        self._input.write(self._frames.message({"method": method, "params": params}))

    async def close(self, *, timeout: float = 2.0) -> Optional[int]:
        """Shuts the server down in order, kills it if it has not ended in time, and returns its exit code."""
        try:
            if self._ended is None and timeout > 0:
                await self.call(Request("shutdown", {}), timeout=timeout)
                self.notify("exit", {})
            self._input.close()
            await asyncio.wait_for(self.process.wait(), timeout)
        except (TrimtabError, asyncio.TimeoutError):
            if self.process.returncode is None:
                self.process.kill()
        await self._reader
        self._stderr.close()
        return self.process.returncode

    async def _read(self) -> None:
        try:
            while data := await self._output.read(1 << 18):
                self._frames.feed(data)
                while (message := self._frames.next()) is not None:
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

    def _dispatch(self, message: Any) -> None:
        method, identifier = message.get("method"), message.get("id")
        if method is None:
            waiting = self._pending.get(identifier)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
            elif identifier is None and "error" in message:
                raise error_from(message["error"])  # the server could not read what it was sent
        elif identifier is not None:
            refusal = {"code": -32601, "message": f"the client has no method {method}"}
            self._input.write(self._frames.message({"id": identifier, "error": refusal}))
        elif method == "$/progress" and message["params"].get("token") in self._progress:
            self._progress[message["params"]["token"]](message["params"]["value"])
        elif self.on_notification is not None:
            self.on_notification(method, message.get("params"))


class AsyncSession:
    """One session of a server; see `SessionMethods` for what each method sends."""

    def __init__(self, client: AsyncTrimtab, name: str) -> None:
        self.name, self.request, self._client, self._run = name, SessionMethods(name), client, client.call
        self.call, self.notify, self.pool = client.call, client.notify, AsyncPool(self)

    close = _awaited(SessionMethods.close)
    export = _awaited(SessionMethods.export)
    register_gpus = _awaited(SessionMethods.register_gpus)
    retire_gpus = _awaited(SessionMethods.retire_gpus)
    list_gpus = _awaited(SessionMethods.list_gpus)
    define_pipeline = _awaited(SessionMethods.define_pipeline)
    pipeline = _awaited(SessionMethods.pipeline)
    submit_profile = _awaited(SessionMethods.submit_profile)
    query = _awaited(SessionMethods.query)
    replicate_pipeline = _awaited(SessionMethods.replicate_pipeline)
    savings = _awaited(SessionMethods.savings)
    report_straggler = _awaited(SessionMethods.report_straggler)
    job = _awaited(SessionMethods.job)
    curve = _awaited(SessionMethods.curve)
    plan = _awaited(SessionMethods.plan)
    uncertainty = _awaited(SessionMethods.uncertainty)
    series = _awaited(SessionMethods.series)
    timeline = _awaited(SessionMethods.timeline)
    submit_pool = _awaited(SessionMethods.submit_pool)
    attach_representation = _awaited(SessionMethods.attach_representation)
    next_trial = _awaited(SessionMethods.next_trial)
    update_trial = _awaited(SessionMethods.update_trial)
    fail_trial = _awaited(SessionMethods.fail_trial)
    suggestion = _awaited(SessionMethods.suggestion)
    ranking = _awaited(SessionMethods.ranking)
    suggested_pipelines = _awaited(SessionMethods.suggested_pipelines)
    pool_clusters = _awaited(SessionMethods.pool_clusters)

    async def characterize(
        self, pipeline: str, *, plan_count: Optional[int] = None, certify: Optional[bool] = None,
        follow: Optional[bool] = None, breakpoint_budget: Optional[int] = None,
        tolerance_fraction: Optional[float] = None, round_count: Optional[int] = None,
        sufficient_gap_fraction: Optional[float] = None, progress: Optional[Progress] = None,
        timeout: Optional[float] = None,
    ) -> Characterization:
        """Computes the frontier; `progress` gets `{"kind": ..., "percentage": ...}` as it goes."""
        return await self._client.call(
            self.request.characterize(
                pipeline, plan_count=plan_count, certify=certify, follow=follow, breakpoint_budget=breakpoint_budget,
                tolerance_fraction=tolerance_fraction, round_count=round_count,
                sufficient_gap_fraction=sufficient_gap_fraction),
            timeout=timeout, progress=progress)
