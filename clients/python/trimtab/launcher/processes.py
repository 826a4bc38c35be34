"""Trials as process groups: started, ended, and found again after the launcher itself was killed.

A trial is the leader of a session of its own, so that whatever it starts is in reach. It is recorded, by process id and
start time, before its command runs: it waits for a word of the launcher, and ends if that comes no more.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from ..records import UnreadableRecord, read_record
from ..replace import replace_file
from ..training import ENVIRONMENT

# Runs the command in the place of the shell, once a line has been read; at the end of input it ends.
WAITING = 'read -r go && exec "$@" </dev/null'


def start_time(pid: int) -> Optional[str]:
    """When a process was started, in ticks since this boot; with its id that names it for ever. None if it is gone."""
    fields = _stat(pid)
    return None if fields is None or fields[0] in "ZX" else f"{boot()}/{fields[19]}"


def _stat(pid: int) -> Optional[list[str]]:
    """The fields of /proc/PID/stat from the state on; the name before them may hold spaces and parentheses."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


class TrialProcess:
    """A process group that trains a trial."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
        self.folder = folder
        with open(folder / "log.txt", "ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", WAITING, "trimtab", *command], env=dict(environment), stdin=subprocess.PIPE,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self._process.pid
        # The number is this trial's until the leader is reaped, and may be that of any group afterwards.
        self._lock, self._over = threading.Lock(), False
        self._record = folder / "process.json"
        replace_file(self._record, json.dumps({
            "pid": self.pid, "started": start_time(self.pid), "trial": environment[ENVIRONMENT]}))
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has been killed already, which `wait` reports
            self._process.stdin.write(b"go\n")
            self._process.stdin.close()

    def wait(self) -> int:
        """Waits for the leader, ends what is left of its group, and returns its exit code; negative for a signal."""
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)  # still a zombie, so that its number is its own
        end_group(self.pid, 0.0)
        self._record.unlink(missing_ok=True)
        with self._lock:
            self._over = True
            return self._process.wait()

    def signal(self, number: int) -> None:
        """Sends a signal to the whole group."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if not self._over:
                os.killpg(self.pid, number)

    def end(self, grace_seconds: float) -> None:
        """Ends the group, by SIGKILL what is left after `grace_seconds`."""
        with self._lock:
            if not self._over:
                end_group(self.pid, grace_seconds)

    def log_tail(self, size: int = 4096) -> str:
        """The end of what the trial wrote."""
        with open(self.folder / "log.txt", "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - size))
            return log.read().decode(errors="replace")


def end_left_groups(trials: Path, grace_seconds: float) -> list[Path]:
    """Ends the process groups that a launcher before this one has left, so that their GPUs are free; their folders.

    Raises UnreadableRecord, before it ends any, where the record of one is damaged.
    """
    left = []
    for record, known in [(path, _recorded(path)) for path in sorted(trials.glob("*/process.json"))]:
        if start_time(known["pid"]) == known["started"] or any(_members(known["pid"], known["trial"])):
            end_group(known["pid"], grace_seconds, known["trial"])
            left.append(record.parent)
        record.unlink()
    return left


def _recorded(path: Path) -> dict[str, Any]:
    """Which process group a record names."""
    remedy = f"remove the file once no process of trial {path.parent.name} runs"
    record = read_record(path, {"pid": (int,), "started": (str, type(None)), "trial": (str,)}, remedy)
    if record["pid"] <= 1:  # to a signal these are whole sets of processes, this launcher's own group among them
        raise UnreadableRecord(f"{path}: expected the number of a process as pid, found {record['pid']}; {remedy}")
    return record


def end_group(pid: int, grace_seconds: float, trial: Optional[str] = None) -> None:
    """Ends a process group: with SIGTERM, and with SIGKILL what is left after `grace_seconds`. Returns when all have
    ended."""
    deadline = time.monotonic() + grace_seconds
    for number in (signal.SIGTERM, signal.SIGKILL):
        if number == signal.SIGTERM and grace_seconds <= 0:
            continue
        while descriptors := _open(pid, trial):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)
            try:
                limit = None if number == signal.SIGKILL else deadline
                if not _ended(descriptors, limit):
                    break
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)


def _open(pid: int, trial: Optional[str]) -> list[int]:
    """A descriptor for each member of a group, which becomes readable when it ends."""
    found = []
    for member in _members(pid, trial):
        with contextlib.suppress(ProcessLookupError):
            found.append(os.pidfd_open(member))
    return found


def _ended(descriptors: Sequence[int], deadline: Optional[float]) -> bool:
    """Waits until all have ended; false at the deadline."""
    for descriptor in descriptors:
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        if not poller.poll(None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000):
            return False
    return True


def _members(pid: int, trial: Optional[str]) -> Iterator[int]:
    """The processes of a group. With `trial` only those that have it in their environment: a group of another session
    may have the number of one that is gone."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        fields = _stat(int(entry))
        if fields is None or fields[0] in "ZX" or fields[2] != str(pid):
            continue
        if trial is not None:
            try:
                environment = Path(f"/proc/{entry}/environ").read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if f"{ENVIRONMENT}={trial}".encode() not in environment.split(b"\0"):
                continue
        yield int(entry)
