"""Where the trials of a launcher report: an authenticated socket, whose messages wait for the launcher's loop."""

from __future__ import annotations

import json
import queue
import secrets
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Listener
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
        self._listener = Listener(
            f"{self._folder}/reports" if host is None else (host, 0), authkey=self.key, backlog=64)
        self.address = self._listener.address
        self._closed = False
        threading.Thread(target=self._accept, name="trimtab reports", daemon=True).start()

    def close(self) -> None:
        self._closed = True
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        from multiprocessing import AuthenticationError

        while not self._closed:
            try:
                connection = self._listener.accept()
            except AuthenticationError:
                continue  # a stranger
            except (OSError, EOFError):
                if self._closed:
                    return
                continue  # a trial that ended while it connected
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        with connection:
            while True:
                try:
                    fields = json.loads(connection.recv_bytes())
                    message = Message(fields.pop("trial"), fields)
                    self.events.put(message)
                    connection.send_bytes(json.dumps(message.answered.get()).encode())
                except (OSError, EOFError):
                    return  # the trial has ended, which its process says
