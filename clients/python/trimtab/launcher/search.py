"""The loop of a launcher: asks for trials, runs them, passes their reports on, and ends them."""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from ..answers import Assignment, NoTrial
from ..blocking import Session
from ..errors import NoPool, OutcomeUnknown, RPCError, TrialClosed, TrimtabError
from ..replace import replace_file
from ..score import Score
from .checkpoints import Checkpoints, delete_unneeded
from .devices import Device, Slot
from .options import Limits
from .places import Place, TrialJob
from .reports import Ended, Event, Message, Reports

# How a framework or the system says in a log that memory was too little, where the script itself does not.
OUT_OF_MEMORY = ("OutOfMemoryError", "CUDA out of memory", "RESOURCE_EXHAUSTED", "MemoryError", "std::bad_alloc",
                 "CUBLAS_STATUS_ALLOC_FAILED")
# Holds the path of the checkpoint that a trial has been saving since its decision, until its process has ended well.
SAVING = "saving"
ASK_AGAIN_SECONDS = 10.0  # where other launchers have all that there is to do
SAVING_SECONDS = 60.0  # while a checkpoint is saved here, whose end is an event


@dataclass
class Running:
    """A trial under way."""

    slot: Slot
    assignment: Assignment
    process: TrialJob
    started: float
    taken_before: float
    reported_step: int = -1  # by an earlier launcher's run of this trial, which had got further than its checkpoint
    heard: Optional[float] = None  # when the script began, or reported last
    decision: Optional[str] = None
    saved: Optional[str] = None  # the checkpoint that the report with the decision names
    failure: Optional[tuple[str, str]] = None  # kind and message, where this launcher or the script has ended it
    end_at: Optional[float] = None  # when the next, harder signal is due
    signals: list[int] = field(default_factory=list)
    score: Optional[Score] = None
    fraction: float = 0.0

    def gpu_seconds(self) -> float:
        return self.taken_before + (time.monotonic() - self.started) * self.slot.width


class Search:
    """Runs the trials of a session's pool on slots until the search has finished."""

    def __init__(
        self, session: Session, place: Place, *, folder: Path, limits: Limits, steps: Optional[int],
        settings: Mapping[str, Any], checkpoints: Checkpoints, changed: Callable[[Search], None],
    ) -> None:
        self.session, self.place, self.slots, self.folder, self.limits = session, place, place.slots, folder, limits
        self.steps, self.settings, self.checkpoints, self.changed = steps, settings, checkpoints, changed
        self.running: dict[int, Running] = {}
        self._saving: dict[Slot, Assignment] = {}  # given out, and waiting for its checkpoint
        self._unsaved: set[str] = set()  # checkpoints whose trials have ended well without having written them
        # Session time goes on where an earlier launcher was.
        self._elapsed_before = self.session.suggestion().cost.elapsed_seconds or 0.0
        self._begun = time.monotonic()
        self.reports = Reports(folder.parent / "socket", place.address)  # last: `run` closes it

    def elapsed(self) -> float:
        """Seconds that the search has been run for, all launchers after one another."""
        return self._elapsed_before + time.monotonic() - self._begun

    def run(self) -> None:
        """Until the search has finished. Trials under way are ended if it is interrupted; they can be resumed."""
        try:
            self._take_over()
            while True:
                wait = self._fill()
                self.changed(self)
                if not self.running and wait is None:
                    return
                self._handle_next(wait)
        finally:
            self._end_all()

    # Giving out

    def _take_over(self) -> None:
        """Ends what an earlier launcher of this place has left, and the trials of workers that it had and this one has
        not."""
        self.place.take_over(self.folder, self.limits.grace)
        host, workers = self.slots[0].worker.rpartition("/")[0], {slot.worker for slot in self.slots}
        for trial in self.session.trials(open_only=True, limit=10_000).trials:
            if trial.worker and trial.worker.rpartition("/")[0] == host and trial.worker not in workers:
                self._fail(trial.trial, "lost", "its launcher has ended, and another one has fewer workers")

    def _fill(self) -> Optional[float]:
        """Starts a trial on each idle slot; None where the search wants no more, else how long to wait at most."""
        wait: Optional[float] = None
        busy = {running.slot for running in self.running.values()}
        for slot in self.slots:
            if slot in busy:
                continue
            answer = self._ask(slot)
            if isinstance(answer, NoTrial):
                if not answer.finished and answer.reason != "tooLittleMemory":
                    wait = min(wait or ASK_AGAIN_SECONDS, answer.retry_after_seconds or ASK_AGAIN_SECONDS)
            elif answer is None:
                wait = min(wait or SAVING_SECONDS, SAVING_SECONDS)
            else:
                self._start(slot, answer)
        return wait

    def _ask(self, slot: Slot) -> Assignment | NoTrial | None:
        """What to train on this slot, with its checkpoint in place; None while that is being saved."""
        while True:
            answer: Assignment | NoTrial | None = self._saving.pop(slot, None)
            if answer is None:
                answer = self.session.next_trial(
                    slot.worker, gpus=slot.ids or None, memory_bytes=slot.memory_bytes,
                    elapsed_seconds=self.elapsed())
            if isinstance(answer, NoTrial) or self._resumable(answer):
                return answer
            if self._is_being_saved(answer):
                self._saving[slot] = answer
                return None
            if answer.resume is not None and answer.resume.checkpoint in self._unsaved:
                # Begun again it would end so again, and the search with it never.
                raise TrimtabError(
                    f"trial {answer.resume.trial} was to save its checkpoint in {answer.resume.checkpoint} when its "
                    "report ended it, and has ended well without; the search cannot go on from there. Have the script "
                    "save to `trial.save_to`, and run it again: what is not there is trained from its start")
            self._fail(answer.trial, "checkpointGone", f"{answer.resume and answer.resume.checkpoint} is not whole")

    def _resumable(self, assignment: Assignment) -> bool:
        """Whether the checkpoint to go on from is there. One that was to be saved after the decision is whole only if
        its trial has ended by itself, without an error."""
        resume = assignment.resume
        if resume is None:
            return True
        if resume.checkpoint is None or not Path(str(resume.checkpoint)).exists():
            return False
        mark = self.folder / f"{resume.trial:06d}" / SAVING
        return not mark.exists() or mark.read_text() != str(resume.checkpoint)

    def _is_being_saved(self, assignment: Assignment) -> bool:
        """Whether the trial that writes the checkpoint has had its decision, and is not over yet."""
        return assignment.resume is not None and assignment.resume.trial in self.running

    def _start(self, slot: Slot, assignment: Assignment) -> None:
        number, candidate = assignment.trial, assignment.candidate
        folder = self.folder / f"{number:06d}"
        folder.mkdir(exist_ok=True)
        (folder / SAVING).unlink(missing_ok=True)
        resume = assignment.resume and assignment.resume.checkpoint
        parts = {"encoder": candidate.encoder, "language_model": candidate.language_model,
                 **({"projector": candidate.projector} if candidate.projector else {})}
        given = {
            "trial": number, "candidate": parts, "resume_from": resume,
            "save_to": str(folder / "checkpoint"), "from_fraction": assignment.from_fraction,
            "to_fraction": assignment.to_fraction, "from_sample_count": assignment.from_sample_count,
            "to_sample_count": assignment.to_sample_count, "steps": self.steps,
            "address": self.reports.address, "key": self.reports.key.hex()}
        now = time.monotonic()
        process = self.place.start(given, slot, folder)
        running = Running(slot, assignment, process, now, _taken(folder), fraction=assignment.from_fraction)
        if assignment.repeated:
            for known in self.session.trials(open_only=True, limit=10_000).trials:
                if known.trial == number and known.last_step is not None:
                    running.reported_step = known.last_step
        self.running[number] = running
        threading.Thread(target=self._await_end, args=(number, process), daemon=True).start()

    def _await_end(self, number: int, process: TrialJob) -> None:
        self.reports.events.put(Ended(number, process.wait()))

    # Hearing

    def _handle_next(self, wait: Optional[float]) -> None:
        """Waits for the next event, for `wait` seconds at most, and no longer than until a trial's time is over."""
        times = [due for running in self.running.values() if (due := self._due(running)) is not None]
        if wait is not None:
            times.append(time.monotonic() + wait)
        try:
            event: Event = self.reports.events.get(
                timeout=max(0.0, min(times) - time.monotonic()) if times else None)
        except queue.Empty:
            self._end_overdue()
            return
        running = self.running.get(event.trial)
        if isinstance(event, Message):
            event.answer(self._heard(running, event) if running else {
                "error": {"code": 3005, "message": f"trial {event.trial} is not under way here",
                          "data": {"kind": "unknownTrial"}}})
        elif running:
            self._ended(running, event.exit_code)

    def _heard(self, running: Running, message: Message) -> Mapping[str, Any]:
        running.heard = time.monotonic()
        if "began" in message.fields:
            return {}
        if "failed" in message.fields:
            running.failure = (message.fields["failed"], message.fields["message"])
            return {"decision": "stop", "reason": "failed"}
        report = message.fields["report"]
        told = report["score"]
        score: Score = {name: float(one) for name, one in told.items()} if isinstance(told, dict) else float(told)
        if report["step"] <= running.reported_step:
            # The search knows this step from before, with the time that it took then.
            return {"decision": "continue", "reason": "targetNotReached"}
        # On disk before the report, so that this trial's next run, after a kill, counts on from there.
        seconds = _note_taken(running)
        try:
            decision = self.session.update_trial(
                message.trial, report["step"], score, data_fraction=report["data_fraction"],
                sample_count=report["sample_count"], energy_joules=report["energy_joules"],
                checkpoint=report["checkpoint"], gpu_seconds=seconds, elapsed_seconds=self.elapsed())
        except TrialClosed as closed:  # withdrawn, or its lease ran out
            running.decision = "stop"
            running.end_at = time.monotonic() + self.limits.grace
            return {"decision": "stop", "reason": closed.outcome}
        except RPCError as error:
            return {"error": {"code": error.code, "message": error.message, "data": dict(error.data)}}
        running.score = score
        if report["data_fraction"] is not None:
            running.fraction = report["data_fraction"]
        if decision.ended:
            if report["checkpoint"] is not None and report["to_be_saved"]:
                (running.process.folder / SAVING).write_text(report["checkpoint"])
            running.decision, running.saved = decision.decision, report["checkpoint"]
            running.end_at = time.monotonic() + self.limits.grace
        return {"decision": decision.decision, "reason": decision.reason}

    def _ended(self, running: Running, exit_code: int) -> None:
        number = running.assignment.trial
        del self.running[number]
        _note_taken(running)
        if running.decision is not None:
            if exit_code == 0:
                (running.process.folder / SAVING).unlink(missing_ok=True)
                if running.saved is not None and not Path(running.saved).exists():
                    self._unsaved.add(running.saved)
                if self.checkpoints == "needed":
                    resumed = [given.resume.checkpoint for given in (
                        *(one.assignment for one in self.running.values()), *self._saving.values()) if given.resume]
                    delete_unneeded(self.session, running.assignment.candidate, self.folder, resumed)
            return
        kind, message = running.failure or failure_of(exit_code, running.process.log_tail())
        self._fail(number, kind, message)

    def _fail(self, number: int, kind: Any, message: str) -> None:
        """Ends a trial on the server, once, whatever becomes of the server meanwhile."""
        while True:
            try:
                self.session.fail_trial(number, kind, message=message[:4096], elapsed_seconds=self.elapsed())
            except TrialClosed:
                return
            except OutcomeUnknown:
                continue  # a trial that has been ended is closed the second time
            return

    # Ending

    def _due(self, running: Running) -> Optional[float]:
        """When this trial's time is over."""
        if running.end_at is not None:
            return running.end_at
        if running.signals:
            return None  # SIGKILL has been sent, and nothing more can be done
        ends = [start + limit for start, limit in
                ((running.started, self.limits.trial), (running.heard, self.limits.report))
                if start is not None and limit is not None]
        return min(ends, default=None)

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for running in self.running.values():
            due = self._due(running)
            if due is None or due > now:
                continue
            if running.decision is None and running.failure is None:
                late = self.limits.trial is not None and running.started + self.limits.trial <= now
                running.failure = (("failed", f"ran for longer than {self.limits.trial} s") if late
                                   else ("lost", f"no report for {self.limits.report} s"))
            number = signal.SIGKILL if running.signals else signal.SIGTERM
            running.signals.append(number)
            running.end_at = None if number == signal.SIGKILL else now + self.limits.grace
            running.process.signal(number)

    def _end_all(self) -> None:
        """Ends every group; the trials stay open, so that the next launcher goes on with them."""
        for running in self.running.values():
            running.process.signal(signal.SIGTERM)
        deadline = time.monotonic() + self.limits.grace
        for running in self.running.values():
            running.process.end(max(0.0, deadline - time.monotonic()))
        self.running.clear()
        self.reports.close()


def failure_of(exit_code: int, log: str) -> tuple[str, str]:
    """The kind of failure of a trial that the search has not ended, and a sentence about it."""
    said = next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "it wrote nothing")
    if exit_code != 0 and any(sign in log for sign in OUT_OF_MEMORY):
        return "outOfMemory", said
    if exit_code in (-signal.SIGKILL, -signal.SIGTERM):
        return "lost", f"ended by {signal.Signals(-exit_code).name} from elsewhere; {said}"
    if exit_code == 0:
        return "failed", f"exit code 0 before the search had ended the trial; {said}"
    return "failed", f"exit code {exit_code}; {said}"


def _taken(folder: Path) -> float:
    """GPU-seconds that this trial took under an earlier launcher."""
    path = folder / "gpu-seconds"
    text = path.read_text() if path.exists() else ""
    return float(text) if text else 0.0


def _note_taken(running: Running) -> float:
    seconds = running.gpu_seconds()
    # Written at every report; what a loss of power takes of it is an account, and no state of the search.
    replace_file(running.process.folder / "gpu-seconds", repr(seconds), durable=False)
    return seconds


def describe_gpus(session: Session, found: Sequence[Device]) -> None:
    """Registers this host's GPUs, and retires those that an earlier launcher had and this one has not."""
    ids, nodes = {device.gpu.id for device in found}, {device.gpu.node for device in found}
    while True:
        try:
            session.register_gpus(device.gpu for device in found)
            gone = [gpu.id for gpu in session.list_gpus() if gpu.node in nodes and gpu.id not in ids]
            if gone:
                session.retire_gpus(gone, reason="not among the GPUs of the launcher that goes on")
            return
        except OutcomeUnknown:
            continue  # both may be said twice


def open_pool(session: Session, params: Mapping[str, Any]) -> None:
    """Submits the pool, unless the session has one from an earlier launcher."""
    while not _has_pool(session):
        with contextlib.suppress(OutcomeUnknown):
            session.submit_pool(**params)


def _has_pool(session: Session) -> bool:
    try:
        session.suggestion(evidence_limit=0, untried_limit=0)
    except NoPool:
        return False
    return True
