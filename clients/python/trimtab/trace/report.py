"""What traces say of a pipeline: instruction times, bubbles, transfers, slow ranks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from .iterations import Iteration, RankShare
from .picture import to_svg

if TYPE_CHECKING:
    from ..answers import MeasuredIteration, ProfileRow

Table = tuple[int, str]
SHARES = ("busy", "waiting", "transfer", "sending", "drain", "between", "overhead")


@dataclass(frozen=True)
class InstructionTime:
    """How long instructions of a kind on a stage took, in seconds; `count` of them were traced."""

    rank: int
    stage: int
    instruction: str
    median_seconds: float
    mean_seconds: float
    minimum_seconds: float
    maximum_seconds: float
    count: int


@dataclass(frozen=True)
class Link:
    """Messages from one rank to another; `direction` is F for activations, B for gradients.

    `seconds` is the median from the sender's end of computing until the receiver could use it, over the messages that
    a rank waited for from the beginning on, or if there are none over those that it waited for at all
    (`measured_count`); None where no rank ever waited. `exposed_seconds` is what an iteration waits for them on
    average.
    """

    sender: int
    receiver: int
    direction: str
    seconds: float | None
    exposed_seconds: float
    measured_count: int


@dataclass(frozen=True)
class SlowRank:
    """`fraction`: by how much longer than others its instructions take, waiting left out."""

    rank: int
    fraction: float


@dataclass(frozen=True)
class TraceReport:
    """What `from_trace` found. Fractions are of the ranks' time, all iterations together.

    `clock_offset_seconds`: by how much the clock of each rank's host was found to be ahead, and has been corrected.
    """

    iterations: tuple[Iteration, ...]
    stage_ranks: Mapping[int, int]
    incomplete_iteration_count: int
    clock_offset_seconds: Mapping[int, float]
    schedule_cells: Mapping[int, tuple[str, ...]]

    @property
    def iteration_time_seconds(self) -> float:
        """The median iteration's time."""
        return median(one.seconds for one in self.iterations)

    @property
    def ranks(self) -> tuple[int, ...]:
        return tuple(share.rank for share in self.iterations[0].shares)

    def _fraction(self, names: Sequence[str], rank: int | None = None) -> float:
        part = whole = 0.0
        for one in self.iterations:
            for share in one.shares:
                if rank is None or share.rank == rank:
                    part += sum(getattr(share, name) for name in names)
                    whole += one.seconds
        return part / whole

    @property
    def bubble_fraction(self) -> float:
        """Share of the ranks' time that no instruction used."""
        return self._fraction(["bubble"])

    @property
    def blocked_fraction(self) -> float:
        """Share of the ranks' time in receives whose message had not come."""
        return self._fraction(["blocked"])

    @property
    def transfer_fraction(self) -> float:
        """Share of the ranks' time in receives whose message was on its way."""
        return self._fraction(["transfer"])

    def shares(self) -> tuple[RankShare, ...]:
        """For each rank where its time went, averaged over the iterations."""
        found = []
        for index, rank in enumerate(self.ranks):
            means = {name: sum(getattr(one.shares[index], name) for one in self.iterations) / len(self.iterations)
                     for name in SHARES}
            found.append(RankShare(rank=rank, **means))
        return tuple(found)

    def instruction_times(self) -> tuple[InstructionTime, ...]:
        """The times of each kind of instruction on each stage."""
        seconds: dict[tuple[int, str], list[float]] = defaultdict(list)
        for one in self._executed():
            seconds[one.action.stage, one.action.kind].append(one.seconds)
        return tuple(
            InstructionTime(self.stage_ranks[stage], stage, kind, median(all_of), sum(all_of) / len(all_of),
                            min(all_of), max(all_of), len(all_of))
            for (stage, kind), all_of in sorted(seconds.items()))

    def links(self) -> tuple[Link, ...]:
        """The transfers between each pair of ranks."""
        exact: dict[tuple[int, int, str], list[float]] = defaultdict(list)
        waited: dict[tuple[int, int, str], list[float]] = defaultdict(list)
        exposed: dict[tuple[int, int, str], float] = defaultdict(float)
        for one in self.iterations:
            for transfer in one.transfers:
                key = (transfer.sender, transfer.receiver, transfer.direction)
                exposed[key] += transfer.exposed_seconds / len(self.iterations)
                if transfer.exact:
                    exact[key].append(transfer.seconds)
                elif transfer.waited:
                    waited[key].append(transfer.seconds)
        found = []
        for key in sorted(exposed):
            seconds = exact[key] or waited[key]
            found.append(Link(*key, median(seconds) if seconds else None, exposed[key], len(seconds)))
        return tuple(found)

    def slow_ranks(self, reference: TraceReport | None = None, threshold: float = 0.05) -> tuple[SlowRank, ...]:
        """Ranks whose instructions last longer by more than `threshold`, the slowest first.

        Compared is each kind of instruction with that of `reference`, an earlier trace of the same pipeline; without
        one with the median of the other ranks, which takes stages for equally large. Waiting counts in neither.
        """
        ours = {(time.stage, time.instruction): time for time in self.instruction_times()}
        theirs = None if reference is None else {
            (time.stage, time.instruction): time.median_seconds for time in reference.instruction_times()}
        ratios: dict[int, list[tuple[float, float]]] = defaultdict(list)
        for (stage, kind), time in ours.items():
            if theirs is not None:
                expected = theirs.get((stage, kind))
            else:
                others = [one.median_seconds for one in ours.values()
                          if one.instruction == kind and one.rank != time.rank]
                expected = median(others) if others else None
            if expected:
                ratios[time.rank].append((time.median_seconds, expected))
        found = [SlowRank(rank, sum(took for took, _ in pairs) / sum(expected for _, expected in pairs) - 1)
                 for rank, pairs in ratios.items()]
        return tuple(sorted((one for one in found if one.fraction > threshold), key=lambda one: -one.fraction))

    def slow_links(self, factor: float = 3.0, least_fraction: float = 0.01) -> tuple[Link, ...]:
        """Links that take `factor` times as long as the median of the others, the slowest first; those that hold up an
        iteration by less than `least_fraction` of it are left out."""
        links = [link for link in self.links() if link.seconds is not None]
        found = []
        for link in links:
            others = [one.seconds for one in links if one is not link and one.seconds is not None]
            usual = median(others) if others else 0.0
            assert link.seconds is not None
            if link.seconds > factor * usual and link.exposed_seconds > least_fraction * self.iteration_time_seconds:
                found.append(link)
        return tuple(sorted(found, key=lambda link: -(link.seconds or 0)))

    def _executed(self) -> Iterable[Any]:
        return (one for iteration in self.iterations for one in iteration.instructions)

    # For the server

    def schedule_csv(self) -> str:
        """The schedule as PyTorch's CSV, for `define_pipeline(schedule_csv=...)`."""
        return "\n".join(",".join(self.schedule_cells[rank]) for rank in self.ranks) + "\n"

    def measured_iterations(self) -> list[MeasuredIteration]:
        """The iterations for `session.report_iterations`, which says how the machine differs from the model."""
        from ..answers import MeasuredIteration, TracedInstruction

        return [
            MeasuredIteration(iteration_time_seconds=one.seconds, trace=tuple(
                TracedInstruction(
                    (ran.start - one.start) / 1e9, (ran.end - one.start) / 1e9, stage=ran.action.stage,
                    instruction=ran.action.kind, microbatch=ran.action.microbatch)
                for ran in one.instructions))
            for one in self.iterations]

    def profile_rows(self, frequency: Any, power_watts: float | Mapping[Table, float]) -> list[ProfileRow]:
        """Rows of `profile/submit`: the times of the trace at the clock it ran at. A trace has no energies: they are
        the times by `power_watts`, one mean power or one for each (stage, instruction)."""
        from ..answers import ProfileRow, Sample

        samples: dict[Table, list[Sample]] = defaultdict(list)
        for ran in self._executed():
            table = (ran.action.stage, ran.action.kind)
            power = power_watts[table] if isinstance(power_watts, Mapping) else power_watts
            samples[table].append(Sample(time_seconds=ran.seconds, energy_joules=ran.seconds * power))
        return [ProfileRow(stage=stage, instruction=kind, frequency=frequency, samples=tuple(all_of[-256:]))
                for (stage, kind), all_of in sorted(samples.items())]

    # For a person

    def summary(self, reference: TraceReport | None = None) -> str:
        """A sentence: `17 % bubble, of it 6 % blocked receives; rank 3 is slow (+30 %)`."""
        moving = f"{self.transfer_fraction:.0%} with the message on its way"
        parts = [f"{self.bubble_fraction:.0%} bubble, of it {self.blocked_fraction:.0%} blocked receives ({moving})"]
        parts += [f"rank {one.rank} is slow ({one.fraction:+.0%})" for one in self.slow_ranks(reference)]
        parts += [f"transfers {link.direction} from rank {link.sender} to {link.receiver} take {link.seconds:.4f} s"
                  for link in self.slow_links()]
        return "; ".join(parts)

    def text(self, reference: TraceReport | None = None) -> str:
        """The whole report as text: summary, ranks, instructions, transfers."""
        count, seconds = len(self.iterations), self.iteration_time_seconds
        lines = [f"{count} iterations of {seconds:.4f} s (median): {self.summary(reference)}"]
        if self.incomplete_iteration_count:
            lines.append(f"{self.incomplete_iteration_count} iterations at the ends of the trace are incomplete and "
                         "left out")
        for rank, ahead in self.clock_offset_seconds.items():
            lines.append(f"rank {rank}: its host's clock was {ahead:+.6f} s ahead, which has been corrected")
        lines.append("seconds an iteration:  rank " + " ".join(f"{name:>9}" for name in SHARES))
        for share in self.shares():
            lines.append(f"{share.rank:>27} " + " ".join(f"{getattr(share, name):9.4f}" for name in SHARES))
        lines.append("instructions:          rank stage instruction        median s    min s    max s  count")
        for time in self.instruction_times():
            lines.append(f"{time.rank:>27} {time.stage:>5} {time.instruction:<18} {time.median_seconds:8.4f} "
                         f"{time.minimum_seconds:8.4f} {time.maximum_seconds:8.4f} {time.count:>6}")
        lines.append("transfers:             from    to  direction   seconds  exposed s an iteration")
        for link in self.links():
            took = "unseen" if link.seconds is None else f"{link.seconds:.4f}"
            lines.append(f"{link.sender:>27} {link.receiver:>5}  {link.direction:<9} {took:>9} "
                         f"{link.exposed_seconds:9.4f}")
        return "\n".join(lines)

    def svg(self, iteration: int | None = None) -> str:
        """A picture of an iteration, by default the median one, rank by rank."""
        if iteration is None:
            order = sorted(range(len(self.iterations)), key=lambda index: self.iterations[index].seconds)
            iteration = order[len(order) // 2]
        return to_svg(self.iterations[iteration], self.summary())

    def _repr_html_(self) -> str:
        return f"<div>{self.svg()}</div>"
