"""A pipeline from its trace alone: instruction times, bubbles, transfers, blocked receives, slow ranks.

    report = trimtab.from_trace(glob.glob("traces/*.json"))
    print(report.text())
    report.svg()

Export a trace on every rank (`torch.profiler.profile`, `export_chrome_trace`), of two iterations or more. PyTorch's
runtime labels what it runs, so training code need not change; `Schedule1F1B` and `ScheduleGPipe` of torch 2.13 bypass
that runtime and label nothing: `trimtab.gpu.attach(schedule, label=True)` labels theirs, and gives exact times for all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from .actions import Action, label, parse_cell
from .clocks import offsets
from .events import RankEvents, Span, TraceError, read_events
from .instructions import Executed, executed
from .iterations import Iteration, RankShare, Transfer, iteration, split
from .report import InstructionTime, Link, SlowRank, TraceReport

__all__ = [
    "Action", "Executed", "InstructionTime", "Iteration", "Link", "RankShare", "SlowRank", "TraceError", "TraceReport",
    "Transfer", "from_trace", "label", "parse_cell",
]


def from_trace(files: Iterable[str | Path], *, ranks: Sequence[int] | None = None) -> TraceReport:
    """Analyses the traces of the ranks of one pipeline, one file a rank.

    With data parallelism every replica is a pipeline: `ranks` says which global ranks are this one's. Raises
    `TraceError` where the traces do not fit together, or name no instruction.

        report = from_trace(["rank0.json", "rank1.json"])
        print(report.summary())  # 17 % bubble, of it 6 % blocked receives; rank 3 is slow (+30 %)
    """
    events = [read_events(file) for file in files]
    if ranks is not None:
        events = [one for one in events if one.rank in ranks]
    if not events:
        raise TraceError("no trace to read" if ranks is None else f"no trace is of the ranks {sorted(ranks)}")
    by_rank: dict[int, list[Executed]] = {}
    for one in events:
        if one.rank in by_rank:
            raise TraceError(f"two traces are of rank {one.rank}; give one file a rank")
        by_rank[one.rank] = executed(one)
    stage_ranks = _stage_ranks(by_rank)
    last_stage = max(stage_ranks)
    ahead = offsets(by_rank, {one.rank: one.host for one in events}, last_stage)
    if any(ahead.values()):
        for rank, ran in by_rank.items():
            by_rank[rank] = [_earlier(one, ahead[rank]) for one in ran]
    complete, incomplete = _complete({rank: split(ran) for rank, ran in by_rank.items()})
    if not complete:
        raise TraceError("no iteration is complete in all traces; trace the same iterations on every rank")
    starts = [min(ran[0].start for ran in parts.values()) for parts in complete]
    analysed = []
    for index, parts in enumerate(complete):
        finished = max(ran[-1].end for ran in parts.values())
        end = starts[index + 1] if index + 1 < len(starts) else max(finished, _step_end(events, finished, ahead))
        analysed.append(iteration(parts, end, last_stage))
    cells = {rank: tuple(one.action.cell for one in ran) for rank, ran in complete[0].items()}
    return TraceReport(tuple(analysed), stage_ranks, incomplete,
                       {rank: seconds / 1e9 for rank, seconds in ahead.items() if seconds}, cells)


def _earlier(one: Executed, by: int) -> Executed:
    return replace(one, start=one.start - by, end=one.end - by,
                   arrival=None if one.arrival is None else one.arrival - by,
                   sent=None if one.sent is None else one.sent - by,
                   stall=None if one.stall is None else Span(one.stall.start - by, one.stall.end - by))


def _stage_ranks(by_rank: dict[int, list[Executed]]) -> dict[int, int]:
    """The rank that holds each stage; refuses traces of several replicas."""
    found: dict[int, set[int]] = defaultdict(set)
    for rank, ran in by_rank.items():
        for one in ran:
            found[one.action.stage].add(rank)
            if one.action.backward_stage is not None:
                found[one.action.backward_stage].add(rank)
    for stage, holders in sorted(found.items()):
        if len(holders) > 1:
            raise TraceError(f"stage {stage} is on ranks {sorted(holders)}: these are several pipelines; "
                             "say with ranks=[...] which ranks are one's")
    missing = sorted(set(range(max(found) + 1)) - set(found))
    if missing:
        raise TraceError(f"no trace has stages {missing}; give the traces of all ranks")
    return {stage: next(iter(holders)) for stage, holders in sorted(found.items())}


def _complete(
    parts: dict[int, list[list[Executed]]]
) -> tuple[list[dict[int, list[Executed]]], int]:
    """The iterations that every rank has in full, and how many are not. Ranks are joined from the last iteration
    backwards, because a trace that starts in the middle of one lacks its beginning."""
    usual = {rank: Counter(tuple(one.action.cell for one in part) for part in all_of).most_common(1)[0][0]
             for rank, all_of in parts.items()}
    full = {rank: [part for part in all_of if tuple(one.action.cell for one in part) == usual[rank]]
            for rank, all_of in parts.items()}
    count = min(len(all_of) for all_of in full.values())
    incomplete = max(len(all_of) for all_of in parts.values()) - count
    joined = [{rank: all_of[len(all_of) - count + index] for rank, all_of in full.items()} for index in range(count)]
    return joined, incomplete


def _step_end(events: Sequence[RankEvents], finished: int, ahead: dict[int, int]) -> int:
    """When the profiler's step ended in which the last iteration finished, if steps were marked."""
    ends = [step.end - ahead[one.rank] for one in events for step in one.steps
            if step.start - ahead[one.rank] < finished <= step.end - ahead[one.rank]]
    return max(ends, default=finished)
