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
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._news = False

    def run(self, work: Callable[[], T], deadline: Optional[float] = None) -> T:
        """What `work` returns, while no other thread has a turn. Raises TurnTimeout at the deadline.

        An interrupt may come between any two instructions of Python, but not between taking the lock and the note of
        it: `extend` and `map` run in C.
        """
        limit = -1.0 if deadline is None else min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX)
        taken: list[bool] = []
        try:
            taken.extend(map(self._lock.acquire, (True,), (limit,)))
            if not taken[0]:
                raise TurnTimeout("another thread used the client until the timeout; nothing was sent")
            return work()
        finally:
            if taken and taken[0]:
                if self._news:
                    self._tell()
                self._lock.release()

    def note(self) -> None:
        """Says within a turn that something was read or that the server has ended, which others may wait for."""
        self._news = True

    def _tell(self) -> None:
        self._news, thread = False, threading.get_ident()
        for listener in tuple(self._listeners):
            if listener.thread != thread:
                listener.wake()

    def listen(self) -> Listener:
        """To be woken by the turns of other threads that note something; close it."""
        listener = Listener(self._listeners)
        self._listeners.append(listener)
        return listener


class Listener:
    """Is readable from the end of another thread's turn that noted something until `clear`."""

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
