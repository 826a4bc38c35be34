"""Reads the Chrome traces that `torch.profiler` exports, and keeps what concerns the pipeline.

Times become nanoseconds since the epoch, as integers: a trace has microseconds after its `baseTimeNanoseconds`.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .actions import HOOK_PREFIX, RUNTIME_PREFIX, Action, parse_cell


class TraceError(ValueError):
    """A file is no trace that can be used; the message says which and why."""


@dataclass(frozen=True)
class Span:
    """When something ran, in nanoseconds since the epoch."""

    start: int
    end: int


@dataclass(frozen=True)
class Labelled(Span):
    """A labelled action. `exact`: the label has the computation alone, without the wait for its input."""

    action: Action
    exact: bool


@dataclass
class RankEvents:
    """What the trace of one rank says, each list in the order of the starts."""

    path: str
    rank: int
    world_size: int
    host: str
    labels: list[Labelled] = field(default_factory=list)
    receives: list[Span] = field(default_factory=list)
    sends: list[Span] = field(default_factory=list)
    computations: list[Span] = field(default_factory=list)
    steps: list[Span] = field(default_factory=list)
    # On a GPU: when each kernel was launched, and when it ran.
    kernels: list[tuple[int, Span]] = field(default_factory=list)
    communication_kernels: list[tuple[int, Span]] = field(default_factory=list)

    @property
    def on_device(self) -> bool:
        return bool(self.kernels)


_WAITS = ("c10d::", "gloo:", "nccl:", "record_param_comms", RUNTIME_PREFIX, HOOK_PREFIX, "ProfilerStep#")


def read_events(path: str | Path) -> RankEvents:
    """The events of one rank from its trace (`.json` or `.json.gz`)."""
    file = Path(path)
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as text:
            trace = json.load(text)
        entries = trace["traceEvents"]
    except (ValueError, KeyError, TypeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        said = f"{type(error).__name__}: {error}"  # and not the bytes, which the representation has
        raise TraceError(f"{file} is no trace of torch.profiler ({said}); use export_chrome_trace") from None
    about = trace.get("distributedInfo") or {}
    if "rank" not in about:
        raise TraceError(f"{file} does not say its rank (distributedInfo); start the profiler after init_process_group")
    events = RankEvents(str(file), about["rank"], about["world_size"], trace.get("host_name", ""))
    base = int(trace.get("baseTimeNanoseconds", 0))
    launches: dict[Any, int] = {}
    kernels: list[tuple[Any, str, Span]] = []
    for entry in entries:
        if entry.get("ph") == "X":
            _take(entry, base, events, launches, kernels)
    for correlation, name, span in kernels:
        if correlation in launches:
            communicates = name.startswith("nccl")
            (events.communication_kernels if communicates else events.kernels).append((launches[correlation], span))
    for spans in (events.labels, events.receives, events.sends, events.computations, events.steps):
        spans.sort(key=lambda span: (span.start, -span.end))
    events.kernels.sort(key=lambda kernel: kernel[0])
    events.communication_kernels.sort(key=lambda kernel: kernel[0])
    return events


def _take(
    entry: Mapping[str, Any], base: int, events: RankEvents, launches: dict[Any, int],
    kernels: list[tuple[Any, str, Span]],
) -> None:
    """Sorts one event in, by its category and name."""
    category, name = entry.get("cat"), entry.get("name", "")
    start = base + round(entry["ts"] * 1000)
    span = Span(start, start + round(entry.get("dur", 0) * 1000))
    if category == "user_annotation":
        for prefix in (RUNTIME_PREFIX, HOOK_PREFIX):
            if name.startswith(prefix):
                action = parse_cell(name[len(prefix):])
                if action is not None:
                    events.labels.append(Labelled(span.start, span.end, action, prefix == HOOK_PREFIX))
                return
        if name.startswith("ProfilerStep#"):
            events.steps.append(span)
        elif name == "gloo:recv":
            events.receives.append(span)
        elif name == "gloo:send":
            events.sends.append(span)
    elif category == "cpu_op" and not name.startswith(_WAITS):
        events.computations.append(span)
    elif category in ("cuda_runtime", "cuda_driver"):
        launches[entry.get("args", {}).get("correlation")] = start
    elif category == "kernel":
        kernels.append((entry.get("args", {}).get("correlation"), name, span))
