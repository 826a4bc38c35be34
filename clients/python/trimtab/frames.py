"""Message framing without input or output: bytes in, messages out."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from typing import IO, Any, Optional, Union

from .errors import GarbledStream

Command = Union[str, Sequence[str], None]
# Plain JSON: no NaN or infinity (a ValueError names them before anything is sent), no spaces.
encode_json = json.JSONEncoder(allow_nan=False, check_circular=False, separators=(",", ":")).encode
decode_json = json.JSONDecoder().decode
_PREFIX = b"Content-Length: "


class Frames:
    """Encodes frames and splits a byte stream into messages, in linear time however the bytes arrive."""

    def __init__(self, framing: str) -> None:
        if framing not in ("headers", "lines"):
            raise ValueError(f'framing is "headers" or "lines", not {framing!r}')
        self._lines = framing == "lines"
        self._buffer = bytearray()
        self._needed = 0  # bytes of the buffer below which no frame can be complete
        self.feed = self._buffer.extend

    def request(self, identifier: int, method: str, params: Mapping[str, Any]) -> bytes:
        return self._frame(f'{{"jsonrpc":"2.0","id":{identifier},"method":"{method}","params":{encode_json(params)}}}')

    def message(self, fields: Mapping[str, Any]) -> bytes:
        return self._frame(encode_json({"jsonrpc": "2.0", **fields}))

    def _frame(self, body: str) -> bytes:  # the encoder escapes all but ASCII, so characters are bytes
        return f"{body}\n".encode() if self._lines else f"Content-Length: {len(body)}\r\n\r\n{body}".encode()

    def next(self) -> Optional[Any]:
        """The next whole message, or None until more bytes are fed."""
        if len(self._buffer) <= self._needed:
            return None
        try:
            return self._next()
        except ValueError as error:
            raise GarbledStream(f"{error}, in {bytes(self._buffer[:200])!r}") from None

    def _next(self) -> Optional[Any]:
        buffer = self._buffer
        if self._lines:
            start, end = 0, buffer.find(b"\n", self._needed)
            if end < 0:
                self._needed = len(buffer)
                return None
        else:
            start = buffer.find(b"\r\n\r\n") + 4
            if start < 4:
                return None
            end = start + _content_length(buffer[: start - 4])
            if len(buffer) < end:
                self._needed = end - 1
                return None
        message = decode_json(buffer[start:end].decode())
        self._needed = 0
        del buffer[: end + 1 if self._lines else end]
        return message


def _content_length(header: bytearray) -> int:
    if header.startswith(_PREFIX) and b"\r" not in header:
        return int(header[len(_PREFIX):])
    for line in header.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    raise ValueError(f"no Content-Length in the server's header {bytes(header)!r}")


def command_line(command: Command) -> list[str]:
    """The server's command: as given, else $TRIMTAB_BINARY, else `trimtab` on the PATH."""
    if command is None or isinstance(command, str):
        found = command or os.environ.get("TRIMTAB_BINARY") or shutil.which("trimtab")
        if not found:
            raise FileNotFoundError("no trimtab binary: pass command=, set TRIMTAB_BINARY, or put it on the PATH")
        return [found, "serve"]
    return list(command)


def initialize_params(
    roots: Sequence[str], state_directory: Optional[str], capabilities: Optional[Mapping[str, Any]]
) -> dict[str, Any]:
    params: dict[str, Any] = {"processId": os.getpid(), "clientInfo": {"name": "trimtab-python", "version": "0.1.0"},
                              "roots": list(roots), "capabilities": dict(capabilities or {})}
    if state_directory is not None:
        params["stateDirectory"] = state_directory
    return params


def last_lines(file: IO[bytes], count: int = 20) -> list[str]:
    """The end of what the server wrote to stderr, which goes to a file so that it can never block the server."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 16384))
    return file.read().decode(errors="replace").splitlines()[-count:]
