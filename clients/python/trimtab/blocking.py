"""The blocking client: one thread, no locks, no reader thread, so that a small call costs two system calls.

Not safe for use from several threads at once; callbacks run inside the call that met their notification and may
themselves make calls.
"""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Callable, Generic, Optional, TypeVar

from .answers import Characterization
from .errors import CallTimeout, RPCError, ServerExited, TrimtabError, error_from
from .frames import Command, Frames, command_line, initialize_params, last_lines
from .methods import ClientMethods, Progress, Request, SessionMethods
from .selection import Pool

T = TypeVar("T")
if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")


def _now(build: Callable[Concatenate[Any, P], Request[T]]) -> Callable[Concatenate[Any, P], T]:
    """The method that makes a request, sends it and waits for its answer."""

    @wraps(build)
    def method(self: Any, *arguments: P.args, **options: P.kwargs) -> T:
        return self._run(build(self.request, *arguments, **options))  # type: ignore[no-any-return]

    return method  # type: ignore[return-value]


class Trimtab:
    """A running server. `with Trimtab(roots=["profiles"]) as client: session = client.open_session()`.

    `timeout` (seconds) bounds every call that does not state its own; None waits for ever.
    `on_notification(method, params)` gets what the server pushes.
    """

    def __init__(
        self, command: Command = None, *, roots: Sequence[str] = (), state_directory: Optional[str] = None,
        capabilities: Optional[Mapping[str, Any]] = None, framing: str = "headers", timeout: Optional[float] = None,
        on_notification: Optional[Callable[[str, Any], None]] = None,
    ) -> None:
        self.request, self.timeout, self.on_notification = ClientMethods(), timeout, on_notification
        self._frames, self._last_id, self._unsent, self._closed = Frames(framing), 0, b"", False
        self._waiting: set[int] = set()
        self._arrived: dict[int, Mapping[str, Any]] = {}
        self._progress: dict[Any, Progress] = {}
        self._stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command_line(command), bufsize=0, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self._stderr)
        assert self.process.stdin is not None and self.process.stdout is not None
        self._input, self._output = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._input, False)
        try:
            params = initialize_params(roots, state_directory, capabilities)
            self.server: Mapping[str, Any] = self.call(Request("initialize", params))
            self.notify("initialized", {})
        except BaseException:
            self._kill()
            raise

    def __enter__(self) -> Trimtab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open_session(self, session: Optional[str] = None, *, seed: Optional[int] = None) -> Session:
        params = {name: value for name, value in (("session", session), ("seed", seed)) if value is not None}
        return Session(self, self.call(Request("session/open", params))["session"])

    list_sessions = _now(ClientMethods.list_sessions)

    def call(
        self, request: Request[T], *, timeout: Optional[float] = None, progress: Optional[Progress] = None
    ) -> T:
        """Sends a request and waits for its answer. A timeout or an interrupt cancels it on the wire."""
        limit = self.timeout if timeout is None else timeout
        deadline = None if limit is None else time.monotonic() + limit
        self._last_id = identifier = self._last_id + 1
        params = request.params
        if progress is not None:
            params = {**params, "workDoneToken": f"progress-{identifier}"}
            self._progress[params["workDoneToken"]] = progress
        frame = self._frames.request(identifier, request.method, params)
        self._waiting.add(identifier)
        try:
            self._write(frame, deadline)
            answer = self._await(identifier, deadline)
        except ServerExited:
            raise
        except BaseException:
            self._cancel(identifier)
            raise
        finally:
            self._waiting.discard(identifier)
            if progress is not None:
                del self._progress[params["workDoneToken"]]
        return _result(request, answer)

    def start(self, request: Request[T]) -> Pending[T]:
        """Sends a request without waiting, such as a long computation beside which queries go on."""
        self._last_id = identifier = self._last_id + 1
        self._waiting.add(identifier)
        self._write(self._frames.request(identifier, request.method, request.params), None)
        return Pending(self, identifier, request)

    def pipeline_requests(
        self, requests: Iterable[Request[Any]], *, timeout: Optional[float] = None
    ) -> list[Any]:
        """Sends all requests before it waits. Answers come in the order of the requests; a failed one is its
        RPCError, returned and not raised."""
        deadline = None if timeout is None else time.monotonic() + timeout
        sent = list(requests)
        first, self._last_id = self._last_id + 1, self._last_id + len(sent)
        identifiers = range(first, first + len(sent))
        self._waiting.update(identifiers)
        answers: list[Any] = []
        try:
            self._write(b"".join(self._frames.request(i, r.method, r.params) for i, r in zip(identifiers, sent)),
                        deadline)
            for identifier, request in zip(identifiers, sent):
                try:
                    answers.append(_result(request, self._await(identifier, deadline)))
                except RPCError as error:
                    answers.append(error)
        except CallTimeout:
            for identifier in identifiers[len(answers):]:
                self._cancel(identifier)
            raise
        finally:
            self._waiting.difference_update(identifiers)
        return answers

    def notify(self, method: str, params: Mapping[str, Any]) -> None:
        self._write(self._frames.message({"method": method, "params": params}), None)

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
            pass
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

    def _write(self, data: bytes, deadline: Optional[float]) -> None:
        """Writes all of `data`, reading answers meanwhile when the pipe is full, so that neither side can block."""
        if self._closed:
            raise ServerExited(self.process.returncode, ())
        if self._unsent:
            data = self._unsent + data
        try:
            written = os.write(self._input, data)
        except BlockingIOError:
            written = 0
        except BrokenPipeError:
            raise self._exited() from None
        if written == len(data):
            self._unsent = b""
            return
        rest = memoryview(data)[written:]
        poller = select.poll()
        poller.register(self._input, select.POLLOUT)
        poller.register(self._output, select.POLLIN)
        try:
            while rest:
                ready = poller.poll(_milliseconds(deadline))
                if not ready:
                    raise CallTimeout("the server did not read the request within the call's timeout")
                for descriptor, _ in ready:
                    if descriptor == self._output:
                        self._read()
                        continue
                    try:
                        rest = rest[os.write(self._input, rest[:1048576]):]
                    except BlockingIOError:
                        pass
                    except BrokenPipeError:
                        raise self._exited() from None
        finally:
            self._unsent = bytes(rest)  # a frame cut by a timeout or an interrupt is finished by the next write

    def _await(self, identifier: int, deadline: Optional[float]) -> Mapping[str, Any]:
        following, arrived = self._frames.next, self._arrived
        while True:
            if identifier in arrived:
                return arrived.pop(identifier)
            message = following()
            if message is None:
                if deadline is not None:
                    poller = select.poll()
                    poller.register(self._output, select.POLLIN)
                    if not poller.poll(_milliseconds(deadline)):
                        raise CallTimeout("no answer within the timeout")
                self._read()
            elif message.get("id") == identifier and "method" not in message:
                return message  # type: ignore[no-any-return]
            else:
                self._dispatch(message)

    def _read(self) -> None:
        data = os.read(self._output, 65536)
        if not data:
            raise self._exited()
        self._frames.feed(data)

    def _dispatch(self, message: Any) -> None:
        method, identifier = message.get("method"), message.get("id")
        if method is None:
            if identifier in self._waiting:
                self._arrived[identifier] = message
            elif identifier is None and "error" in message:
                raise error_from(message["error"])  # the server could not read what it was sent
        elif identifier is not None:
            refusal = {"code": -32601, "message": f"the client has no method {method}"}
            self._write(self._frames.message({"id": identifier, "error": refusal}), None)
        elif method == "$/progress" and message["params"].get("token") in self._progress:
            self._progress[message["params"]["token"]](message["params"]["value"])
        elif self.on_notification is not None:
            self.on_notification(method, message.get("params"))

    def _cancel(self, identifier: int) -> None:
        try:
            self._write(self._frames.message({"method": "$/cancelRequest", "params": {"id": identifier}}),
                        time.monotonic() + 0.1)
        except (CallTimeout, ServerExited):
            pass  # what is left unsent goes out with the next call

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

    @property
    def arrived(self) -> bool:
        """Whether the answer was met while other calls were waiting for theirs; reads nothing itself."""
        return self._identifier in self._client._arrived

    def result(self, *, timeout: Optional[float] = None) -> T:
        """Waits for the answer; may be asked once. A timeout leaves the request running."""
        deadline = None if timeout is None else time.monotonic() + timeout
        answer = self._client._await(self._identifier, deadline)
        self._client._waiting.discard(self._identifier)
        return _result(self._request, answer)

    def cancel(self) -> None:
        """Asks the server to stop; `result` then raises RequestCancelled, or returns what was faster."""
        self._client._cancel(self._identifier)


class Session:
    """One session of a server; see `SessionMethods` for what each method sends."""

    def __init__(self, client: Trimtab, name: str) -> None:
        self.name, self.request, self._client, self._run = name, SessionMethods(name), client, client.call
        self.call, self.notify, self.pool = client.call, client.notify, Pool(self)

    close = _now(SessionMethods.close)
    export = _now(SessionMethods.export)
    register_gpus = _now(SessionMethods.register_gpus)
    retire_gpus = _now(SessionMethods.retire_gpus)
    list_gpus = _now(SessionMethods.list_gpus)
    define_pipeline = _now(SessionMethods.define_pipeline)
    pipeline = _now(SessionMethods.pipeline)
    submit_profile = _now(SessionMethods.submit_profile)
    query = _now(SessionMethods.query)
    replicate_pipeline = _now(SessionMethods.replicate_pipeline)
    savings = _now(SessionMethods.savings)
    report_straggler = _now(SessionMethods.report_straggler)
    job = _now(SessionMethods.job)
    curve = _now(SessionMethods.curve)
    plan = _now(SessionMethods.plan)
    uncertainty = _now(SessionMethods.uncertainty)
    series = _now(SessionMethods.series)
    timeline = _now(SessionMethods.timeline)
    submit_pool = _now(SessionMethods.submit_pool)
    attach_representation = _now(SessionMethods.attach_representation)
    next_trial = _now(SessionMethods.next_trial)
    update_trial = _now(SessionMethods.update_trial)
    fail_trial = _now(SessionMethods.fail_trial)
    suggestion = _now(SessionMethods.suggestion)
    ranking = _now(SessionMethods.ranking)
    suggested_pipelines = _now(SessionMethods.suggested_pipelines)
    pool_clusters = _now(SessionMethods.pool_clusters)

    def characterize(
        self, pipeline: str, *, plan_count: Optional[int] = None, certify: Optional[bool] = None,
        follow: Optional[bool] = None, breakpoint_budget: Optional[int] = None,
        tolerance_fraction: Optional[float] = None, round_count: Optional[int] = None,
        sufficient_gap_fraction: Optional[float] = None, progress: Optional[Progress] = None, timeout: Optional[float] = None,
    ) -> Characterization:
        """Computes the frontier; `progress` gets `{"kind": ..., "percentage": ...}` as it goes."""
        return self._client.call(
            self.request.characterize(
                pipeline, plan_count=plan_count, certify=certify, follow=follow, breakpoint_budget=breakpoint_budget,
                tolerance_fraction=tolerance_fraction, round_count=round_count,
                sufficient_gap_fraction=sufficient_gap_fraction),
            timeout=timeout, progress=progress)


def _milliseconds(deadline: Optional[float]) -> Optional[float]:
    return None if deadline is None else max(0.0, (deadline - time.monotonic()) * 1000)


def _result(request: Request[T], answer: Mapping[str, Any]) -> T:
    if "error" in answer:
        raise error_from(answer["error"])
    return answer["result"] if request.read is None else request.read(answer["result"])
