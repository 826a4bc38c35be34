"""Clocks through zeusd (0.5), a daemon that has the right to set them and does so for processes that do not.

Spoken over its Unix socket or TCP with the standard library, because a request must not cost a training process the
import of an HTTP library. The clock is read back through NVML, which needs no right.
"""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from .backends import ClockError, ClockPermissionError


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Zeusd:
    """The clock of one GPU, by `socket_path` or `host_port`; by default where `ZEUSD_SOCK_PATH` or `ZEUSD_HOST_PORT`
    says. `ZEUSD_TOKEN` is sent where it is set."""

    def __init__(
        self, device: int | str = 0, *, socket_path: str | None = None, host_port: str | None = None,
        timeout: float = 5.0,
    ) -> None:
        if not isinstance(device, int):
            raise ClockError(f"zeusd knows GPUs by number, and not {device!r}")
        if socket_path is None and host_port is None:
            socket_path, host_port = os.environ.get("ZEUSD_SOCK_PATH"), os.environ.get("ZEUSD_HOST_PORT")
        if socket_path is None and host_port is None:
            raise ClockError("no zeusd is configured: set ZEUSD_SOCK_PATH or ZEUSD_HOST_PORT")
        self.device, self._socket_path, self._host_port, self._timeout = device, socket_path, host_port, timeout
        self._connection: http.client.HTTPConnection | None = None
        self._reader = _reader(device)

    @staticmethod
    def is_configured() -> bool:
        """Whether the environment says where a zeusd listens."""
        return bool(os.environ.get("ZEUSD_SOCK_PATH") or os.environ.get("ZEUSD_HOST_PORT"))

    def supported(self) -> Sequence[int]:
        clocks: Sequence[int] = [] if self._reader is None else self._reader.supported()
        return clocks

    def lock(self, mhz: int) -> None:
        self._post("/gpu/set_gpu_locked_clocks", min_clock_mhz=mhz, max_clock_mhz=mhz)

    def current(self) -> int | None:
        clock: int | None = None if self._reader is None else self._reader.current()
        return clock

    def reset(self) -> None:
        self._post("/gpu/reset_gpu_locked_clocks")

    def specification(self) -> Mapping[str, Any] | None:
        return {"backend": "zeusd", "device": self.device, "socket_path": self._socket_path,
                "host_port": self._host_port}

    def _post(self, path: str, **options: int) -> None:
        query = urlencode({"gpu_ids": str(self.device), **options, "block": "true"})
        token = os.environ.get("ZEUSD_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        where = self._socket_path or self._host_port
        for attempt in range(2):
            fresh = self._connection is None
            connection = self._connection = self._connection or self._connect()
            try:
                connection.request("POST", f"{path}?{query}", headers=headers)
                response = connection.getresponse()
                text = response.read().decode("utf-8", "replace")
                break
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self._connection = None
                # A connection that was kept may have been closed meanwhile; setting a clock twice changes nothing.
                if fresh or attempt == 1:
                    raise ClockError(f"zeusd at {where} does not answer: {error}") from None
        if response.status in (401, 403):
            raise ClockPermissionError(
                f"zeusd at {where} refuses {path} ({response.status}): it needs the scope gpu-control; "
                f"set ZEUSD_TOKEN to a token that has it: {text}")
        if response.status != 200:
            raise ClockError(f"zeusd at {where} answered {response.status} to {path}: {text}")

    def _connect(self) -> http.client.HTTPConnection:
        if self._socket_path is not None:
            return _UnixConnection(self._socket_path, self._timeout)
        assert self._host_port is not None
        return http.client.HTTPConnection(self._host_port, timeout=self._timeout)


def _reader(device: int) -> Any:
    """NVML to read with; None on a machine without it."""
    from .nvml import NVML

    try:
        return NVML(device)
    except ClockError:
        return None
