"""What sets clocks: the interface, and the back-ends that touch no GPU."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol


class ClockError(RuntimeError):
    """A clock could not be set or read; the message says why and what to do."""


class ClockPermissionError(ClockError):
    """The process has no right to set clocks; the message names the right that is missing."""


class ClockBackend(Protocol):
    """Sets and reads the clock of one GPU. Methods may block for milliseconds. A controller calls them from its own
    thread; before that starts and after it has ended, from those in which the controller is made and closed."""

    def supported(self) -> Sequence[int]:
        """The clocks in MHz that the GPU can be locked at, the highest first; empty where that is not known."""
        ...

    def lock(self, mhz: int) -> None:
        """Locks the GPU at a clock."""
        ...

    def current(self) -> int | None:
        """The clock that the GPU runs at now, in MHz; None where that cannot be read."""
        ...

    def reset(self) -> None:
        """Gives the clock back to the driver."""
        ...

    def specification(self) -> Mapping[str, Any] | None:
        """How another process opens the same, for the guard; None where nothing need be restored."""
        ...


class DryRun:
    """Sets nothing: what a plan would do, on a machine whose clocks must be left alone."""

    def __init__(self, supported: Sequence[int] = ()) -> None:
        self._supported = sorted(supported, reverse=True)
        self.locked: list[int] = []

    def supported(self) -> Sequence[int]:
        return self._supported

    def lock(self, mhz: int) -> None:
        self.locked.append(mhz)

    def current(self) -> int | None:
        return self.locked[-1] if self.locked else None

    def reset(self) -> None:
        self.locked.clear()

    def specification(self) -> Mapping[str, Any] | None:
        return None


class Recording:
    """Writes each request to a file, a JSON object a line with a time in nanoseconds, and sets nothing.

    `latency_seconds` is how long a lock takes, as on a real GPU.
    """

    def __init__(self, path: str | Path, supported: Sequence[int] = (), latency_seconds: float = 0.0) -> None:
        self.path, self._supported, self._latency = Path(path), sorted(supported, reverse=True), latency_seconds
        self._clock: int | None = None

    def supported(self) -> Sequence[int]:
        return self._supported

    def lock(self, mhz: int) -> None:
        if self._latency:
            time.sleep(self._latency)
        self._clock = mhz
        self._write("lock", mhz)

    def current(self) -> int | None:
        return self._clock

    def reset(self) -> None:
        self._clock = None
        self._write("reset", None)

    def specification(self) -> Mapping[str, Any] | None:
        return {"backend": "recording", "path": str(self.path)}

    def _write(self, what: str, mhz: int | None) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"nanoseconds": time.time_ns(), "event": what, "mhz": mhz}) + "\n")


def open_backend(specification: Mapping[str, Any]) -> ClockBackend:
    """The back-end that `specification()` of another one describes."""
    options = {name: value for name, value in specification.items() if name != "backend"}
    kind = specification["backend"]
    if kind == "nvml":
        from .nvml import NVML

        return NVML(**options)
    if kind == "zeusd":
        from .zeusd import Zeusd

        return Zeusd(**options)
    if kind == "recording":
        return Recording(**options)
    raise ClockError(f"there is no back-end {kind!r}; expected nvml, zeusd or recording")


def default_backend(device: int | str = 0) -> ClockBackend:
    """NVML where this process may set clocks with it, else zeusd where it is configured (`ZEUSD_SOCK_PATH` or
    `ZEUSD_HOST_PORT`); otherwise the error says which right is missing.

    NVML has no question for that right. It is tried by giving the clock back to the driver, which ends a lock that an
    administrator has set, as the end of a controller does: name `NVML(device)` or `Zeusd(device)` to try nothing."""
    from .nvml import NVML
    from .zeusd import Zeusd

    backend = NVML(device)
    try:
        backend.reset()
    except ClockPermissionError:
        if not Zeusd.is_configured():
            raise
        return Zeusd(device)
    return backend
