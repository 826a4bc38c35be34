"""Files of Zeus 0.16 and lowtime 0.3: profiles, plans, results. Plans are read as literals and never evaluated."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

ZEUS_COLUMNS = ("rank", "dp_rank", "pp_rank", "tp_rank", "stage", "instruction", "frequency", "time", "energy")
OUR_COLUMNS = ("stage", "instruction", "frequency", "time", "energy")

# One rank's instructions of an iteration in order: name and clock in MHz; 0 leaves the clock as it is.
Frequencies = list[tuple[str, int]]


class FormatError(ValueError):
    """A file is not what it should be; the message says where."""


@dataclass(frozen=True)
class Measurement:
    """One option of one kind of instruction: seconds, and joules of one device."""

    stage: int
    instruction: str
    frequency: int
    seconds: float
    joules: float


# Profiles


def read_profile(text: str) -> list[Measurement]:
    """A profile with Zeus's nine columns, or with ours. Rows of several ranks of one stage become one: the longest
    time, because a stage waits for all its ranks, and the mean energy, because ours are of one device."""
    reader = csv.DictReader(io.StringIO(text))
    columns = tuple(name.strip() for name in reader.fieldnames or ())
    missing = [name for name in OUR_COLUMNS if name not in columns]
    if missing:
        raise FormatError(f"the profile has no column {missing[0]}; expected {', '.join(ZEUS_COLUMNS)}")
    seen: dict[tuple[int, str, int], list[tuple[float, float]]] = defaultdict(list)
    for row in reader:
        try:
            key = (int(row["stage"]), row["instruction"].strip(), int(row["frequency"]))
            seen[key].append((float(row["time"]), float(row["energy"])))
        except (ValueError, TypeError, AttributeError) as error:
            raise FormatError(f"line {reader.line_num} of the profile: {error}") from None
    return [Measurement(*key, max(time for time, _ in values), fmean(energy for _, energy in values))
            for key, values in seen.items()]


def write_profile(rows: Iterable[Measurement], zeus: bool = False) -> str:
    """A profile with our columns, or with Zeus's, as of one rank a stage."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(ZEUS_COLUMNS if zeus else OUR_COLUMNS)
    for row in rows:
        place = (row.stage, 0, row.stage, 0) if zeus else ()
        writer.writerow((*place, row.stage, row.instruction, row.frequency, repr(row.seconds), repr(row.joules)))
    return output.getvalue()


# Plans


def read_plan(text: str) -> list[Frequencies]:
    """A plan of lowtime or Zeus: a Python literal, a list for each rank of clocks or of (name, clock) pairs. Bare
    clocks are of a 1F1B schedule, whose instructions have no names in the file."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise FormatError(f"the plan is no Python literal: {error}") from None
    if not isinstance(value, (list, tuple)) or not value:
        raise FormatError("the plan is no list of ranks")
    plan: list[Frequencies] = []
    for rank, clocks in enumerate(value):
        if not isinstance(clocks, (list, tuple)):
            raise FormatError(f"rank {rank} of the plan is no list")
        if clocks and all(_is_clock(clock) for clock in clocks):
            names = one_f_one_b(rank, len(value), len(clocks))
            plan.append(list(zip(names, clocks, strict=True)))
        else:
            plan.append([_pair(rank, index, entry) for index, entry in enumerate(clocks)])
    return plan


def _is_clock(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _pair(rank: int, index: int, entry: Any) -> tuple[str, int]:
    if (isinstance(entry, (list, tuple)) and len(entry) == 2 and isinstance(entry[0], str) and _is_clock(entry[1])):
        return entry[0], entry[1]
    raise FormatError(f"entry {index} of rank {rank} is no (name, clock): {entry!r}")


def one_f_one_b(rank: int, ranks: int, count: int) -> list[str]:
    """The names of a rank's instructions in 1F1B, of which there are `count`."""
    microbatches, odd = divmod(count, 2)
    if odd:
        raise FormatError(f"rank {rank} has {count} clocks, and 1F1B has an even number; write (name, clock) pairs")
    warm_up = min(ranks - 1 - rank, microbatches)
    steady = microbatches - warm_up
    return ["forward"] * warm_up + ["forward", "backward"] * steady + ["backward"] * warm_up


def write_plan(plan: Sequence[Frequencies]) -> str:
    """A plan as Zeus's `PointSolution` reads it: a Python literal, a rank a line."""
    return "[\n" + "".join(f"{[(name, clock) for name, clock in clocks]!r},\n" for clocks in plan) + "]\n"


def read_schedules(text: str) -> list[Frequencies]:
    """Zeus's `{n}.sched.json`, sorted by rank."""
    entries = _objects(text, "sched.json")
    by_rank = {int(entry["rank"]): [_pair(int(entry["rank"]), index, pair)
                                    for index, pair in enumerate(entry["frequencies"])] for entry in entries}
    if sorted(by_rank) != list(range(len(by_rank))):
        raise FormatError(f"the schedules are of ranks {sorted(by_rank)}; expected each from 0")
    return [by_rank[rank] for rank in sorted(by_rank)]


def write_schedules(plan: Sequence[Frequencies]) -> str:
    """A plan as Zeus's `{n}.sched.json`."""
    return json.dumps([{"rank": rank, "frequencies": [list(pair) for pair in clocks]}
                       for rank, clocks in enumerate(plan)])


# Results


def results_profile(
    results: str, schedules: str, ranks: str | None = None
) -> list[Measurement]:
    """What a `{n}.prof.json` measured at the clocks of its `{n}.sched.json`; `ranks.json` says the stages, without it
    ranks are stages."""
    places = None if ranks is None else {int(one["rank"]): int(one["pp_rank"]) for one in _objects(ranks, "ranks.json")}
    plan = read_schedules(schedules)
    found: dict[tuple[int, str, int], list[tuple[float, float]]] = defaultdict(list)
    for result in _objects(results, "prof.json"):
        rank = int(result["rank"])
        if rank >= len(plan):
            raise FormatError(f"prof.json has rank {rank}, of which sched.json has no schedule")
        stage = rank if places is None else places[rank]
        own: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
        for name, times, energies in breakdown(result):
            clocks = [clock for kind, clock in plan[rank] if kind == name]
            if len(clocks) != len(times):
                raise FormatError(f"rank {rank} measured {len(times)} times {name}, and was given {len(clocks)} clocks")
            for clock, seconds, joules in zip(clocks, times, energies, strict=True):
                own[name, clock].append((seconds, joules))
        for (name, clock), values in own.items():
            found[stage, name, clock].append((fmean(s for s, _ in values), fmean(j for _, j in values)))
    return [Measurement(*key, max(seconds for seconds, _ in values), fmean(joules for _, joules in values))
            for key, values in sorted(found.items())]


def breakdown(result: Mapping[str, Any]) -> Iterable[tuple[str, list[float], list[float]]]:
    """For each iteration and kind of instruction of a `ProfilingResult`: its times and energies in order."""
    for name, iterations in result["time_breakdown"].items():
        energies = result["energy_breakdown"].get(name)
        if energies is None or [len(one) for one in energies] != [len(one) for one in iterations]:
            raise FormatError(f"rank {result['rank']}: energy_breakdown does not match time_breakdown of {name}")
        for times, joules in zip(iterations, energies, strict=True):
            yield name, [float(one) for one in times], [float(one) for one in joules]


def _objects(text: str, what: str) -> list[dict[str, Any]]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise FormatError(f"{what} is no JSON: {error}") from None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise FormatError(f"{what} is no list of objects")
    return value
