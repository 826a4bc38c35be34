"""Where the trials of a launcher report: an authenticated socket, whose messages wait for the launcher's loop."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import queue
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any, Optional, Union

PREFIX = "trimtab-reports-"
EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
PAUSE_SECONDS = 0.05  # before the next try to accept where the system has nothing left


@dataclass
class Message:
    """What a trial sends; it waits for `answer`, which is None where the launcher ends without one."""

    trial: int
    fields: Mapping[str, Any]
    answered: queue.SimpleQueue[Optional[Mapping[str, Any]]] = field(default_factory=queue.SimpleQueue)

    def answer(self, fields: Optional[Mapping[str, Any]]) -> None:
        self.answered.put(fields)


@dataclass(frozen=True)
class Ended:
    """A trial's process has ended with this exit code."""

    trial: int
    exit_code: int


Event = Union[Message, Ended]


class Reports:
    """Listens for trials; `events` has what they send. `host` for trials on other machines, else those of this one.
    `record` keeps the name of the socket's folder, so that the next launcher can remove that of one that was killed."""

    def __init__(self, record: Path, host: Optional[str] = None) -> None:
        if record.exists() and Path(left := record.read_text()).name.startswith(PREFIX):
            shutil.rmtree(left, ignore_errors=True)
        self.events: queue.Queue[Event] = queue.Queue()
        self.key = secrets.token_bytes(32)
        # A short path of its own: the name of a socket has at most 107 bytes, which a state directory may pass.
        self._folder = tempfile.mkdtemp(prefix=PREFIX)
        self._socket = socket.socket(socket.AF_UNIX if host is None else socket.AF_INET)
        try:
            record.write_text(self._folder)
            self._socket.bind(f"{self._folder}/reports" if host is None else (host, 0))
            self._socket.listen(64)
        except BaseException:
            self._socket.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self.address = self._socket.getsockname()
        self._over = threading.Event()
        self._lock = threading.Lock()  # between `close` and the serving threads
        self._serving: dict[threading.Thread, Connection] = {}
        self._asked: dict[threading.Thread, Message] = {}  # what each of them has put among the events last
        self._thread = threading.Thread(target=self._accept, name="trimtab reports", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends every connection, so that a trial that waits for an answer, or asks for one, meets a launcher that has
        ended (`NoLauncher`); no thread is left."""
        with self._lock:
            self._over.set()
        # The thread must have left `accept` before its descriptor is closed: the number may be that of the next
        # launcher's socket at once, whose trials it would refuse for their key.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        with self._lock:
            serving = dict(self._serving)
            for connection in serving.values():
                with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as same:
                    same.shutdown(socket.SHUT_RDWR)
            for message in self._asked.values():
                message.answer(None)  # one that has its answer already does not look for another
        for thread in serving:
            thread.join()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connected, _ = self._socket.accept()
            except OSError as error:
                # A trial that ended while it connected, or the end. Where there is no descriptor or memory for a
                # connection it stays in the queue, and the next call would fail at once.
                if error.errno in EXHAUSTED:
                    self._over.wait(PAUSE_SECONDS)
                continue
            connection = Connection(connected.detach())
            thread = threading.Thread(target=self._serve, args=(connection,), name="trimtab trial", daemon=True)
            with self._lock:
                self._serving[thread] = connection
            try:
                thread.start()
            except RuntimeError:  # the system has no thread left: the trial meets a launcher that has ended
                with self._lock:
                    self._forget(thread)
                self._over.wait(PAUSE_SECONDS)

    def _serve(self, connection: Connection) -> None:
        """Serves a trial, once each side has shown the other that it knows the key. In a thread of its own, so that
        a process that stops in the middle of that keeps no other waiting."""
        try:
            deliver_challenge(connection, self.key)
            answer_challenge(connection, self.key)
            while True:
                fields = json.loads(connection.recv_bytes())
                message = Message(fields.pop("trial"), fields)
                with self._lock:
                    if self._over.is_set():
                        return
                    self._asked[threading.current_thread()] = message
                    self.events.put(message)
                answer = message.answered.get()
                if answer is None:
                    return
                connection.send_bytes(json.dumps(answer).encode())
        except (AuthenticationError, OSError, EOFError):
            return  # a stranger, or a trial that has ended, which its process says
        finally:
            with self._lock:
                self._forget(threading.current_thread())

    def _forget(self, thread: threading.Thread) -> None:
        self._asked.pop(thread, None)
        self._serving.pop(thread).close()
