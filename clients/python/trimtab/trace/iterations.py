"""Divides the time of every rank in every iteration into computation and the kinds of bubble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .instructions import Executed

Key = tuple[str, int, int]

# A receive that ends this soon after a send that was waited for first had come before: it did not block by itself.
_AT_ONCE_NANOSECONDS = 300_000
# Noticing a message that has come long ago takes as long on a busy machine. A wait that is longer than that, and than
# this share of the whole time since the message left, was a wait for the message.
_NOTICED_NANOSECONDS, _NOTICED_SHARE = 1_000_000, 0.1


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
    """A message between ranks. `seconds` from the sender's end of computing until the receiver could use it, of which
    the receiver waited `exposed_seconds`. `exact`: it waited from the beginning on. `waited`: it waited at all, beyond
    what noticing a message takes; otherwise nothing says when the message came."""

    direction: str
    sender: int
    receiver: int
    stage: int
    microbatch: int
    seconds: float
    exposed_seconds: float
    exact: bool
    waited: bool


@dataclass
class _Gap:
    """How the time of a rank before its instructions adds up, in nanoseconds."""

    waiting: int = 0
    transfer: int = 0
    sending: int = 0
    overhead: int = 0


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


def iteration(by_rank: Mapping[int, Sequence[Executed]], end: int, last_stage: int) -> Iteration:
    """Analyses one iteration of one pipeline, which lasts until `end`."""
    start = min(ran[0].start for ran in by_rank.values())
    start = min([start] + [ran[0].arrival for ran in by_rank.values() if ran[0].arrival is not None])
    finished = max(ran[-1].end for ran in by_rank.values())
    made: dict[Key, Executed] = {}
    for ran in by_rank.values():
        for one in ran:
            made.update((key, one) for key in one.action.products())
    shares, transfers = [], []
    for rank, ran in sorted(by_rank.items()):
        gap, free = _Gap(), start
        for one in ran:
            inputs = [(key, made[key]) for key in one.action.producers(last_stage)
                      if key in made and made[key].rank != rank]
            if one.stall is not None and inputs:
                transfers.append(_waited(gap, rank, inputs.pop(), one.stall.start, one.stall.end, one.stall.end, None))
            if inputs:
                sender = max(inputs, key=lambda given: given[1].end)
                came = one.start if one.arrival is None else one.arrival
                transfers.append(_waited(gap, rank, sender, free, one.start, came, one.sent))
            else:
                gap.overhead += one.start - free
            free = one.end
        busy = sum(one.busy for one in ran)
        shares.append(RankShare(rank, busy / 1e9, gap.waiting / 1e9, gap.transfer / 1e9, gap.sending / 1e9,
                                (finished - free) / 1e9, (end - finished) / 1e9, gap.overhead / 1e9))
    everything = sorted((one for ran in by_rank.values() for one in ran), key=lambda one: (one.start, one.rank))
    return Iteration(start, end, tuple(everything), tuple(shares), tuple(transfers))


def _waited(
    gap: _Gap, rank: int, sender: tuple[Key, Executed], free: int, start: int, arrival: int, sent: int | None
) -> Transfer:
    """Divides the time from `free` to `start`, in which a rank waited for the message of `sender`."""
    (direction, stage, microbatch), producer = sender
    came = min(max(arrival, free), start)
    left = min(max(producer.end, free), came)
    taken = left if sent is None else min(max(sent, left), came)
    unclear = taken > left and came - taken < _AT_ONCE_NANOSECONDS
    gap.waiting += left - free
    gap.sending += taken - left
    gap.transfer += came - taken
    gap.overhead += start - came
    noticed = max(_NOTICED_NANOSECONDS, _NOTICED_SHARE * (came - producer.end))
    return Transfer(
        direction, producer.rank, rank, stage, microbatch, (came - producer.end) / 1e9, (came - taken) / 1e9,
        exact=not unclear and free <= producer.end, waited=not unclear and came - taken > noticed)
