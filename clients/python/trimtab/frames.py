"""Message framing without input or output: bytes in, messages out."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, Optional, Union

from .answers.wire import named
from .declared import UnknownFields
from .errors import GarbledStream

Command = Union[str, Sequence[Union[str, "os.PathLike[str]"]], None]
Folder = Union[str, "os.PathLike[str]"]


def _plain(value: Any) -> Any:
    """Scalars and arrays of NumPy, PyTorch and pandas as numbers and lists."""
    for name in ("tolist", "to_list"):
        if (convert := getattr(value, name, None)) is not None:
            return convert()
    raise TypeError(f"{type(value).__name__} has no form in JSON: {value!r}")


# Plain JSON: no NaN or infinity (a ValueError names them before anything is sent), no spaces.
encode_json = json.JSONEncoder(
    allow_nan=False, check_circular=False, separators=(",", ":"), default=_plain).encode
decode_json = json.JSONDecoder().decode
_PREFIX = b"Content-Length: "


class Frames:
    """Encodes frames and splits a byte stream into messages, in linear time however the bytes arrive.

    Bytes come in by `chunks`, messages go out by `peek` and `done`. What has been read stands in one tuple that is
    replaced as a whole: wherever an interrupt (Ctrl-C) strikes, no byte and no message is lost or read twice.
    """

    def __init__(self, framing: str) -> None:
        if framing not in ("headers", "lines"):
            raise ValueError(f'framing is "headers" or "lines", not {framing!r}')
        self._lines = framing == "lines"
        # Bytes joined so far, where the next frame begins, what it needs at least (in bytes; with lines, how many
        # chunks are known to hold no end of line), and the chunks that are not joined yet.
        self._state: tuple[bytes, int, int, list[bytes]] = (b"", 0, 0, [])
        self._message: Optional[tuple[Any, int]] = None  # the next message, and where it ends

    @property
    def chunks(self) -> list[bytes]:
        """Append what is read to this list; ask for it again after each message."""
        return self._state[3]

    def request(self, identifier: int, method: str, params: Mapping[str, Any]) -> bytes:
        return self._frame(f'{{"jsonrpc":"2.0","id":{identifier},"method":"{method}","params":{encode_json(params)}}}')

    def message(self, fields: Mapping[str, Any]) -> bytes:
        return self._frame(encode_json({"jsonrpc": "2.0", **fields}))

    def _frame(self, body: str) -> bytes:  # the encoder escapes all but ASCII, so characters are bytes
        return f"{body}\n".encode() if self._lines else f"Content-Length: {len(body)}\r\n\r\n{body}".encode()

    def peek(self) -> Optional[Any]:
        """The next whole message, or None until more bytes have come. It stays the next one until `done`."""
        if self._message is None:
            try:
                self._message = self._next()
            except ValueError as error:
                raise GarbledStream(f"{error}, in {self._state[0][self._state[1]:][:200]!r}") from None
            if self._message is not None and not isinstance(self._message[0], dict):
                found, self._message = self._message[0], None
                raise GarbledStream(f"a message must be an object, found {str(found)[:200]}")
        return None if self._message is None else self._message[0]

    def done(self) -> None:
        """Passes the message that `peek` gave."""
        if self._message is not None:
            buffer, _, _, chunks = self._state
            # The end belongs to the buffer: a second time around this does the same again.
            self._state = (buffer, self._message[1], 0, chunks)
            self._message = None

    def _next(self) -> Optional[tuple[Any, int]]:
        buffer, start, needed, chunks = self._state
        if not chunks and start == len(buffer):
            return None
        if chunks:
            if self._lines:
                if not any(b"\n" in chunk for chunk in chunks[needed:]) and buffer.find(b"\n", start) < 0:
                    self._state = (buffer, start, len(chunks), chunks)
                    return None
            elif len(buffer) - start + sum(map(len, chunks)) < needed:
                return None
            buffer = chunks[0] if start == len(buffer) and len(chunks) == 1 else buffer[start:] + b"".join(chunks)
            start = 0
            self._state = (buffer, 0, 0, [])
        elif not self._lines and len(buffer) - start < needed:
            return None
        if self._lines:
            end = buffer.find(b"\n", start)
            return None if end < 0 else (decode_json(buffer[start:end].decode()), end + 1)
        body = buffer.find(b"\r\n\r\n", start) + 4
        if body < 4:
            return None
        end = body + _content_length(buffer, start, body - 4)
        if len(buffer) < end:
            self._state = (buffer, start, end - start, self._state[3])
            return None
        return decode_json(buffer[body:end].decode()), end


def _content_length(buffer: bytes, start: int, end: int) -> int:
    if buffer.startswith(_PREFIX, start) and (digits := buffer[start + len(_PREFIX):end]).isdigit():
        return int(digits)
    header = buffer[start:end]
    for line in header.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    raise ValueError(f"no Content-Length in the server's header {header!r}")


def bundled_binary() -> Optional[str]:
    """The binary inside this package, where it was installed from a platform wheel."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "trimtab")
    return path if os.access(path, os.X_OK) else None


def kill_group(pid: int) -> None:
    """Kills a server that has not been waited for, with all that it has started: a shell around it, for instance.

    It leads a session of its own, so that its number is its group's."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def named_binary() -> Optional[str]:
    """The binary that $TRIMTAB_BINARY names, by a path or by a name on the PATH; None where it is not set.

    Raises FileNotFoundError, or PermissionError, that names the variable where no program can be started by it.
    """
    name = os.environ.get("TRIMTAB_BINARY")
    if not name:
        return None
    if program := shutil.which(name):
        return program
    kind, found = ((PermissionError, "a file that is no program") if os.path.exists(name)
                   else (FileNotFoundError, "no such file"))
    raise kind(f"TRIMTAB_BINARY={name}: expected the path of the trimtab program, found {found}; correct the variable, "
               "or unset it")


def command_line(command: Command) -> list[str]:
    """The server's command: as given, else $TRIMTAB_BINARY, else the wheel's, else `trimtab` on the PATH."""
    if command is None or isinstance(command, str):
        found = command or named_binary() or bundled_binary() or shutil.which("trimtab")
        if not found:
            raise FileNotFoundError("no trimtab binary: install a platform wheel, pass command=, set TRIMTAB_BINARY, "
                                    "or put it on the PATH")
        return [found, "serve"]
    expected = "command: expected the path of the trimtab program, or a list of a program and its arguments"
    if isinstance(command, (bytes, Mapping)) or not isinstance(command, Iterable):
        raise TypeError(f"{expected}, found {command!r}")
    return checked_words((os.fspath(word) if isinstance(word, os.PathLike) else word for word in command), expected)


def checked_words(command: Iterable[Any], expected: str) -> list[str]:
    """The program and the arguments that a list names.

    Raises ValueError or TypeError that begins with `expected` and says what was found.
    """
    words = list(command)
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"{expected}, found the word {word!r} in it")
        if "\0" in word:
            raise ValueError(f"command: expected no NUL character, which no argument can have, found {word!r}")
    if not words or not words[0].strip():
        raise ValueError(f"{expected}, found {words!r}, which names no program")
    return words


def initialize_params(
    roots: Sequence[Folder], state_directory: Optional[Folder], capabilities: Optional[Mapping[str, Any]],
    unknown_fields: Optional[UnknownFields],
) -> dict[str, Any]:
    """The params of `initialize` from a client's arguments."""
    if isinstance(roots, (str, bytes)):  # whose letters would be taken for folders
        raise TypeError(f"roots: expected a list of folders, found {roots!r}")
    state = None if state_directory is None else os.fspath(state_directory)
    return {"processId": os.getpid(), "clientInfo": {"name": "trimtab-python", "version": "0.1.0"},
            "protocolVersions": ["0.2", "0.1"], "roots": [os.fspath(root) for root in roots],
            "capabilities": dict(capabilities or {}),
            **named({"state_directory": state, "unknown_fields": unknown_fields})}


def last_lines(file: IO[bytes], count: int = 20) -> list[str]:
    """The end of what the server wrote to stderr, which goes to a file so that it can never block the server."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 16384))
    return file.read().decode(errors="replace").splitlines()[-count:]
