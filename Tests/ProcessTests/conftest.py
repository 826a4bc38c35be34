"""Shared by the black-box tests: the binary, a strict raw connection to it, the profiles to run on."""

import itertools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "fixtures" / "profiles"
sys.path.insert(0, str(REPOSITORY / "clients" / "python"))

AWAIT_SECONDS = 60.0  # how long a test waits before it calls an answer missing; says nothing about speed
WITHIN_A_SECOND = 1.5  # the promise is one second; the rest allows for a busy machine

# A shell that is not interactive starts `command &` with SIGINT ignored. An ignored signal stays ignored across exec,
# so no server, launcher or client of these tests would end on Ctrl-C. A handler does not: children get the default.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def binary_path():
    return Path(os.environ.get("TRIMTAB_BINARY") or REPOSITORY / ".build" / "release" / "trimtab")


@pytest.fixture(scope="session")
def binary():
    path = binary_path()
    if not path.exists():
        pytest.skip(f"no binary at {path}: build it, or set TRIMTAB_BINARY")
    return str(path.resolve())


def shared_data():
    path = Path(os.environ.get("TRIMTAB_SHARED_DATA") or REPOSITORY.parent / "shared" / "data")
    return path / "perseus-sosp24"


@pytest.fixture(scope="session")
def measured_profiles():
    """name -> (CSV path, stages, blocking power) of the published measurements, which are not part of this project."""
    folder = shared_data()
    if not folder.exists():
        pytest.skip(f"no published measurements at {folder}: set TRIMTAB_SHARED_DATA")
    return {"a100": (folder / "gpt3-175b_a100-sxm.csv", 8, 83.64), "a40": (folder / "gpt3-175b_a40.csv", 8, 70.38)}


MODELLED = {"h100": (FIXTURES / "modelled-h100-8stage.csv", 8, 95.0),
            "a100": (FIXTURES / "modelled-a100-4stage.csv", 4, 80.0)}


class Server:
    """A spawned server and a raw connection, which accepts nothing on stdout but well-formed frames."""

    def __init__(self, command, framing="headers", **options):
        self.framing, self._ids, self._buffer, self.ended = framing, itertools.count(1), b"", False
        self.stderr = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr,
                                        bufsize=0, **options)
        assert self.process.stdin is not None and self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout

    # Sending

    def frame(self, message):
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        if self.framing == "lines":
            return body + b"\n"
        return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)

    def send_bytes(self, data):
        self.stdin.write(data) if len(data) < 65536 else _write_all(self.stdin, data)

    def send(self, *messages):
        """All messages in one write, so that the server finds them together."""
        self.send_bytes(b"".join(map(self.frame, messages)))

    def message(self, method, params=None, **extra):
        message = {"jsonrpc": "2.0", "method": method, **extra}
        return message if params is None else {**message, "params": params}

    def request(self, method, params=None, id=None):
        """Builds a request (not sent) with a fresh id."""
        return self.message(method, params, id=next(self._ids) if id is None else id)

    # Receiving

    def receive(self, timeout=AWAIT_SECONDS):
        """The next message, or None at the end of the stream."""
        deadline = time.monotonic() + timeout
        while True:
            message = self._take()
            if message is not None:
                return message
            poller = select.poll()
            poller.register(self.stdout, select.POLLIN)
            if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise AssertionError(f"no message within {timeout} s; {len(self._buffer)} bytes of one; {self.log()}")
            data = os.read(self.stdout.fileno(), 1 << 20)
            if not data:
                assert self._buffer == b"", f"stdout ended within a frame: {self._buffer[:200]!r}"
                self.ended = True
                return None
            self._buffer += data

    def _take(self):
        if self.framing == "lines":
            line, newline, rest = self._buffer.partition(b"\n")
            if not newline:
                return None
            body, self._buffer = line, rest
        else:
            header, blank, rest = self._buffer.partition(b"\r\n\r\n")
            if not blank:
                assert len(self._buffer) < 200, f"no header in {self._buffer[:200]!r}"
                return None
            name, _, value = header.partition(b": ")
            assert name == b"Content-Length" and value.isdigit(), f"not a frame header: {header!r}"
            if len(rest) < int(value):
                return None
            body, self._buffer = rest[: int(value)], rest[int(value):]
        message = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        for part in message if isinstance(message, list) else [message]:
            assert part["jsonrpc"] == "2.0"
            assert "method" in part or ("result" in part) != ("error" in part), part
        return message

    def response(self):
        """The next message that is a response; notifications on the way are dropped."""
        while True:
            message = self.receive()
            assert message is not None, f"the server ended; {self.log()}"
            if "method" not in message:
                return message

    def answer(self, id, timeout=AWAIT_SECONDS, met=None):
        """The answer to `id`; other messages on the way are appended to `met`."""
        while True:
            message = self.receive(timeout)
            assert message is not None, f"the server ended before it answered {id!r}; {self.log()}"
            if isinstance(message, dict) and message.get("id") == id and "method" not in message:
                return message
            if met is not None:
                met.append(message)

    def call(self, method, params=None):
        request = self.request(method, params)
        self.send(request)
        return self.answer(request["id"])

    def result(self, method, params=None):
        answer = self.call(method, params)
        assert "result" in answer, answer
        return answer["result"]

    def error(self, method, params=None):
        answer = self.call(method, params)
        assert "error" in answer, answer
        return answer["error"]

    def initialize(self, **params):
        result = self.result("initialize", {"processId": os.getpid(), "capabilities": {}, **params})
        self.send(self.message("initialized", {}))
        return result

    # Ending

    def finish(self, timeout=WITHIN_A_SECOND):
        """Closes stdin and reads to the end: (exit code, the messages still sent)."""
        if not self.stdin.closed:
            self.stdin.close()
        return self.exit_code(timeout)

    def exit_code(self, timeout=WITHIN_A_SECOND):
        left = []
        while not self.ended:
            message = self.receive(timeout)
            if message is not None:
                left.append(message)
        return self.process.wait(timeout), left

    def log(self):
        self.stderr.seek(0)
        return "stderr: " + self.stderr.read()[-2000:].decode(errors="replace")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for file in (self.stdin, self.stdout, self.stderr):
            with suppress(BrokenPipeError):
                file.close()


def _write_all(file, data):
    view = memoryview(data)
    while view:
        view = view[file.write(view):]


def _refuse_constant(name):
    raise AssertionError(f"{name} is not JSON")


@pytest.fixture
def spawn(binary):
    """Starts servers that are gone when the test ends."""
    servers = []

    def start(framing="headers", initialize=True, **params):
        server = Server([binary, "serve"], framing=framing)
        servers.append(server)
        if initialize:
            server.initialize(**params)
        return server

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def server(spawn):
    return spawn(roots=[str(FIXTURES)])


# A session ready to be asked, and one that is long at work.

def define(session, pipeline="p", profile="a100", microbatches=4, schedule="1f1b"):
    """The requests that define a modelled pipeline and give it its profile."""
    path, stages, power = MODELLED[profile]
    return [("pipeline/define", {"session": session, "pipeline": pipeline, "schedule": schedule, "stages": stages,
                                 "microbatches": microbatches, "blockingPowerWatts": power}),
            ("profile/submit", {"session": session, "pipeline": pipeline, "csvPath": str(path)})]


def prepare(server, session="s", characterize=True, **options):
    """Opens a session with a modelled pipeline `p`."""
    server.result("session/open", {"session": session})
    for method, params in define(session, **options):
        server.result(method, params)
    if characterize:
        server.result("frontier/characterize", {"session": session, "pipeline": options.get("pipeline", "p")})
    return {"session": session, "pipeline": options.get("pipeline", "p")}


def prepare_long_work(server, session="busy"):
    """Opens a session whose characterization takes long enough to be met at work: unequal stages, many microbatches."""
    return prepare(server, session, characterize=False, profile="h100", microbatches=192)


@contextmanager
def unchanged(server, session):
    """Checks that what happens inside leaves the session as it was."""
    before = server.result("session/export", {"session": session}), _revision(server, session)
    yield
    after = server.result("session/export", {"session": session}), _revision(server, session)
    assert after == before


def _revision(server, session):
    return [s for s in server.result("session/list", {})["sessions"] if s["session"] == session]


def check_error(error, code=None, kind=None, path=None):
    """An error answer is for people and for programs."""
    assert isinstance(error["code"], int) and error["message"].strip(), error
    if code is not None:
        assert error["code"] == code, error
    if kind is not None or path is not None:
        data = error["data"]
        assert isinstance(data["kind"], str) and data["kind"], error
        assert kind in (None, data["kind"]), error
        assert path in (None, data.get("path")), error
