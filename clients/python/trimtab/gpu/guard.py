"""Gives clocks back when the process that set them is gone, however it ended, SIGKILL included.

A process of its own, in a session of its own, so that a signal to the training's process group spares it. It waits for
the end of its parent by a pidfd, because the pipe alone would not tell: workers that the parent forked hold its end
open. `done` on the pipe ends the guard without a word, as the parent has restored the clocks itself.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from .backends import ClockError, open_backend

READY, DONE = b"ready\n", b"done\n"
POLL_SECONDS = 0.2  # where the system has no pidfd


class Guard:
    """The parent's end: starts the guard and waits until it stands ready."""

    def __init__(self, specification: Mapping[str, Any]) -> None:
        program = "from trimtab.gpu.guard import main; raise SystemExit(main())"
        package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        # A descriptor of its own for `ready`: what an interpreter's start-up files print goes to its stdout.
        ready, says_ready = os.pipe()
        with open(ready, "rb") as heard:
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-c", program, str(os.getpid()), json.dumps(specification), str(says_ready)],
                    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True, pass_fds=[says_ready],
                    env={**os.environ, "PYTHONPATH": paths})
            finally:
                os.close(says_ready)
            if heard.readline() != READY:
                self._process.kill()
                self.release()
                raise ClockError(f"the guard of the clocks did not start (exit code {self._process.returncode})")

    @property
    def pid(self) -> int:
        return self._process.pid

    def release(self) -> None:
        """Ends the guard; the clocks have been restored."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(DONE)
            self._process.stdin.close()
        except OSError:
            pass  # the guard has gone before, which is what is wanted
        self._process.wait()


def _wait_for_end(parent: int) -> bool:
    """Waits until the parent has ended (true) or has said `done` (false)."""
    try:
        handle = os.pidfd_open(parent)
    except (AttributeError, OSError):
        handle = -1  # no pidfd here, or the parent has ended already
    poller = select.poll()
    poller.register(0, select.POLLIN)
    if handle >= 0:
        poller.register(handle, select.POLLIN)
    while True:
        ready = dict(poller.poll(None if handle >= 0 else POLL_SECONDS * 1000))
        if 0 in ready:
            word = os.read(0, len(DONE))
            if word == DONE:
                return False
            poller.unregister(0)
            if not word:
                return True
        if handle in ready or os.getppid() != parent:
            return True


def main() -> int:
    """The guard; its arguments are the parent's process id, the back-end's specification, and where to say ready."""
    parent, backend = int(sys.argv[1]), open_backend(json.loads(sys.argv[2]))
    says_ready = int(sys.argv[3])
    os.write(says_ready, READY)
    os.close(says_ready)
    if not _wait_for_end(parent):
        return 0
    try:
        backend.reset()
    except ClockError as error:
        print(f"trimtab: the clocks could not be restored: {error}", file=sys.stderr)
        return 1
    return 0
