"""Divides the time of every rank in every iteration into computation and the kinds of bubble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .instructions import Executed

Key = tuple[str, int, int]

# A receive that ends this soon after a send that was waited for first had come before: it did not block by itself.
_AT_ONCE_NANOSECONDS = 300_000


@dataclass(frozen=True)
class RankShare:
    """Where the time of a rank went in one iteration, in seconds. The parts add up to the iteration's time.

    `waiting`: for an input whose sender still computed. `transfer`: for an input on its way. `sending`: until its own
    message was taken, where the schedule waits for that, as 1F1B does. `drain`: after its last instruction, while other
    ranks computed. `between`: after the last instruction of all, such as the optimizer step. `overhead`: the rest, such
    as launching work and loading data.
    """

    rank: int
    busy: float
    waiting: float
    transfer: float
    sending: float
    drain: float
    between: float
    overhead: float

    @property
    def bubble(self) -> float:
        return self.waiting + self.transfer + self.sending + self.drain + self.between + self.overhead

    @property
    def blocked(self) -> float:
        """Time in receives whose message had not come."""
        return self.waiting + self.transfer


@dataclass(frozen=True)
class Transfer:
    """A message between ranks. `seconds` from the sender's end of computing until the receiver could use it; exact
    where the receiver waited for it, which `exposed_seconds` counts."""

    direction: str
    sender: int
    receiver: int
    stage: int
    microbatch: int
    seconds: float
    exposed_seconds: float
    exact: bool


@dataclass(frozen=True)
class Iteration:
    """One iteration of one pipeline; times in nanoseconds since the epoch."""

    start: int
    end: int
    instructions: tuple[Executed, ...]
    shares: tuple[RankShare, ...]
    transfers: tuple[Transfer, ...]

    @property
    def seconds(self) -> float:
        return (self.end - self.start) / 1e9


def split(ran: Sequence[Executed]) -> list[list[Executed]]:
    """The instructions of a rank by iteration: one begins where the rank repeats what it has done."""
    parts: list[list[Executed]] = []
    seen: set[str] = set()
    for one in ran:
        cell = one.action.cell
        if not parts or cell in seen:
            parts.append([])
            seen = set()
        parts[-1].append(one)
        seen.add(cell)
    return parts


def iteration(
    by_rank: Mapping[int, Sequence[Executed]], end: int, last_stage: int, partial_threshold: int = 1_000_000,
) -> Iteration:
    """Analyses one iteration of one pipeline, which lasts until `end`.

    A message that a rank was not yet waiting for when its sender ended is measured only if the rank then waited for
    longer than `partial_threshold` (nanoseconds); otherwise nothing says when it came.
    """
    start = min(ran[0].start for ran in by_rank.values())
    start = min([start] + [ran[0].arrival for ran in by_rank.values() if ran[0].arrival is not None])
    finished = max(ran[-1].end for ran in by_rank.values())
    made: dict[Key, Executed] = {}
    for ran in by_rank.values():
        for one in ran:
            made.update((key, one) for key in one.action.products())
    shares, transfers = [], []
    for rank, ran in sorted(by_rank.items()):
        waiting = transfer = sending = overhead = 0
        free = start
        for one in ran:
            sender = _last_sender(one, made, rank, last_stage)
            if sender is not None:
                key, producer = sender
                came = min(max(one.arrival if one.arrival is not None else one.start, free), one.start)
                left = min(max(producer.end, free), came)
                sent = left if one.sent is None else min(max(one.sent, left), came)
                unclear = sent > left and came - sent < _AT_ONCE_NANOSECONDS
                waiting, sending, transfer = waiting + left - free, sending + sent - left, transfer + came - sent
                overhead += one.start - came
                exact = not unclear and (free <= producer.end or came - sent > partial_threshold)
                transfers.append(Transfer(
                    key[0], producer.rank, rank, key[1], key[2], (came - producer.end) / 1e9, (came - sent) / 1e9,
                    exact))
            else:
                overhead += one.start - free
            free = one.end
        busy = sum(one.end - one.start for one in ran)
        shares.append(RankShare(rank, busy / 1e9, waiting / 1e9, transfer / 1e9, sending / 1e9,
                                (finished - free) / 1e9, (end - finished) / 1e9, overhead / 1e9))
    everything = sorted((one for ran in by_rank.values() for one in ran), key=lambda one: (one.start, one.rank))
    return Iteration(start, end, tuple(everything), tuple(shares), tuple(transfers))


def _last_sender(
    one: Executed, made: Mapping[Key, Executed], rank: int, last_stage: int
) -> tuple[Key, Executed] | None:
    """The input from another rank that was ready last, and what made it."""
    senders = [(key, made[key]) for key in one.action.producers(last_stage) if key in made and made[key].rank != rank]
    return max(senders, key=lambda sender: sender[1].end, default=None)
