"""Turns: a client that several threads use serves one of them at a time."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Optional, TypeVar

from .errors import CallTimeout

T = TypeVar("T")


class TurnTimeout(CallTimeout):
    """Another thread used the client until the timeout; nothing was sent."""


class Turns:
    """Gives the threads of a client their turns, and wakes those that wait for messages outside of a turn.

    A thread may take a turn within its own, as a callback does that makes a call.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()  # `with turns.lock:` is a turn without a deadline
        self._listeners: list[Listener] = []

    def run(self, work: Callable[[], T], deadline: Optional[float] = None) -> T:
        """What `work` returns, while no other thread has a turn. Raises TurnTimeout at the deadline.

        An interrupt may come between any two instructions of Python, but not between taking the lock and the note of
        it: `with` does both, and so do `extend` and `map`, which run in C.
        """
        if deadline is None:
            with self.lock:
                return work()
        limit = min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX)
        taken: list[bool] = []
        try:
            taken.extend(map(self.lock.acquire, (True,), (limit,)))
            if not taken[0]:
                raise TurnTimeout("another thread used the client until the timeout; nothing was sent")
            return work()
        finally:
            if taken and taken[0]:
                self.lock.release()

    def tell(self) -> None:
        """Wakes the listeners of other threads, which then wait for the end of this turn: something was read, or the
        server has ended."""
        if self._listeners:
            thread = threading.get_ident()
            for listener in tuple(self._listeners):
                if listener.thread != thread:
                    listener.wake()

    def listen(self) -> Listener:
        """To be woken by `tell` of other threads; close it."""
        listener = Listener(self._listeners)
        self._listeners.append(listener)
        return listener


class Listener:
    """Is readable from `tell` of another thread until `clear`."""

    def __init__(self, others: list[Listener]) -> None:
        self.thread, self._others, self._lock = threading.get_ident(), others, threading.Lock()
        self._reader, self._writer = os.pipe()
        for descriptor in (self._reader, self._writer):
            os.set_blocking(descriptor, False)

    def fileno(self) -> int:
        return self._reader

    def wake(self) -> None:
        with self._lock, contextlib.suppress(BlockingIOError):  # a full pipe is readable
            if self._writer >= 0:
                os.write(self._writer, b".")

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 65536)

    def close(self) -> None:
        with contextlib.suppress(ValueError):
            self._others.remove(self)
        with self._lock:
            if self._writer >= 0:
                os.close(self._reader)
                os.close(self._writer)
                self._reader = self._writer = -1
