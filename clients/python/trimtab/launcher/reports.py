"""Where the trials of a launcher report: an authenticated socket, whose messages wait for the launcher's loop."""

from __future__ import annotations

import json
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


@dataclass
class Message:
    """What a trial sends; it waits for `answer`."""

    trial: int
    fields: Mapping[str, Any]
    answered: queue.SimpleQueue[Mapping[str, Any]] = field(default_factory=queue.SimpleQueue)

    def answer(self, fields: Mapping[str, Any]) -> None:
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
        record.write_text(self._folder)
        self._socket = socket.socket(socket.AF_UNIX if host is None else socket.AF_INET)
        self._socket.bind(f"{self._folder}/reports" if host is None else (host, 0))
        self._socket.listen(64)
        self.address = self._socket.getsockname()
        self._closed = False
        self._thread = threading.Thread(target=self._accept, name="trimtab reports", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        # The thread must have left `accept` before its descriptor is closed: the number may be that of the next
        # launcher's socket at once, whose trials it would refuse for their key.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        while not self._closed:
            try:
                connected, _ = self._socket.accept()
            except OSError:
                continue  # a trial that ended while it connected, or the end
            threading.Thread(target=self._serve, args=(Connection(connected.detach()),), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        """Serves a trial, once each side has shown the other that it knows the key. In a thread of its own, so that
        a process that stops in the middle of that keeps no other waiting."""
        with connection:
            try:
                deliver_challenge(connection, self.key)
                answer_challenge(connection, self.key)
                while True:
                    fields = json.loads(connection.recv_bytes())
                    message = Message(fields.pop("trial"), fields)
                    self.events.put(message)
                    connection.send_bytes(json.dumps(message.answered.get()).encode())
            except (AuthenticationError, OSError, EOFError):
                return  # a stranger, or a trial that has ended, which its process says
