"""From the events of a rank to its instructions: when each computed, and when its input had come."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from .actions import Action
from .events import Labelled, RankEvents, Span, TraceError

# PyTorch's actions of communication, and the direction of what they receive.
_RECEIVES = {"RECV_F": "F", "RECV_B": "B"}


@dataclass(frozen=True)
class Executed:
    """An instruction as it ran on a rank, in nanoseconds since the epoch.

    `arrival` is when the last message that it waits for had come and was noticed; None where the trace does not say.
    `sent` is until when the rank waited for its own messages to be taken before that; None where it did not. An
    overlapped pair may wait for the backward's input once its forward is done: `stall` is when, else None.
    """

    rank: int
    action: Action
    start: int
    end: int
    arrival: int | None = None
    sent: int | None = None
    stall: Span | None = None

    @property
    def busy(self) -> int:
        """Nanoseconds that it computed."""
        return self.end - self.start - (0 if self.stall is None else self.stall.end - self.stall.start)

    @property
    def seconds(self) -> float:
        return self.busy / 1e9


def executed(events: RankEvents) -> list[Executed]:
    """The instructions of a rank in the order they ran. Where the hook has labelled an instruction, its label counts,
    and the runtime's around it does not."""
    exact = [label for label in events.labels if label.exact]
    loose = [label for label in events.labels if not label.exact and label.action.is_instruction]
    inside = [label.start for label in exact]
    chosen = exact + [one for one in loose if not _any_within(inside, one)]
    chosen.sort(key=lambda label: label.start)
    if not chosen:
        raise TraceError(
            f"{events.path} labels no instruction. torch's Schedule1F1B and ScheduleGPipe write no labels: "
            "wrap the schedule with trimtab.gpu.attach(schedule, label=True) before the trace")
    return _on_device(events, chosen) if events.on_device else _on_processor(events, chosen)


def _any_within(starts: list[int], span: Span) -> bool:
    index = bisect_left(starts, span.start)
    return index < len(starts) and starts[index] < span.end


def _on_processor(events: RankEvents, labels: list[Labelled]) -> list[Executed]:
    """Instructions of a job on CPUs, where a receive blocks the thread that waits for it."""
    posted = _posted_receives(events)
    receives, sends = (sorted(span.end for span in spans) for spans in (events.receives, events.sends))
    operations = [span.start for span in events.computations]
    found: list[Executed] = []
    for label in labels:
        previous = found[-1].end if found else events.labels[0].start - 1
        if label.exact:
            # The schedule waited before the label: the last receive that ended since the previous instruction.
            arrival = _last_between(receives, previous, label.start)
            sent = None if arrival is None else _last_between(sends, previous, arrival)
            found.append(Executed(events.rank, label.action, label.start, label.end, arrival, sent))
            continue
        inputs = _inputs(label.action)
        came = {key: max((end for end in posted.get(key, ()) if previous < end <= label.end), default=None)
                for key in inputs}
        # The backward of an overlapped pair waits for its input when the forward is done.
        paired = label.action.backward_stage is not None
        first = next((key for key in inputs if key[0] == "F" or not paired), None)
        second = next((key for key in inputs if key[0] == "B" and paired), None)
        start, stall = label.start, None
        arrival = None if first is None else came[first]
        if arrival is not None:
            start = max(start, arrival)
        elif first is not None and first not in posted:
            # No event says when its input came: it computes from its first operation.
            index = bisect_left(operations, label.start)
            start = operations[index] if index < len(operations) and operations[index] < label.end else label.start
        if second is not None and (late := came[second]) is not None and late > start:
            stall = Span(_computed_until(events, operations, start, late), late)
        found.append(Executed(events.rank, label.action, start, label.end, arrival, None, stall))
    return found


def _computed_until(events: RankEvents, operations: list[int], start: int, until: int) -> int:
    """The end of the last operation that began after `start` and before `until`; operations may be nested."""
    first, last = bisect_left(operations, start), bisect_left(operations, until)
    return min(max((span.end for span in events.computations[first:last]), default=start), until)


def _last_between(times: list[int], after: int, until: int) -> int | None:
    index = bisect_right(times, until) - 1
    return times[index] if index >= 0 and times[index] > after else None


def _inputs(action: Action) -> list[tuple[str, int, int]]:
    """The receives that an instruction may wait for, as `_posted_receives` names them."""
    inputs = []
    for direction, stage, microbatch in action.producers(last_stage=1 << 30):
        inputs.append((direction, stage + 1 if direction == "F" else stage - 1, microbatch))
    return inputs


def _posted_receives(events: RankEvents) -> dict[tuple[str, int, int], list[int]]:
    """When the receives ended that each action RECV_F or RECV_B posted, by direction, stage and microbatch."""
    starts = [span.start for span in events.receives]
    ends: dict[tuple[str, int, int], list[int]] = {}
    for label in events.labels:
        direction = _RECEIVES.get(label.action.kind)
        if direction is None or label.action.microbatch is None:
            continue
        first, last = bisect_left(starts, label.start), bisect_left(starts, label.end)
        key = (direction, label.action.stage, label.action.microbatch)
        ends.setdefault(key, []).extend(span.end for span in events.receives[first:last])
    return ends


def _on_device(events: RankEvents, labels: list[Labelled]) -> list[Executed]:
    """Instructions of a job on GPUs: an instruction lasts from the first to the last kernel launched in its label."""
    launches = [launch for launch, _ in events.kernels]
    communication = [launch for launch, _ in events.communication_kernels]
    received: dict[tuple[str, int, int], list[int]] = {}
    found: list[Executed] = []
    for label in events.labels:
        direction = _RECEIVES.get(label.action.kind)
        if direction is not None and label.action.microbatch is not None:
            spans = _launched(events.communication_kernels, communication, label)
            key = (direction, label.action.stage, label.action.microbatch)
            received.setdefault(key, []).extend(span.end for span in spans)
    for label in labels:
        spans = _launched(events.kernels, launches, label)
        if not spans:
            raise TraceError(f"{events.path}: {label.action.cell} launched no kernel; trace the activity CUDA as well")
        start, end = min(span.start for span in spans), max(span.end for span in spans)
        arrivals = [one for key in _inputs(label.action) for one in received.get(key, ()) if one <= end]
        found.append(Executed(events.rank, label.action, start, end, max(arrivals, default=None)))
    found.sort(key=lambda one: one.start)
    return found


def _launched(kernels: list[tuple[int, Span]], launches: list[int], label: Span) -> list[Span]:
    return [span for _, span in kernels[bisect_left(launches, label.start):bisect_right(launches, label.end)]]
